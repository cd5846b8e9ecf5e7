// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of what is drawn, and of the arithmetic behind it.

use super::*;
use crate::planted;
use gim_core::vfid::VfId;
use ratatui::{backend::TestBackend, style::Color, Terminal};

/// Two looks, a second apart, between which VF1 had 60 % of the GPU in turns and 10 % outside, and VF2 had 20 %.
fn samples() -> Vec<Sample> {
    let (folder, card) = planted::card(3);
    let root = Root::new(folder.path());
    let cards = [card];
    let before = Status::read(&root, &cards);
    let add = |vf: u8, name: &str, more: u64| {
        let path = cards[0].vf(VfId::new(vf).unwrap(), "stats").join(name);
        let value: u64 = system::number(&path).unwrap();
        system::write(&path, &(value + more).to_string()).unwrap();
    };
    add(1, "gpu_time_us", 600_000);
    add(1, "exclusive_time_us", 100_000);
    add(1, "runs", 100);
    add(2, "gpu_time_us", 200_000);
    system::write(&cards[0].vf(VfId::new(3).unwrap(), "state"), "stopped").unwrap();
    sample::all(
        Some((Duration::from_secs(1), &before)),
        &Status::read(&root, &cards),
    )
}

fn drawn(width: u16, height: u16, first: usize) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let samples = samples();
    let view = View::new(&samples).scrolled(first);
    terminal
        .draw(|frame| frame.render_widget(view, frame.area()))
        .unwrap();
    terminal.backend().buffer().clone()
}

#[test]
fn shares_are_of_the_time_that_has_passed() {
    let sample = &samples()[0];
    let gpu: Vec<f64> = sample.vfs.iter().map(|vf| vf.gpu).collect();
    assert_eq!(gpu, [0.6, 0.2, 0.0]);
    assert_eq!(sample.vfs[0].exclusive, 0.1);
    assert_eq!(sample.switches, 100.0);
}

#[test]
fn a_table_with_bars() {
    let bar = |cells| "█".repeat(cells);
    assert_eq!(
        lines(&drawn(95, 6, 0)),
        [
            "0000:01:00.0 up  policy solid  3 VFs  100 switches/s  45 C, 32 W, 920 MHz".to_owned(),
            " VF  STATE      WEIGHT  PRIORITY    VRAM  RUNS/S  RESETS   GPU%".to_owned(),
            // Of 30 cells.
            "  1  running       100  normal      480M     100       1   70.0  ".to_owned()
                + &bar(21),
            "  2  running       100  normal      480M       0       1   20.0  ".to_owned()
                + &bar(6),
            "  3  stopped       100  normal      480M       0       1    0.0".to_owned(),
            " all                               1440M     100       3   90.0  ".to_owned()
                + &bar(27),
        ]
    );
}

#[test]
fn colours_tell_turns_from_exclusive_access_and_states() {
    let buffer = drawn(95, 6, 0);
    let color = |x, y| buffer[(x, y)].fg;
    assert_eq!((color(65, 2), color(85, 2)), (Color::Green, Color::Yellow));
    assert_eq!((color(5, 2), color(5, 4)), (Color::Green, Color::Red));
}

#[test]
fn parts_of_a_bar_touch_each_other() {
    // At this width bars have 31 cells: 0.6 of them are 18 cells and 5 eighths.
    let buffer = drawn(96, 6, 0);
    let cell = |x: u16| {
        (
            buffer[(65 + x, 2)].symbol(),
            buffer[(65 + x, 2)].fg,
            buffer[(65 + x, 2)].bg,
        )
    };
    assert_eq!(cell(17), ("█", Color::Green, Color::Reset));
    assert_eq!(cell(18), ("▋", Color::Green, Color::Yellow));
    assert_eq!(cell(19), ("█", Color::Yellow, Color::Reset));
}

#[test]
fn small_terminals_scroll() {
    let text = lines(&drawn(40, 3, 1));
    assert!(
        text[0].starts_with(" VF  STATE") && text[2].starts_with("  2"),
        "{text:?}"
    );
    // Not past the end.
    let text = lines(&drawn(40, 3, 99));
    assert!(text[2].starts_with(" all"), "{text:?}");
    assert_eq!(lines(&drawn(3, 1, 0)), ["000"]);
}

#[test]
fn the_picture_shows_the_same() {
    let picture = svg::render(&draw(&samples()));
    assert!(
        picture.contains(">stopped</text>") && picture.contains("policy solid"),
        "{picture}"
    );
    // Of VF1: 0.6 and 0.1 of 45 cells.
    assert!(
        picture.contains("width=\"216\" height=\"13\" fill=\"#5fc66b\""),
        "{picture}"
    );
    assert!(!picture.contains('█'));
    // The head's background goes to the end of its line.
    let whole = usize::from(WIDTH) * 8;
    assert!(
        picture.contains(&format!("width=\"{whole}\" height=\"17\" fill=\"#d7dae0\"")),
        "{picture}"
    );
}

#[test]
fn keys() {
    use crossterm::event::KeyEvent;
    let key = |code, modifiers| pressed(&Event::Key(KeyEvent::new(code, modifiers)));
    assert_eq!(key(KeyCode::Char('q'), KeyModifiers::NONE), Some(Key::Quit));
    assert_eq!(
        key(KeyCode::Char('c'), KeyModifiers::CONTROL),
        Some(Key::Quit)
    );
    assert_eq!(key(KeyCode::Char('c'), KeyModifiers::NONE), None);
    assert_eq!(key(KeyCode::Down, KeyModifiers::NONE), Some(Key::Down));
    assert_eq!(pressed(&Event::Resize(1, 1)), None);
}
