// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of VF numbers and tables.
#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn only_numbers_of_vfs_exist() {
    assert_eq!(VfId::new(0), None);
    assert_eq!(VfId::new(17), None);
    assert_eq!(VfId::from_index(16), None);
    assert_eq!(VfId::from_index(u32::MAX), None);
    assert_eq!(VfId::from_index(0), VfId::new(1));
    assert_eq!(VfId::from_index(15), VfId::new(16));
}

#[test]
fn each_vf_has_its_own_entry_bit_and_name() {
    let mut table = PerVf::new(0u8);
    let mut mask = 0u16;
    for vf in VfId::all() {
        *table.get_mut(vf) = vf.number();
        assert_eq!(mask & vf.bit(), 0);
        mask |= vf.bit();
    }
    assert_eq!(mask, 0xffff);
    assert!(table
        .iter()
        .all(|(vf, &n)| n == vf.number() && *table.get(vf) == n));
    assert_eq!(VfId::new(16).unwrap().successor(), VfId::FIRST);
    assert_eq!(VfId::FIRST.to_string(), "VF1");
}

#[test]
fn a_mask_has_the_bit_of_each_vf() {
    for wanted in VfId::all() {
        let mut entries = PerVf::new(0);
        *entries.get_mut(wanted) = 7;
        assert_eq!(entries.mask(|each| *each == 7), wanted.bit());
        assert_eq!(entries.mask(|each| *each != 7), !wanted.bit());
    }
}
