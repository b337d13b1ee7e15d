//! The help, made from the tables of flags and verbs.

use super::flags::{Flag, HELP};
use super::verbs::{self, GLOBAL, Kind, LEGACY, Verb};

/// Column where the explanation of a flag begins; a longer flag has its explanation on the next line.
const COLUMN: usize = 38;

/// The help of the program.
pub(super) fn program() -> String {
    let mut text = String::from(
        "sops - encrypted files with age keys, as keywright reads and writes them\n\n\
         Usage: sops [options] VERB [options] ...\n       sops [options] FILE\n\nVerbs:\n",
    );
    add_verbs(&mut text, None);
    text.push_str("\nOptions before a verb:\n");
    add_flags(&mut text, verbs::ANSWERS.iter().chain(GLOBAL));
    text.push_str(
        "\nOptions without a verb, before FILE; without -e, -d, -r and --set the file is edited:\n",
    );
    add_flags(&mut text, LEGACY.iter().copied().flatten());
    text.push_str(
        "\nIdentities are looked for in SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, SOPS_AGE_KEY_CMD and\n\
         ~/.config/sops/age/keys.txt. A file with the name of a verb is `./VERB`.\n",
    );
    text
}

/// The help of a verb.
pub(super) fn verb(verb: &Verb) -> String {
    let Verb { name, words, about, .. } = verb;
    if matches!(verb.kind, Kind::Family) {
        let mut text = format!("sops {name} - {about}\n\nUsage: sops {name} {words}\n\nVerbs:\n");
        add_verbs(&mut text, Some(verb));
        return text;
    }
    let usage = format!("sops {name} [options] {words}");
    let mut text = format!("sops {name} - {about}\n\nUsage: {}\n\nOptions:\n", usage.trim_end());
    add_flags(&mut text, verb.flags.iter().copied().flatten().chain([&HELP]));
    text.push_str("\nOptions before the verb:\n");
    add_flags(&mut text, GLOBAL.iter());
    text
}

fn add_verbs(text: &mut String, family: Option<&Verb>) {
    for (name, verb) in verbs::members(family) {
        text.push_str(&format!("  {name:<12}{}\n", verb.about));
    }
    text.push_str("  help        show this, or the help of a verb\n");
}

/// One line for each flag; one for all those that are refused.
fn add_flags<'f>(text: &mut String, flags: impl Iterator<Item = &'f Flag>) {
    let (foreign, known): (Vec<&Flag>, Vec<&Flag>) = flags.partition(|flag| flag.foreign);
    for flag in known {
        let short = flag.short.map_or(String::from("   "), |short| format!("-{short},"));
        let spelled = format!("  {short} --{} {}", flag.name, flag.value);
        let variable = flag.env.map_or(String::new(), |variable| format!(" [${variable}]"));
        let spelled = spelled.trim_end();
        let gap = if spelled.len() < COLUMN { "" } else { "\n" };
        let width = if gap.is_empty() { COLUMN - spelled.len() } else { COLUMN };
        text.push_str(&format!("{spelled}{gap}{:width$}{}{variable}\n", "", flag.about));
    }
    if !foreign.is_empty() {
        let names: Vec<_> = foreign.iter().map(|flag| format!("--{}", flag.name)).collect();
        text.push_str("  Known, and refused because they are about keys other than age's:\n");
        for line in names.chunks(4) {
            text.push_str(&format!("      {}\n", line.join(" ")));
        }
    }
}
