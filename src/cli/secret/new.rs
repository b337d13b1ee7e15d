//! `keywright secret new`: answers from flags or from a dialogue, then one plan.

use super::keys::Keys;
use super::uses::Uses;
use super::{answers, failure};
use crate::cli::commit::{self, Mode};
use crate::cli::{Context, Failure, Status, claim};
use crate::layout::Layout;
use crate::scaffold;

/// Make a Secret beside an app: the encrypted file, its entry in the kustomization and, on request,
/// what gives it to a container, all at once.
///
/// At a terminal, what is not given is asked. Values come from standard input, from files and out of
/// policies, never from the command line.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct NewArgs {
    /// The app: the name of its Flux Kustomization, or of its directory
    #[arg(value_name = "APP")]
    pub(super) app: Option<String>,

    /// Name of the Secret
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,

    #[command(flatten)]
    pub(super) keys: Keys,

    #[command(flatten)]
    pub(super) uses: Uses,

    /// Record in `keywright.yaml` how the values are made, for `secret ensure` and `secret rotate`; no value gets in
    #[arg(long)]
    pub(super) recipe: bool,

    #[command(flatten)]
    mode: Mode,
}

const EXAMPLES: &str = "\
Examples:
  keywright secret new
  keywright secret new paperless --name paperless-smtp --generate SMTP_PASSWORD \\
      --template 'SMTP_URL=smtp://paperless:{SMTP_PASSWORD|url}@mail.example.com:587'
  pass show grafana/oidc |
      keywright secret new grafana --name grafana-oidc --set-stdin CLIENT_SECRET --env-from
  keywright secret new paperless --name paperless-mail --generate password \\
      --env SMTP_PASSWORD=password --container paperless/app
  keywright secret new grafana --name grafana-tls --from-file ca.crt=ca.pem --mount /etc/grafana/tls
  keywright secret new nats --name nats-auth --recipe --generate PASSWORD --derive 'HASH=bcrypt(PASSWORD)'";

/// Runs the command.
pub(super) fn run(args: NewArgs, context: &mut Context) -> Result<Status, Failure> {
    const COMMAND: &str = "secret new";
    let mode = args.mode;
    if !context.interactive && args.keys.want_stdin() {
        context.fetch_stdin()?;
    }
    context.begin(COMMAND, mode.access());
    let (root, store, snapshot) = claim::repository(context)?;
    let layout = Layout::read(&snapshot)?;
    let request = answers::collect(args, &snapshot, &layout, context)?;
    let now = context.now();
    let plan = scaffold::new_secret(&request, &snapshot, &layout, &now, &mut context.random);
    let plan = plan.map_err(failure)?;
    commit::carry_out(&store, plan, &root, mode, context)
}
