// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! A picture of what was drawn, as SVG: one text element for each run of cells that look the same.

use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};
use std::fmt::Write;

/// The size of a cell.
const CELL: (usize, usize) = (8, 17);
const MARGIN: usize = 10;
const BACKGROUND: &str = "#16181d";
const FOREGROUND: &str = "#d7dae0";

fn color(color: Color) -> &'static str {
    match color {
        Color::Green => "#5fc66b",
        Color::Yellow => "#e2b93d",
        Color::Red => "#e8635a",
        Color::DarkGray => "#7b808a",
        _ => FOREGROUND,
    }
}

/// The picture.
pub fn render(buffer: &Buffer) -> String {
    let (width, height) = (
        usize::from(buffer.area.width),
        usize::from(buffer.area.height),
    );
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"13\">\n\
         <title>gimctl top</title>\n<rect width=\"{0}\" height=\"{1}\" rx=\"6\" fill=\"{BACKGROUND}\"/>",
        width * CELL.0 + 2 * MARGIN,
        height * CELL.1 + 2 * MARGIN
    );
    for (y, cells) in buffer.content.chunks(width.max(1)).enumerate() {
        let mut x = 0;
        let look = |cell: &Cell| (cell.fg, cell.bg, cell.modifier);
        let same = |a: &Cell, b: &Cell| look(a) == look(b);
        for run in cells.chunk_by(same) {
            piece(&mut out, run, x, y);
            x += run.len();
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Cells that look the same. Blocks are drawn: fonts differ in them.
fn piece(out: &mut String, run: &[Cell], x: usize, y: usize) {
    let Some(cell) = run.first() else { return };
    let text: String = run.iter().map(Cell::symbol).collect();
    let reversed = cell.modifier.contains(Modifier::REVERSED);
    let (left, top) = (MARGIN + x * CELL.0, MARGIN + y * CELL.1);
    let fill = if reversed { BACKGROUND } else { color(cell.fg) };
    if reversed {
        rectangle(out, left, top, run.len() * CELL.0, CELL.1, FOREGROUND);
    }
    let eighths: usize = text.chars().filter_map(eighths).sum();
    if eighths > 0 {
        let mut bar = |width, fill| rectangle(out, left, top + 2, width, CELL.1 - 4, fill);
        if cell.bg != Color::Reset {
            bar(run.len() * CELL.0, color(cell.bg));
        }
        return bar(eighths * CELL.0 / 8, fill);
    }
    // Blanks at the ends are drawn by nobody, and taken into account by some only.
    let before = text.chars().take_while(|c| *c == ' ').count();
    let text = text.trim();
    if text.is_empty() {
        return;
    }
    let bold = if cell.modifier.contains(Modifier::BOLD) {
        " font-weight=\"bold\""
    } else {
        ""
    };
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\" textLength=\"{}\" fill=\"{fill}\"{bold} xml:space=\"preserve\">{}</text>",
        left + before * CELL.0,
        top + 13,
        text.chars().count() * CELL.0,
        escaped(text)
    );
}

fn rectangle(out: &mut String, x: usize, y: usize, width: usize, height: usize, fill: &str) {
    let _ = writeln!(
        out,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"/>"
    );
}

/// How many eighths of a cell a block fills from the left.
fn eighths(symbol: char) -> Option<usize> {
    // U+2588 is the whole cell, and each further one an eighth less.
    let less = (symbol as usize).checked_sub(0x2588)?;
    8_usize.checked_sub(less).filter(|n| *n > 0)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
