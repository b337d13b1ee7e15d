//! What an adoption leaves, and what to know about it.

use std::fmt;
use std::path::PathBuf;

use crate::provision::Error;

/// Something to know. Holds no secret.
#[derive(Debug)]
#[non_exhaustive]
pub(crate) enum Remark {
    /// An app has more databases than one run can tell apart.
    Again {
        /// The app.
        app: String,
        /// The one that is left.
        database: String,
    },
    /// A role is being dropped, which a `DatabaseRole` cannot express.
    Dropping {
        /// The file of the entry.
        path: PathBuf,
        /// The role.
        role: String,
    },
    /// The operator makes the role exactly as it is declared.
    Exactly {
        /// The role.
        role: String,
    },
    /// An init container that is not needed any more.
    InitContainer {
        /// The file of the workload.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// The Database that must be applied before it goes.
        database: String,
    },
    /// A database that is not adopted.
    Left {
        /// The Secret that shows it.
        path: PathBuf,
        /// The database.
        database: String,
        /// Why.
        reason: Box<Error>,
    },
    /// `DatabaseRole` objects need an operator that knows them.
    NewOperator,
    /// A database that no app uses.
    NoApp {
        /// The Secret that shows it.
        path: PathBuf,
        /// The database.
        database: String,
    },
    /// Two places have different passwords for one role.
    PasswordsDiffer {
        /// The Secret with the other password.
        path: PathBuf,
        /// The role.
        role: String,
    },
    /// A Secret that cannot be completed.
    Unread {
        /// Its file.
        path: PathBuf,
    },
}

impl fmt::Display for Remark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remark::Again { app, database } => write!(
                formatter,
                "the database `{database}` of the app `{app}` is left: run `keywright db adopt` again for it"
            ),
            Remark::Dropping { path, role } => write!(
                formatter,
                "{}: the role `{role}` is being dropped (`ensure: absent`) and stays an entry",
                path.display()
            ),
            Remark::Exactly { role } => write!(
                formatter,
                "the operator makes the role `{role}` exactly as it is declared: memberships and rights that \
                 are not in it are taken away"
            ),
            Remark::InitContainer { path, line, database } => write!(
                formatter,
                "{}:{line}: the init container stays; remove it when the Database `{database}` is applied",
                path.display()
            ),
            Remark::Left { path, database, reason } => {
                write!(formatter, "{}: the database `{database}` is left: {reason}", path.display())
            }
            Remark::NewOperator => {
                formatter.write_str("DatabaseRole objects need CloudNativePG 1.30 or newer")
            }
            Remark::NoApp { path, database } => write!(
                formatter,
                "{}: the database `{database}` is left: the Secret belongs to no app",
                path.display()
            ),
            Remark::PasswordsDiffer { path, role } => write!(
                formatter,
                "{}: there is another password for the role `{role}`, which is left as it is",
                path.display()
            ),
            Remark::Unread { path } => {
                write!(formatter, "{}: is left, because it cannot be decrypted", path.display())
            }
        }
    }
}
