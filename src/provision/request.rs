//! What is wanted: the app, and what is to be otherwise than the repository shows.

pub(crate) use crate::layout::StrategyKind;
use crate::secret::Secret;

/// A request.
pub(crate) struct Request<'r> {
    /// The app.
    pub(crate) app: &'r str,
    /// The password of a new role.
    pub(crate) password: &'r Password,
    /// What was chosen; everything else is inferred.
    pub(crate) options: &'r Options,
}

/// Where a password comes from.
pub(crate) enum Password {
    /// Made for this request; not used if there is one already.
    Generated(Secret),
    /// Given by the user, who is told if there is another one already.
    Given(Secret),
}

/// Choices, each instead of an inference or on top of it.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// The role, instead of the app's name with underscores.
    pub(crate) role: Option<String>,
    /// The database, instead of one that is called as the role.
    pub(crate) database: Option<String>,
    /// The role that owns the database, instead of the app's.
    pub(crate) owner: Option<String>,
    /// Extensions that the database is to have.
    pub(crate) extensions: Vec<String>,
    /// Schemas that the database is to have; the owner of the database owns them.
    pub(crate) schemas: Vec<String>,
    /// How many sessions the role may have.
    pub(crate) connection_limit: Option<u32>,
    /// Roles that the role is to be a member of.
    pub(crate) in_roles: Vec<String>,
    /// Whether the database's side gets a SCRAM verifier instead of the password.
    pub(crate) scram: bool,
    /// How the role is declared.
    pub(crate) strategy: Option<StrategyKind>,
    /// What becomes of the data when the Database is removed from the cluster.
    pub(crate) reclaim: Option<Reclaim>,
    /// The key of the URL in the app's Secret.
    pub(crate) url_key: Option<String>,
    /// The Cluster, as `NAME` or `NAMESPACE/NAME`.
    pub(crate) cluster: Option<String>,
    /// The app's Secret for the URL, by its name.
    pub(crate) secret: Option<String>,
    /// Whether Flux is told to decrypt where it is not.
    pub(crate) fix_decryption: bool,
}

/// A `databaseReclaimPolicy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reclaim {
    /// The data stays; this is the operator's default.
    Retain,
    /// The data goes.
    Delete,
}

impl Reclaim {
    /// As the operator spells it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Reclaim::Retain => "retain",
            Reclaim::Delete => "delete",
        }
    }
}
