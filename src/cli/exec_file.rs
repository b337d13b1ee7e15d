//! `keywright exec-file`
//!
//! A command gets the decrypted file under a name in a private directory: a FIFO, which never holds the
//! content, or on request a regular file, which lies in memory where the system has it.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use super::claim::Access;
use super::decrypt::{Decryption, decrypt};
use super::exec::{Launch, User};
use super::file::{Naming, format};
use super::private::Private;
use super::{Context, Failure, Status, discover};
use crate::sops::Format;

/// What the file is called if nobody names it; sops has the same name.
const NAME: &str = "tmp-file";

/// Run a command with the decrypted content of a file as a temporary file
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright exec-file kubeconfig.yaml 'kubectl --kubeconfig {} get nodes'
  keywright exec-file --no-fifo --filename app.json app.json './server --config {}'

The command runs by `/bin/sh -c`, so quote it; its exit code becomes that of keywright. `{}` stands for the path. \
The file is a FIFO: it can be read, from start to end, as often as needed, but not searched or changed.")]
pub(crate) struct ExecFileArgs {
    /// The encrypted file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The command, as one argument
    #[arg(value_name = "COMMAND")]
    pub(crate) command: String,
    /// Make a regular file instead of a FIFO
    #[arg(long)]
    pub(crate) no_fifo: bool,
    /// Name of the temporary file, for commands that look at its ending
    #[arg(long, value_name = "NAME")]
    pub(crate) filename: Option<String>,
    /// Format of the file: binary, dotenv, ini, json or yaml
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub(crate) input_type: Option<Format>,
    /// Format of the temporary file, if it is to be another one
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    pub(crate) output_type: Option<Format>,
    /// Run the command as this user of /etc/passwd; takes root
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// Start the command without terminal and do not wait for it (deprecated by SOPS). The file goes at once,
    /// so that the command hardly ever finds it
    #[arg(long)]
    pub(crate) background: bool,
}

/// Runs the command.
pub(crate) fn run(args: ExecFileArgs, context: &mut Context) -> Result<Status, Failure> {
    let name = args.filename.as_deref().unwrap_or(NAME);
    if !is_name(name) {
        return Err(Failure::new(format!("--filename: `{name}` is not a plain file name")));
    }
    if args.background {
        context.note(
            "warning: `--background` is deprecated and will be removed in a future version of SOPS",
        );
    }
    let naming = Naming {
        input_type: args.input_type,
        output_type: args.output_type,
        filename_override: None,
    };
    context.begin("exec-file", Access::Read);
    let file = naming.read_one(&args.file, context)?;
    let content = decrypt(&file, &Decryption::default(), &discover::identities(context)?)?;
    let user = args.user.as_deref().map(User::named).transpose();
    let user = user.map_err(|error| Failure::new(format!("--user: {error}")))?;
    let failed = |what: &str, error: std::io::Error| {
        let failure = Failure::new(format!("{what}: {error}"));
        if user.is_some() { failure.hint("`--user` takes root") } else { failure }
    };

    let owner = user.as_ref().map(|user| (user.id, user.group));
    let private =
        Private::new(context, owner).map_err(|error| failed("a temporary directory", error))?;
    let name = OsStr::new(name);
    let made =
        if args.no_fifo { private.write(name, &content) } else { private.fifo(name, content) };
    let path = made.map_err(|error| failed("the temporary file", error))?;
    let launch = Launch {
        command: &args.command.replace("{}", &path.to_string_lossy()),
        variables: &[],
        pristine: false,
        user: user.as_ref(),
        directory: &context.directory.clone(),
    };
    context.flush();
    if args.background {
        return launch.leave().map(|()| Status::Done).map_err(|error| failed("/bin/sh", error));
    }
    let ended = launch.run(private.watch()).map_err(|error| failed("/bin/sh", error))?;
    Ok(ended.status())
}

/// Whether a text names a file of a directory, and nothing outside of it.
fn is_name(name: &str) -> bool {
    let mut components = Path::new(name).components();
    matches!((components.next(), components.next()), (Some(Component::Normal(only)), None) if only == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_cannot_be_named_out_of_its_directory() {
        assert!(is_name("a.json") && is_name("..a") && is_name(" "));
        for name in ["", ".", "..", "/", "/a", "a/b", "a/", "./a", "../a"] {
            assert!(!is_name(name), "{name}");
        }
    }
}
