//! Headings: the comments on the lines right above an item, which go where the item goes.

use crate::document::{Comment, Document, Kind, Layout, NodeId};

impl Document {
    /// The comments on lines of their own right above an item of a block sequence, without a blank line between.
    pub(crate) fn heading_of(&self, item: NodeId) -> Vec<&Comment> {
        let is_item = self
            .node(item)
            .parent
            .is_some_and(|parent| self.node(parent).kind == Kind::Sequence(Layout::Block));
        if !is_item {
            return Vec::new();
        }
        let mut line = self.line_start(self.dash_of(item));
        let before = self.comments.partition_point(|comment| comment.span.start < line);
        let mut found = Vec::new();
        for comment in self.comments[..before].iter().rev() {
            let between = &self.source[comment.span.end..line];
            if comment.inline || !matches!(between, "\n" | "\r\n") {
                break;
            }
            line = self.line_start(comment.span.start);
            found.push(comment);
        }
        found.reverse();
        found
    }
}
