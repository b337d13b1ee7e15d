//! `keywright secret …`: answers from flags or from a dialogue, then one plan.

mod answers;
mod keys;

use self::keys::Keys;
use super::claim;
use super::commit::{self, Mode};
use super::{Context, Failure, Status};
use crate::layout::Layout;
use crate::repo::{self, Snapshot};
use crate::scaffold;

/// Make and keep the Secrets of apps.
#[derive(clap::Args)]
pub(crate) struct SecretArgs {
    #[command(subcommand)]
    command: SecretCommand,
}

#[derive(clap::Subcommand)]
enum SecretCommand {
    New(NewArgs),
}

/// Make a Secret beside an app: the encrypted file, its entry in the kustomization and, on request,
/// `envFrom` in the HelmRelease, all at once.
///
/// At a terminal, what is not given is asked. Values come from standard input, from files and out of
/// policies, never from the command line.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct NewArgs {
    /// The app: the name of its Flux Kustomization, or of its directory
    #[arg(value_name = "APP")]
    app: Option<String>,

    /// Name of the Secret
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    #[command(flatten)]
    keys: Keys,

    /// Add the Secret to `envFrom` of the app's container; say which one where there are several
    #[arg(
        long,
        value_name = "CONTROLLER/CONTAINER",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ""
    )]
    env_from: Option<String>,

    #[command(flatten)]
    mode: Mode,
}

const EXAMPLES: &str = "\
Examples:
  keywright secret new
  keywright secret new paperless --name paperless-smtp --generate SMTP_PASSWORD \\
      --template 'SMTP_URL=smtp://paperless:{SMTP_PASSWORD|url}@mail.example.com:587'
  pass show grafana/oidc |
      keywright secret new grafana --name grafana-oidc --set-stdin CLIENT_SECRET --env-from";

/// Runs the command.
pub(crate) fn run(args: SecretArgs, context: &mut Context) -> Result<Status, Failure> {
    match args.command {
        SecretCommand::New(args) => new(args, context),
    }
}

fn new(args: NewArgs, context: &mut Context) -> Result<Status, Failure> {
    const COMMAND: &str = "secret new";
    let root = repo::root_of(&context.directory).to_owned();
    let mode = args.mode;
    if !context.interactive && args.keys.want_stdin() {
        context.fetch_stdin()?;
    }
    context.begin(COMMAND, mode.access());
    let store = claim::open(&root, context)?;
    let snapshot = claim::steadily(&store, context, |_| Ok(Snapshot::read(&root)?))?;
    let layout = Layout::read(&snapshot)?;
    let request = answers::collect(args, &snapshot, &layout, context)?;
    let now = context.now();
    let plan = scaffold::new_secret(&request, &snapshot, &layout, &now, &mut context.random);
    let plan = plan.map_err(failure)?;
    commit::carry_out(&store, plan, &root, mode, context)
}

/// What went wrong, and what to do about it.
fn failure(error: scaffold::Error) -> Failure {
    use scaffold::Error;
    let failure = Failure::new(error.to_string());
    match error {
        Error::Layout(error) => failure.with_layout_hints(&error),
        Error::SecretExists { .. } | Error::SecretName { .. } | Error::FileExists { .. } => {
            failure.hint("choose another name with `--name`")
        }
        Error::NoConfig { .. } => failure.hint(
            "write a `.sops.yaml` at the root of the repository, with \
             `creation_rules: [{encrypted_regex: ^(data|stringData)$, age: age1…}]`",
        ),
        Error::Uncovered { .. } => {
            failure.hint("add a creation rule whose `path_regex` matches the file")
        }
        Error::LeftPlain { .. } | Error::Hidden { .. } => {
            failure.hint("give the rule `encrypted_regex: ^(data|stringData)$`")
        }
        Error::SeveralContainers { .. } | Error::UnknownContainer { .. } => {
            failure.hint("choose one with `--env-from=CONTROLLER/CONTAINER`")
        }
        Error::Encrypt { path, source } => Failure::at(&path, &source),
        Error::Plan(error) => Failure::from(error),
        _ => failure,
    }
}
