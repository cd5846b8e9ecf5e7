// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! What `gimctl top` shows: for each card a line and a table of its VFs with bars. Draws samples, knows nothing of sysfs.

use super::sample::{Sample, VfSample};
use crate::units;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::Widget,
};

/// Eighths of a cell, for bars.
const EIGHTHS: [&str; 9] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
const HEAD: &str = " VF  STATE      WEIGHT  PRIORITY    VRAM  RUNS/S  RESETS   GPU%  ";
/// Bars take what is left of a line, within these widths.
const BAR: std::ops::RangeInclusive<usize> = 8..=60;

/// What is to be drawn.
pub struct View {
    /// A line that stays, and lines that can be scrolled.
    lines: Vec<Row>,
    first: usize,
}

/// A line; its bar is drawn when the width is known.
struct Row {
    text: Line<'static>,
    bar: Option<(f64, f64)>,
}

impl From<Line<'static>> for Row {
    fn from(text: Line<'static>) -> Self {
        Row { text, bar: None }
    }
}

impl View {
    /// A view of samples.
    pub fn new(samples: &[Sample]) -> Self {
        let mut lines = Vec::new();
        for sample in samples {
            lines.push(card(sample).into());
            let head = Line::styled(HEAD, Style::new().add_modifier(Modifier::REVERSED));
            lines.push(Row {
                text: head,
                bar: None,
            });
            lines.extend(sample.vfs.iter().map(vf));
            lines.push(total(sample));
            lines.push(Line::default().into());
        }
        // Nothing comes after the last card.
        lines.pop();
        View { lines, first: 0 }
    }

    /// The same without its first lines, as far as there are more.
    pub fn scrolled(self, first: usize) -> Self {
        View { first, ..self }
    }

    /// Lines that can be scrolled.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// Lines that it needs.
    pub fn height(&self) -> u16 {
        u16::try_from(self.lines.len()).unwrap_or(u16::MAX)
    }
}

fn card(sample: &Sample) -> Line<'static> {
    let color = if sample.state == "up" {
        Color::Green
    } else {
        Color::Red
    };
    let mut spans = vec![
        Span::styled(
            format!("{} ", sample.address),
            Style::new().add_modifier(Modifier::BOLD),
        ),
        Span::styled(sample.state.clone(), Style::new().fg(color)),
        Span::raw(format!(
            "  policy {}  {} VFs  {:.0} switches/s",
            sample.policy, sample.enabled, sample.switches
        )),
    ];
    if !sample.sensors.is_empty() {
        spans.push(Span::raw(format!("  {}", sample.sensors)));
    }
    Line::from(spans)
}

fn vf(vf: &VfSample) -> Row {
    let color = match vf.state.as_str() {
        "running" | "exclusive" => Color::Green,
        "stopped" => Color::Red,
        "available" | "disabled" => Color::DarkGray,
        _ => Color::Yellow,
    };
    let before = format!(" {:>2}  ", vf.number);
    let state = Span::styled(format!("{:9}", vf.state), Style::new().fg(color));
    let after = format!(
        "  {:>6}  {:8}  {:>6}  {:>6.0}  {:>6}  {:>5.1}  ",
        vf.weight,
        vf.priority,
        units::show_bytes(vf.vram),
        vf.runs,
        vf.resets,
        100.0 * (vf.gpu + vf.exclusive)
    );
    Row {
        text: Line::from(vec![Span::raw(before), state, Span::raw(after)]),
        bar: Some((vf.gpu, vf.exclusive)),
    }
}

/// What all VFs had together: what is missing to 100 % went into switches, or the GPU was free.
fn total(sample: &Sample) -> Row {
    let gpu: f64 = sample.vfs.iter().map(|vf| vf.gpu).sum();
    let exclusive: f64 = sample.vfs.iter().map(|vf| vf.exclusive).sum();
    let vram = sample
        .vfs
        .iter()
        .map(|vf| vf.vram)
        .fold(0, u64::saturating_add);
    let resets = sample
        .vfs
        .iter()
        .map(|vf| vf.resets)
        .fold(0, u64::saturating_add);
    let text = format!(
        " {:23}{:>16}  {:>6.0}  {:>6}  {:>5.1}  ",
        "all",
        units::show_bytes(vram),
        sample.switches,
        resets,
        100.0 * (gpu + exclusive)
    );
    Row {
        text: Line::styled(text, Style::new().add_modifier(Modifier::BOLD)),
        bar: Some((gpu, exclusive)),
    }
}

/// A bar of so many cells in which a part is green and a further one yellow.
fn bar((gpu, exclusive): (f64, f64), width: usize) -> Vec<Span<'static>> {
    let cells = width as f64;
    let eighths = |part: f64| (part.clamp(0.0, 1.0) * cells * 8.0).round() as usize;
    let blocks = |n: usize| EIGHTHS[8].repeat(n / 8);
    let part = |n: usize| EIGHTHS.get(n % 8).copied().unwrap_or_default();
    let first = eighths(gpu);
    let both = eighths(gpu + exclusive).max(first);
    // The cell in which the second part begins has the first's colour on the second's; one that also ends there is too
    // short to be shown.
    let second = both.saturating_sub(first.div_ceil(8).saturating_mul(8));
    let (green, yellow) = (
        Style::new().fg(Color::Green),
        Style::new().fg(Color::Yellow),
    );
    let border = if second > 0 {
        green.bg(Color::Yellow)
    } else {
        green
    };
    vec![
        Span::styled(blocks(first), green),
        Span::styled(part(first), border),
        Span::styled(blocks(second) + part(second), yellow),
    ]
}

impl Widget for View {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let room = usize::from(area.height);
        // Not further than to the last line.
        let first = self.first.min(self.lines.len().saturating_sub(room));
        for (row, y) in self
            .lines
            .into_iter()
            .skip(first)
            .zip(area.top()..area.bottom())
        {
            let mut line = row.text;
            // What a whole line looks like it does to its end.
            buffer.set_style(Rect::new(area.x, y, area.width, 1), line.style);
            if let Some(parts) = row.bar {
                let left = usize::from(area.width).saturating_sub(line.width());
                let width = left.clamp(*BAR.start(), *BAR.end());
                line.spans.extend(bar(parts, width));
            }
            buffer.set_line(area.x, y, &line, area.width);
        }
    }
}
