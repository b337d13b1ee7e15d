//! What goes with an entry, an item or a document that is removed from YAML.

use std::ops::Range;

use crate::document::{Document, NodeId, Root};

impl Document {
    /// An entry (its key and its value) or an item (twice the same).
    pub(in crate::document) fn removal_yaml(&self, first: NodeId, value: NodeId) -> Range<usize> {
        let end = self.node(value).span.end;
        match self.node(first).parent {
            Some(parent) if self.is_flow(parent) => self.flow_entry_range(parent, first, end),
            _ if first == value => self.lines_range(self.dash_of(first), end),
            _ => self.lines_range(self.key_start(first), end),
        }
    }

    /// A document of several, from its `---` to the next one. Where it ends a file without a final line break, the
    /// break before it goes.
    pub(in crate::document) fn root_removal(&self, root: usize) -> Range<usize> {
        const MARKER: &str = "---";
        let start_of = |root: &Root| match root.explicit {
            true => root.span.start - MARKER.len(),
            false => root.span.start,
        };
        let start = start_of(&self.roots[root]);
        match self.roots.get(root + 1) {
            Some(next) => start..start_of(next),
            None if self.source.ends_with('\n') => start..self.source.len(),
            None => self.before_break(start)..self.source.len(),
        }
    }

    /// Whole lines; where they end a file without a final line break, the break before them goes.
    fn lines_range(&self, start: usize, end: usize) -> Range<usize> {
        let source = self.source.as_str();
        let start = self.line_start(start);
        let end = self.line_end(end);
        match &source[end..] {
            "" => self.before_break(start)..end,
            rest => start..end + if rest.starts_with('\r') { 2 } else { 1 },
        }
    }

    /// An entry in braces with the comma that goes with it.
    fn flow_entry_range(&self, parent: NodeId, key: NodeId, end: usize) -> Range<usize> {
        let source = self.source.as_str();
        let start = self.node(key).start();
        let before = source[..start].trim_end();
        if before.ends_with(',') {
            return before.len() - 1..end;
        }
        let rest = &source[end..self.node(parent).span.end];
        let comma = rest.find(',').map_or(0, |at| at + 1);
        let blanks = rest[comma..].len() - rest[comma..].trim_start_matches(' ').len();
        start..end + comma + if comma > 0 { blanks } else { 0 }
    }

    /// Where the line break in front of an offset begins.
    fn before_break(&self, offset: usize) -> usize {
        let before = &self.source[..offset];
        let bare = before.strip_suffix('\n').map(|bare| bare.strip_suffix('\r').unwrap_or(bare));
        bare.map_or(offset, str::len)
    }
}
