//! An item of a YAML list as a document of its own.
//!
//! ```yaml
//! items:                          # why
//!   # why                         kind: Secret   # why
//!   - kind: Secret   # why   →    metadata:
//!     metadata:                     name: a
//!       name: a
//! ```

use zeroize::Zeroizing;

use crate::document::{Document, Kind, Layout, NodeId, Syntax};

impl Document {
    /// A block mapping in a block sequence, in its own words: with its comments, those right above it included. `None` for
    /// other nodes, and where it has aliases.
    pub(crate) fn item_alone(&self, item: NodeId) -> Option<Document> {
        let list = self.node(item).parent?;
        let are_blocks = self.node(list).kind == Kind::Sequence(Layout::Block)
            && self.node(item).kind == Kind::Mapping(Layout::Block);
        if self.syntax != Syntax::Yaml || !are_blocks {
            return None;
        }
        let (dash, column) = (self.dash_of(item), self.column_of(item));
        let start = self.heading_of(item).first().map_or(dash, |comment| comment.span.start);
        let start = self.line_start(start);
        let source = &self.source[start..self.line_end(self.node(item).span.end)];
        let indented =
            |line: &str| line.bytes().take(column).take_while(|byte| *byte == b' ').count();
        let mut source = Zeroizing::new(source.to_owned());
        source.replace_range(dash - start..=dash - start, " ");
        let mut text = Zeroizing::new(String::with_capacity(source.len() + 2));
        source.split_inclusive('\n').for_each(|line| text.push_str(&line[indented(line)..]));
        text.push_str(self.line_break());
        let alone = Document::parse(std::mem::take(&mut *text).into_bytes()).ok()?;
        self.is_same(item, &alone).then_some(alone)
    }

    /// Whether a subtree is all that another document has.
    fn is_same(&self, top: NodeId, other: &Document) -> bool {
        let Some(root) = other.roots().first() else { return false };
        let same = |(own, its): (NodeId, NodeId)| {
            // An alias is never the same: it names a node of its own document.
            self.node(own).kind == other.node(its).kind && self.text(own) == other.text(its)
        };
        self.subtree(top).count() == other.nodes.len()
            && self.subtree(top).zip(other.subtree(root.node)).all(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The items of the list `items`, each alone.
    fn alone(text: &str) -> Vec<Option<String>> {
        let document = Document::parse(text.as_bytes().to_vec()).unwrap();
        let items = document.lookup(document.roots()[0].node, "items").unwrap();
        let source = |item| Some(document.item_alone(item)?.source().to_owned());
        document.items(items).map(source).collect()
    }

    #[test]
    fn an_item_keeps_its_comments_its_blanks_and_its_blocks() {
        let text = "\
items: # of the list
  # of another
  - a: 1

  # above
# further out
  - a: x # behind
    # between
    b:
        c: |2
            two
          lines

        d: \"1

          2\"
    e: # at the end
      - f # last
  # below
";
        let wanted = "\
# above
# further out
a: x # behind
# between
b:
    c: |2
        two
      lines

    d: \"1

      2\"
e: # at the end
  - f # last
";
        assert_eq!(alone(text), [Some("# of another\na: 1\n".to_owned()), Some(wanted.to_owned())]);
        assert_eq!(alone("items:\r\n- a: 1\r\n  b: 2"), [Some("a: 1\r\nb: 2\r\n".to_owned())]);
        assert_eq!(alone("items:\n-  # c\n   a: 1\n"), [Some("# c\na: 1\n".to_owned())]);
    }

    #[test]
    fn what_does_not_stand_alone_is_left() {
        for item in ["{a: 1}", "a", "a: *x", "- a: 1", "&y\n  a: *x\n"] {
            let text = format!("x: &x 1\nitems:\n- {item}\n");
            assert_eq!(alone(&text), [None], "{text}");
        }
    }
}
