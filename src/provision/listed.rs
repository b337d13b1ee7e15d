//! New files in the lists of kustomize files.

use std::path::{Component, Path};

use super::Error;
use super::draft::Draft;
use crate::kube::kustomization::Kustomization;

/// Lists a file behind those that are `like` it, unless it is listed there.
pub(super) fn list(
    draft: &mut Draft<'_>,
    kustomize_file: &Path,
    file: &Path,
    like: &dyn Fn(&str) -> bool,
) -> Result<(), Error> {
    let directory = kustomize_file.parent().unwrap_or(Path::new(""));
    let entry = relative(directory, file);
    draft.edit(kustomize_file, |document, edits| {
        Kustomization::of(document).list(&entry, like, edits)
    })
}

/// The way from a directory to another one or to a file.
pub(super) fn relative(from: &Path, to: &Path) -> String {
    let (from, to): (Vec<Component<'_>>, Vec<_>) =
        (from.components().collect(), to.components().collect());
    let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let up = from[shared..].iter().map(|_| "..".to_owned());
    let down = to[shared..].iter().map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_a_component_goes_up_and_down() {
        let way = |from: &str, to: &str| relative(Path::new(from), Path::new(to));
        assert_eq!(
            way("k/apps/default/mealie/app", "k/components/cnpg"),
            "../../../../components/cnpg"
        );
        assert_eq!(way("a", "a/b"), "b");
        assert_eq!(way("a/b", "a"), "..");
    }
}
