//! `APP KEY`, `SECRET KEY`: what is meant, asked at a terminal where it is not clear.

use super::failure_of;
use crate::cli::{Context, Failure};
use crate::layout::Layout;
use crate::scaffold::existing::{self, Error, Target};

/// How a Secret is named
#[derive(clap::Args)]
pub(super) struct Address {
    /// The app, or the Secret: NAME or NAMESPACE/NAME
    #[arg(value_name = "APP|SECRET")]
    name: String,
    /// The Secret, where the app has several: NAME or NAMESPACE/NAME
    #[arg(long, value_name = "NAME")]
    secret: Option<String>,
}

impl Address {
    /// The Secret that is meant by itself.
    pub(super) fn find<'s>(
        &self,
        layout: &Layout<'s>,
        context: &mut Context,
    ) -> Result<Target<'s>, Failure> {
        choose(existing::find(layout, &self.name, self.secret.as_deref()), layout, context)
    }

    /// The Secret that has a key.
    pub(super) fn find_key<'s>(
        &self,
        key: &str,
        layout: &Layout<'s>,
        context: &mut Context,
    ) -> Result<Target<'s>, Failure> {
        let found = existing::find_key(layout, &self.name, key, self.secret.as_deref());
        choose(found, layout, context)
    }

    /// The Secret that has some of these keys; if none has one, the one that is meant by itself.
    pub(super) fn find_keys<'s>(
        &self,
        keys: &[&str],
        layout: &Layout<'s>,
        context: &mut Context,
    ) -> Result<Target<'s>, Failure> {
        let found = existing::find_keys(layout, &self.name, keys, self.secret.as_deref());
        choose(found, layout, context)
    }
}

/// The Secret that was found; where several can be meant, the one that is chosen at a terminal.
fn choose<'s>(
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
