//! Where things stand in YAML: columns, dashes, lines, and what an edit of an entry has to replace.
//!
//! New content imitates its neighbours: a new item stands below its sibling's dash, a new mapping is
//! indented as most mappings of the file are.

use std::collections::BTreeMap;
use std::ops::Range;

use zeroize::Zeroizing;

use super::scalar::{Spelling, indentation_of_block, spell};
use super::write::{Indentation, shortest, write_block, write_flow};
use crate::document::edit::EditError;
use crate::document::syntax::Piece;
use crate::document::{Document, Fragment, Kind, Layout, NodeId, Style, Value};

/// A further document at the end of the stream.
pub(in crate::document) fn further_root(
    document: &Document,
    content: &Fragment,
    indentation: Indentation,
) -> Piece {
    let line_break = document.line_break();
    let end = document.source.len();
    let bare = !document.source.is_empty() && !document.source.ends_with('\n');
    let text = write_block(content, 0, indentation, line_break);
    let before = if bare { line_break } else { "" };
    let after = if bare { "" } else { line_break };
    let text = Zeroizing::new(format!("{before}---{line_break}{}{after}", text.as_str()));
    (end..end, text)
}

/// `[]` in the place of a block sequence, and comments on lines of their own below it.
pub(in crate::document) fn emptied_list(
    document: &Document,
    list: NodeId,
    comments: &[&str],
) -> Piece {
    let pad = " ".repeat(document.column_of(list));
    let line_break = document.line_break();
    let lines = comments.iter().map(|comment| format!("{line_break}{pad}#{comment}"));
    let text = format!(" []{}", lines.collect::<String>());
    let range = document.behind_indicator(list)..document.node(list).span.end;
    (range, Zeroizing::new(text))
}

/// The source of a scalar without the comment in its header, if it is a block that has one: `|- # why`.
pub(crate) fn without_header_comment(source: &str, style: Style) -> Zeroizing<String> {
    let header = source.lines().next().filter(|_| style.is_block()).unwrap_or_default();
    let bare = bare_header(header);
    Zeroizing::new(match bare.len() == header.len() {
        true => source.to_owned(),
        false => format!("{bare}{}", &source[header.len()..]),
    })
}

/// The header of a block scalar without its comment.
fn bare_header(header: &str) -> &str {
    header.find([' ', '\t']).filter(|_| header.contains('#')).map_or(header, |end| &header[..end])
}

/// Edits.
impl Document {
    /// A scalar in the place of another; `None` where an anchor stands before a tag that would have to go.
    pub(in crate::document) fn scalar_yaml(
        &self,
        id: NodeId,
        source: Zeroizing<String>,
        value: &Value,
    ) -> Option<Piece> {
        let node = self.node(id);
        let mut range = self.source_range(id, value);
        if node.anchor().is_some_and(|anchor| anchor.start > range.start) {
            return None;
        }
        let mut source = source.as_str();
        // The header of a block scalar may hold a comment, which has edits of its own.
        if let Some(header) = self.spelling_at(id).header.filter(|_| range.start == node.span.start)
        {
            let first = source.lines().next().unwrap_or_default();
            if first == header || first == bare_header(header) {
                range.start += header.len();
                source = &source[first.len()..];
            }
        }
        let blank = if range.is_empty() && !source.starts_with(['\n', '\r']) { " " } else { "" };
        Some((range, Zeroizing::new(format!("{blank}{source}"))))
    }

    pub(in crate::document) fn insertion_yaml(
        &self,
        collection: NodeId,
        after: Option<NodeId>,
        fragment: &Fragment,
        indentation: Indentation,
    ) -> Piece {
        if self.is_flow(collection) {
            self.flow_insertion(collection, after, fragment)
        } else {
            self.block_insertion(collection, after, fragment, indentation)
        }
    }

    pub(in crate::document) fn root_insertion_yaml(
        &self,
        root: usize,
        entries: &Fragment,
        indentation: Indentation,
    ) -> Result<Piece, EditError> {
        let top = &self.roots[root];
        if self.is_flow(top.node) && !self.has_children(top.node) {
            let start = self.node(top.node).span.start;
            let column = start - self.line_start(start);
            let written = write_block(entries, column, indentation, self.line_break());
            return Ok((self.node(top.node).span.clone(), written));
        }
        if self.is_flow(top.node) {
            return Ok(self.flow_insertion(top.node, self.children(top.node).last(), entries));
        }
        let column = self.column_of(top.node);
        let line_break = self.line_break();
        let written = write_block(entries, column, indentation, line_break);
        let pad = " ".repeat(column);
        let at = top.span.end;
        let bare = !self.source[..at].ends_with('\n');
        let text = if bare {
            format!("{line_break}{pad}{}", written.as_str())
        } else {
            format!("{pad}{}{line_break}", written.as_str())
        };
        Ok((at..at, Zeroizing::new(text)))
    }

    /// Anything in the place of anything. What follows the old node on its line, a comment, stays there.
    pub(in crate::document) fn replacement_yaml(
        &self,
        id: NodeId,
        content: &Fragment,
        indentation: Indentation,
    ) -> Piece {
        let node = self.node(id);
        let parent = node.parent.filter(|parent| !self.is_flow(*parent));
        let (Some(parent), true) = (parent, is_block(content)) else {
            let text = write_flow(content);
            let block =
                matches!(node.kind, Kind::Mapping(Layout::Block) | Kind::Sequence(Layout::Block));
            if node.parent.is_none() || !block && !node.span.is_empty() {
                return (node.start()..node.span.end, text);
            }
            let text = Zeroizing::new(format!(" {}", text.as_str()));
            return (self.behind_indicator(id)..node.span.end, text);
        };
        let line_break = self.line_break();
        if matches!(self.node(parent).kind, Kind::Sequence(_)) {
            let column = self.column_of(parent) + 2;
            let written = write_block(content, column, indentation, line_break);
            let text = Zeroizing::new(format!(" {}", written.as_str()));
            return (self.behind_indicator(id)..node.span.end, text);
        }
        let inner = match content {
            Fragment::Sequence(_) => indentation.dash,
            _ => indentation.step,
        };
        let column = self.column_of(parent) + inner;
        let written = write_block(content, column, indentation, line_break);
        let start = self.behind_indicator(id);
        // A comment behind `key:` stays there: the content starts on the next line.
        let line_end = self.line_end(node.span.end);
        let rest = &self.source[node.span.end..line_end];
        let rest = if rest.trim().is_empty() { "" } else { rest };
        let text = format!("{rest}{line_break}{}{}", " ".repeat(column), written.as_str());
        (start..line_end, Zeroizing::new(text))
    }

    /// Right behind the `:` or `-` that a node follows; behind its anchor where it is vacant and keeps it.
    fn behind_indicator(&self, id: NodeId) -> usize {
        let node = self.node(id);
        let keeps = node.properties().next().is_some();
        let start = if keeps && self.is_vacant(id) { node.span.start } else { node.start() };
        // A list that is not indented is reported to begin behind its first dash.
        let dash = match node.kind {
            Kind::Sequence(Layout::Block) => self.items(id).next().map(|item| self.dash_of(item)),
            _ => None,
        };
        let start = dash.map_or(start, |dash| start.min(dash));
        let mut at = self.source[..start].trim_end_matches([' ', '\t', '\r', '\n']).len();
        loop {
            // A comment may stand between the indicator and a block.
            let before = self.comments.partition_point(|comment| comment.span.start < at);
            match self.comments[..before].last().filter(|comment| comment.span.end >= at) {
                Some(comment) => {
                    at = self.source[..comment.span.start]
                        .trim_end_matches([' ', '\t', '\r', '\n'])
                        .len();
                }
                None => return at,
            }
        }
    }

    fn block_insertion(
        &self,
        collection: NodeId,
        after: Option<NodeId>,
        fragment: &Fragment,
        indentation: Indentation,
    ) -> Piece {
        let column = self.column_of(collection);
        let line_break = self.line_break();
        let written = write_block(fragment, column, indentation, line_break);
        let pad = " ".repeat(column);
        match after {
            Some(after) => {
                let at = self.line_end(self.node(after).span.end);
                (at..at, Zeroizing::new(format!("{line_break}{pad}{}", written.as_str())))
            }
            None => {
                let first = self.line_start(self.node(collection).span.start) + column;
                (first..first, Zeroizing::new(format!("{}{line_break}{pad}", written.as_str())))
            }
        }
    }

    fn flow_insertion(
        &self,
        collection: NodeId,
        after: Option<NodeId>,
        fragment: &Fragment,
    ) -> Piece {
        let written = write_flow(fragment);
        let content = &written[1..written.len() - 1];
        match after {
            Some(after) => {
                let at = self.node(after).span.end;
                (at..at, Zeroizing::new(format!(", {content}")))
            }
            None => {
                let at = self.node(collection).span.start + 1;
                (at..at, Zeroizing::new(format!("{content}, ")))
            }
        }
    }
}

/// Places.
impl Document {
    /// How most of this file is indented.
    pub fn indentation(&self) -> Indentation {
        let mut steps = BTreeMap::new();
        let mut dashes = BTreeMap::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let id = NodeId(index as u32);
            let Some(parent) = node.parent.filter(|parent| self.is_block_mapping(*parent)) else {
                continue;
            };
            let outer = self.column_of(parent);
            match node.kind {
                Kind::Mapping(Layout::Block) => {
                    *steps.entry(self.column_of(id).saturating_sub(outer)).or_insert(0) += 1;
                }
                Kind::Sequence(Layout::Block) => {
                    *dashes.entry(self.column_of(id).saturating_sub(outer)).or_insert(0) += 1;
                }
                _ => {}
            }
        }
        let most = |counts: &BTreeMap<usize, usize>| {
            counts.iter().max_by_key(|(_, count)| **count).map(|(columns, _)| *columns)
        };
        let step = most(&steps).filter(|step| *step > 0);
        let usual = Indentation::default();
        Indentation {
            step: step.unwrap_or(usual.step),
            dash: most(&dashes).or(step).unwrap_or(usual.dash),
        }
    }

    /// How a block mapping and its first list are indented; `None` for other nodes.
    pub(crate) fn indentation_below(&self, mapping: NodeId) -> Option<Indentation> {
        let parent = self.node(mapping).parent?;
        if !self.is_block_mapping(mapping) {
            return None;
        }
        let column = self.column_of(mapping);
        let step = column.checked_sub(self.column_of(parent)).filter(|step| *step > 0)?;
        let list = self
            .entries(mapping)
            .find(|(_, value)| self.node(*value).kind == Kind::Sequence(Layout::Block));
        let dash = list.and_then(|(_, list)| self.column_of(list).checked_sub(column));
        Some(Indentation { step, dash: dash.unwrap_or(step) })
    }

    /// The column, from 0, where the keys of a block mapping or the dashes of a block sequence stand.
    pub(crate) fn column_of(&self, collection: NodeId) -> usize {
        let offset = match self.node(collection).kind {
            Kind::Sequence(Layout::Block) => {
                self.items(collection).next().map_or(0, |item| self.dash_of(item))
            }
            _ => self
                .children(collection)
                .next()
                .map_or(self.node(collection).span.start, |key| self.key_start(key)),
        };
        offset - self.line_start(offset)
    }

    /// The block sequence whose dashes stand in the column of this line's content, with an item before or after it.
    pub(in crate::document) fn sequence_at(&self, content: &Range<usize>) -> Option<NodeId> {
        let column = content.start - self.line_start(content.start);
        let next = self.nodes_before(content.start);
        let around = [next.checked_sub(1), Some(next)].into_iter().flatten();
        around.filter(|index| *index < self.nodes.len()).find_map(|index| {
            let node = NodeId(index as u32);
            std::iter::successors(Some(node), |node| self.node(*node).parent).find(|node| {
                self.node(*node).kind == Kind::Sequence(Layout::Block)
                    && self.column_of(*node) == column
            })
        })
    }

    /// The byte of the `-` in front of an item of a block sequence.
    pub(in crate::document) fn dash_of(&self, item: NodeId) -> usize {
        let mut at = self.node(item).start();
        loop {
            at = self.source[..at].trim_end_matches([' ', '\t', '\r', '\n']).len();
            // A comment may stand between the dash and the item.
            let before = self.comments.partition_point(|comment| comment.span.start < at);
            match self.comments[..before].last().filter(|comment| comment.span.end >= at) {
                Some(comment) => at = comment.span.start,
                None => return at - 1,
            }
        }
    }

    /// The start of a key, a `?` in front of it included.
    pub(in crate::document) fn key_start(&self, key: NodeId) -> usize {
        let start = self.node(key).start();
        let line = &self.source[self.line_start(start)..start];
        match line.trim_end().strip_suffix('?') {
            Some(before) if before.trim_start_matches([' ', '-']).is_empty() => {
                self.line_start(start) + before.len()
            }
            _ => start,
        }
    }

    /// Where the line of this byte begins; a byte order mark is not part of it.
    pub(in crate::document) fn line_start(&self, offset: usize) -> usize {
        match self.source[..offset].rfind('\n') {
            Some(at) => at + 1,
            None if self.source.starts_with('\u{feff}') => '\u{feff}'.len_utf8().min(offset),
            None => 0,
        }
    }

    /// Where the line of this byte ends, its break excluded.
    pub(in crate::document) fn line_end(&self, offset: usize) -> usize {
        let end = self.source[offset..].find('\n').map_or(self.source.len(), |at| offset + at);
        if end > offset && self.source[..end].ends_with('\r') { end - 1 } else { end }
    }

    /// The context for spelling a scalar that takes the place of this one.
    pub(in crate::document) fn spelling_at(&self, id: NodeId) -> Spelling<'_> {
        let node = self.node(id);
        let raw = &self.source[node.span.clone()];
        let block = matches!(node.kind, Kind::Scalar(style) if style.is_block());
        let existing =
            block.then(|| indentation_of_block(raw, self.text(id).unwrap_or_default())).flatten();
        Spelling {
            // A block collection cannot stand inside of a flow collection: the parent decides.
            in_flow: node.parent.is_some_and(|parent| self.is_flow(parent)),
            followed: !block && {
                let end = node.span.end;
                !self.source[end..self.line_end(end)].trim().is_empty()
            },
            header: block.then(|| raw.lines().next().unwrap_or(raw)),
            indent: existing
                .unwrap_or_else(|| node.parent.map_or(2, |parent| self.column_of(parent) + 2)),
            line_break: self.line_break(),
        }
    }

    /// A text in `style` if that can hold it here, else in the shortest style that does.
    pub(in crate::document) fn spelled_yaml(
        &self,
        id: NodeId,
        text: &str,
        style: Style,
    ) -> (Style, Zeroizing<String>) {
        let context = self.spelling_at(id);
        match spell(text, style, context) {
            Some(spelled) => (style, spelled),
            None => shortest(text, context),
        }
    }

    /// The bytes that a new value of this node replaces: its content, and its tag where that fixes
    /// another type. `!!int` would be a lie about a token.
    pub(in crate::document) fn source_range_yaml(&self, id: NodeId, value: &Value) -> Range<usize> {
        let node = self.node(id);
        let fixes_type = |tag: &&Range<usize>| {
            let tag = &self.source[Range::clone(tag)];
            tag.starts_with("!!") && !(tag == "!!str" && matches!(value, Value::Text(_)))
        };
        let tag = node.tag().filter(fixes_type);
        tag.map_or(node.span.start, |tag| tag.start)..node.span.end
    }

    /// A block scalar that ends a file without a final line break, and how it is written where one follows: with
    /// a header that strips it. `None` where the file does not end so, or the header strips already.
    pub(crate) fn open_block(&self) -> Option<(NodeId, Zeroizing<String>)> {
        let id = NodeId(self.nodes.len().checked_sub(1)? as u32);
        let source = &self.source[self.node(id).span.clone()];
        let ends = self.node(id).span.end == self.source.len() && !self.source.ends_with('\n');
        let header = self.spelling_at(id).header.filter(|_| ends && source.contains('\n'))?;
        let indicators = header.split([' ', '\t']).next().unwrap_or(header);
        let rest = &source[indicators.len()..];
        let kept = indicators.replace('+', "");
        (!indicators.contains('-')).then(|| (id, Zeroizing::new(format!("{kept}-{rest}"))))
    }

    /// Whether the header of a block scalar strips the final line break (`|-`).
    pub(crate) fn is_stripped(&self, id: NodeId) -> bool {
        let header = self.spelling_at(id).header.unwrap_or_default();
        header.split(['#', ' ', '\t']).next().is_some_and(|indicators| indicators.contains('-'))
    }

    pub(in crate::document) fn is_flow(&self, id: NodeId) -> bool {
        matches!(self.node(id).kind, Kind::Mapping(Layout::Flow) | Kind::Sequence(Layout::Flow))
    }

    fn is_block_mapping(&self, id: NodeId) -> bool {
        self.node(id).kind == Kind::Mapping(Layout::Block)
    }
}

/// Whether a fragment takes lines of its own below `key:`.
fn is_block(fragment: &Fragment) -> bool {
    match fragment {
        Fragment::Mapping(entries) => !entries.is_empty(),
        Fragment::Sequence(items) => !items.is_empty(),
        _ => false,
    }
}
