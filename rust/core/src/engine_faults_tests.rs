// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of the engine when something goes wrong: failing steps, resets, budgets, a card that is gone.

use super::*;
use proptest::prelude::*;

const HANG: Fault = Fault::Command(Failure::GfxHang);

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
fn a_gpu_reset_is_announced_once_however_often_it_is_tried() {
    let mut b = Bench::solid(2);
    b.start(2);
    b.start(1);
    b.clear();
    b.fail("IDLE VF1", HANG);
    b.fail("RLC-V restore of VF1", Fault::Operation);
    b.fail("GPU reset", Fault::Operation);
    b.run_for(100 * MS);
    assert_eq!(b.engine.phase(), Phase::Up);
    for n in [1, 2] {
        let told = [Reply::FlrNotification, Reply::FlrCompletion];
        let seen: Vec<_> = b.replies.iter().filter(|r| r.0 == n).map(|r| r.1).collect();
        assert_eq!(seen, told, "VF{n}");
    }
    assert_eq!(b.engine.stats(vf(2)).resets(Reason::Gpu), 1);
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
fn a_new_user_begins_with_a_clean_record_unless_the_administrator_has_stopped_the_vf() {
    let mut b = Bench::solid(2);
    for _ in 0..4 {
        b.start(1);
        b.event(Event::UserLeft { vf: vf(1) });
        b.settle();
    }
    assert!(matches!(b.state(1), State::Stopped { until: Some(_) }));
    b.event(Event::UserCame { vf: vf(1) });
    assert_eq!(b.state(1), State::Available);
    b.start(1);
    b.event(Event::Admin(Admin::Stop(vf(2))));
    b.settle();
    b.event(Event::UserCame { vf: vf(2) });
    b.settle();
    assert_eq!(b.state(2), State::Stopped { until: None });
}

#[test]
fn what_a_user_leaves_is_cleared_at_once() {
    let clear = "framebuffer clear of VF1".to_string();
    let mut b = Bench::solid(2);
    b.start(1);
    b.start(2);
    b.clear();
    b.event(Event::UserLeft { vf: vf(1) });
    b.settle();
    assert_eq!(b.state(1), State::Available);
    assert!(b.steps.contains(&clear) && b.steps.iter().any(|s| s.contains("FLR of VF1")));
    // Nothing is there to be cleared any more, when it goes again or another comes.
    b.clear();
    b.event(Event::UserLeft { vf: vf(2) });
    b.settle();
    b.start(2);
    assert_eq!(b.engine.running(), Some(vf(2)));
    // A guest that had ended by itself, and was reset: its VF is not on the GPU.
    b.event(Event::UserReset { vf: vf(1) });
    b.clear();
    b.event(Event::UserLeft { vf: vf(1) });
    b.settle();
    assert_eq!(b.state(1), State::Available);
    assert!(b.steps.contains(&clear) && !b.steps.iter().any(|s| s.contains("FLR")));
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
fn of_two_fates_the_stronger_one_counts() {
    let mut b = Bench::solid(3);
    b.start(1);
    b.start(2);
    b.start(3);
    b.event(Event::Admin(Admin::Stop(vf(3))));
    b.event(Event::Admin(Admin::Reset(vf(3))));
    b.event(Event::Admin(Admin::Reset(vf(2))));
    b.event(Event::Disable { vf: vf(2) });
    b.event(Event::UserReset { vf: vf(2) });
    b.settle();
    assert_eq!(b.state(3), State::Stopped { until: None });
    assert_eq!(b.state(2), State::Disabled);
    // A reset does not let a stopped VF in.
    b.event(Event::Admin(Admin::Reset(vf(3))));
    b.settle();
    assert_eq!(b.state(3), State::Stopped { until: None });
    // One that is stopped by the administrator stays so, whatever the guard would do.
    b.event(Event::Admin(Admin::Stop(vf(1))));
    b.event(Event::Admin(Admin::Allow(vf(1))));
    b.settle();
    assert_eq!(b.state(1), State::Available);
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

fn any_message() -> impl Strategy<Value = Message> {
    prop_oneof![
        4 => (1u32..=6).prop_map(|id| Message::decode([id, 0, 0, 0])),
        1 => any::<[u32; 4]>().prop_map(Message::decode),
    ]
}

fn any_event() -> impl Strategy<Value = Event> {
    let a_vf = || (1u8..=4).prop_map(vf);
    let timers = [Timer::Quantum, Timer::Exclusive, Timer::Guard];
    prop_oneof![
        20 => Just(Event::Done),
        3 => prop_oneof![Just(HANG), Just(Fault::Operation)].prop_map(Event::Failed),
        2 => any::<u16>().prop_map(Event::Work),
        6 => proptest::sample::select(timers.to_vec()).prop_map(Event::Expired),
        8 => (a_vf(), any_message()).prop_map(|(vf, message)| Event::Message { vf, message }),
        2 => (a_vf(), 0..100u16).prop_map(|(vf, times)| Event::Interrupts { vf, times }),
        1 => a_vf().prop_map(|vf| Event::UserReset { vf }),
        1 => a_vf().prop_map(|vf| Event::UserCame { vf }),
        1 => a_vf().prop_map(|vf| Event::UserLeft { vf }),
        2 => a_vf().prop_map(|vf| Event::Enable { vf }),
        1 => a_vf().prop_map(|vf| Event::Disable { vf }),
        1 => Just(Event::Boot),
        1 => Just(Event::Shutdown),
        1 => prop_oneof![
            a_vf().prop_map(Admin::Stop),
            a_vf().prop_map(Admin::Allow),
            a_vf().prop_map(Admin::Reset),
            Just(Admin::ResetGpu),
            any::<u64>().prop_map(Admin::CommonQuantum),
            any::<u64>().prop_map(Admin::ExclusiveLimit),
            any::<u64>().prop_map(Admin::LoneCheck),
            (a_vf(), any::<u16>()).prop_map(|(vf, w)| Admin::Weight(vf, w)),
            Just(Admin::Policy(Kind::Fair)),
            Just(Admin::Policy(Kind::Predictable)),
        ]
        .prop_map(Event::Admin),
    ]
}

proptest! {
    /// Any event at any time, also those that a worker would never send: nothing overflows, and there is never more than
    /// one step on the card.
    #[test]
    fn any_sequence_of_events_is_survived(
        events in prop::collection::vec((any_event(), 0u64..10 * MS), 1..400),
        far in any::<bool>(),
    ) {
        let mut engine = Engine::new(Settings::DEFAULT);
        let mut now = if far { u64::MAX - 1000 * MS } else { 0 };
        engine.handle(Event::Boot, now);
        let mut busy = true;
        for (event, pause) in events {
            now = now.saturating_add(pause);
            let ended = matches!(event, Event::Done | Event::Failed(_) | Event::Work(_));
            let actions = engine.handle(event, now);
            prop_assert!(actions.len() < action::ACTIONS_MAX);
            let steps = actions.iter().filter(|a| matches!(a, Action::Card(_))).count();
            prop_assert!(steps <= 1);
            if steps == 1 {
                prop_assert!(matches!(actions.last(), Some(Action::Card(_))));
                prop_assert!(!busy || ended);
                busy = true;
            } else if ended {
                busy = engine.pending.is_some();
            }
        }
    }
}
