//! Columns of text, aligned by blanks.
//!
//! ```text
//! APP       DATABASE   ROLE
//! miniflux  miniflux   miniflux
//! ```

use super::failure::visible;

/// Blanks between two columns.
const GAP: usize = 2;

/// The lines of a table, its head first. A row may have fewer cells than the head. Control characters are made
/// visible, so that a name cannot change what else is shown.
pub(crate) fn lines(head: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let shown = |cell: &String| visible(cell);
    let head: Vec<String> = head.iter().map(|title| (*title).to_owned()).collect();
    let rows = rows.iter().map(|row| row.iter().map(shown).collect());
    let all: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| {
        let cells = all.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..all[0].len()).map(width).collect();
    all.iter().map(|row| line(row, &widths)).collect()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, width) in row.iter().zip(widths) {
        let blanks = width - cell.chars().count() + GAP;
        line.push_str(cell);
        line.extend(std::iter::repeat_n(' ', blanks));
    }
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["ä", "long one"], ["abc", "\u{1b}[31m"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(
            lines(&["A", "B"], &[&rows[..], &[vec!["x".to_owned()]]].concat()),
            ["A    B", "ä    long one", &format!("abc  {}", visible("\u{1b}[31m")), "x"]
        );
    }
}
