//! What few Secrets need: labels, annotations, another list, that nobody changes it.

use super::walk::Halt;
use crate::cli::prompt::Prompt;
use crate::cli::secret::new::{NOWHERE, NewArgs};
use crate::scaffold::marks;

/// What is offered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Item {
    Nothing,
    Label,
    Annotation,
    List,
    Immutable,
}

/// The offers in the order in which they stand in the menu.
const ITEMS: [(Item, &str); 5] = [
    (Item::Nothing, "no, show the changes"),
    (Item::Label, "a label"),
    (Item::Annotation, "an annotation"),
    (Item::List, "another kustomize file lists it, or none"),
    (Item::Immutable, "the cluster takes no change of it (immutable)"),
];

/// Asks until there is nothing more. `lists` are the kustomize files that could list it.
pub(super) fn ask(args: &mut NewArgs, lists: &[String], prompt: &Prompt) -> Result<(), Halt> {
    loop {
        let open = |item: Item| match item {
            Item::List => !lists.is_empty(),
            Item::Immutable => !args.immutable,
            _ => true,
        };
        let items: Vec<_> = ITEMS.into_iter().filter(|(item, _)| open(*item)).collect();
        let labels: Vec<&str> = items.iter().map(|(_, label)| *label).collect();
        let (item, _) = items[prompt.choose("Anything else", &labels)?];
        match one(item, args, lists, prompt) {
            Ok(()) if item == Item::Nothing => return Ok(()),
            Ok(()) | Err(Halt::Back) => {}
            Err(halt) => return Err(halt),
        }
    }
}

fn one(item: Item, args: &mut NewArgs, lists: &[String], prompt: &Prompt) -> Result<(), Halt> {
    let one_of = |text: &String| std::slice::from_ref(text).to_vec();
    match item {
        Item::Nothing => {}
        Item::Label => {
            let check = |text: &String| match marks::labels(&one_of(text)) {
                Ok(_) => Ok(()),
                Err(error) => Err(error.to_string()),
            };
            args.labels.push(prompt.line("Label, KEY=VALUE", None, check)?);
        }
        Item::Annotation => {
            let check = |text: &String| match marks::annotations(&one_of(text)) {
                Ok(_) => Ok(()),
                Err(error) => Err(error.to_string()),
            };
            args.annotations.push(prompt.line("Annotation, KEY=VALUE", None, check)?);
        }
        Item::List => {
            let nowhere = NOWHERE.to_owned();
            let choices: Vec<&String> = lists.iter().chain([&nowhere]).collect();
            let chosen = prompt.choose("Listed in", &choices)?;
            args.list_in = Some(choices[chosen].into());
        }
        Item::Immutable => args.immutable = true,
    }
    Ok(())
}
