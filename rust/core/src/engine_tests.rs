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

const MS: u64 = 1_000_000;
/// What each step on the card takes.
const STEP: u64 = 10_000;

fn vf(n: u8) -> VfId {
    VfId::new(n).unwrap()
}

struct Bench {
    engine: Engine,
    now: u64,
    pending: Option<Step>,
    /// Steps as text, in order.
    steps: Vec<String>,
    replies: Vec<(u8, Reply)>,
    reports: Vec<Report>,
    /// Kinds of actions since the last event, for tests of what an event leads to.
    last: Vec<Action>,
    /// Steps that fail, once each.
    faults: Vec<(String, Fault)>,
    work: u16,
}

impl Bench {
    fn new(settings: Settings, vfs: u8) -> Self {
        let mut b = Self {
            engine: Engine::new(settings),
            now: 1_000 * MS,
            pending: None,
            steps: vec![],
            replies: vec![],
            reports: vec![],
            last: vec![],
            faults: vec![],
            work: u16::MAX,
        };
        b.event(Event::Boot);
        b.settle();
        for n in 1..=vfs {
            b.event(Event::Enable { vf: vf(n) });
        }
        b.clear();
        b
    }

    fn solid(vfs: u8) -> Self {
        Self::new(Settings::DEFAULT, vfs)
    }

    fn clear(&mut self) {
        self.steps.clear();
        self.replies.clear();
        self.reports.clear();
    }

    fn event(&mut self, event: Event) {
        self.last = self.engine.handle(event, self.now).to_vec();
        for (i, action) in self.last.iter().enumerate() {
            match *action {
                Action::Card(step) => {
                    assert_eq!(i + 1, self.last.len(), "a step must come last");
                    assert!(self.pending.is_none(), "one step at a time");
                    self.pending = Some(step);
                    self.steps.push(step.to_string());
                }
                Action::Reply { vf, reply } => self.replies.push((vf.number(), reply)),
                Action::Report(report) => self.reports.push(report),
                _ => (),
            }
        }
    }

    /// Ends the step on the card.
    fn finish(&mut self) {
        let step = self.pending.take().expect("a step");
        self.now += STEP;
        let text = step.to_string();
        if let Some(at) = self.faults.iter().position(|(s, _)| *s == text) {
            let (_, fault) = self.faults.remove(at);
            self.event(Event::Failed(fault));
        } else if step == Step::Operate(Operation::QueryWork) {
            self.event(Event::Work(self.work));
        } else {
            self.event(Event::Done);
        }
    }

    /// Ends all steps on the card.
    fn settle(&mut self) {
        for _ in 0..1000 {
            if self.pending.is_none() {
                return;
            }
            self.finish();
        }
        panic!("does not settle");
    }

    /// Lets time pass until `until`, with timers.
    fn run(&mut self, until: u64) {
        loop {
            self.settle();
            let t = self.engine.timers;
            let next = [
                (t.quantum, Timer::Quantum),
                (t.exclusive, Timer::Exclusive),
                (t.guard, Timer::Guard),
            ];
            let due = next.iter().filter_map(|(at, t)| Some(((*at)?, *t)));
            match due.min_by_key(|d| d.0) {
                Some((at, timer)) if at <= until => {
                    self.now = self.now.max(at);
                    self.event(Event::Expired(timer));
                }
                _ => break,
            }
        }
        self.now = self.now.max(until);
    }

    fn run_for(&mut self, ns: u64) {
        self.run(self.now + ns);
    }

    fn request(&mut self, n: u8, request: Request) {
        let message = Message::Request(request);
        self.event(Event::Message { vf: vf(n), message });
    }

    fn release(&mut self, n: u8, release: Release) {
        let message = Message::Release(release);
        self.event(Event::Message { vf: vf(n), message });
    }

    /// A guest's driver starts.
    fn start(&mut self, n: u8) {
        self.request(n, Request::Init);
        while self.engine.owner() != Some(vf(n)) {
            if self.pending.is_some() {
                self.finish();
            } else {
                self.run_for(MS);
            }
        }
        self.release(n, Release::Init);
        self.settle();
    }

    fn state(&self, n: u8) -> State {
        self.engine.state(vf(n))
    }

    fn refused(&self) -> Vec<(u8, Refusal)> {
        let of = |r: &Report| match *r {
            Report::Refused { vf, why, .. } => Some((vf.number(), why)),
            _ => None,
        };
        self.reports.iter().filter_map(of).collect()
    }

    fn fail(&mut self, step: &str, fault: Fault) {
        self.faults.push((step.to_string(), fault));
    }
}

const HANG: Fault = Fault::Command(Failure::GfxHang);

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
    while b.engine.owner().is_none() {
        b.run_for(MS);
    }
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
    while b.engine.owner() != Some(vf(3)) {
        if b.pending.is_some() {
            b.finish()
        } else {
            b.run_for(MS)
        }
    }
    let before = [1, 2].map(|n| b.engine.stats(vf(n)).gpu_ns);
    b.release(3, Release::Init);
    while b.engine.owner() != Some(vf(4)) {
        if b.pending.is_some() {
            b.finish()
        } else {
            b.run_for(MS)
        }
    }
    let after = [1, 2].map(|n| b.engine.stats(vf(n)).gpu_ns);
    assert!(after[0] > before[0] || after[1] > before[1]);
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
fn a_hang_costs_its_vf_only() {
    let mut b = Bench::solid(3);
    for n in 1..=3 {
        b.start(n);
    }
    b.fail("IDLE VF2", HANG);
    b.clear();
    b.run_for(30 * MS);
    assert_eq!(b.state(2), State::Available);
    assert_eq!([b.state(1), b.state(3)], [State::Running; 2]);
    assert_eq!(
        b.replies,
        [(2, Reply::FlrNotification), (2, Reply::FlrCompletion)]
    );
    assert!(b.reports.contains(&Report::Reset {
        vf: vf(2),
        reason: Reason::Idle
    }));
    b.start(2);
    assert_eq!(b.state(2), State::Running);
}

#[test]
fn each_failing_command_is_put_down_to_its_function() {
    for (step, culprit) in [("SAVE VF1", 1), ("LOAD VF2", 2), ("RUN VF2", 2)] {
        let mut b = Bench::solid(2);
        b.start(2);
        b.start(1);
        b.fail(
            step,
            Fault::Command(Failure::Timeout {
                control: 0x11,
                status: 0x11,
            }),
        );
        b.run_for(50 * MS);
        assert_eq!(b.state(culprit), State::Available, "{step}");
        assert_eq!(b.state(3 - culprit), State::Running, "{step}");
        assert_eq!(b.engine.phase(), Phase::Up);
    }
}

#[test]
fn a_start_that_fails_is_refused_not_answered() {
    for step in [
        "INIT VF1",
        "VBIOS copy for VF1",
        "RUN VF1",
        "RLC-V save of VF1",
    ] {
        let mut b = Bench::solid(2);
        b.start(2);
        b.clear();
        b.fail(step, Fault::Operation);
        b.request(1, Request::Init);
        b.run_for(100 * MS);
        assert_eq!(b.refused(), [(1, Refusal::Failed)], "{step}");
        assert!(!b.replies.contains(&(1, Reply::Ready)));
        assert_eq!(b.state(2), State::Running);
        assert_eq!(b.engine.running(), Some(vf(2)));
    }
}

#[test]
fn a_reset_that_fails_leads_to_a_gpu_reset_and_all_start_anew() {
    for step in ["FLR of VF1", "RLC-V restore of VF1", "IDLE VF1"] {
        let mut b = Bench::solid(2);
        b.start(2);
        b.start(1);
        b.clear();
        b.fail("IDLE VF1", HANG);
        b.fail(step, Fault::Operation);
        b.run_for(50 * MS);
        assert!(b.steps.contains(&"GPU reset".to_string()), "{step}");
        assert_eq!([b.state(1), b.state(2)], [State::Available; 2]);
        for n in [1, 2] {
            let told: Vec<_> = b.replies.iter().filter(|r| r.0 == n).map(|r| r.1).collect();
            assert_eq!(told.last(), Some(&Reply::FlrCompletion));
            assert!(told.contains(&Reply::FlrNotification));
        }
        assert_eq!(b.engine.timers.quantum, None);
        b.start(2);
        assert!(b.steps.contains(&"RLC-V save of VF2".to_string()));
    }
}

#[test]
fn a_request_survives_a_gpu_reset_that_is_not_its_fault_once() {
    let mut b = Bench::solid(1);
    b.fail("LOAD PF", HANG);
    b.request(1, Request::Init);
    b.settle();
    assert_eq!(b.replies, [(1, Reply::Ready)]);

    let mut b = Bench::solid(1);
    b.fail("framebuffer clear of VF1", Fault::Operation);
    b.fail("framebuffer clear of VF1", Fault::Operation);
    b.request(1, Request::Init);
    b.settle();
    assert!(b.replies.is_empty());
    assert_eq!(b.refused(), [(1, Refusal::Failed)]);
}

#[test]
fn a_gpu_that_cannot_be_reset_is_given_up_and_can_be_tried_again() {
    let mut b = Bench::solid(2);
    b.start(1);
    b.request(2, Request::Init);
    b.fail("IDLE VF1", HANG);
    b.fail("FLR of VF1", Fault::Operation);
    b.fail("GPU reset", Fault::Operation);
    b.fail("INIT PF", HANG);
    b.run_for(1000 * MS);
    assert_eq!(b.engine.phase(), Phase::Wedged);
    assert_eq!(b.refused(), [(2, Refusal::NotUp)]);
    b.clear();
    b.request(2, Request::Init);
    b.run_for(1000 * MS);
    assert!(b.steps.is_empty() && b.replies.is_empty());
    b.event(Event::Admin(Admin::ResetGpu));
    b.settle();
    assert_eq!(b.engine.phase(), Phase::Up);
    b.start(2);
}

#[test]
fn when_the_card_is_gone_nothing_is_done_any_more() {
    for how in [Event::Gone, Event::Failed(Fault::Command(Failure::Gone))] {
        let mut b = Bench::solid(2);
        b.start(1);
        b.request(2, Request::Init);
        b.now = b.engine.timers.quantum.unwrap();
        b.event(Event::Expired(Timer::Quantum));
        assert!(b.pending.take().is_some());
        b.event(how);
        assert_eq!(b.engine.phase(), Phase::Gone);
        assert_eq!(b.refused(), [(2, Refusal::NotUp)]);
        b.clear();
        b.run_for(10_000 * MS);
        b.request(1, Request::Reset);
        b.event(Event::Done);
        b.event(Event::Shutdown);
        assert!(b.steps.is_empty());
        assert!(b.reports.contains(&Report::Down));
    }
}

#[test]
fn shutdown_leaves_the_gpu_free_and_boot_begins_anew() {
    let mut b = Bench::solid(3);
    b.start(1);
    b.start(2);
    b.request(3, Request::Init);
    b.clear();
    b.event(Event::Shutdown);
    b.settle();
    assert_eq!(b.steps[b.steps.len() - 2..], ["IDLE VF2", "SAVE VF2"]);
    assert_eq!(b.reports.last(), Some(&Report::Down));
    assert_eq!(b.engine.phase(), Phase::Down);
    b.event(Event::Boot);
    b.settle();
    b.start(1);
    assert_eq!(b.state(1), State::Running);
}

#[test]
fn over_budget_a_vf_is_stopped_until_the_window_has_passed() {
    let mut b = Bench::solid(2);
    b.start(1);
    b.start(2);
    b.clear();
    for _ in 0..60 {
        let message = Message::Text(*b"flood...");
        b.event(Event::Message { vf: vf(2), message });
        b.settle();
    }
    assert!(matches!(b.state(2), State::Stopped { until: Some(_) }));
    let kind = Budgeted::Interrupt;
    assert!(b.reports.contains(&Report::OverBudget { vf: vf(2), kind }));
    b.request(2, Request::Init);
    assert_eq!(b.refused(), [(2, Refusal::Stopped)]);
    assert_eq!(b.engine.running(), Some(vf(1)));
    b.run_for(61_000 * MS);
    assert_eq!(b.state(2), State::Available);
    b.start(2);
}

#[test]
fn three_resets_a_minute_are_allowed_and_the_administrator_lets_in_again() {
    let mut b = Bench::solid(1);
    for n in 0..4 {
        assert_eq!(b.state(1), State::Available, "{n}");
        b.start(1);
        b.event(Event::UserReset { vf: vf(1) });
        b.settle();
    }
    assert!(matches!(b.state(1), State::Stopped { until: Some(_) }));
    b.event(Event::Admin(Admin::Allow(vf(1))));
    assert_eq!(b.state(1), State::Available);
    assert_eq!(b.engine.timers.guard, None);
    b.start(1);
}

#[test]
fn exclusive_accesses_are_limited() {
    let mut b = Bench::solid(1);
    for _ in 0..9 {
        b.start(1);
        b.event(Event::Admin(Admin::Budget(
            Budgeted::Interrupt,
            Budget {
                times: 0,
                window_ns: 1,
            },
        )));
    }
    b.clear();
    b.request(1, Request::Init);
    b.settle();
    assert_eq!(b.refused(), [(1, Refusal::Stopped)]);
    assert!(matches!(b.state(1), State::Stopped { .. }));
}

#[test]
fn stop_and_disable_take_a_vf_off_without_a_reset() {
    let mut b = Bench::solid(3);
    for n in 1..=3 {
        b.start(n);
    }
    b.clear();
    b.event(Event::Admin(Admin::Stop(vf(3))));
    b.event(Event::Disable { vf: vf(1) });
    b.settle();
    assert_eq!(b.state(3), State::Stopped { until: None });
    assert_eq!(b.state(1), State::Disabled);
    assert!(!b.steps.iter().any(|s| s.contains("FLR")));
    assert_eq!(b.engine.running(), Some(vf(2)));
    b.event(Event::Disable { vf: vf(2) });
    b.settle();
    assert_eq!(b.engine.timers.quantum, None);
    // The next user must not see what the last one left.
    b.event(Event::Enable { vf: vf(1) });
    b.clear();
    b.request(1, Request::Reset);
    b.settle();
    assert!(b.steps.contains(&"framebuffer clear of VF1".to_string()));
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
fn stale_and_early_timers_do_no_harm() {
    let mut b = Bench::solid(2);
    b.event(Event::Expired(Timer::Quantum));
    b.event(Event::Expired(Timer::Exclusive));
    b.event(Event::Expired(Timer::Guard));
    b.event(Event::Done);
    b.event(Event::Work(3));
    b.event(Event::Failed(Fault::Operation));
    assert!(b.last.is_empty());
    b.start(1);
    b.start(2);
    let deadline = b.engine.timers.quantum.unwrap();
    b.event(Event::Expired(Timer::Quantum));
    let timer = Timer::Quantum;
    assert_eq!(b.last, [Action::Arm { timer, deadline }]);
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
