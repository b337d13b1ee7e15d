//! A throwaway PostgreSQL server, to log in with the credentials the program has made.
//!
//! It listens on a Unix socket (the superuser, trusted) and on a free port of the loopback address (everybody
//! else, by SCRAM-SHA-256 as CloudNativePG does). Started as root, the server runs as another user, because
//! PostgreSQL refuses to run as root.

use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use tempfile::TempDir;

use crate::reference;

/// How long the server may take to accept connections; it takes well below a second.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server; dropping it stops the server and removes its data.
pub(crate) struct Postgres {
    directory: TempDir,
    programs: Programs,
    port: u16,
    server: Child,
}

impl Postgres {
    /// Initializes and starts a server, and waits until it accepts connections.
    pub(crate) fn start() -> Self {
        let programs = Programs::find();
        // Below /tmp whatever TMPDIR says: a socket's path is limited to 107 bytes, and the server's user
        // must get there.
        let directory = tempfile::Builder::new().prefix("kw-pg-").tempdir_in("/tmp").unwrap();
        if let Some((user, group)) = programs.user {
            chown(directory.path(), Some(user), Some(group)).unwrap();
        }
        let mut initdb = programs.command("initdb", directory.path());
        initdb.args([
            "-D",
            "data",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        initdb.args(["--auth-local=trust", "--auth-host=scram-sha-256"]);
        let output = initdb.output().unwrap();
        assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));

        let port = free_port();
        let server = serve(&programs, directory.path(), port);
        let mut postgres = Postgres { directory, programs, port, server };
        // Between finding a free port and using it, somebody else can take it: try another one then.
        for _ in 0..5 {
            if postgres.wait_until_ready() {
                return postgres;
            }
            postgres.port = free_port();
            postgres.server = serve(&postgres.programs, postgres.directory.path(), postgres.port);
        }
        let log = fs::read_to_string(postgres.directory.path().join("log")).unwrap_or_default();
        panic!("PostgreSQL does not start:\n{log}");
    }

    /// Asks the server until it accepts connections; `false` when it has ended instead.
    fn wait_until_ready(&mut self) -> bool {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let mut question = self.programs.command("pg_isready", self.directory.path());
            question.args(["--quiet", "-h", "127.0.0.1", "-p", &self.port.to_string()]);
            if question.status().unwrap().success() {
                return true;
            }
            if self.server.try_wait().unwrap().is_some() {
                return false;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("PostgreSQL does not accept connections");
    }

    /// The address for a role that logs in with a password; user and password percent-encoded.
    pub(crate) fn url(&self, user: &str, password: &str, database: &str) -> String {
        format!("postgres://{user}:{password}@{}/{database}", self.address())
    }

    /// `host:port`, to put in the place of a cluster's service name.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Runs SQL as the superuser, demands success, and gives the rows without decoration.
    #[track_caller]
    pub(crate) fn sql(&self, sql: &str) -> String {
        match self.run_in("postgres", sql) {
            Ok(rows) => rows,
            Err(message) => panic!("{sql}\n{message}"),
        }
    }

    /// Runs SQL as the superuser in a database: the rows, or what `psql` complained about.
    pub(crate) fn run_in(&self, database: &str, sql: &str) -> Result<String, String> {
        let socket = self.directory.path().display();
        self.psql(&format!("postgres://postgres@/{database}?host={socket}&port={}", self.port), sql)
    }

    /// Runs SQL as whoever the URL says: the rows, or what `psql` complained about.
    pub(crate) fn psql(&self, url: &str, sql: &str) -> Result<String, String> {
        let mut psql = Command::new(self.programs.folder.join("psql"));
        psql.env_clear().current_dir("/").stdin(Stdio::null());
        psql.args(["--no-psqlrc", "--no-password", "--tuples-only", "--no-align", "--quiet"]);
        psql.args(["--set=ON_ERROR_STOP=1", "--command", sql, url]);
        let output = psql.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = self.programs.command("pg_ctl", self.directory.path());
        let stopped = stop.args(["stop", "-D", "data", "-m", "immediate", "--silent"]).status();
        if !stopped.is_ok_and(|status| status.success()) {
            // Without its parent the server's children end as well.
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }
}

/// The server's programs, and the user to run them as.
struct Programs {
    folder: PathBuf,
    /// User and group, if the tests run as root.
    user: Option<(u32, u32)>,
}

impl Programs {
    /// Finds the newest installed server of at least the pinned version.
    fn find() -> Self {
        let least: u32 = reference::versions("postgresql")[0].parse().unwrap();
        let from_path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<_> = std::env::split_paths(&from_path).collect();
        // Debian keeps the server out of PATH, in one folder per version.
        let packaged = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
        folders.extend(packaged.map(|entry| entry.unwrap().path().join("bin")));
        // A folder of PATH may hold links to a part of the programs; the rest is where the links lead.
        let real =
            folders.iter().filter_map(|folder| fs::canonicalize(folder.join("postgres")).ok());
        let found = real.filter_map(|server| {
            let folder = server.parent().expect("a program is in a folder").to_owned();
            Some((major(&folder)?, folder))
        });
        let newest =
            found.max_by_key(|(version, _)| *version).filter(|(version, _)| *version >= least);
        let Some((_, folder)) = newest else {
            panic!("run ./scripts/test: it installs PostgreSQL {least} or newer, which is missing");
        };
        let root = rustix::process::geteuid().is_root();
        Programs { folder, user: root.then(unprivileged_user) }
    }

    /// One of the programs, run by the server's user in the server's directory.
    fn command(&self, name: &str, directory: &Path) -> Command {
        let mut command = Command::new(self.folder.join(name));
        // `initdb` asks the locale and `pg_ctl` starts nothing; neither needs anything of our environment.
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .current_dir(directory)
            .stdin(Stdio::null());
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }
}

/// The major version of the server whose programs are in a folder, if there are any.
fn major(folder: &Path) -> Option<u32> {
    if ["initdb", "pg_ctl", "pg_isready", "psql"].iter().any(|name| !folder.join(name).is_file()) {
        return None;
    }
    let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    // `postgres (PostgreSQL) 15.14 (Debian …)`
    text.split_whitespace().nth(2)?.split('.').next()?.parse().ok()
}

/// Whom the server runs as if we are root: its package's user, or else the one everybody has.
fn unprivileged_user() -> (u32, u32) {
    let id = |flag, name| {
        let output = Command::new("id").args([flag, name]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().parse::<u32>().ok()
    };
    let found =
        ["postgres", "nobody"].iter().find_map(|name| Some((id("-u", name)?, id("-g", name)?)));
    found.expect("every Unix has the user `nobody`")
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Starts the server process. Durability is switched off: its data lives as long as a test.
fn serve(programs: &Programs, directory: &Path, port: u16) -> Child {
    let log = fs::File::create(directory.join("log")).unwrap();
    let mut server = programs.command("postgres", directory);
    server.args(["-D", "data", "-h", "127.0.0.1", "-p", &port.to_string(), "-c", "fsync=off"]);
    server.arg("-k").arg(directory);
    server.stdout(log.try_clone().unwrap()).stderr(log);
    server.spawn().unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_logs_in_over_tcp_with_its_password_only() {
        let server = Postgres::start();
        server.sql("CREATE ROLE miniflux LOGIN PASSWORD 'TESTonly+mini/flux=8r:T@1'");
        server.sql("CREATE DATABASE reader OWNER miniflux");

        // As a CloudNativePG cluster keeps them.
        let stored = server.sql("SELECT rolpassword FROM pg_authid WHERE rolname = 'miniflux'");
        assert!(stored.starts_with("SCRAM-SHA-256$4096:"), "{stored}");

        let url = server.url("miniflux", "TESTonly%2Bmini%2Fflux%3D8r%3AT%401", "reader");
        let answer = server.psql(&url, "SELECT current_user, current_database()");
        assert_eq!(answer.as_deref(), Ok("miniflux|reader"));

        let refused =
            server.psql(&server.url("miniflux", "wrong", "reader"), "SELECT 1").unwrap_err();
        assert!(refused.contains("password authentication failed"), "{refused}");
    }

    #[test]
    fn a_stopped_server_leaves_nothing_behind() {
        let server = Postgres::start();
        let failure = std::panic::catch_unwind(|| server.sql("SELEC 1"));
        assert!(failure.is_err(), "failing SQL must fail the test");
        let (directory, address) = (server.directory.path().to_owned(), server.address());
        drop(server);
        assert!(!directory.exists());
        assert!(std::net::TcpStream::connect(address).is_err());
    }
}
