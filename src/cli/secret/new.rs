//! `keywright secret new`: answers from flags or from a dialogue, then one plan.

use std::path::{Path, PathBuf};

use super::answers::{self, Answer, Draft};
use super::dialogue::Dialogue;
use super::external::{self, ExternalArgs};
use super::keys::Keys;
use super::registry::RegistryArgs;
use super::uses::Uses;
use crate::cli::commit::{self, Mode};
use crate::cli::db::Format;
use crate::cli::failure::visible;
use crate::cli::{Context, Failure, Status, claim, prompt, show};
use crate::layout::Layout;
use crate::txn::Store;

/// What stands for no kustomize file.
pub(super) const NOWHERE: &str = "none";

/// Make a Secret beside an app: the encrypted file, its entry in the kustomization and, on request,
/// what gives it to a container, all at once.
///
/// At a terminal, what is not given is asked. Values come from standard input, from files and out of
/// policies, and from the command line only where you insist.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct NewArgs {
    /// The app: the name of its Flux Kustomization, or of its directory
    #[arg(value_name = "APP")]
    pub(super) app: Option<String>,

    /// Name of the Secret; without a terminal that of the app, if it is free
    #[arg(long, value_name = "NAME")]
    pub(super) name: Option<String>,

    /// Type of the Secret: `basic-auth`, `tls`, `ssh-auth`, `dockerconfigjson`, or another one in full; by default
    /// `Opaque`
    #[arg(long = "type", value_name = "KIND")]
    pub(super) kind: Option<String>,

    #[command(flatten)]
    pub(super) keys: Keys,

    #[command(flatten)]
    pub(super) registry: RegistryArgs,

    #[command(flatten)]
    pub(super) uses: Uses,

    /// The kustomize file that lists the Secret, instead of that of the app; `none` for none
    #[arg(long, value_name = "FILE")]
    pub(super) list_in: Option<PathBuf>,

    /// Give the Secret a label
    #[arg(long = "label", value_name = "KEY=VALUE")]
    pub(super) labels: Vec<String>,

    /// Give the Secret an annotation
    #[arg(long = "annotation", value_name = "KEY=VALUE")]
    pub(super) annotations: Vec<String>,

    /// Let the cluster take no change of the values
    #[arg(long)]
    pub(super) immutable: bool,

    /// Record in `keywright.yaml` how the values are made, for `secret ensure` and `secret rotate`; no value gets in
    #[arg(long)]
    pub(super) recipe: bool,

    #[command(flatten)]
    pub(super) external: ExternalArgs,

    /// How to report
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,

    #[command(flatten)]
    pub(super) mode: Mode,
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
  keywright secret new nats --name nats-auth --recipe --generate PASSWORD --derive 'HASH=bcrypt(PASSWORD)'
  keywright secret new mealie --external --field SMTP_PASSWORD
  keywright secret new web --type tls --from-file tls.crt=cert.pem --from-file tls.key=key.pem
  printf %s \"$TOKEN\" | keywright secret new web --name pull --registry ghcr.io --username me";

/// Runs the command.
pub(super) fn run(mut args: NewArgs, context: &mut Context) -> Result<Status, Failure> {
    if args.external.external {
        return external::run(args, context);
    }
    if !context.interactive && (args.keys.want_stdin() || args.registry.registry.is_some()) {
        context.fetch_stdin()?;
    }
    context.begin("secret new", args.mode.access());
    let (root, store, snapshot) = claim::repository(context)?;
    let layout = Layout::read(&snapshot)?;
    if !context.interactive {
        // What cannot be used is told before anything is read.
        answers::request(&args, &layout, context)?;
        let answers = answers::given(&mut args, None, context)?;
        let draft = answers::draft(&args, &answers, &layout, context)?;
        return write(draft, args.format, args.mode, (&root, &store), context);
    }
    let mut dialogue = Dialogue::about(&args, &layout, context);
    let mut answers = Vec::new();
    let (draft, agreed) = talk(&mut dialogue, &mut args, &mut answers, context)?;
    let mode = Mode { yes: agreed || args.mode.yes, ..args.mode };
    let status = write(draft, args.format, mode, (&root, &store), context)?;
    if let Some(command) = dialogue.equivalent(&args, &answers, context) {
        context.note("the same by flags:");
        command.lines().for_each(|line| context.note(visible(line)));
    }
    Ok(status)
}

/// Goes through a dialogue until somebody agrees to its plan, or until nobody has to; tells whether somebody has agreed.
fn talk(
    dialogue: &mut Dialogue<'_, '_>,
    args: &mut NewArgs,
    answers: &mut Vec<Answer>,
    context: &mut Context,
) -> Result<(Draft, bool), Failure> {
    loop {
        dialogue.complete(args, answers, context)?;
        let draft = match answers::draft(args, answers, dialogue.layout(), context) {
            Ok(draft) => draft,
            // What was typed so far is not lost by an answer that does not fit.
            Err(failure) if dialogue.back_to_values() => {
                failure.report();
                continue;
            }
            Err(failure) => return Err(failure),
        };
        if args.format == Format::Json || args.mode.yes || args.mode.dry_run {
            return Ok((draft, false));
        }
        show::plan(&draft.plan, dialogue.layout().snapshot().root(), context);
        context.flush();
        match context.prompt().confirm("Write these changes?", false) {
            Ok(true) => return Ok((draft, true)),
            Err(prompt::Error::Back) if dialogue.back() => {}
            Ok(false) | Err(prompt::Error::Back) => return Err(Failure::interrupted()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Writes what was drafted, and reports.
fn write(
    draft: Draft,
    format: Format,
    mode: Mode,
    (root, store): (&Path, &Store),
    context: &mut Context,
) -> Result<Status, Failure> {
    if format == Format::Text {
        return commit::carry_out(store, draft.plan, root, mode, context);
    }
    let report = draft.report(mode);
    commit::carry_out_untold(store, draft.plan, root, mode, context)?;
    context.say(format!("{report:#}"));
    Ok(Status::Done)
}

impl NewArgs {
    /// The flags but for those of the values, each with what follows it.
    pub(super) fn flags(&self) -> Vec<(&'static str, Option<String>)> {
        let list = self.list_in.as_ref().map(|path| path.display().to_string());
        let one = |flag, text: &Option<String>| text.clone().map(|text| (flag, Some(text)));
        let each = |flag, texts: &[String]| {
            texts.iter().map(|text| (flag, Some(text.clone()))).collect::<Vec<_>>()
        };
        let switch = |flag, on: bool| on.then_some((flag, None));
        let mut flags = Vec::new();
        flags.extend(one("name", &self.name));
        flags.extend(one("type", &self.kind));
        flags.extend(self.registry.flags());
        flags.extend(self.uses.flags());
        flags.extend(one("list-in", &list));
        flags.extend(each("label", &self.labels));
        flags.extend(each("annotation", &self.annotations));
        flags.extend(switch("immutable", self.immutable));
        flags.extend(switch("recipe", self.recipe));
        flags
    }
}
