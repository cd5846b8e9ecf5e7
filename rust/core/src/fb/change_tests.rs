// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of what may become of a partition.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing
)]

use super::super::Quotas;
use super::*;
use proptest::prelude::*;

fn request(vfs: u32, quotas_mb: Quotas) -> Request {
    Request {
        total_mb: 8190,
        pf_aperture_mb: 256,
        vf_aperture_mb: 256,
        vfs,
        pf_fb_mb: 0,
        vf_fb_mb: 0,
        quotas_mb,
    }
}

fn ranges(p: &Partition) -> Vec<Range> {
    (0..p.vfs()).map(|i| p.vf(i).unwrap()).collect()
}

fn registers(p: &Partition) -> [u32; 16] {
    core::array::from_fn(|i| p.vf(i as u32).map_or(0, |r| r.register().unwrap()))
}

/// Whether no two ranges share anything, and all lie between the context save area and the end.
fn check(p: &Partition) {
    let mut all = ranges(p);
    all.sort_by_key(|r| r.offset_mb);
    let mut end = p.csa().end_mb();
    for r in all {
        assert!(r.offset_mb >= end && r.size_mb >= 256, "{p:?}");
        assert!(r.register().is_some());
        end = r.end_mb();
    }
    assert!(end <= 8190, "{p:?}");
}

#[test]
fn a_vf_grows_into_what_another_gave_up() {
    let mut p = Partition::new(&request(4, [0; 16])).unwrap();
    assert_eq!(
        p.resize(0, 2048),
        Err(Error::NoRoom {
            asked_mb: 2048,
            room_mb: 1968
        })
    );
    p.resize(1, 1024).unwrap();
    // Behind the second VF, 944 MB are free now, which does not help the first one.
    assert_eq!(
        p.gaps(None).collect::<Vec<_>>(),
        [
            Range {
                offset_mb: 3264,
                size_mb: 944
            },
            Range {
                offset_mb: 8144,
                size_mb: 32
            }
        ]
    );
    assert!(p.resize(0, 2000).is_err());
    // The third cannot stay where it is, and moves down.
    let third = p.resize(2, 2048);
    assert_eq!(
        third,
        Ok(Range {
            offset_mb: 3264,
            size_mb: 2048
        })
    );
    check(&p);
    assert_eq!(p.resize(4, 256), Err(Error::NoVf));
    assert!(matches!(p.resize(1, 240), Err(Error::Aperture { .. })));
    assert!(matches!(p.resize(1, 260), Err(Error::Aperture { .. })));
}

#[test]
fn what_is_found_is_checked() {
    let req = request(4, [0; 16]);
    let mut p = Partition::new(&req).unwrap();
    p.resize(3, 512).unwrap();
    p.resize(0, 256).unwrap();
    let found = |registers| Partition::found(&req, p.consumed_register(), &registers);
    assert_eq!(found(registers(&p)), Ok(p));
    let spoil = |i: usize, register| {
        let mut all = registers(&p);
        all[i] = register;
        found(all)
    };
    // None at all; in the PF; over another one; beyond the end; less than the aperture.
    for (i, register) in [
        (1, 0),
        (0, 0x0000_000f),
        (0, 0x008c_000f),
        (3, 0x01fe_000f),
        (0, 0x0011_000e),
    ] {
        assert_eq!(spoil(i, register), Err(Error::Invalid), "{register:#x}");
    }
    assert_eq!(
        Partition::found(&req, 8000, &registers(&p)),
        Err(Error::Invalid)
    );
}

proptest! {
    #[test]
    fn changes_never_touch_others_and_use_what_room_there_is(
        vfs in 1u32..=16,
        changes in proptest::collection::vec((0u32..18, 0u32..200), 1..60),
    ) {
        let mut p = Partition::new(&request(vfs, [0; 16])).unwrap();
        for (index, size) in changes {
            let before = p;
            let size_mb = size * UNIT_MB;
            // As coarse as it can be: each unit is somebody's or nobody's.
            let mut taken = [false; 8176 / 16];
            for i in (0..p.vfs()).filter(|&i| i != index) {
                let r = p.vf(i).unwrap();
                taken[(r.offset_mb / 16) as usize..(r.end_mb() / 16) as usize].fill(true);
            }
            taken[..17].fill(true);
            let fits = size_mb >= 256 && taken.windows(size as usize).any(|w| !w.contains(&true));
            let result = p.resize(index, size_mb);
            prop_assert_eq!(result.is_ok(), index < vfs && fits, "{:?} of {:?}", result, before);
            check(&p);
            for i in 0..vfs {
                let expected = if i == index && result.is_ok() { result.ok() } else { before.vf(i) };
                prop_assert_eq!(p.vf(i), expected);
            }
            prop_assert_eq!(Partition::found(&request(vfs, [0; 16]), p.consumed_register(), &registers(&p)), Ok(p));
        }
    }
}
