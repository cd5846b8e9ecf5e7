// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of the parameters' ranges and texts.
#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;

#[test]
fn ranges_are_those_of_the_c_driver_and_what_is_new() {
    let ranges: Vec<_> = ALL.iter().map(|s| (s.name, s.max)).collect();
    assert_eq!(
        ranges,
        [
            ("fb_option", 1),
            ("sched_option", 3),
            ("vf_num", 16),
            ("pf_fb", 65536),
            ("vf_fb", 65536),
            ("sched_interval", 2000),
            ("sched_interval_us", 999),
            ("fb_clear", 1),
            ("keep_vfs", 1)
        ]
    );
}

#[test]
fn numbers_as_the_kernel_reads_them() {
    for (text, value) in [("0", 0), ("16", 16), ("0x10", 16), ("020", 16), ("8\n", 8)] {
        assert_eq!(VF_NUM.parse(text.as_bytes()), Ok(value), "{text:?}");
    }
    for text in [
        "",
        "\n",
        "-1",
        "0x",
        "++1",
        "0x+1",
        "8 ",
        "1\n\n",
        "08",
        "4294967296",
        "two",
    ] {
        assert_eq!(
            VF_NUM.parse(text.as_bytes()),
            Err(Error::NotANumber { spec: &VF_NUM }),
            "{text:?}"
        );
    }
    assert!(VF_NUM.parse(&[0xff, b'1']).is_err());
}

#[test]
fn framebuffers_are_cleared_unless_somebody_says_otherwise() {
    let set: Vec<_> = ALL
        .iter()
        .filter(|s| s.default != 0)
        .map(|s| s.name)
        .collect();
    assert_eq!(set, ["fb_clear"]);
}

#[test]
fn a_refusal_says_what_to_give() {
    assert_eq!(
        VF_NUM.parse(b"17").unwrap_err().to_string(),
        "vf_num=17: out of range, give 0 to 16 (number of VFs to enable, 0 for all that the card and its memory allow)"
    );
    assert_eq!(
        FB_CLEAR.parse(b"yes").unwrap_err().to_string(),
        "fb_clear: not a number, give 0 to 1 (1 to clear a VF's framebuffer before somebody else can see it, 0 to leave it)"
    );
}

proptest! {
    #[test]
    fn what_is_accepted_is_in_range(text in proptest::collection::vec(any::<u8>(), 0..12), i in 0usize..8) {
        let spec = ALL.get(i).unwrap();
        if let Ok(v) = spec.parse(&text) {
            prop_assert!(v <= spec.max);
        }
    }

    #[test]
    fn every_number_is_read_or_refused_as_out_of_range(n in any::<u32>(), i in 0usize..8) {
        let spec = ALL.get(i).unwrap();
        let expected = if n <= spec.max { Ok(n) } else { Err(Error::OutOfRange { spec, seen: n }) };
        prop_assert_eq!(spec.parse(n.to_string().as_bytes()), expected);
        prop_assert_eq!(spec.parse(format!("{n:#x}").as_bytes()), expected);
    }
}
