//! Running something as another user, which takes root.
//!
//! Who that is say `/etc/passwd` and `/etc/group`, as sops reads them: users of a directory service are not
//! found. The command gets the user's groups with all others gone.

use std::io;
use std::process::Command;

/// Why nobody can be switched to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// One of the two files cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// Which.
        path: &'static str,
        /// Why.
        source: io::Error,
    },
    /// No line of `/etc/passwd` is the user's.
    #[error("there is no user `{0}` in /etc/passwd")]
    Unknown(String),
}

/// Somebody who can run a command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) home: String,
    pub(crate) id: u32,
    /// The group of the line in `/etc/passwd`.
    pub(crate) group: u32,
    /// All groups, that one first.
    pub(crate) groups: Vec<u32>,
}

impl User {
    /// Looks for a name in the files of the system.
    pub(crate) fn named(name: &str) -> Result<User, Error> {
        let read = |path| std::fs::read(path).map_err(|source| Error::Read { path, source });
        let (users, groups) = (read("/etc/passwd")?, read("/etc/group")?);
        let (users, groups) = (String::from_utf8_lossy(&users), String::from_utf8_lossy(&groups));
        User::find(name, &users, &groups).ok_or_else(|| Error::Unknown(name.to_owned()))
    }

    /// Looks for a name in the texts of passwd(5) and group(5).
    fn find(name: &str, users: &str, groups: &str) -> Option<User> {
        let line = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let fields = line.into_iter().find(|fields| fields.len() >= 6 && fields[0] == name)?;
        let (id, group) = (fields[2].parse().ok()?, fields[3].parse().ok()?);
        let mut all = vec![group];
        for line in groups.lines() {
            let mut fields = line.split(':');
            let (Some(id), Some(members)) = (fields.nth(2), fields.next()) else { continue };
            if let Ok(id) = id.parse()
                && members.split(',').any(|member| member.trim() == name)
                && !all.contains(&id)
            {
                all.push(id);
            }
        }
        Some(User { name: name.to_owned(), home: fields[5].to_owned(), id, group, groups: all })
    }
}

/// Does something with a command so that it runs as the user.
///
/// On Linux the rights belong to the thread, and what it starts inherits them. So a thread of its own lays
/// down those of root and starts the command; the rest of the program keeps them, to clear up and to pass
/// signals on.
#[cfg(target_os = "linux")]
pub(super) fn acting_as<T: Send>(
    user: Option<&User>,
    command: &mut Command,
    act: impl FnOnce(&mut Command) -> io::Result<T> + Send,
) -> io::Result<T> {
    use rustix::process::{Gid, Uid};
    use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

    let Some(user) = user else { return act(command) };
    let assume = || -> rustix::io::Result<()> {
        let (id, group) = (Uid::from_raw(user.id), Gid::from_raw(user.group));
        let groups: Vec<Gid> = user.groups.iter().copied().map(Gid::from_raw).collect();
        // In this order: without root the others cannot be changed any more.
        set_thread_groups(&groups)?;
        set_thread_res_gid(group, group, group)?;
        set_thread_res_uid(id, id, id)
    };
    std::thread::scope(|scope| {
        let acting = scope.spawn(|| {
            assume().map_err(|error| {
                let error = io::Error::from(error);
                io::Error::new(error.kind(), format!("cannot become `{}`: {error}", user.name))
            })?;
            act(command)
        });
        acting.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Elsewhere the standard library switches, and leaves the user without further groups.
#[cfg(not(target_os = "linux"))]
pub(super) fn acting_as<T>(
    user: Option<&User>,
    command: &mut Command,
    act: impl FnOnce(&mut Command) -> io::Result<T>,
) -> io::Result<T> {
    use std::os::unix::process::CommandExt;
    if let Some(user) = user {
        command.uid(user.id).gid(user.group);
    }
    act(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "root:x:0:0:root:/root:/bin/sh\n\
        # a comment\nshort:x:1\n\
        app:x:1000:1001:An App,,,:/srv/app:/bin/false\nodd:x:many:1:::\n";
    const GROUPS: &str =
        "root:x:0:\napp:x:1001:app\nlogs:x:4:other,app\nnone:x:5:apps\ndocker:x:6:app\nbad:x\n";

    #[test]
    fn a_user_has_the_groups_that_list_it() {
        let user = User::find("app", USERS, GROUPS).unwrap();
        assert_eq!((user.id, user.group, user.home.as_str()), (1000, 1001, "/srv/app"));
        assert_eq!(user.groups, [1001, 4, 6]);
    }

    #[test]
    fn lines_that_are_no_users_are_passed_over() {
        for name in ["short", "odd", "nobody", "", "# a comment"] {
            assert_eq!(User::find(name, USERS, GROUPS), None, "{name}");
        }
    }

    #[test]
    fn an_unknown_user_is_told() {
        let error = User::named("no-such-user").unwrap_err();
        assert_eq!(error.to_string(), "there is no user `no-such-user` in /etc/passwd");
    }
}
