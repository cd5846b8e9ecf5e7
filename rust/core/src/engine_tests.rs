// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of the engine, one behaviour each: a bench that does what the worker does, with a card that obeys.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic
)]

use super::*;
use crate::gpuiov::{Command, Failure, Function};
use crate::guard::{Budget, Kind as Budgeted};
use crate::mailbox::{Message, Release, Reply, Request};
use crate::policy::Kind;
use crate::vf::Reason;

#[path = "engine_admin_tests.rs"]
mod admin;
#[path = "engine_bench.rs"]
mod bench;
#[path = "engine_faults_tests.rs"]
mod faults;
#[path = "engine_handover_tests.rs"]
mod handover;

use bench::{vf, Bench, MS};

#[test]
fn boot_makes_the_clean_register_image() {
    let mut b = Bench::solid(0);
    let mut fresh = Engine::new(Settings::DEFAULT);
    assert_eq!(
        fresh.handle(Event::Boot, 0),
        [Action::Card(Step::Command(Command::Init, Function::Pf))]
    );
    assert_eq!(b.engine.phase(), Phase::Up);
    b.last.clear();
    b.run_for(10_000 * MS);
    assert!(b.steps.is_empty() && b.last.is_empty());
}

#[test]
fn a_first_start_goes_through_the_clean_image_and_a_clear() {
    let mut b = Bench::solid(1);
    b.start(1);
    assert_eq!(
        b.steps,
        [
            "LOAD PF",
            "RUN PF",
            "framebuffer clear of VF1",
            "IDLE PF",
            "SAVE PF",
            "INIT VF1",
            "VBIOS copy for VF1",
            "RUN VF1",
            "RLC-V save of VF1",
        ]
    );
    assert_eq!(b.replies, [(1, Reply::Ready)]);
    assert_eq!(b.state(1), State::Running);
    // The second time nothing is to be saved, and after REL_FINI nothing to be cleared.
    b.request(1, Request::Fini);
    b.release(1, Release::Fini);
    b.settle();
    b.clear();
    b.start(1);
    assert_eq!(b.steps.len(), 7, "{:?}", b.steps);
}

#[test]
fn a_world_switch_is_four_commands_and_one_timer() {
    let mut b = Bench::solid(2);
    b.start(1);
    b.start(2);
    assert_eq!(b.engine.running(), Some(vf(2)));
    b.clear();
    let mut all = vec![];
    b.now = b.engine.timers.quantum.unwrap();
    b.event(Event::Expired(Timer::Quantum));
    all.extend(b.last.clone());
    while b.pending.is_some() {
        b.finish();
        all.extend(b.last.clone());
    }
    assert_eq!(b.steps, ["IDLE VF2", "SAVE VF2", "LOAD VF1", "RUN VF1"]);
    assert_eq!(all.len(), 5, "{all:?}");
    let timer = Timer::Quantum;
    let deadline = b.now + 6 * MS;
    assert_eq!(all[4], Action::Arm { timer, deadline });
}

#[test]
fn a_lone_vf_is_switched_to_itself_every_500_ms() {
    let mut b = Bench::solid(3);
    b.start(2);
    b.clear();
    b.run_for(1600 * MS);
    assert_eq!(
        b.steps,
        ["IDLE VF2", "SAVE VF2", "LOAD VF2", "RUN VF2"].repeat(3)
    );
    b.event(Event::Admin(Admin::LoneCheck(100 * MS)));
    b.run_for(500 * MS);
    b.clear();
    b.run_for(1000 * MS);
    assert!((36..=40).contains(&b.steps.len()), "{}", b.steps.len());
}

#[test]
fn exclusive_access_is_not_interrupted_and_ends_at_its_limit() {
    let mut b = Bench::solid(3);
    b.start(1);
    b.start(2);
    b.request(3, Request::Init);
    b.settle();
    b.until_owner(3);
    let granted = b.now;
    b.clear();
    b.request(1, Request::Fini);
    b.run(granted + 4990 * MS);
    assert!(b.steps.is_empty(), "{:?}", b.steps);
    b.run(granted + 5001 * MS);
    assert_eq!(
        b.steps[..4],
        ["FLR of VF3", "RLC-V restore of VF3", "IDLE VF3", "SAVE VF3"]
    );
    assert_eq!(
        b.replies[..2],
        [(3, Reply::FlrNotification), (3, Reply::FlrCompletion)]
    );
    assert_eq!(b.state(3), State::Available);
    assert_eq!(b.engine.stats(vf(3)).resets(Reason::ExclusiveTimeout), 1);
    // The one that waited has its turn, after the others had theirs.
    b.run_for(300 * MS);
    assert_eq!(b.engine.owner(), Some(vf(1)));
}

#[test]
fn requests_are_served_in_order_of_arrival() {
    let mut b = Bench::solid(16);
    for n in [9, 3, 16, 1] {
        b.request(n, Request::Init);
    }
    for n in [9, 3, 16, 1] {
        b.run_for(300 * MS);
        assert_eq!(b.engine.owner(), Some(vf(n)));
        b.release(n, Release::Init);
    }
    assert!(b.refused().is_empty());
}

#[test]
fn a_request_right_after_a_release_is_not_lost() {
    let mut b = Bench::solid(1);
    b.request(1, Request::Init);
    b.settle();
    b.release(1, Release::Init);
    b.request(1, Request::Fini);
    assert_eq!(b.replies, [(1, Reply::Ready), (1, Reply::Ready)]);
    b.release(1, Release::Fini);
    b.request(1, Request::Init);
    b.settle();
    assert_eq!(b.replies.len(), 3);
}

#[test]
fn others_run_between_two_exclusive_accesses() {
    let mut b = Bench::solid(4);
    b.start(1);
    b.start(2);
    b.request(3, Request::Init);
    b.request(4, Request::Init);
    b.until_owner(3);
    let before = [1, 2].map(|n| b.engine.stats(vf(n)).gpu_ns);
    b.release(3, Release::Init);
    b.until_owner(4);
    let after = [1, 2].map(|n| b.engine.stats(vf(n)).gpu_ns);
    assert!(after[0] > before[0] || after[1] > before[1]);
}

#[test]
fn exclusive_access_of_one_does_not_cost_another_its_turn() {
    let mut b = Bench::solid(4);
    for n in 1..=4 {
        b.start(n);
    }
    b.run_for(100 * MS);
    let order: Vec<u8> = b.engine.run_list().map(VfId::number).collect();
    // One that does not run, and before whom somebody else has a turn.
    let n = order[1];
    b.request(n, Request::Fini);
    b.settle();
    assert_eq!(b.engine.owner(), Some(vf(n)));
    b.release(n, Release::Init);
    let expected: Vec<u8> = order.into_iter().filter(|&o| o != n).chain([n]).collect();
    let after: Vec<u8> = b.engine.run_list().map(VfId::number).collect();
    assert_eq!(after, expected);
}

#[test]
fn turns_of_others_delay_a_request_by_a_quarter_of_a_second_at_most() {
    let mut b = Bench::solid(4);
    b.event(Event::Admin(Admin::CommonQuantum(2000 * MS)));
    for n in 1..=3 {
        b.start(n);
    }
    b.request(4, Request::Init);
    b.run_for(260 * MS);
    assert_eq!(b.engine.owner(), Some(vf(4)));
}

#[test]
fn a_slot_that_is_shorter_than_a_switch_still_lets_a_vf_run() {
    let mut b = Bench::new(
        Settings {
            policy: Kind::Predictable,
            quantum_ns: 1,
            ..Settings::DEFAULT
        },
        2,
    );
    b.start(1);
    b.start(2);
    b.step = 200_000;
    let before = [1, 2].map(|n| b.engine.stats(vf(n)).gpu_ns);
    b.run_for(100 * MS);
    for (n, before) in [1, 2].into_iter().zip(before) {
        let ran = b.engine.stats(vf(n)).gpu_ns - before;
        assert!(ran > 10 * MS, "VF{n} ran {ran} ns");
        // RUN to IDLE done: more than the IDLE alone.
        let turns = b.engine.stats(vf(n)).runs;
        assert!(ran / turns >= 250_000, "{} ns a turn", ran / turns);
    }
}

#[test]
fn fini_of_a_vf_that_does_not_run_is_answered_at_once() {
    let mut b = Bench::solid(2);
    b.start(1);
    b.clear();
    b.request(2, Request::Fini);
    assert_eq!(b.replies, [(2, Reply::Ready)]);
    b.release(2, Release::Fini);
    b.settle();
    assert!(!b
        .reports
        .iter()
        .any(|r| matches!(r, Report::StrayRelease { .. })));
    assert_eq!(b.state(2), State::Available);
    b.release(2, Release::Fini);
    assert!(b.reports.contains(&Report::StrayRelease { vf: vf(2) }));
    b.run_for(20 * MS);
    assert_eq!(b.engine.running(), Some(vf(1)));
}

#[test]
fn a_guest_that_starts_over_without_a_release_gets_a_fresh_start() {
    let mut b = Bench::solid(1);
    b.request(1, Request::Init);
    b.settle();
    b.clear();
    b.request(1, Request::Init);
    b.settle();
    assert_eq!(b.replies, [(1, Reply::Ready)]);
    assert_eq!(b.steps[..2], ["IDLE VF1", "SAVE VF1"]);
    assert!(b.steps.contains(&"INIT VF1".to_string()));
    // The same request again while it is being served has the same answer.
    b.release(1, Release::Init);
    b.clear();
    b.request(1, Request::Init);
    b.finish();
    b.finish();
    b.finish();
    b.request(1, Request::Init);
    b.settle();
    assert_eq!(b.replies, [(1, Reply::Ready)]);
    assert_eq!(b.refused(), [(1, Refusal::Duplicate)]);
}

#[test]
fn a_driver_that_starts_anew_finds_its_memory_cleared() {
    let mut b = Bench::solid(1);
    b.start(1);
    b.clear();
    b.start(1);
    assert!(b.steps.contains(&"framebuffer clear of VF1".to_string()));
}

#[test]
fn reset_by_the_guest_keeps_its_memory_and_is_not_announced() {
    let mut b = Bench::solid(1);
    b.start(1);
    b.clear();
    b.request(1, Request::Reset);
    b.settle();
    assert_eq!(b.steps[..2], ["FLR of VF1", "RLC-V restore of VF1"]);
    assert!(!b.steps.iter().any(|s| s.contains("clear")));
    assert_eq!(b.replies, [(1, Reply::Ready)]);
    assert_eq!(b.engine.stats(vf(1)).resets(Reason::Guest), 1);
}

#[test]
fn a_release_clears_at_once_unless_switched_off() {
    for on in [true, false] {
        let mut b = Bench::solid(1);
        b.event(Event::Admin(Admin::FbClear(on)));
        b.start(1);
        b.request(1, Request::Fini);
        b.clear();
        b.release(1, Release::Fini);
        b.settle();
        let cleared = b.steps.contains(&"framebuffer clear of VF1".to_string());
        assert_eq!(cleared, on);
        assert_eq!(b.state(1), State::Available);
    }
}

#[test]
fn liquid_asks_for_work_and_checks_a_vf_that_goes_on() {
    let mut b = Bench::new(
        Settings {
            policy: Kind::Liquid,
            ..Settings::DEFAULT
        },
        3,
    );
    for n in 1..=3 {
        b.start(n);
    }
    b.work = vf(2).bit();
    b.run_for(20 * MS);
    b.clear();
    b.run_for(1000 * MS);
    assert!(b.steps.iter().any(|s| s == "query of work"));
    assert!(!b
        .steps
        .iter()
        .any(|s| s.contains("VF1") || s.contains("VF3")));
    assert_eq!(b.steps.iter().filter(|s| *s == "IDLE VF2").count(), 2);
    // Nobody has work: checked as well.
    b.work = 0;
    b.run_for(1000 * MS);
    assert!(b.steps.iter().filter(|s| *s == "IDLE VF2").count() >= 2);
    // A query that fails is no reason to stop.
    b.fail("query of work", Fault::Operation);
    b.run_for(20 * MS);
    assert_eq!(b.engine.phase(), Phase::Up);
}

#[test]
fn text_arrives_for_each_of_many_vfs() {
    let mut b = Bench::solid(2);
    for (n, text) in [(1, b"one, 1\0\0"), (2, b"two\n\0\0\0\0")] {
        let message = Message::Text(*text);
        b.event(Event::Message { vf: vf(n), message });
    }
    assert_eq!(b.engine.line(vf(1)).to_string(), "one, 1");
    assert_eq!(b.engine.line(vf(2)).to_string(), "two\\x0a");
    assert_eq!(b.reports.len(), 2);
}

#[test]
fn exclusive_time_is_accounted_for_itself() {
    let mut b = Bench::solid(1);
    b.request(1, Request::Init);
    b.settle();
    b.run_for(100 * MS);
    b.release(1, Release::Init);
    let s = *b.engine.stats(vf(1));
    assert_eq!(s.gpu_ns, 0);
    assert!((100 * MS..101 * MS).contains(&s.exclusive_ns));
    b.run_for(50 * MS);
    b.request(1, Request::Fini);
    let s = *b.engine.stats(vf(1));
    assert_eq!(s.gpu_ns, 50 * MS);
}

#[test]
fn time_is_accounted_to_who_had_the_gpu() {
    let mut b = Bench::solid(2);
    b.start(1);
    b.start(2);
    let before = [1, 2].map(|n| *b.engine.stats(vf(n)));
    b.run_for(1000 * MS);
    for (n, before) in [1, 2].into_iter().zip(before) {
        let s = *b.engine.stats(vf(n));
        let gpu = s.gpu_ns - before.gpu_ns;
        assert!((480 * MS..520 * MS).contains(&gpu), "{gpu}");
        assert_eq!(s.exclusive_ns, before.exclusive_ns);
        assert!(s.runs - before.runs > 75);
    }
}
