//! `APP KEY`, `SECRET KEY`: what is meant, asked at a terminal where it is not clear.

use super::failure_of;
use crate::cli::{Context, Failure};
use crate::layout::Layout;
use crate::scaffold::existing::{Error, Target};

/// How a Secret is named
#[derive(clap::Args)]
pub(super) struct Address {
    /// The app, or the Secret: NAME or NAMESPACE/NAME
    #[arg(value_name = "APP|SECRET")]
    pub(super) name: String,
    /// The Secret, where the app has several: NAME or NAMESPACE/NAME
    #[arg(long, value_name = "NAME")]
    pub(super) secret: Option<String>,
}

impl Address {
    /// What was chosen, if anything.
    pub(super) fn secret(&self) -> Option<&str> {
        self.secret.as_deref()
    }
}

/// The Secret that was found; where several can be meant, the one that is chosen at a terminal.
pub(super) fn choose<'s>(
    found: Result<Target<'s>, Error>,
    layout: &Layout<'s>,
    context: &mut Context,
) -> Result<Target<'s>, Failure> {
    let error = match found {
        Ok(target) => return Ok(target),
        Err(error) => error,
    };
    let Error::Ambiguous { candidates, .. } = &error else { return Err(failure_of(error)) };
    if !context.interactive {
        return Err(failure_of(error));
    }
    let labels: Vec<String> =
        candidates.iter().map(|one| one.to_string().replace('`', "")).collect();
    let chosen = context.prompt().choose("Which Secret", &labels)?;
    let target = candidates[chosen].target(layout);
    Ok(target.expect("a candidate is one of the Secrets of the layout"))
}
