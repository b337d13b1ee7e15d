//! Types of Secrets: what each demands of keys and values, and what somebody should know about them.
//!
//! | type | keys | values |
//! |---|---|---|
//! | `kubernetes.io/basic-auth` | `username` or `password` | |
//! | `kubernetes.io/tls` | `tls.crt`, `tls.key` | a certificate and its private key, PEM |
//! | `kubernetes.io/ssh-auth` | `ssh-privatekey` | a private key, PEM or OpenSSH's form |
//! | `kubernetes.io/dockerconfigjson` | `.dockerconfigjson` | JSON with `auths` |
//! | `kubernetes.io/dockercfg` | `.dockercfg` | JSON |
//! | `bootstrap.kubernetes.io/token` | `token-id`, `token-secret` | |
//!
//! The keys are those of `ValidateSecret` of the API server
//! (<https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go>), and for the last one of
//! <https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/>. Any other type demands nothing. Refused is
//! the type whose values the control plane makes.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::document::{Document, Kind, Syntax};
use crate::kube::secret::SERVICE_ACCOUNT_TOKEN;
use crate::make::{Half, PairError, PairRemark, check_pair, ssh_half};
use crate::secret::Secret;

/// What stands in front of the names of most types.
const PREFIX: &str = "kubernetes.io/";

/// A user and a password.
const BASIC_AUTH: &str = "kubernetes.io/basic-auth";
/// A certificate and its private key.
const TLS: &str = "kubernetes.io/tls";
/// A private key for SSH.
const SSH_AUTH: &str = "kubernetes.io/ssh-auth";
/// Credentials for registries of images, in the form before the present one.
const DOCKER_CFG: &str = "kubernetes.io/dockercfg";

/// The one key of [`DOCKER_CFG`].
const DOCKER_CFG_KEY: &str = ".dockercfg";

/// Credentials for registries of images.
pub(crate) const DOCKER_CONFIG: &str = "kubernetes.io/dockerconfigjson";

/// The one key of [`DOCKER_CONFIG`].
pub(crate) const DOCKER_CONFIG_KEY: &str = ".dockerconfigjson";

/// The keys that a type demands: all of them, but of [`BASIC_AUTH`] one is enough.
const REQUIRED: [(&str, &[&str]); 6] = [
    (BASIC_AUTH, &["username", "password"]),
    (TLS, &["tls.crt", "tls.key"]),
    (SSH_AUTH, &["ssh-privatekey"]),
    (DOCKER_CONFIG, &[DOCKER_CONFIG_KEY]),
    (DOCKER_CFG, &[DOCKER_CFG_KEY]),
    ("bootstrap.kubernetes.io/token", &["token-id", "token-secret"]),
];

/// Why keys and values do not make a Secret of a type. Never holds a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// Nobody could have meant this.
    #[error(
        "`{kind}` is not a type for a Secret: it has no blanks, nor anything else that does not show"
    )]
    Type {
        /// The type as given.
        kind: String,
    },
    /// What stands in Git would take the place of the token.
    #[error(
        "a Secret of type `{SERVICE_ACCOUNT_TOKEN}` gets its values from the control plane, and one in Git would replace them"
    )]
    Token,
    /// A key is missing that the type demands.
    #[error("a Secret of type `{kind}` needs the key `{}`", missing.join("` or `"))]
    Missing {
        /// The type.
        kind: String,
        /// The key, or several of which one is enough.
        missing: Vec<&'static str>,
    },
    /// Certificate or key is of no use.
    #[error("{}: {_0}", at_fault(*_0))]
    Pair(PairError),
    /// No private key for SSH.
    #[error(
        "`ssh-privatekey`: {}",
        if *public { "this is the public key, and the private one is needed" } else { "not a private key in PEM or in OpenSSH's form" }
    )]
    SshKey {
        /// Whether it is a public one.
        public: bool,
    },
    /// The API server or the kubelet could not read it.
    #[error("`{key}`: not a JSON object{}", if *key == DOCKER_CONFIG_KEY { " with an object `auths`" } else { "" })]
    Json {
        /// The key.
        key: &'static str,
    },
}

/// The key of the value that is wrong.
fn at_fault(error: PairError) -> &'static str {
    match error {
        PairError::Certificate => "`tls.crt`",
        PairError::Mismatch => "`tls.crt` and `tls.key`",
        PairError::Key | PairError::Protected => "`tls.key`",
    }
}

/// What somebody should know about the values of a Secret that is written all the same: about certificate and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning(PairRemark);

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = match self.0 {
            PairRemark::Unchecked => "`tls.crt` and `tls.key`",
            _ => "`tls.crt`",
        };
        write!(f, "{keys}: {}", self.0)
    }
}

/// The type that somebody means: `tls` is `kubernetes.io/tls`. What is not known is taken as it is.
pub(crate) fn named(text: &str) -> Result<String, Error> {
    let full = format!("{PREFIX}{text}");
    let is_known =
        full == SERVICE_ACCOUNT_TOKEN || REQUIRED.iter().any(|(known, _)| *known == full);
    let kind = if is_known { full } else { text.to_owned() };
    if kind == SERVICE_ACCOUNT_TOKEN {
        return Err(Error::Token);
    }
    // The API server takes any text.
    match !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(kind),
        false => Err(Error::Type { kind }),
    }
}

/// Whether a Secret of this type should keep a key; of basic authentication either one, for whoever uses it has both.
pub(super) fn demands(kind: &str, key: &str) -> bool {
    required(kind).contains(&key)
}

/// The keys that a type demands.
pub(crate) fn required(kind: &str) -> &'static [&'static str] {
    REQUIRED.iter().find(|(known, _)| *known == kind).map_or(&[], |(_, keys)| keys)
}

/// Whether these keys and values make a Secret of the type. `now` is the time, RFC 3339.
pub(crate) fn check(
    kind: &str,
    entries: &[(String, Secret)],
    now: &str,
) -> Result<Vec<Warning>, Error> {
    if kind == SERVICE_ACCOUNT_TOKEN {
        return Err(Error::Token);
    }
    match (kind, &demanded(kind, entries)?[..]) {
        (TLS, [certificate, key]) => {
            let remarks = check_pair(certificate, key, now).map_err(Error::Pair)?;
            return Ok(remarks.into_iter().map(Warning).collect());
        }
        (SSH_AUTH, [key]) => {
            let half = key.expose_text().and_then(ssh_half);
            if half != Some(Half::Private) {
                return Err(Error::SshKey { public: half == Some(Half::Public) });
            }
        }
        (DOCKER_CONFIG, [json]) if !is_docker_config(json, true) => {
            return Err(Error::Json { key: DOCKER_CONFIG_KEY });
        }
        (DOCKER_CFG, [json]) if !is_docker_config(json, false) => {
            return Err(Error::Json { key: DOCKER_CFG_KEY });
        }
        _ => {}
    }
    Ok(Vec::new())
}

/// The values of the keys that a type demands, in the order of the table.
fn demanded<'e>(kind: &str, entries: &'e [(String, Secret)]) -> Result<Vec<&'e Secret>, Error> {
    let value = |key: &str| entries.iter().find(|(found, _)| found == key).map(|(_, value)| value);
    let keys = required(kind);
    let mut missing: Vec<_> = keys.iter().copied().filter(|key| value(key).is_none()).collect();
    if kind != BASIC_AUTH {
        missing.truncate(1);
    } else if missing.len() < keys.len() {
        missing.clear();
    }
    match missing.is_empty() {
        true => Ok(keys.iter().filter_map(|key| value(key)).collect()),
        false => Err(Error::Missing { kind: kind.to_owned(), missing }),
    }
}

/// Whether a value is a JSON object, and in the newer form has `auths`, which is all that a kubelet reads of it.
fn is_docker_config(value: &Secret, has_auths: bool) -> bool {
    let Ok(document) = Document::parse_as(Syntax::Json, value.expose().to_vec()) else {
        return false;
    };
    let is_object = |node| matches!(document.node(node).kind, Kind::Mapping(_));
    document.roots().first().is_some_and(|root| {
        let auths = document.lookup(root.node, "auths");
        is_object(root.node) && (!has_auths || auths.is_some_and(is_object))
    })
}

/// The value of [`DOCKER_CONFIG_KEY`] for one registry, as `kubectl create secret docker-registry` writes it.
pub(crate) fn docker_config(registry: &str, username: &str, password: &str) -> Secret {
    // Docker Hub's, in all programs that came after the first one
    // (https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/).
    let registry = match registry {
        "docker.io" | "index.docker.io" => "https://index.docker.io/v1/",
        other => other,
    };
    let both = Zeroizing::new([username, ":", password].concat());
    let auth = Zeroizing::new(STANDARD.encode(both.as_bytes()));
    let pieces = [
        ("{\"auths\":{", registry),
        (":{\"username\":", username),
        (",\"password\":", password),
        (",\"auth\":", &auth),
    ];
    // Room for all of it, each character as `\u0000`: growth would leave a part of the password behind.
    let length: usize = pieces.iter().map(|(before, text)| before.len() + 2 + 6 * text.len()).sum();
    let mut json = Vec::with_capacity(length + 3);
    for (before, text) in pieces {
        json.extend_from_slice(before.as_bytes());
        serde_json::to_writer(&mut json, text).expect("a text is JSON, and memory takes it");
    }
    json.extend_from_slice(b"}}}");
    Secret::new(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2031-01-02T03:04:05Z";

    fn entries(given: &[(&str, &str)]) -> Vec<(String, Secret)> {
        let entry = |&(key, value): &(&str, &str)| (key.to_owned(), Secret::from(value.to_owned()));
        given.iter().map(entry).collect()
    }

    #[track_caller]
    fn refusal(kind: &str, given: &[(&str, &str)]) -> String {
        check(kind, &entries(given), NOW).unwrap_err().to_string()
    }

    #[test]
    fn a_type_may_be_named_by_what_follows_the_prefix() {
        for (text, kind) in [
            ("tls", TLS),
            ("kubernetes.io/tls", TLS),
            ("basic-auth", BASIC_AUTH),
            ("ssh-auth", SSH_AUTH),
            ("dockerconfigjson", DOCKER_CONFIG),
            ("Opaque", "Opaque"),
            ("helm.sh/release.v1", "helm.sh/release.v1"),
            ("TLS", "TLS"),
        ] {
            assert_eq!(named(text).unwrap(), kind);
        }
        for text in ["", "a b", "a\nb", "ä"] {
            assert_eq!(named(text), Err(Error::Type { kind: text.to_owned() }));
        }
        for text in ["service-account-token", SERVICE_ACCOUNT_TOKEN] {
            assert_eq!(named(text), Err(Error::Token));
        }
    }

    #[test]
    fn a_type_demands_its_keys_and_may_have_more() {
        let ok =
            |kind: &str, given: &[(&str, &str)]| check(kind, &entries(given), NOW) == Ok(vec![]);
        assert!(
            ok(BASIC_AUTH, &[("username", "")]) && ok(BASIC_AUTH, &[("password", "x"), ("a", "")])
        );
        assert!(ok("Opaque", &[("a", "")]) && ok("example.com/x", &[]));
        let cases = [
            (BASIC_AUTH, &[("user", "x")][..], "`username` or `password`"),
            (TLS, &[("tls.key", "x")], "`tls.crt`"),
            (TLS, &[("tls.crt", "x")], "`tls.key`"),
            (SSH_AUTH, &[], "`ssh-privatekey`"),
            (DOCKER_CONFIG, &[(DOCKER_CFG_KEY, "{}")], "`.dockerconfigjson`"),
            (DOCKER_CFG, &[], "`.dockercfg`"),
            ("bootstrap.kubernetes.io/token", &[("token-id", "x")], "`token-secret`"),
        ];
        for (kind, given, keys) in cases {
            let wanted = format!("a Secret of type `{kind}` needs the key {keys}");
            assert_eq!(refusal(kind, given), wanted);
        }
        assert!(refusal(SERVICE_ACCOUNT_TOKEN, &[("token", "x")]).contains("control plane"));
        assert!(
            demands(BASIC_AUTH, "username") && !demands(BASIC_AUTH, "x") && !demands("Opaque", "x")
        );
    }

    #[test]
    fn values_that_cannot_be_read_are_refused_without_them() {
        const CANARY: &str = "s3cr3tCanary";
        let wanted = [
            (TLS, &["tls.crt", "tls.key"][..], "`tls.crt`: there is no certificate in PEM"),
            (SSH_AUTH, &["ssh-privatekey"], "`ssh-privatekey`: not a private key in PEM"),
            (DOCKER_CONFIG, &[DOCKER_CONFIG_KEY], "`.dockerconfigjson`: not a JSON object with an"),
            (DOCKER_CFG, &[DOCKER_CFG_KEY], "`.dockercfg`: not a JSON object"),
        ];
        for (kind, keys, wanted) in wanted {
            let given: Vec<_> = keys.iter().map(|&key| (key, CANARY)).collect();
            let message = refusal(kind, &given);
            assert!(message.starts_with(wanted) && !message.contains(CANARY), "{message}");
        }
        for json in ["{}", "[]", "{\"auths\":[]}", "{\"auths\":{}", ""] {
            refusal(DOCKER_CONFIG, &[(DOCKER_CONFIG_KEY, json)]);
        }
        assert!(check(DOCKER_CFG, &entries(&[(DOCKER_CFG_KEY, "{}")]), NOW).is_ok());
    }

    #[test]
    fn of_an_ssh_key_the_private_half_is_wanted() {
        let public = "`ssh-privatekey`: this is the public key, and the private one is needed";
        for text in [
            "ssh-ed25519 AAAA me@example.test",
            "ecdsa-sha2-nistp256 AAAA",
            "sk-ssh-ed25519@openssh.com AAAA",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
            "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n",
        ] {
            assert_eq!(refusal(SSH_AUTH, &[("ssh-privatekey", text)]), public);
        }
        // Begun like one, and cut off.
        let cut = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n";
        assert!(refusal(SSH_AUTH, &[("ssh-privatekey", cut)]).contains("not a private key"));
    }

    #[test]
    fn a_docker_config_is_the_one_that_kubectl_writes() {
        let text =
            |registry| docker_config(registry, "me", "p\"w\u{1}").expose_text().unwrap().to_owned();
        assert_eq!(
            text("ghcr.io"),
            r#"{"auths":{"ghcr.io":{"username":"me","password":"p\"w\u0001","auth":"bWU6cCJ3AQ=="}}}"#
        );
        assert!(text("docker.io").starts_with(r#"{"auths":{"https://index.docker.io/v1/":{"#));
        let made = docker_config("ghcr.io:5000/x", "ü", "ß");
        assert_eq!(check(DOCKER_CONFIG, &[(DOCKER_CONFIG_KEY.into(), made)], NOW), Ok(vec![]));
    }
}
