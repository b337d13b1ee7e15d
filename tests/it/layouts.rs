//! `db provision` in repositories of every kind: each is made from a choice in every dimension below.
//!
//! Not all combinations are tried, but so many, spread evenly, that every pair of choices in any two dimensions
//! occurs. In each repository an app is provisioned: kustomize builds the objects of before and the new ones, no
//! line changes that need not, the Secrets say what siblings' do, and a second run has nothing to do. Then the app is
//! deprovisioned to the end, and the repository is what it was. Some are looked at by the doctor before that, and
//! some get another password in between.

mod after;
mod build;
mod judge;

use build::Built;

use crate::proof;
use crate::sandbox::Sandbox;

/// How many repositories.
const COUNT: u64 = 360;

/// How many tests share them, so that they run beside each other.
const SHARES: u64 = 4;

/// The password of the new role: nothing in it needs an escape.
const PASSWORD: &str = "TESTonlyNewPassword";

/// What differs from repository to repository.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Choices {
    files: Files,
    /// Whether items of lists are indented below their key.
    indented: bool,
    /// Whether lists of resources are sorted.
    sorted: bool,
    /// Whether entries begin with `./`.
    dotted: bool,
    /// Whether files begin with `---`.
    marked: bool,
    /// Whether lines end with CRLF.
    crlf: bool,
    namespaces: Namespaces,
    databases: Databases,
    roles: Roles,
    /// Whether the apps are in the namespace of the Cluster.
    together: bool,
    apps: Apps,
    /// Whether roles keep the hyphens of their apps.
    hyphens: bool,
    /// Whether the URL has the usual key.
    usual_key: bool,
    url: Url,
    /// Whether the app waits for something already.
    waits: bool,
    /// Whether objects and their files are called `NAME-db`, not `NAME`.
    suffixed: bool,
}

/// What files with Secrets are called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Files {
    /// `NAME.sops.yaml`
    Sops,
    /// `NAME-secret.yaml`
    Secret,
    /// `secret.yaml`, those of roles in folders of their own
    Plain,
    /// `NAME.enc.yaml`
    Enc,
}

/// Who says which namespace objects are in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Namespaces {
    /// They do.
    Written,
    /// Flux: `targetNamespace`.
    Flux,
    /// The kustomize file: `namespace`.
    Kustomize,
}

/// Where the Databases are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Databases {
    /// All in a file.
    OneFile,
    /// Each in a file.
    ManyFiles,
    /// Behind the Cluster.
    WithCluster,
    /// There are none yet.
    None,
}

/// How roles are declared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Roles {
    /// In the Cluster.
    Inline,
    /// In a patch of it.
    Patch,
    /// As objects.
    Objects,
    /// By a component.
    Component,
}

/// Where the manifests of an app are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Apps {
    /// `apps/NAME/app`, beside `apps/NAME/ks.yaml`.
    Flat,
    /// `apps/CATEGORY/NAME/app`.
    Grouped,
    /// `apps/NAME`, where `ks.yaml` is.
    BesideFlux,
}

/// How the URLs of the siblings are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Url {
    /// The whole name of the Service, with the port.
    Full,
    /// With the namespace, without the port.
    Namespace,
    /// As far as `svc`, with a driver in the scheme.
    Svc,
}

impl Choices {
    /// The choices of a number: in each dimension by its own digits of a hash.
    fn of(number: u64) -> Choices {
        let mut dimension = 0;
        let mut pick = |count: u64| {
            dimension += 1;
            hash(number * 64 + dimension) % count
        };
        let mut flag = || pick(2) == 0;
        let [indented, sorted, dotted, marked, crlf, together, hyphens, usual_key, waits] =
            [flag(), flag(), flag(), flag(), flag(), flag(), flag(), flag(), flag()];
        Choices {
            files: [Files::Sops, Files::Secret, Files::Plain, Files::Enc][pick(4) as usize],
            indented,
            sorted,
            dotted,
            marked,
            crlf,
            namespaces: [Namespaces::Written, Namespaces::Flux, Namespaces::Kustomize]
                [pick(3) as usize],
            databases: [
                Databases::OneFile,
                Databases::ManyFiles,
                Databases::WithCluster,
                Databases::None,
            ][pick(4) as usize],
            roles: [Roles::Inline, Roles::Patch, Roles::Objects, Roles::Component]
                [pick(4) as usize],
            together,
            apps: [Apps::Flat, Apps::Grouped, Apps::BesideFlux][pick(3) as usize],
            hyphens,
            usual_key,
            url: [Url::Full, Url::Namespace, Url::Svc][pick(3) as usize],
            waits,
            suffixed: pick(2) == 0,
        }
    }

    /// The choices as texts, one for each dimension.
    fn texts(self) -> Vec<String> {
        let text = format!("{self:?}");
        let inside = text.trim_start_matches("Choices { ").trim_end_matches(" }");
        inside.split(", ").map(str::to_owned).collect()
    }
}

/// SplitMix64, so that neighbours have nothing in common.
fn hash(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[test]
fn every_pair_of_choices_occurs() {
    let all: Vec<Vec<String>> = (0..COUNT).map(|number| Choices::of(number).texts()).collect();
    let dimensions = all[0].len();
    assert_eq!(dimensions, 16);
    let mut seen = std::collections::BTreeSet::new();
    let mut values = vec![std::collections::BTreeSet::new(); dimensions];
    for texts in &all {
        for (index, text) in texts.iter().enumerate() {
            values[index].insert(text);
            seen.extend(texts[index + 1..].iter().map(|other| (text, other)));
        }
    }
    for (index, one) in values.iter().enumerate() {
        assert!((2..=4).contains(&one.len()), "{one:?}");
        for other in &values[index + 1..] {
            for pair in one.iter().flat_map(|one| other.iter().map(move |other| (*one, *other))) {
                assert!(seen.contains(&pair), "{pair:?}");
            }
        }
    }
}

#[test]
fn a_quarter_of_the_layouts() {
    share(0);
}

#[test]
fn a_second_quarter_of_the_layouts() {
    share(1);
}

#[test]
fn a_third_quarter_of_the_layouts() {
    share(2);
}

#[test]
fn the_last_quarter_of_the_layouts() {
    share(3);
}

#[expect(clippy::print_stdout, reason = "shown by the harness, and only if the test fails")]
fn share(index: u64) {
    for number in (0..COUNT).filter(|number| number % SHARES == index) {
        let choices = Choices::of(number);
        let sandbox = Sandbox::in_memory();
        sandbox.install_identity();
        println!("layout {number}: {choices:?}");
        let mut built = Built::in_sandbox(&sandbox, number, choices);
        if built.is_committed() {
            sandbox.git(&["init", "--quiet", "--initial-branch", "main"]);
        }
        if number % 12 < SHARES {
            built.doctor();
        }
        built.provision();
        if built.can_rotate() {
            built.rotate();
        }
        built.deprovision();
        if number % 8 == index {
            built.settings_change_nothing();
        }
        proof::record("layouts", "a repository is provisioned, twice", &number.to_string());
    }
}
