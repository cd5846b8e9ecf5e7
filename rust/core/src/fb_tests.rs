// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of the partition: the table of section 4.3 of the behaviour reference, and what must hold for any input.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing
)]

use super::*;
use proptest::prelude::*;

/// T, n, pf_fb, vf_fb -> pf, size, first offset, end, VF1 register, last VF register, consumed, context.
type Row = (u32, u32, u32, u32, u32, u32, u32, u32, u32, u32, u16, u32);

/// Rows of section 4.3 whose sizes are multiples of 16 MB and not below the apertures; apertures are 256 MB.
const TABLE: &[Row] = &[
    (
        8192, 1, 0, 0, 256, 7920, 272, 8192, 0x001101EE, 0x001101EE, 0x1F00, 0x00100001,
    ),
    (
        8192, 2, 0, 0, 256, 3952, 272, 8176, 0x001100F6, 0x010800F6, 0x1F00, 0x00100001,
    ),
    (
        8192, 3, 0, 0, 256, 2640, 272, 8192, 0x001100A4, 0x015B00A4, 0x1F00, 0x00100001,
    ),
    (
        8192, 4, 0, 0, 256, 1968, 272, 8144, 0x0011007A, 0x0182007A, 0x1F00, 0x00100001,
    ),
    (
        8192, 8, 0, 0, 256, 976, 272, 8080, 0x0011003C, 0x01BC003C, 0x1F00, 0x00100001,
    ),
    (
        8192, 16, 0, 0, 256, 480, 272, 7952, 0x0011001D, 0x01D3001D, 0x1F00, 0x00100001,
    ),
    (
        8192, 16, 1000, 0, 992, 448, 1008, 8176, 0x003F001B, 0x01E3001B, 0x1C20, 0x003E0001,
    ),
    (
        8192, 8, 512, 512, 512, 512, 528, 4624, 0x0021001F, 0x0101001F, 0x1E00, 0x00200001,
    ),
    (
        8192, 4, 8192, 0, 7152, 256, 7168, 8192, 0x01C0000F, 0x01F0000F, 0x0410, 0x01BF0001,
    ),
    (
        8192, 16, 8192, 0, 4080, 256, 4096, 8192, 0x0100000F, 0x01F0000F, 0x1010, 0x00FF0001,
    ),
    (
        8192, 16, 0, 2048, 256, 480, 272, 7952, 0x0011001D, 0x01D3001D, 0x1F00, 0x00100001,
    ),
    (
        8192, 16, 0, 128, 256, 256, 272, 4368, 0x0011000F, 0x0101000F, 0x1F00, 0x00100001,
    ),
    (
        8192, 2, 0, 4096, 256, 3952, 272, 8176, 0x001100F6, 0x010800F6, 0x1F00, 0x00100001,
    ),
    (
        8192, 1, 300, 0, 288, 7888, 304, 8192, 0x001301EC, 0x001301EC, 0x1EE0, 0x00120001,
    ),
    (
        8190, 1, 0, 0, 256, 7904, 272, 8176, 0x001101ED, 0x001101ED, 0x1EFE, 0x00100001,
    ),
    (
        8190, 2, 0, 0, 256, 3952, 272, 8176, 0x001100F6, 0x010800F6, 0x1EFE, 0x00100001,
    ),
    (
        8190, 4, 0, 0, 256, 1968, 272, 8144, 0x0011007A, 0x0182007A, 0x1EFE, 0x00100001,
    ),
    (
        8190, 8, 0, 0, 256, 976, 272, 8080, 0x0011003C, 0x01BC003C, 0x1EFE, 0x00100001,
    ),
    (
        8190, 16, 0, 0, 256, 480, 272, 7952, 0x0011001D, 0x01D3001D, 0x1EFE, 0x00100001,
    ),
    (
        8190, 3, 0, 0, 256, 2624, 272, 8144, 0x001100A3, 0x015900A3, 0x1EFE, 0x00100001,
    ),
    (
        8190, 4, 8192, 0, 7136, 256, 7152, 8176, 0x01BF000F, 0x01EF000F, 0x041E, 0x01BE0001,
    ),
    (
        8190, 16, 8192, 0, 4064, 256, 4080, 8176, 0x00FF000F, 0x01EF000F, 0x101E, 0x00FE0001,
    ),
];

fn request(total_mb: u32, vfs: u32, pf_fb_mb: u32, vf_fb_mb: u32) -> Request {
    Request {
        total_mb,
        pf_aperture_mb: 256,
        vf_aperture_mb: 256,
        vfs,
        pf_fb_mb,
        vf_fb_mb,
        quotas_mb: [0; 16],
    }
}

#[test]
fn table_of_the_reference() {
    for &(total, n, pf_fb, vf_fb, pf, size, base, end, first, last, consumed, context) in TABLE {
        let row = format!("T={total} n={n} pf_fb={pf_fb} vf_fb={vf_fb}");
        let p = Partition::new(&request(total, n, pf_fb, vf_fb)).unwrap();
        let (v1, vn) = (p.vf(0).unwrap(), p.vf(n - 1).unwrap());
        assert_eq!(p.vfs(), n, "{row}");
        assert_eq!(
            p.pf(),
            Range {
                offset_mb: 0,
                size_mb: pf
            },
            "{row}"
        );
        assert_eq!(
            p.csa(),
            Range {
                offset_mb: pf,
                size_mb: 8
            },
            "{row}"
        );
        assert_eq!(
            (v1.offset_mb, v1.size_mb, vn.end_mb()),
            (base, size, end),
            "{row}"
        );
        assert_eq!(
            (v1.register(), vn.register()),
            (Some(first), Some(last)),
            "{row}"
        );
        assert_eq!(
            (p.consumed_register(), p.context_register()),
            (consumed, context),
            "{row}"
        );
        assert_eq!(p.vf(n), None, "{row}");
    }
}

#[test]
fn large_bar_needs_only_one_unit_for_the_pf() {
    let p = Partition::new(&Request {
        pf_aperture_mb: 8192,
        ..request(8192, 16, 0, 0)
    })
    .unwrap();
    assert_eq!(
        (
            p.pf().size_mb,
            p.vf(0).unwrap().offset_mb,
            p.vf(0).unwrap().size_mb
        ),
        (16, 32, 496)
    );
    assert_eq!(p.vf(15).unwrap().end_mb(), 7968);
}

#[test]
fn vf_fb_is_rounded_down() {
    let p = Partition::new(&request(8192, 4, 0, 500)).unwrap();
    let offsets: Vec<_> = (0..4).map(|i| p.vf(i).unwrap().offset_mb).collect();
    assert_eq!(
        (p.vf(0).unwrap().size_mb, offsets),
        (496, vec![272, 768, 1264, 1760])
    );
}

#[test]
fn fewer_vfs_when_memory_is_short() {
    // The C driver made VFs smaller than their aperture here, or wrapped around.
    for (asked, pf_fb) in [(15, 0), (16, 0), (16, 8192)] {
        let p = Partition::new(&request(4096, asked, pf_fb, 0)).unwrap();
        assert_eq!(p.vfs(), 14);
        assert!(p.pf().size_mb >= 256 && p.vf(0).unwrap().size_mb >= 256);
    }
}

#[test]
fn refusals_say_what_was_seen() {
    let e = Partition::new(&request(512, 4, 0, 0)).unwrap_err();
    assert_eq!(
        e,
        Error::TooSmall {
            total_mb: 512,
            needed_mb: 528
        }
    );
    assert_eq!(
        e.to_string(),
        "card reports 512 MB of framebuffer, PF and one VF need 528 MB"
    );
    assert_eq!(Partition::new(&request(528, 1, 0, 0)).unwrap().vfs(), 1);
    for asked in [0, 17] {
        assert_eq!(
            Partition::new(&request(8190, asked, 0, 0)),
            Err(Error::VfCount { asked })
        );
    }
    assert_eq!(
        Partition::new(&request(65536, 1, 0, 0)),
        Err(Error::TooLarge { total_mb: 65536 })
    );
    for total in [0, 15, 16] {
        assert!(matches!(
            Partition::new(&request(total, 1, 0, 0)),
            Err(Error::TooSmall { .. })
        ));
    }
}

#[test]
fn register_refuses_what_it_cannot_encode() {
    for (offset_mb, size_mb) in [(0, 0), (0, 8), (8, 16), (16 * 65536, 16), (0, 16 * 65537)] {
        assert_eq!(Range { offset_mb, size_mb }.register(), None);
    }
    assert_eq!(
        Range {
            offset_mb: 16 * 65535,
            size_mb: 16 * 65536
        }
        .register(),
        Some(u32::MAX)
    );
}

proptest! {
    #[test]
    fn ranges_are_disjoint_within_the_card_and_cover_the_apertures(
        total_mb in 0u32..=65536,
        pf_aperture_mb in prop_oneof![0u32..=65536, Just(256)],
        vf_aperture_mb in prop_oneof![0u32..=65536, Just(128), Just(256)],
        vfs in 0u32..=20, pf_fb_mb in any::<u32>(), vf_fb_mb in any::<u32>(),
        quotas in proptest::array::uniform16(prop_oneof![3 => Just(0u64), 1 => 0u64..=1 << 33]),
    ) {
        let quotas_mb = quotas.map(|bytes| quota(bytes, vf_aperture_mb).unwrap_or(0));
        let req = Request { total_mb, pf_aperture_mb, vf_aperture_mb, vfs, pf_fb_mb, vf_fb_mb, quotas_mb };
        if let Ok(p) = Partition::new(&req) {
            prop_assert!((1..=vfs).contains(&p.vfs()));
            for i in 0..p.vfs() {
                let asked = quotas_mb[i as usize];
                prop_assert!(asked == 0 || p.vf(i).unwrap().size_mb == asked);
            }
            prop_assert_eq!(p.vf(p.vfs()), None);
            prop_assert!(p.pf().size_mb >= pf_aperture_mb || pf_aperture_mb >= total_mb);
            let mut end = p.csa().end_mb();
            prop_assert!(p.csa().offset_mb >= p.pf().end_mb());
            for i in 0..p.vfs() {
                let r = p.vf(i).unwrap();
                prop_assert!(r.offset_mb >= end && r.size_mb >= vf_aperture_mb && r.end_mb() <= total_mb);
                prop_assert_eq!((r.register().unwrap() >> 16) * 16, r.offset_mb);
                prop_assert_eq!(((r.register().unwrap() & 0xffff) + 1) * 16, r.size_mb);
                end = r.end_mb();
            }
        }
    }
}

#[test]
fn quotas_are_kept_and_the_rest_is_shared() {
    let mut req = request(8190, 4, 0, 0);
    (req.quotas_mb[0], req.quotas_mb[2]) = (1024, 4096);
    let p = Partition::new(&req).unwrap();
    let sizes: Vec<_> = (0..4).map(|i| p.vf(i).unwrap().size_mb).collect();
    let offsets: Vec<_> = (0..4).map(|i| p.vf(i).unwrap().offset_mb).collect();
    // 7904 MB for VFs, less 5120, is 1392 for each of two.
    assert_eq!(sizes, [1024, 1392, 4096, 1392]);
    assert_eq!(offsets, [272, 1296, 2688, 6784]);
    // Of VFs that are not asked for, quotas do not count.
    req.quotas_mb[9] = 8000;
    assert_eq!(Partition::new(&req), Ok(p));
    // The PF gets less than it asked for, but never less than its aperture.
    let all = Request {
        quotas_mb: [1968; 16],
        pf_fb_mb: 4096,
        ..req
    };
    assert_eq!(Partition::new(&all).unwrap().pf().size_mb, 288);
    let more = Request {
        quotas_mb: [1984; 16],
        ..all
    };
    assert_eq!(
        Partition::new(&more),
        Err(Error::NoRoom {
            asked_mb: 7936,
            room_mb: 7904
        })
    );
}

#[test]
fn a_quota_is_rounded_down_and_no_less_than_the_aperture() {
    let mb = |mb: u64| mb << 20;
    assert_eq!(quota(0, 256), Ok(0));
    assert_eq!(quota(mb(272) - 1, 256), Ok(256));
    assert_eq!(quota(mb(1000), 256), Ok(992));
    assert_eq!(
        quota(mb(256) - 1, 256),
        Err(Error::Aperture {
            asked_mb: 240,
            least_mb: 256
        })
    );
    assert!(matches!(quota(u64::MAX, 256), Err(Error::NoRoom { .. })));
}
