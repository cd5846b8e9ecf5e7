// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Plain tables: columns as wide as what is in them.

/// Lines of a table; the first row is the heading. Columns named in `right` are set to the right.
pub fn lines<const N: usize>(rows: &[[String; N]], right: &[usize]) -> Vec<String> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).enumerate();
        let cells = cells.map(|(column, (cell, width))| match right.contains(&column) {
            true => format!("{cell:>width$}"),
            false => format!("{cell:width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let row = |a: &str, b: &str| [a.to_owned(), b.to_owned()];
        let rows = [row("A", "LONG"), row("long", "1"), row("é", "")];
        assert_eq!(super::lines(&rows, &[1]), ["A     LONG", "long     1", "é"]);
    }
}
