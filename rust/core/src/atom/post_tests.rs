// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of the post: which tables run with what, and what is said of a card that they leave unfinished.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing
)]

use super::super::test_image::{Builder, Card, Did};
use super::super::Limits;
use super::*;

/// Writes PS[0] and PS[1] to registers 1 and 2; eot.
const SHOW: [u8; 11] = [0x01, 0x01, 1, 0, 0, 0x01, 0x01, 2, 0, 1, 0x5b];

fn writes(builder: &Builder, what: Init) -> Vec<Did> {
    let mut card = Card::default();
    builder
        .run(&mut card, Limits::default(), |i| init(i, what))
        .unwrap();
    card.did
}

fn shown(first: u32, second: u32) -> [Did; 2] {
    [
        Did::Write(Space::Register, 1, first),
        Did::Write(Space::Register, 2, second),
    ]
}

#[test]
fn asic_init_gets_the_clocks_and_the_flag() {
    let mut b = Builder::new();
    b.command(ASIC_INIT, &SHOW);
    assert_eq!(writes(&b, Init::Asic), shown(30_000, 15_000));
    assert_eq!(writes(&b, Init::Full), shown(0x4000_0000 | 30_000, 15_000));
    assert_eq!(
        writes(&b, Init::LoadMicrocode),
        shown(0x4200_0000 | 30_000, 15_000)
    );
}

#[test]
fn the_fan_table_runs_where_the_i2c_table_is_old() {
    for (revision, runs) in [
        (None, false),
        (Some((1, 1)), true),
        (Some((1, 2)), false),
        (Some((2, 1)), false),
    ] {
        let mut b = Builder::new();
        b.command(ASIC_INIT, &[0x5b]);
        b.command(SPEED_FAN_CONTROL, &SHOW);
        if let Some(revision) = revision {
            b.revised(WRITE_BYTE_TO_I2C, revision, &[0x5b]);
        }
        let expected: &[Did] = if runs { &shown(0, 0) } else { &[] };
        assert_eq!(writes(&b, Init::Asic), expected, "{revision:?}");
    }
}

#[test]
fn a_failure_names_step_table_offset_and_opcode() {
    let mut b = Builder::new();
    b.command(ASIC_INIT, &[0x5a, 0xff]);
    let e = b
        .run(&mut Card::default(), Limits::default(), |i| {
            init(i, Init::LoadMicrocode)
        })
        .unwrap_err();
    assert_eq!(
        e.to_string(),
        "loading of microcode failed: command table 0x00 (asic_init) at 0x0007, opcode 0xff (unknown): no such opcode"
    );
}

#[test]
fn clocks_of_zero_are_refused() {
    let info = FirmwareInfo {
        version: super::super::data::Version(0),
        sclk_10khz: 30_000,
        mclk_10khz: 0x0100_0000,
    };
    assert_eq!(parameters(&info, Init::Asic), Err(Error::Clocks));
}

fn card(memory_mb: u32, scratch_7: u32, counter: u32) -> Card {
    let mut card = Card::default();
    for (register, value) in [
        (CONFIG_MEMSIZE, memory_mb),
        (BIOS_SCRATCH_7, scratch_7),
        (SMC_IND_DATA_1, counter),
    ] {
        card.registers.insert((Space::Register, register), value);
    }
    card
}

#[test]
fn a_card_is_posted_when_it_knows_its_memory() {
    assert_eq!(posted(&mut card(0, 0, 0)), Ok(false));
    assert_eq!(posted(&mut card(8190, 0, 0)), Ok(true));
    assert_eq!(posted(&mut card(u32::MAX, 0, 0)), Err(Error::Gone));
}

#[test]
fn verify_wants_completion_and_memory() {
    let mut good = card(8190, 0x200, 0x20100);
    assert_eq!(
        verify(&mut good),
        Ok(Posted {
            memory_mb: 8190,
            smu_running: true
        })
    );
    assert_eq!(good.did[2], Did::Write(Space::Register, 0x82, 0x8000_0370));
    assert!(!verify(&mut card(8190, 0x200, 0x20000)).unwrap().smu_running);
    assert!(
        !verify(&mut card(8190, 0x200, u32::MAX))
            .unwrap()
            .smu_running
    );
    let text = |mut c: Card| verify(&mut c).unwrap_err().to_string();
    assert_eq!(
        text(card(8190, 0x10, 0)),
        "asic_init ran but is not complete: BIOS_SCRATCH_7 is 0x00000010, bit 9 not set"
    );
    assert_eq!(
        text(card(0, 0x200, 0)),
        "asic_init ran but CONFIG_MEMSIZE is 0"
    );
    assert_eq!(text(card(u32::MAX, u32::MAX, 0)), "card does not answer");
}
