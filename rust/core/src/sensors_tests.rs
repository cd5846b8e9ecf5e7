// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of the sensors' formulas, over all that the registers can hold.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing
)]

use super::*;

#[test]
fn temperature_of_every_value_of_the_field() {
    for raw in 0u32..4096 {
        let signed = if raw < 2048 {
            raw as i32
        } else {
            raw as i32 - 4096
        };
        // Whatever the other bits are.
        for other in [0, 0xff00_07ff] {
            let register = raw << 12 | other;
            assert_eq!(temperature_mdeg(register | 1 << 11), Some(signed * 250));
            assert_eq!(temperature_mdeg(register & !(1 << 11)), None);
        }
    }
}

#[test]
fn sensors_are_where_the_reference_has_them() {
    let of = |sel: u32| temperature_register(sel << 20 | 0xf00f_ffff);
    let expected: Vec<_> = (0..256)
        .map(|sel| match sel {
            0..=3 => Some(0xc030_0100 + 4 * sel),
            16..=31 => Some(0xc030_0140 + 4 * (sel - 16)),
            32..=35 => Some(0xc030_0180 + 4 * (sel - 32)),
            48..=63 => Some(0xc030_01c0 + 4 * (sel - 48)),
            _ => None,
        })
        .collect();
    assert_eq!((0..256).map(of).collect::<Vec<_>>(), expected);
}

#[test]
fn voltage_falls_as_the_code_rises() {
    for vid in 0u32..256 {
        let mv = (1550.0 - 6.25 * f64::from(vid)).max(0.0);
        let register = vid << 8 | 0xff;
        assert_eq!(voltage_mv(register), Some(mv as u32));
        assert_eq!(voltage_mv(register | 1 << 17), None);
        assert_eq!(voltage_mv(register | 1 << 16), None);
    }
    assert_eq!(voltage_mv(80 << 8), Some(1050));
}

#[test]
fn power_clock_load_and_level() {
    assert_eq!(power_uw(0), None);
    assert_eq!(power_uw(1), Some(3906));
    assert_eq!(power_uw(16_000), Some(62_500_000));
    assert_eq!(power_uw(255_999), Some(999_996_093));
    assert_eq!(power_uw(256_000), None);
    assert_eq!(clock_hz(92_000), 920_000_000);
    assert_eq!(clock_hz(u32::MAX), 42_949_672_950_000);
    assert_eq!(busy_percent(100 * 256 + 255), Some(100));
    assert_eq!(busy_percent(101 * 256), None);
    assert_eq!((busy_percent(0), busy_percent(8_960)), (Some(0), Some(35)));
    assert_eq!(sclk_level(0xffe5_ffff), 5);
}

#[test]
fn the_serial_number_is_cut_out_of_the_fuses() {
    let fuses = |set: &'static [u32]| {
        move |offset: u32| {
            let first = offset * 8;
            set.iter()
                .fold(0, |dword, bit| match bit.checked_sub(first) {
                    Some(n @ 0..=31) => dword | 1 << n,
                    _ => dword,
                })
        }
    };
    assert_eq!(serial_number(fuses(&[])), [0, 0]);
    assert_eq!(serial_number(|_| u32::MAX), [(1 << 43) - 1, (1 << 50) - 1]);
    assert_eq!(
        serial_number(fuses(&[368, 417, 506, 548])),
        [1 << 42 | 1, 1 << 49 | 1]
    );
    assert_eq!(serial_number(fuses(&[367, 418, 505, 549])), [0, 0]);
}
