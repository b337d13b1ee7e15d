//! A call in one line, for tables: the verb, then what is not the default. Warnings follow as `!` each.

use super::super::invocation::*;
use crate::sops::Format;

/// The call as a line.
pub(super) fn call(call: &Call) -> String {
    let mut line = Line(Vec::new());
    line.invocation(&call.invocation);
    let Globals { config, indent, mac_only_encrypted, verbose } = &call.globals;
    line.path("config", config.as_ref());
    line.value("indent", indent.as_ref());
    line.flag("mac-only-encrypted", *mac_only_encrypted);
    line.flag("verbose", *verbose);
    line.0.extend(call.warnings.iter().map(|_| "!".to_owned()));
    line.0.join(" ")
}

struct Line(Vec<String>);

impl Line {
    fn word(&mut self, word: impl Into<String>) {
        self.0.push(word.into());
    }

    fn flag(&mut self, name: &str, on: bool) {
        if on {
            self.word(name);
        }
    }

    fn value<T: ToString>(&mut self, name: &str, value: Option<&T>) {
        if let Some(value) = value {
            self.word(format!("{name}={}", value.to_string()));
        }
    }

    fn path(&mut self, name: &str, path: Option<&std::path::PathBuf>) {
        self.value(name, path.map(|path| path.display().to_string()).as_ref());
    }

    fn list(&mut self, name: &str, list: &[String]) {
        if !list.is_empty() {
            self.word(format!("{name}={}", list.join("+")));
        }
    }

    fn input(&mut self, input: &Input) {
        match input {
            Input::File(path) => self.path("file", Some(path)),
            Input::Stdin => self.word("stdin"),
        }
    }

    fn output(&mut self, output: &Output) {
        match output {
            Output::Stdout => (),
            Output::InPlace => self.word("in-place"),
            Output::File(path) => self.path("output", Some(path)),
        }
    }

    fn kind(&mut self, name: &str, kind: Option<Format>) {
        self.value(name, kind.map(|kind| format!("{kind:?}").to_lowercase()).as_ref());
    }

    fn naming(&mut self, naming: &Naming) {
        self.kind("from", naming.input);
        self.kind("to", naming.output);
        self.path("as", naming.name.as_ref());
    }

    fn opening(&mut self, opening: &Opening) {
        self.flag("ignore-mac", opening.ignore_mac);
        self.list("order", &opening.order);
    }

    fn new_file(&mut self, file: &NewFile) {
        self.list("age", &file.recipients);
        self.value("threshold", file.threshold.as_ref());
        self.value("unencrypted-suffix", file.unencrypted_suffix.as_ref());
        self.value("encrypted-suffix", file.encrypted_suffix.as_ref());
        self.value("unencrypted-regex", file.unencrypted_regex.as_ref());
        self.value("encrypted-regex", file.encrypted_regex.as_ref());
        self.value("unencrypted-comment-regex", file.unencrypted_comment_regex.as_ref());
        self.value("encrypted-comment-regex", file.encrypted_comment_regex.as_ref());
    }

    fn invocation(&mut self, invocation: &Invocation) {
        match invocation {
            Invocation::Encrypt(encrypt) => {
                self.word("encrypt");
                self.input(&encrypt.input);
                self.output(&encrypt.output);
                self.naming(&encrypt.naming);
                self.new_file(&encrypt.new_file);
            }
            Invocation::Decrypt(decrypt) => {
                self.word("decrypt");
                self.input(&decrypt.input);
                self.output(&decrypt.output);
                self.naming(&decrypt.naming);
                self.opening(&decrypt.opening);
                self.value("extract", decrypt.extract.as_ref());
            }
            Invocation::Edit(edit) => self.edit(edit),
            Invocation::Rotate(rotate) => {
                self.word("rotate");
                self.path("file", Some(&rotate.file));
                self.output(&rotate.output);
                self.naming(&rotate.naming);
                self.opening(&rotate.opening);
                self.list("add", &rotate.add);
                self.list("remove", &rotate.remove);
                self.flag("legacy", rotate.legacy);
            }
            Invocation::Set(set) => self.set(set),
            Invocation::Unset(unset) => {
                self.word("unset");
                self.path("file", Some(&unset.file));
                self.naming(&unset.naming);
                self.opening(&unset.opening);
                self.value("index", Some(&unset.index));
                self.flag("idempotent", unset.idempotent);
            }
            other => self.rarer(other),
        }
    }

    fn edit(&mut self, edit: &Edit) {
        self.word("edit");
        self.path("file", Some(&edit.file));
        self.naming(&edit.naming);
        self.new_file(&edit.new_file);
        self.opening(&edit.opening);
        self.flag("show-master-keys", edit.show_master_keys);
        self.value("foreign", edit.foreign.map(str::to_owned).as_ref());
        self.flag("changes-keys", edit.changes_keys);
        self.flag("legacy", edit.legacy);
    }

    fn set(&mut self, set: &Set) {
        self.word("set");
        self.path("file", Some(&set.file));
        self.naming(&set.naming);
        self.opening(&set.opening);
        self.value("index", Some(&set.index));
        match &set.value {
            NewValue::Given(json) => self.word(format!("json={}", json.expose_text().unwrap())),
            NewValue::File(path) => self.path("json-in", Some(path)),
            NewValue::Stdin => self.word("json-on-stdin"),
        }
        self.flag("idempotent", set.idempotent);
        self.flag("legacy", set.legacy);
    }

    fn rarer(&mut self, invocation: &Invocation) {
        match invocation {
            Invocation::UpdateKeys(update) => {
                self.word("updatekeys");
                update.files.iter().for_each(|file| self.path("file", Some(file)));
                self.flag("yes", update.yes);
                self.kind("from", update.input);
            }
            Invocation::FileStatus(status) => {
                self.word("filestatus");
                self.path("file", Some(&status.file));
                self.kind("from", status.input);
            }
            Invocation::GroupsAdd(add) => {
                self.word("groups-add");
                self.path("file", Some(&add.file));
                self.flag("in-place", add.in_place);
                self.list("age", &add.recipients);
                self.value("threshold", add.threshold.as_ref());
            }
            Invocation::GroupsDelete(delete) => {
                self.word("groups-delete");
                self.path("file", Some(&delete.file));
                self.flag("in-place", delete.in_place);
                self.value("group", Some(&delete.group));
                self.value("threshold", delete.threshold.as_ref());
            }
            Invocation::ExecEnv(exec) => {
                self.word("exec-env");
                self.path("file", Some(&exec.file));
                self.word(format!("command={}", exec.command.to_string_lossy()));
                self.opening(&exec.opening);
                self.flag("pristine", exec.pristine);
                self.flag("same-process", exec.same_process);
                self.flag("background", exec.background);
                self.value("user", exec.user.as_ref());
            }
            Invocation::ExecFile(exec) => {
                self.word("exec-file");
                self.path("file", Some(&exec.file));
                self.word(format!("command={}", exec.command.to_string_lossy()));
                self.naming(&exec.naming);
                self.opening(&exec.opening);
                self.flag("no-fifo", !exec.fifo);
                self.path("filename", exec.filename.as_ref());
                self.flag("background", exec.background);
                self.value("user", exec.user.as_ref());
            }
            other => self.answer(other),
        }
    }

    fn answer(&mut self, invocation: &Invocation) {
        match invocation {
            // The first words say whose help it is.
            Invocation::Help(text) => {
                self.word(format!("help of {}", text.split(" - ").next().unwrap()));
            }
            Invocation::Version { bare } => self.word(format!("version bare={bare}")),
            Invocation::Completion(shell) => self.word(format!("completion {shell:?}")),
            Invocation::Candidates(lines) => self.word(format!("{} candidates", lines.len())),
            Invocation::Refused(verb) => self.word(format!("refused {verb}")),
            _ => unreachable!("it is described elsewhere"),
        }
    }
}
