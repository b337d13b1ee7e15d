//! The proof of an edit: old and new tree side by side.

use std::ops::Range;

use super::edit::{EditError, Edits, Splice};
use super::fragment::{Expected, Shape};
use super::{Document, Kind, Node, NodeId};

impl Edits<'_> {
    /// Refuses an edited text that differs in more, or in less, than the edits announced.
    pub(super) fn compare(&self, edited: &Document) -> Result<(), EditError> {
        self.compare_nodes(edited)?;
        self.compare_comments(edited)
    }

    fn compare_nodes(&self, edited: &Document) -> Result<(), EditError> {
        let mut changes: Vec<&Splice> = self
            .splices
            .iter()
            .filter(|splice| splice.removed > 0 || !splice.inserted.is_empty())
            .collect();
        changes.sort_by_key(|splice| splice.node);
        let (mut old, mut new) = (0, 0);
        for splice in changes {
            let kept = splice.node as usize;
            self.compare_kept(edited, &mut old, &mut new, kept)?;
            old += splice.removed as usize;
            for expected in &splice.inserted {
                if !edited
                    .nodes
                    .get(new)
                    .is_some_and(|node| matches_shape(edited, new, node, expected))
                {
                    return Err(self.unfaithful(splice.range.start));
                }
                new += 1;
            }
        }
        self.compare_kept(edited, &mut old, &mut new, self.document.nodes.len())?;
        match edited.nodes.get(new) {
            Some(_) => Err(self.unfaithful(self.document.source.len())),
            None => Ok(()),
        }
    }

    fn compare_kept(
        &self,
        edited: &Document,
        old: &mut usize,
        new: &mut usize,
        until: usize,
    ) -> Result<(), EditError> {
        while *old < until {
            let before = &self.document.nodes[*old];
            let after = edited.nodes.get(*new);
            if !after.is_some_and(|after| same(self.document, before, edited, after)) {
                return Err(self.unfaithful(before.span.start));
            }
            *old += 1;
            *new += 1;
        }
        Ok(())
    }

    fn compare_comments(&self, edited: &Document) -> Result<(), EditError> {
        let mut changes: Vec<_> = self.splices.iter().filter_map(|s| s.comments.as_ref()).collect();
        changes.sort_by_key(|(gone, _)| gone.start);
        let mut wanted: Vec<&str> = Vec::new();
        let mut old = 0;
        let kept = |range: Range<usize>| {
            self.document.comments[range].iter().map(|comment| self.document.comment_text(comment))
        };
        for (gone, new) in changes {
            wanted.extend(kept(old..gone.start));
            wanted.extend(new.iter().map(|text| text.as_str()));
            old = gone.end;
        }
        wanted.extend(kept(old..self.document.comments.len()));
        let found: Vec<&str> = edited.comments.iter().map(|c| edited.comment_text(c)).collect();
        if wanted == found {
            return Ok(());
        }
        let first = wanted.iter().zip(&found).take_while(|(wanted, found)| wanted == found).count();
        let at =
            self.document.comments.get(first.min(self.document.comments.len().saturating_sub(1)));
        Err(self.unfaithful(at.map_or(0, |comment| comment.span.start)))
    }
}

/// Whether a node that no edit announced came through as it was. An alias is compared by its name:
/// node numbers shift.
fn same(old: &Document, before: &Node, new: &Document, after: &Node) -> bool {
    let is_same = |before: Option<&Range<usize>>, after: Option<&Range<usize>>| {
        before.map(|span| &old.source[span.clone()]) == after.map(|span| &new.source[span.clone()])
    };
    let same_kind = match (before.kind, after.kind) {
        (Kind::Alias(_), Kind::Alias(_)) => {
            old.source[before.span.clone()] == new.source[after.span.clone()]
        }
        (Kind::Scalar(one), Kind::Scalar(other)) => {
            one == other && old.scalar_text(before) == new.scalar_text(after)
        }
        (one, other) => one == other,
    };
    same_kind
        && before.depth == after.depth
        && is_same(before.anchor(), after.anchor())
        && is_same(before.tag(), after.tag())
}

fn matches_shape(document: &Document, index: usize, node: &Node, expected: &Expected) -> bool {
    let id = NodeId(index as u32);
    node.depth == expected.depth
        && match (&expected.shape, node.kind) {
            (Shape::Mapping, Kind::Mapping(_)) | (Shape::Sequence, Kind::Sequence(_)) => true,
            (Shape::Scalar(value), Kind::Scalar(_) | Kind::Alias(_)) => {
                matches!(document.value(id), Some(Ok(found)) if document.syntax.returns(value, &found))
            }
            _ => false,
        }
}
