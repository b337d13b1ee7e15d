//! From what a command line asks for to the verbs that both grammars share.
//!
//! The work is done by the modules of the native commands. Here is only what sops does otherwise: one file for
//! a call, its exit codes, its words where programs read them, and rules that are asked where nothing of
//! them is used.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::codes::Code;
use super::invocation::{
    Call, Decrypt, Edit, Encrypt, ExecEnv, ExecFile, Globals, Input, Invocation, Naming, NewFile,
    NewValue, Output, Rotate, Set, Unset,
};
use crate::cli::claim::Access;
use crate::cli::commit::Target;
use crate::cli::decrypt::{Decryption, decrypt, is_printed_anew};
use crate::cli::edit::{self, Editing};
use crate::cli::editor::Edited;
use crate::cli::encrypt::{self, Encrypted};
use crate::cli::exec_env::{self, ExecEnvArgs};
use crate::cli::exec_file::{self, ExecFileArgs};
use crate::cli::failure::located;
use crate::cli::file::{self, File, Found};
use crate::cli::groups::{self, On};
use crate::cli::job;
use crate::cli::new_file::Wanted;
use crate::cli::rotate::{self, Rotation};
use crate::cli::set::{self, Changing};
use crate::cli::{Context, Failure, Status, discover, filestatus};
use crate::sops::Format;
use crate::sops::selection::Settings;

/// Carries out a call.
pub(super) fn carry_out(call: Call, context: &mut Context) -> Result<Status, Failure> {
    let globals = &call.globals;
    if let Some(config) = &globals.config {
        // sops reads it whatever is to be done.
        discover::read_config(&context.directory.join(config))?;
    }
    let (command, access) = task(&call.invocation);
    context.begin(command, access);
    match call.invocation {
        Invocation::Encrypt(call) => encrypt(call, globals, context),
        Invocation::Decrypt(call) => decrypt_one(call, globals, context),
        Invocation::Rotate(call) => rotate_one(call, globals, context),
        Invocation::Set(call) => set_one(call, globals, context),
        Invocation::Unset(call) => unset_one(call, context),
        Invocation::UpdateKeys(call) => super::updatekeys::run(call, globals, context),
        Invocation::FileStatus(call) => filestatus::status(&call.file, call.input, context),
        Invocation::GroupsAdd(call) => {
            let on = on(call.file, call.in_place, call.threshold, context)?;
            groups::add(&on, &call.recipients, context)
        }
        Invocation::GroupsDelete(call) => {
            let on = on(call.file, call.in_place, call.threshold, context)?;
            groups::delete(&on, call.group as usize, context)
        }
        Invocation::Edit(call) => edit_one(call, globals, context),
        Invocation::ExecEnv(call) => exec_env_one(call, context),
        Invocation::ExecFile(call) => exec_file_one(call, context),
        Invocation::Help(_)
        | Invocation::Version { .. }
        | Invocation::Completion(_)
        | Invocation::Candidates(_)
        | Invocation::Refused(_) => unreachable!("answered without a file"),
    }
}

/// What a call is, and whether it changes its file.
fn task(invocation: &Invocation) -> (&'static str, Access) {
    let by = |writes| if writes { Access::Write } else { Access::Read };
    let output = |output: &Output| by(matches!(output, Output::InPlace));
    match invocation {
        Invocation::Encrypt(call) => ("sops encrypt", output(&call.output)),
        Invocation::Decrypt(call) => ("sops decrypt", output(&call.output)),
        Invocation::Rotate(call) => ("sops rotate", output(&call.output)),
        Invocation::Set(_) => ("sops set", Access::Write),
        Invocation::Unset(_) => ("sops unset", Access::Write),
        Invocation::UpdateKeys(_) => ("sops updatekeys", Access::Write),
        Invocation::GroupsAdd(call) => ("sops groups add", by(call.in_place)),
        Invocation::GroupsDelete(call) => ("sops groups delete", by(call.in_place)),
        Invocation::Edit(_) => ("sops edit", Access::Write),
        _ => ("sops", Access::Read),
    }
}

fn encrypt(call: Encrypt, globals: &Globals, context: &mut Context) -> Result<Status, Failure> {
    let wanted = wanted(&call.new_file, globals)?;
    let file = input(call.input, &call.naming, Code::NoFile, context)?;
    if file.format != Format::Binary {
        file.document().map_err(|failure| failure.code(Code::CouldNotReadInput))?;
    }
    let least = matches!(call.output, Output::InPlace);
    let config = globals.config.as_deref();
    let job = job::jobs(vec![file], config, least, context)?.pop().expect("one file, one job");
    job.refuse_second_selection(&wanted)?;
    let identities = discover::identities(context)?;
    let now = context.now();
    match encrypt::encrypt_plain(job, &wanted, &identities, &now, &mut context.random)? {
        Encrypted::Changed(change, why) => {
            why.into_iter().for_each(|why| context.note(format!("note: {why}")));
            target(call.output).finish(vec![change], context)
        }
        Encrypted::NotMeant => Ok(Status::Done),
        Encrypted::Already(file) => Err(Failure::new(format!(
            "{}: the file already contains a top-level entry called `sops`, or one whose name begins with `sops_`: \
             it is encrypted",
            file.name.display()
        ))
        .code(Code::AlreadyEncrypted)),
    }
}

fn decrypt_one(call: Decrypt, globals: &Globals, context: &mut Context) -> Result<Status, Failure> {
    let mut how = Decryption {
        extract: call.extract,
        ignore_mac: call.opening.ignore_mac,
        indent: indent(globals)?,
    };
    let file = input(call.input, &call.naming, Code::NoFile, context)?;
    if how.indent.is_none() && is_printed_anew(&file, &how) {
        how.indent = discover::indent_of(context, globals.config.as_deref(), &file)?;
    }
    let identities = discover::identities(context)?;
    let plain = decrypt(&file, &how, &identities)?;
    target(call.output).finish(vec![file.change(&plain, true)], context)
}

fn rotate_one(call: Rotate, globals: &Globals, context: &mut Context) -> Result<Status, Failure> {
    let changes_keys = !call.add.is_empty() || !call.remove.is_empty();
    let missing = match (changes_keys, call.legacy) {
        (true, _) => Code::NoFileToChangeKeysOf,
        (false, true) => Code::NoFile,
        (false, false) => Code::CouldNotReadInput,
    };
    let file = input(Input::File(call.file), &call.naming, missing, context)?;
    if call.legacy {
        demand_rule(&file, globals, context)?;
    }
    file.refuse_conversion()?;
    let rotation = Rotation {
        add: call.add,
        remove: call.remove,
        ignore_mac: call.opening.ignore_mac,
        ask: context.ask(),
    };
    let identities = discover::identities(context)?;
    let now = context.now();
    let change = rotate::rotate(file, &rotation, &identities, &now, &mut context.random)?;
    target(call.output).finish(vec![change], context)
}

fn set_one(call: Set, globals: &Globals, context: &mut Context) -> Result<Status, Failure> {
    let file = input(Input::File(call.file.clone()), &call.naming, Code::NoFile, context)?;
    if call.legacy {
        demand_rule(&file, globals, context)?;
    }
    let json = match call.value {
        NewValue::Given(secret) => zeroize::Zeroizing::new(secret.expose().to_vec()),
        NewValue::Stdin => context.read_stdin()?,
        NewValue::File(path) => std::fs::read(context.directory.join(&path))
            .map(zeroize::Zeroizing::new)
            .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?,
    };
    let how = Changing {
        idempotent: call.idempotent,
        dry_run: false,
        ignore_mac: call.opening.ignore_mac,
        input_type: Some(file.format),
        output_type: Some(file.output),
    };
    set::set(&call.file, &call.index, &json, &how, context)
}

fn unset_one(call: Unset, context: &mut Context) -> Result<Status, Failure> {
    let file = input(Input::File(call.file.clone()), &call.naming, Code::NoFile, context)?;
    let how = Changing {
        idempotent: call.idempotent,
        dry_run: false,
        ignore_mac: call.opening.ignore_mac,
        input_type: Some(file.format),
        output_type: Some(file.output),
    };
    set::unset(&call.file, &call.index, &how, context)
}

fn edit_one(call: Edit, globals: &Globals, context: &mut Context) -> Result<Status, Failure> {
    let edited = if context.directory.join(&call.file).exists() {
        let file = input(Input::File(call.file), &call.naming, Code::NoFile, context)?;
        if call.legacy {
            demand_rule(&file, globals, context)?;
        }
        file.refuse_conversion()?;
        let how = Editing {
            show_master_keys: call.show_master_keys,
            ignore_mac: call.opening.ignore_mac,
        };
        edit::existing(&file, how, context)?
    } else {
        begun(call, globals, context)?
    };
    match edited {
        Edited::Accepted(()) => Ok(Status::Done),
        Edited::Unchanged => {
            Err(Failure::new("File has not changed, exiting.").code(Code::NotModified))
        }
    }
}

/// A file that is not there yet.
fn begun(call: Edit, globals: &Globals, context: &mut Context) -> Result<Edited<()>, Failure> {
    if call.changes_keys {
        return Err(Failure::new(
            "cannot add or remove keys on non-existent files, use the `edit` command to create one",
        )
        .code(Code::NoFileToChangeKeysOf));
    }
    if let Some(flag) = call.foreign {
        return Err(Failure::new(format!("{flag}: only age is supported")));
    }
    let wanted = wanted(&call.new_file, globals)?;
    let naming = naming(&call.naming);
    let jobs = vec![naming.missing(&call.file, context)];
    let jobs = job::jobs(jobs, globals.config.as_deref(), false, context)?;
    let job = jobs.first().expect("one file, one job");
    job.refuse_second_selection(&wanted)?;
    edit::new(job, &wanted, context)
}

fn exec_env_one(call: ExecEnv, context: &mut Context) -> Result<Status, Failure> {
    existing(&call.file, Code::CouldNotReadInput, context)?;
    let args = ExecEnvArgs {
        file: call.file,
        command: text(call.command)?,
        pristine: call.pristine,
        same_process: call.same_process,
        user: call.user,
        background: call.background,
    };
    exec_env::run(args, context)
}

fn exec_file_one(call: ExecFile, context: &mut Context) -> Result<Status, Failure> {
    existing(&call.file, Code::CouldNotReadInput, context)?;
    let filename = call.filename.map(|name| text(name.into_os_string())).transpose()?;
    let args = ExecFileArgs {
        file: call.file,
        command: text(call.command)?,
        no_fifo: !call.fifo,
        filename,
        input_type: call.naming.input,
        output_type: call.naming.output,
        user: call.user,
        background: call.background,
    };
    exec_file::run(args, context)
}

/// The file of a `groups` call.
fn on(
    file: PathBuf,
    in_place: bool,
    threshold: Option<i64>,
    context: &Context,
) -> Result<On, Failure> {
    let shamir_secret_sharing_threshold = count(threshold)?;
    existing(&file, Code::CouldNotReadInput, context)?;
    Ok(On { file, in_place, dry_run: false, shamir_secret_sharing_threshold })
}

fn text(word: OsString) -> Result<String, Failure> {
    word.into_string().map_err(|_| Failure::new("the command line is not valid UTF-8"))
}

fn naming(given: &Naming) -> file::Naming {
    file::Naming {
        input_type: given.input,
        output_type: given.output,
        filename_override: given.name.clone(),
    }
}

/// The file of a call; `missing` is what it means if there is none.
pub(super) fn input(
    input: Input,
    naming: &Naming,
    missing: Code,
    context: &mut Context,
) -> Result<File, Failure> {
    let naming = self::naming(naming);
    match input {
        Input::File(name) => {
            existing(&name, missing, context)?;
            // sops takes what is no regular file, such as a pipe, and so does this: nothing is to be finished there.
            if context.directory.join(&name).is_file() {
                return naming.read_one(&name, context);
            }
            naming.read(Found { name, named: true }, context)
        }
        Input::Stdin => {
            // Without a name what comes is binary, unless a type is given.
            let nameless = PathBuf::from("standard input");
            let named = naming.filename_override.clone().or(Some(nameless));
            file::Naming { filename_override: named, ..naming }.standard_input(context)
        }
    }
}

fn existing(name: &Path, missing: Code, context: &Context) -> Result<(), Failure> {
    if name.as_os_str().is_empty() {
        return Err(Failure::new("no file is named").hint("pass `--file FILE`").code(missing));
    }
    match std::fs::metadata(context.directory.join(name)) {
        Ok(found) if found.is_dir() => Err(Failure::new(format!(
            "{}: is a directory, which this command does not take",
            name.display()
        ))
        .hint("`keywright encrypt`, `decrypt`, `rotate` and `updatekeys` take directories with `--recursive`")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(Failure::new(format!("{}: no such file", name.display())).code(missing))
        }
        _ => Ok(()),
    }
}

/// Without a verb sops looks for a creation rule, whatever it is going to do.
fn demand_rule(file: &File, globals: &Globals, context: &mut Context) -> Result<(), Failure> {
    let path = discover::config_for(context, globals.config.as_deref(), &file.path)?;
    let Some(path) = path else { return Ok(()) };
    let config = discover::read_config(&path)?;
    if !config.declares_rules() {
        return Ok(());
    }
    let rule = config.rule_for(&file.path);
    match rule.map_err(|error| Failure::new(located(&path, &error)))? {
        Some(_) => Ok(()),
        None => Err(Failure::new(format!(
            "error loading config: no matching creation rules found in {} for {}",
            path.display(),
            file.name.display()
        ))),
    }
}

fn wanted(flags: &NewFile, globals: &Globals) -> Result<Wanted, Failure> {
    let settings = Settings {
        unencrypted_suffix: flags.unencrypted_suffix.as_deref(),
        encrypted_suffix: flags.encrypted_suffix.as_deref(),
        unencrypted_regex: flags.unencrypted_regex.as_deref(),
        encrypted_regex: flags.encrypted_regex.as_deref(),
        unencrypted_comment_regex: flags.unencrypted_comment_regex.as_deref(),
        encrypted_comment_regex: flags.encrypted_comment_regex.as_deref(),
    };
    let recipients = flags.recipients.iter().map(String::as_str);
    Ok(Wanted {
        threshold: count(flags.threshold)?,
        mac_only_encrypted: globals.mac_only_encrypted,
        indent: indent(globals)?,
        ..Wanted::new(settings, recipients)?
    })
}

/// Columns per level; sops' libraries take 0 for their default.
fn indent(globals: &Globals) -> Result<Option<usize>, Failure> {
    let wrong = |_| {
        Failure::new("--indent: a negative indentation is not accepted").code(Code::CouldNotPrint)
    };
    globals.indent.map(|indent| usize::try_from(indent).map_err(wrong)).transpose()
}

fn count(threshold: Option<i64>) -> Result<Option<usize>, Failure> {
    let wrong = |_| Failure::new("--shamir-secret-sharing-threshold: must not be negative");
    threshold.map(|threshold| usize::try_from(threshold).map_err(wrong)).transpose()
}

fn target(output: Output) -> Target {
    match output {
        Output::Stdout => Target::default(),
        Output::InPlace => Target { in_place: true, ..Target::default() },
        Output::File(path) => Target { output: Some(path), ..Target::default() },
    }
}
