// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of the engine: what an administrator wants done with a VF that is idle, and the times that it can look up.

use super::bench::{vf, Bench, MS};
use super::*;
use crate::vf::{Chore, Milestone};

fn chore(b: &mut Bench, n: u8, chore: Chore) {
    b.event(Event::Admin(Admin::Chore(vf(n), chore)));
    b.settle();
}

fn denied(b: &Bench) -> usize {
    let is = |r: &&Report| matches!(r, Report::Denied { .. });
    b.reports.iter().filter(is).count()
}

#[test]
fn another_framebuffer_disturbs_nobody_and_is_cleared_before_its_use() {
    let mut b = Bench::solid(3);
    b.start(1);
    b.start(2);
    b.clear();
    let deadline = b.engine.timers.quantum;
    chore(&mut b, 3, Chore::Resize(512));
    assert_eq!(b.steps, ["framebuffer of 512 MB for VF3"]);
    assert_eq!(b.engine.timers.quantum, deadline);
    assert!(!b.engine.has_chore(vf(3)));
    b.clear();
    b.start(3);
    assert!(b.steps.contains(&"framebuffer clear of VF3".to_string()));
    assert!(b.steps.contains(&"RLC-V save of VF3".to_string()));
    // Once more: what was saved of it is of its old place.
    b.request(3, Request::Fini);
    b.until_owner(3);
    b.release(3, Release::Fini);
    b.settle();
    chore(&mut b, 3, Chore::Resize(256));
    b.clear();
    b.start(3);
    assert!(b.steps.contains(&"RLC-V save of VF3".to_string()));
}

#[test]
fn a_fill_takes_the_gpu_for_a_moment() {
    let mut b = Bench::solid(2);
    b.start(1);
    b.clear();
    chore(&mut b, 2, Chore::Fill(0xab));
    let steps = [
        "IDLE VF1",
        "SAVE VF1",
        "LOAD PF",
        "RUN PF",
        "framebuffer fill of VF2 with ab",
        "IDLE PF",
        "SAVE PF",
        "LOAD VF1",
        "RUN VF1",
    ];
    assert_eq!(b.steps, steps);
    b.clear();
    b.start(2);
    assert!(b.steps.contains(&"framebuffer clear of VF2".to_string()));
}

#[test]
fn a_fill_with_zeros_is_a_clear() {
    let mut b = Bench::solid(1);
    chore(&mut b, 1, Chore::Fill(0));
    b.clear();
    b.start(1);
    assert!(!b.steps.contains(&"framebuffer clear of VF1".to_string()));
}

#[test]
fn a_fill_waits_for_exclusive_access_and_a_start_waits_for_the_fill() {
    let mut b = Bench::solid(2);
    b.request(1, Request::Init);
    b.until_owner(1);
    b.clear();
    chore(&mut b, 2, Chore::Fill(0));
    b.request(2, Request::Init);
    assert!(b.steps.is_empty() && b.engine.has_chore(vf(2)));
    b.release(1, Release::Init);
    b.settle();
    assert!(!b.engine.has_chore(vf(2)));
    b.until_owner(2);
    let at = |text: &str| b.steps.iter().position(|s| s == text);
    assert!(at("framebuffer fill of VF2 with 00") < at("INIT VF2"));
}

#[test]
fn what_is_in_use_is_left_alone() {
    let mut b = Bench::solid(2);
    b.start(1);
    b.clear();
    chore(&mut b, 1, Chore::Resize(512));
    chore(&mut b, 1, Chore::Fill(0));
    chore(&mut b, 3, Chore::Resize(512));
    assert!(b.steps.is_empty());
    assert_eq!(denied(&b), 3);
    // A stopped VF is idle.
    b.event(Event::Admin(Admin::Stop(vf(2))));
    chore(&mut b, 2, Chore::Resize(512));
    assert_eq!((b.steps.len(), denied(&b)), (1, 3));
}

#[test]
fn a_fill_that_fails_is_not_tried_again() {
    let mut b = Bench::solid(1);
    b.fail("framebuffer fill of VF1 with 01", Fault::Operation);
    chore(&mut b, 1, Chore::Fill(1));
    assert!(!b.engine.has_chore(vf(1)));
    assert_eq!((b.engine.phase(), b.engine.gpu_resets()), (Phase::Up, 1));
}

#[test]
fn a_card_that_goes_denies_what_waits() {
    let mut b = Bench::solid(2);
    b.request(1, Request::Init);
    b.until_owner(1);
    chore(&mut b, 2, Chore::Fill(0));
    b.event(Event::Gone);
    assert!(!b.engine.has_chore(vf(2)));
    assert_eq!(denied(&b), 1);
}

#[test]
fn times_of_starts_ends_and_resets_are_kept() {
    let mut b = Bench::solid(1);
    let last = |b: &Bench, what| b.engine.stats(vf(1)).last(what);
    assert!(Milestone::ALL.iter().all(|&what| last(&b, what) == 0));
    let began = b.now;
    b.request(1, Request::Init);
    b.until_owner(1);
    b.run_for(5 * MS);
    b.release(1, Release::Init);
    let ready = b.now;
    b.run_for(5 * MS);
    b.request(1, Request::Fini);
    b.until_owner(1);
    let ends = b.now;
    b.run_for(5 * MS);
    b.release(1, Release::Fini);
    b.settle();
    assert_eq!(last(&b, Milestone::InitStart), began);
    assert_eq!(last(&b, Milestone::InitEnd), ready);
    assert_eq!(last(&b, Milestone::FiniStart), ends);
    assert_eq!(last(&b, Milestone::FiniEnd), ends + 5 * MS);
    assert_eq!(last(&b, Milestone::Reset), 0);
    let now = b.now;
    b.event(Event::Admin(Admin::Reset(vf(1))));
    assert_eq!(last(&b, Milestone::Reset), now);
}
