// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of the run list.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

use super::*;
use proptest::prelude::*;
use std::collections::VecDeque;

fn vf(n: u8) -> VfId {
    VfId::new(n).unwrap()
}

fn numbers(list: &RunList) -> Vec<u8> {
    list.iter().map(VfId::number).collect()
}

#[test]
fn a_vf_that_enters_has_its_next_turn_after_all_others() {
    let mut list = RunList::new();
    for n in [3, 1, 2] {
        list.insert(vf(n));
    }
    assert_eq!(numbers(&list), [3, 1, 2]);
    list.ran(vf(3));
    list.insert(vf(9));
    assert_eq!(numbers(&list), [1, 2, 3, 9]);
}

#[test]
fn removal_does_not_skip_anybody() {
    let mut list = RunList::new();
    for n in 1..=4 {
        list.insert(vf(n));
    }
    list.ran(vf(2));
    list.remove(vf(2));
    assert_eq!(numbers(&list), [3, 4, 1]);
    list.remove(vf(3));
    assert_eq!(numbers(&list), [4, 1]);
    list.ran(vf(4));
    list.remove(vf(1));
    assert_eq!(numbers(&list), [4]);
    list.remove(vf(4));
    assert!(list.is_empty() && numbers(&list).is_empty());
}

#[derive(Clone, Debug)]
enum Op {
    Insert(u8),
    Remove(u8),
    Ran(u8),
}

proptest! {
    /// The obvious implementation: a queue whose front is next.
    #[test]
    fn same_as_a_queue(ops in prop::collection::vec(
        prop_oneof![
            (1u8..=16).prop_map(Op::Insert),
            (1u8..=16).prop_map(Op::Remove),
            (1u8..=16).prop_map(Op::Ran),
        ],
        0..200,
    )) {
        let mut list = RunList::new();
        let mut queue = VecDeque::new();
        for op in ops {
            match op {
                Op::Insert(n) => {
                    list.insert(vf(n));
                    if !queue.contains(&n) {
                        queue.push_back(n);
                    }
                }
                Op::Remove(n) => {
                    list.remove(vf(n));
                    queue.retain(|&q| q != n);
                }
                Op::Ran(n) => {
                    list.ran(vf(n));
                    if let Some(at) = queue.iter().position(|&q| q == n) {
                        queue.rotate_left(at + 1);
                    }
                }
            }
            prop_assert_eq!(numbers(&list), Vec::from(queue.clone()));
            prop_assert_eq!(list.len(), queue.len());
        }
    }
}
