//! Who gets the Secret, and how.

use super::walk::Halt;
use crate::cli::prompt::Prompt;
use crate::cli::secret::uses::Uses;
use crate::scaffold::Use;
use crate::scaffold::uses::{is_path, is_variable};

/// What somebody answers who wants no variable for a key.
const NONE: &str = "-";

/// How a container gets it, as the menu has it.
const WAYS: [&str; 3] = [
    "every key as a variable (envFrom)",
    "some keys as variables (env)",
    "every key as a file (a volume)",
];

/// Asks for the container and the way. `keys` are those of the Secret.
pub(super) fn ask(
    uses: &mut Uses,
    containers: &[String],
    keys: &[String],
    prompt: &Prompt,
) -> Result<(), Halt> {
    let nobody = "nobody yet".to_owned();
    let choices: Vec<&String> = [&nobody].into_iter().chain(containers).collect();
    loop {
        let chosen = prompt.choose("Who reads it", &choices)?;
        let Some(container) = chosen.checked_sub(1).map(|chosen| &containers[chosen]) else {
            *uses = Uses::default();
            return Ok(());
        };
        match ask_for_way(keys, prompt) {
            Ok(ways) => {
                // Where there is only one, nobody has to name it.
                let container = (containers.len() > 1).then(|| container.clone());
                *uses = Uses::new(ways, container);
                return Ok(());
            }
            Err(Halt::Back) => {}
            Err(halt) => return Err(halt),
        }
    }
}

fn ask_for_way(keys: &[String], prompt: &Prompt) -> Result<Vec<Use>, Halt> {
    loop {
        let ways = match prompt.choose("How", &WAYS)? {
            0 => Ok(vec![Use::EnvFrom]),
            1 => ask_for_variables(keys, prompt),
            _ => ask_for_path(prompt),
        };
        match ways {
            Err(Halt::Back) => {}
            ways => return ways,
        }
    }
}

/// A variable for each key that is to have one; one at least.
fn ask_for_variables(keys: &[String], prompt: &Prompt) -> Result<Vec<Use>, Halt> {
    let mut ways = Vec::new();
    loop {
        for key in keys {
            let check = |text: &String| match text == NONE || is_variable(text) {
                true => Ok(()),
                false => Err("letters, digits, `-`, `_` and `.`, no digit first".to_owned()),
            };
            let question = format!("Variable for {key} ({NONE}: none)");
            let default = if is_variable(key) { key } else { NONE };
            let variable = prompt.line(&question, Some(default.to_string()), check)?;
            if variable != NONE {
                ways.push(Use::Env { variable, key: key.clone() });
            }
        }
        if !ways.is_empty() {
            return Ok(ways);
        }
        prompt.say("one key at least needs a variable")?;
    }
}

fn ask_for_path(prompt: &Prompt) -> Result<Vec<Use>, Halt> {
    let check = |path: &String| match is_path(path) {
        true => Ok(()),
        false => Err("a path in the container, which begins with `/`".to_owned()),
    };
    let path = prompt.line("Directory in the container", None, check)?;
    Ok(vec![Use::Mount { path }])
}
