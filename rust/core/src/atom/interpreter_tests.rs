// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of what amdgpu's interpreter cannot be compared in: limits, errors and where they point, PCI and I/O spaces.
//!
//! What the opcodes calculate is compared with amdgpu in qemu-test/tests/vbios.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing
)]

use super::super::test_image::{Builder, Card, Did};
use super::*;
use proptest::prelude::*;

const EOT: u8 = 0x5b;

fn run(builder: &Builder, card: &mut Card, limits: Limits) -> Result<[u32; 4], Error> {
    let mut parameters = [0; 4];
    builder
        .run(card, limits, |i| i.execute(0, &mut parameters))
        .map(|()| parameters)
}

fn one(code: &[u8]) -> Builder {
    let mut b = Builder::new();
    b.command(0, code);
    b
}

/// The text of the error that `code` gives as asic_init, without the part that all have.
fn error(code: &[u8]) -> String {
    failure(&one(code))
}

fn failure(builder: &Builder) -> String {
    let text = run(builder, &mut Card::default(), Limits::default())
        .unwrap_err()
        .to_string();
    text.strip_prefix("command table 0x00 (asic_init) at ")
        .unwrap_or(&text)
        .to_string()
}

#[test]
fn a_table_reaches_parameters_workspace_and_card() {
    // move PS[1], 5; move WS[0], PS[1]; move REG[0x10], WS[0]; delay_us 3; eot
    let code = [
        0x02, 0x05, 1, 5, 0, 0, 0, 0x03, 0x01, 0, 1, 0x01, 0x02, 0x10, 0, 0, 0x51, 3, EOT,
    ];
    let mut card = Card::default();
    assert_eq!(
        run(&one(&code), &mut card, Limits::default()),
        Ok([0, 5, 0, 0])
    );
    assert_eq!(
        card.did,
        [Did::Write(Space::Register, 0x10, 5), Did::Delay(3)]
    );
}

#[test]
fn a_called_table_has_the_parameters_behind_its_callers_and_a_workspace_of_its_own() {
    let mut b = Builder::new();
    // move WS[0], 7; call 1; move PS[0], WS[0]; eot
    b.command(
        0,
        &[0x03, 0x05, 0, 7, 0, 0, 0, 0x52, 1, 0x02, 0x02, 0, 0, EOT],
    );
    // add WS[0], 1; move PS[0], WS[0]; eot
    b.command(1, &[0x2d, 0x05, 0, 1, 0, 0, 0, 0x02, 0x02, 0, 0, EOT]);
    assert_eq!(
        run(&b, &mut Card::default(), Limits::default()),
        Ok([7, 0, 1, 0])
    );
}

#[test]
fn registers_of_the_other_spaces_go_to_the_bus() {
    // set_pci_port 0; move REG[4], 6; set_sys_io_port 0; move WS[0], REG[8]; eot
    let code = [
        0x38, 0, 0x01, 0x05, 4, 0, 6, 0, 0, 0, 0x39, 0, 0x03, 0x00, 0, 8, 0, EOT,
    ];
    let mut card = Card::default();
    run(&one(&code), &mut card, Limits::default()).unwrap();
    assert_eq!(
        card.did,
        [
            Did::Write(Space::PciConfig, 4, 6),
            Did::Read(Space::SystemIo, 8)
        ]
    );
}

#[test]
fn errors_name_offset_opcode_and_reason() {
    let cases: &[(&[u8], &str)] = &[
        (&[0x5a, 0], "0x0007, opcode 0x00 (unknown): no such opcode"),
        (&[0x7f], "0x0006, opcode 0x7f (unknown): no such opcode"),
        (
            &[0x53, EOT],
            "0x0006, opcode 0x53 (repeat): opcode not supported",
        ),
        (&[0x5a], "0x0007: code goes on past the table's 0x7 bytes"),
        (
            &[0x52],
            "0x0006, opcode 0x52 (call): code goes on past the table's 0x7 bytes",
        ),
        (
            &[0x7a, 2, 0, EOT],
            "0x000b: code goes on past the table's 0xa bytes",
        ),
        (
            &[0x43, 9, 0],
            "0x0006, opcode 0x43 (jump): jump to 0x9, out of the table's 0x9 bytes",
        ),
        (
            &[0x42, 0x25, 1, 0x62, 0, 0],
            "0x0006, opcode 0x42 (switch): 0x62 instead of a case",
        ),
        (
            &[0x66, 0x24],
            "0x0006, opcode 0x66 (set_data_block): there is no data table 0x24",
        ),
        (
            &[0x55, 0, 4],
            "0x0006, opcode 0x55 (clear): parameter 0x04 of 4",
        ),
        (
            &[0x56, 0, 16],
            "0x0006, opcode 0x56 (clear): workspace 0x10 of 16",
        ),
        (
            &[0x03, 0x04, 0, 0xfd, 0x0f],
            "0x0006, opcode 0x03 (move): read at 0xffd, past the end of the image",
        ),
        (
            &[0x37, 3, 0, 0x03, 0x00, 0, 1, 0],
            "0x0009, opcode 0x03 (move): indirect I/O port 0x03 is not defined",
        ),
    ];
    for (code, text) in cases {
        assert_eq!(error(code), *text);
    }
}

#[test]
fn a_refusal_of_the_bus_ends_the_table() {
    let mut card = Card {
        refuses: Some(0x150a),
        ..Card::default()
    };
    // clear REG[0x150a]
    let e = run(&one(&[0x54, 0, 0x0a, 0x15]), &mut card, Limits::default());
    assert_eq!(
        e.unwrap_err().to_string(),
        "command table 0x00 (asic_init) at 0x0006, opcode 0x54 (clear): \
         read of register 0x150a refused: card is gone"
    );
    assert_eq!(card.did, []);
}

#[test]
fn a_table_that_is_missing_fails_when_run_and_is_passed_over_when_called() {
    let mut b = Builder::new();
    assert_eq!(failure(&b), "0x0000: the VBIOS has no such table");
    // call 1; call 0xff; eot
    b.command(0, &[0x52, 1, 0x52, 0xff, EOT]);
    assert_eq!(run(&b, &mut Card::default(), Limits::default()), Ok([0; 4]));
}

#[test]
fn a_table_outside_the_image_is_named() {
    let mut b = Builder::new();
    b.command_at(0, 0xfffe);
    assert_eq!(
        failure(&b),
        "0x0000: table 0x00 is wrong: its command table at 0xfffe lies outside the image"
    );
    let at = b.command(0, &[0x52, 1, EOT]);
    b.command_at(1, 0xffd);
    assert_eq!(
        failure(&b),
        "0x0006, opcode 0x52 (call): table 0x01 is wrong: its command table at 0xffd lies outside the image"
    );
    b.u16(at, 5);
    assert_eq!(
        failure(&b),
        format!("0x0000: table 0x00 is wrong: there is no command table at {at:#x}")
    );
}

#[test]
fn recursion_ends_at_the_limit() {
    let b = one(&[0x52, 0, EOT]);
    assert_eq!(
        failure(&b),
        "0x0006, opcode 0x52 (call): more than 32 tables call each other"
    );
    for (depth, ends) in [(1, false), (2, true)] {
        let mut b = one(&[0x52, 1, EOT]);
        b.command(1, &[EOT]);
        let limits = Limits {
            depth,
            ..Limits::default()
        };
        assert_eq!(run(&b, &mut Card::default(), limits).is_ok(), ends);
    }
}

#[test]
fn loops_end_at_the_limits() {
    // jump 6
    assert_eq!(
        error(&[0x43, 6, 0]),
        "0x0006, opcode 0x43 (jump): no progress in 65536 steps"
    );
    // A delay of nothing is no progress. delay_us 0; jump 6
    assert!(error(&[0x51, 0, 0x43, 6, 0]).contains("no progress"));
    // delay_ms 200; jump 6
    assert_eq!(
        error(&[0x50, 200, 0x43, 6, 0]),
        "0x0006, opcode 0x50 (delay_ms): waits for more than 20000 ms in all"
    );
    // clear REG[0]; jump 6
    let limits = Limits {
        steps: 1000,
        ..Limits::default()
    };
    let mut card = Card::default();
    let e = run(&one(&[0x54, 0, 0, 0, 0x43, 6, 0]), &mut card, limits).unwrap_err();
    assert_eq!(e.kind, Kind::Steps { limit: 1000 });
    assert_eq!(card.did.len(), 1000);
}

#[test]
fn limits_count_from_the_start_of_each_execution() {
    let limits = Limits {
        steps: 3,
        delay_us: 1000,
        ..Limits::default()
    };
    // delay_ms 1; nop; eot
    let b = one(&[0x50, 1, 0x5a, EOT]);
    b.run(&mut Card::default(), limits, |i| {
        for _ in 0..2 {
            i.execute(0, &mut []).unwrap();
        }
    });
}

#[test]
fn nothing_but_the_scratch_memory_is_left_for_the_next_execution() {
    let mut b = Builder::new();
    // move WS[shift], 3; move FB[0], 9; set_ati_port 5; compare WS[0], 0; set_reg_block 7; eot
    b.command(
        0,
        &[
            0x03, 0x25, 0x43, 3, 0x04, 0x05, 0, 9, 0, 0, 0, 0x37, 5, 0, 0x3e, 0x05, 0, 0, 0, 0, 0,
            0x3a, 7, 0, EOT,
        ],
    );
    // move PS[0], WS[shift]; move PS[1], FB[0]; clear REG[1]; jump_equal end; move PS[2], FB[0]; end: eot
    b.command(
        1,
        &[
            0x02, 0x02, 0, 0x43, 0x02, 0x03, 1, 0, 0x54, 0, 1, 0, 0x44, 25, 0, 0x02, 0x03, 2, 0,
            EOT,
        ],
    );
    let mut card = Card::default();
    let mut parameters = [0; 3];
    b.run(&mut card, Limits::default(), |i| {
        i.execute(0, &mut parameters).unwrap();
        i.execute(1, &mut parameters).unwrap();
    });
    assert_eq!(parameters, [0, 9, 9]);
    assert_eq!(card.did[0], Did::Read(Space::Register, 1));
}

#[test]
fn indirect_io_with_a_bad_bit_field_is_an_error() {
    for (program, text) in [
        (
            &[4u8, 0, 0][..],
            "program of indirect I/O port 0x05 is wrong at",
        ),
        (&[5, 33, 0], "is wrong at"),
        (&[6, 1, 0, 32], "is wrong at"),
        (&[6, 1, 32, 0], "is wrong at"),
    ] {
        let mut b = Builder::new();
        let mut table = vec![0, 0, 1, 1, 1, 5];
        table.extend(program);
        table.extend([9, 0, 0]);
        b.data(0x17, &table);
        // set_ati_port 5; move WS[0], REG[1]
        b.command(0, &[0x37, 5, 0, 0x03, 0x00, 0, 1, 0, EOT]);
        let seen = failure(&b);
        assert!(seen.contains(text), "{seen}");
    }
}

proptest! {
    #[test]
    fn no_code_makes_it_panic(code in proptest::collection::vec(any::<u8>(), 0..200), seed in any::<u32>()) {
        let mut b = one(&code);
        b.command(1, &code[code.len() / 2..]);
        b.data(0x17, &[0, 0, 1, 1, 1, 5, 6, 16, 0, 0, 2, 9, 0, 9, 0, 0]);
        let mut card = Card::default();
        card.registers.insert((Space::Register, 1), seed);
        let limits = Limits { steps: 5000, ..Limits::default() };
        let _ = run(&b, &mut card, limits);
    }

    #[test]
    fn no_image_makes_it_panic(changes in proptest::collection::vec((0x200usize..0x480, any::<u8>()), 1..20)) {
        let mut b = one(&[0x37, 5, 0, 0x03, 0x00, 0, 1, 0, 0x66, 4, 0x03, 0x04, 0, 8, 0, 0x52, 1, EOT]);
        b.data(0x17, &[0, 0, 1, 1, 1, 5, 6, 16, 0, 0, 2, 9, 0, 9, 0, 0]);
        for (at, byte) in changes {
            b.put(at, &[byte]);
        }
        let bytes = b.build();
        let Ok(image) = super::super::vbios::Image::new(&bytes, 0x1002, 0x6929) else { return Ok(()) };
        let Ok(tables) = Tables::new(&image) else { return Ok(()) };
        let (mut workspace, mut scratch) = ([0; 300], [0; 16]);
        let memory = Memory { workspace: &mut workspace, scratch: &mut scratch };
        let limits = Limits { steps: 5000, ..Limits::default() };
        let mut i = Interpreter::new(tables, Card::default(), memory, limits);
        for table in 0..=0x52 {
            let _ = i.execute(table, &mut [0; 16]);
        }
    }
}
