//! `keywright db rotate`

use std::path::PathBuf;

use super::password;
use super::question::{Wanted, asked};
use crate::cli::commit::{self, Mode};
use crate::cli::{Context, Failure, Status, claim, discover};
use crate::layout::Layout;
use crate::make::Policy;
use crate::provision::{self, Means, Options, Rotated, Rotation};
use crate::repo;

/// Give a role a new password, in every secret of the repository that holds the old one
///
/// The role's Secret and every other encrypted file get it, however it is spelled there: alone, in a URL, in base64,
/// inside of a longer value. Each place is named; nothing else changes.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  keywright db rotate miniflux --dry-run
  keywright db rotate miniflux
  printf '%s' \"$PASSWORD\" | keywright db rotate miniflux --password-stdin")]
pub(crate) struct RotateArgs {
    /// The app: the name of its Flux Kustomization, or of its directory, or more of that one's path
    #[arg(value_name = "APP")]
    app: String,
    /// Read the new password from standard input instead of generating one
    #[arg(long)]
    password_stdin: bool,
    /// Read the present password from standard input, where the repository has only a hash of it
    #[arg(long, conflicts_with = "password_stdin")]
    old_password_stdin: bool,
    /// Name of the role, instead of the app's with underscores
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
    /// The Cluster, where there are several
    #[arg(long, value_name = "[NAMESPACE/]NAME")]
    cluster: Option<String>,
    /// An encrypted file that cannot be decrypted and does not hold the password; may be repeated
    #[arg(long = "skip", value_name = "FILE")]
    skipped: Vec<PathBuf>,
    #[command(flatten)]
    mode: Mode,
}

/// Runs the command.
pub(crate) fn run(args: &RotateArgs, context: &mut Context) -> Result<Status, Failure> {
    const COMMAND: &str = "db rotate";
    let root = repo::root_of(&context.directory).to_owned();
    let new = match args.password_stdin {
        true => password(context)?,
        false => Policy::password(&mut context.random),
    };
    let old = match args.old_password_stdin {
        true => Some(password(context)?),
        false => None,
    };
    let skipped = args.skipped.iter().map(|file| claim::below(&root, file, context));
    let skipped = skipped.collect::<Result<Vec<_>, _>>()?;
    let identities = discover::identities(context)?;
    context.begin(COMMAND, args.mode.access());
    let (_, store, snapshot) = claim::repository(context)?;
    let layout = Layout::read(&snapshot)?;
    let (role, cluster) = (args.role.clone(), args.cluster.clone());
    let options = Options { role, cluster, ..Options::default() };
    let mut wanted = Wanted { app: args.app.clone(), options };
    let now = context.now();
    let mut rotated = asked(&mut wanted, context, |wanted, context| {
        let (app, options) = (&wanted.app, &wanted.options);
        let request = Rotation { app, new: &new, old: old.as_ref(), options, skipped: &skipped };
        let mut means = Means { identities: &identities, random: &mut context.random, now: &now };
        provision::rotate(&request, &snapshot, &layout, &mut means)
    })?;
    for note in &rotated.notes {
        context.note(format!("note: {note}"));
    }
    let plan = std::mem::take(&mut rotated.plan);
    if !plan.is_empty() {
        context.say(format!("the password of the role `{}` is in:", rotated.role));
        rotated.places.iter().for_each(|place| context.say(format!("  {place}")));
    }
    let status = commit::carry_out(&store, plan, &root, args.mode, context)?;
    tell(&rotated, context);
    Ok(status)
}

/// What is left to be done by hand.
fn tell(rotated: &Rotated, context: &mut Context) {
    if !rotated.stored.is_empty() {
        context.say("the app seems to get it from elsewhere; change there, too:");
        rotated.stored.iter().for_each(|place| context.say(format!("  {place}")));
    }
    commit::tell_restarts(&rotated.restarts, context);
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: RotateArgs,
    }

    fn parse(args: &[&str]) -> Option<RotateArgs> {
        Some(Line::try_parse_from([&["rotate"], args].concat()).ok()?.args)
    }

    #[test]
    fn every_flag_of_rotate_is_read() {
        let none = parse(&["miniflux"]).unwrap();
        assert_eq!((none.app.as_str(), none.role, none.cluster), ("miniflux", None, None));
        assert!(!none.password_stdin && !none.old_password_stdin && none.skipped.is_empty());
        assert!(parse(&["a", "--password-stdin"]).unwrap().password_stdin);
        assert!(parse(&["a", "--old-password-stdin"]).unwrap().old_password_stdin);
        assert!(parse(&["a", "--old-password-stdin", "--password-stdin"]).is_none());
        let all = "a --role r --cluster db/pg --skip x.yaml --skip y.env --dry-run --yes";
        let all = parse(&all.split(' ').collect::<Vec<_>>()).unwrap();
        assert_eq!((all.role.as_deref(), all.cluster.as_deref()), (Some("r"), Some("db/pg")));
        assert_eq!(all.skipped, ["x.yaml", "y.env"].map(PathBuf::from));
        assert!(all.mode.dry_run && all.mode.yes);
        assert!(parse(&[]).is_none());
    }
}
