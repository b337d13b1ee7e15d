//! The quality bar of `check`, on repositories with planted secrets and harmless look-alikes: `benches/README.md` tells
//! what counts, and measures the same with another seed beside other programs.

use crate::sandbox::Sandbox;

#[path = "../../benches/detection/corpus/mod.rs"]
mod corpus;
#[path = "../../benches/detection/score.rs"]
mod score;

use score::Score;

/// Seeds that the benchmark does not have.
const SEEDS: [u64; 2] = [20, 31];

#[test]
fn nearly_all_that_is_planted_is_found_and_nearly_nothing_else() {
    for seed in SEEDS {
        let (mut score, mut errors) = (Score::default(), Score::default());
        for repository in corpus::repositories(seed) {
            let sandbox = Sandbox::new();
            for (path, content) in &repository.files {
                sandbox.write(path, content);
            }
            sandbox.git(&["init", "--quiet"]);
            let outcome = sandbox.keywright(["check", "--format", "json"]).go().code(1);
            assert_eq!(outcome.stderr(), "", "{}", repository.name);
            let mut findings = score::keywright(outcome.stdout().as_bytes());
            score.add(&repository, &findings);
            findings.retain(|finding| !finding.is_warning);
            errors.add(&repository, &findings);
        }
        let details = || format!("missed: {:#?}\nfalse: {:#?}", score.missed, score.wrong);
        assert!(score.planted >= 300 && score.harmless >= 1500);
        assert!(score.recall() >= 0.98, "seed {seed}, recall {}: {}", score.recall(), details());
        for precision in [score.precision(), errors.precision()] {
            assert!(precision >= 0.98, "seed {seed}, precision {precision}: {}", details());
        }
    }
}

#[test]
fn a_seed_always_makes_the_same_bytes() {
    let files =
        |seed| corpus::repositories(seed).into_iter().map(|one| one.files).collect::<Vec<_>>();
    assert!(files(1) == files(1) && files(1) != files(2));
}
