// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! `gimctl top`: who uses the GPU, live. Looks at sysfs and draws; what is drawn is in `view`, what it is made of in
//! `sample`.

mod sample;
mod svg;
mod view;

use crate::{
    card::{self, Card},
    cli::Top,
    model::Status,
    system::{self, Root},
};
use anyhow::{Context, Result};
use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::{buffer::Buffer, layout::Rect, widgets::Widget};
use sample::Sample;
use std::{
    io::{self, Write},
    thread,
    time::{Duration, Instant},
};
use view::View;

/// The size of what is not drawn on a terminal; lines, as many as there are VFs.
const WIDTH: u16 = 110;

/// Looks at the cards again and again.
struct Watch<'r> {
    root: &'r Root,
    card: Option<&'r str>,
    last: Option<(Instant, Status)>,
}

impl Watch<'_> {
    fn cards(&self) -> Result<Vec<Card>> {
        card::chosen(self.root, self.card)
    }

    /// What happened since the last look, or since the VFs were enabled.
    fn look(&mut self) -> Result<Vec<Sample>> {
        let now = Instant::now();
        let status = Status::read(self.root, &self.cards()?);
        let before = self
            .last
            .as_ref()
            .map(|(then, status)| (now.saturating_duration_since(*then), status));
        let samples = sample::all(before, &status);
        self.last = Some((now, status));
        Ok(samples)
    }
}

/// Runs it.
///
/// # Errors
///
/// Of the terminal, or when there is no card.
pub fn run(root: &Root, card: Option<&str>, top: &Top) -> Result<()> {
    let delay = Duration::from_secs_f64(top.delay);
    let mut watch = Watch {
        root,
        card,
        last: None,
    };
    watch.look()?;
    if let Some(path) = &top.svg {
        thread::sleep(delay);
        let buffer = draw(&watch.look()?);
        return system::replace(path, svg::render(&buffer).as_bytes())
            .with_context(|| format!("cannot write {}", path.display()));
    }
    if top.batch || top.once {
        let count = if top.once { Some(1) } else { top.count };
        return batch(&mut watch, delay, count);
    }
    live(&mut watch, delay)
}

/// Draws without a terminal.
fn draw(samples: &[Sample]) -> Buffer {
    let view = View::new(samples);
    let mut buffer = Buffer::empty(Rect::new(0, 0, WIDTH, view.height()));
    view.render(buffer.area, &mut buffer);
    buffer
}

/// The lines of what was drawn.
fn lines(buffer: &Buffer) -> Vec<String> {
    let width = usize::from(buffer.area.width).max(1);
    let line = |cells: &[ratatui::buffer::Cell]| {
        let text: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
        text.trim_end().to_owned()
    };
    buffer.content.chunks(width).map(line).collect()
}

fn batch(watch: &mut Watch, delay: Duration, count: Option<u32>) -> Result<()> {
    let mut out = io::stdout().lock();
    let mut printed = 0_u32;
    while count.is_none_or(|count| printed < count) {
        thread::sleep(delay);
        let text = lines(&draw(&watch.look()?)).join("\n");
        match writeln!(out, "{text}\n").and_then(|()| out.flush()) {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            other => other?,
        }
        printed = printed.saturating_add(1);
    }
    Ok(())
}

/// The terminal as it was, whatever happens.
struct Screen;

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

fn live(watch: &mut Watch, delay: Duration) -> Result<()> {
    let mut terminal = ratatui::try_init().context("this is no terminal: use --batch")?;
    let _screen = Screen;
    let mut samples = watch.look()?;
    let mut first = 0_usize;
    loop {
        terminal.draw(|frame| {
            let view = View::new(&samples).scrolled(first);
            frame.render_widget(view, frame.area());
        })?;
        let end = Instant::now() + delay;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if !event::poll(left)? {
                samples = watch.look()?;
                break;
            }
            match pressed(&event::read()?) {
                Some(Key::Quit) => return Ok(()),
                Some(Key::Up) => first = first.saturating_sub(1),
                Some(Key::Down) => first = first.saturating_add(1).min(View::new(&samples).rows()),
                // A new size of the terminal, for one, is drawn at once.
                None => {}
            }
            terminal.draw(|frame| {
                let view = View::new(&samples).scrolled(first);
                frame.render_widget(view, frame.area());
            })?;
        }
    }
}

/// What a person wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Quit,
    Up,
    Down,
}

fn pressed(event: &Event) -> Option<Key> {
    let Event::Key(key) = event else { return None };
    if key.kind == KeyEventKind::Release {
        return None;
    }
    match key.code {
        KeyCode::Char('q') | KeyCode::Esc => Some(Key::Quit),
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Some(Key::Quit),
        KeyCode::Up | KeyCode::Char('k') => Some(Key::Up),
        KeyCode::Down | KeyCode::Char('j') => Some(Key::Down),
        _ => None,
    }
}

#[cfg(test)]
#[path = "top/tests.rs"]
mod tests;
