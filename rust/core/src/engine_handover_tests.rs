// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of live updates: one engine goes, another one goes on.

use super::super::super::handover::{Record, Tag, Unusable, Writer};
use super::super::*;
use super::bench::{vf, Bench, MS};
use crate::mailbox::{Message, Release, Reply, Request};
use crate::policy::Kind;
use crate::vf::Reason;

/// How long there is no driver.
const GAP: u64 = 700 * MS;

fn leave(b: &mut Bench) {
    b.event(Event::HandOver);
    b.run_for(10 * MS);
    assert_eq!(b.engine.phase(), Phase::HandedOver);
    assert_eq!(b.engine.timers.first(), None);
    b.run_for(GAP);
}

fn record(b: &Bench) -> Vec<u32> {
    let mut buffer = vec![0; 4096];
    let mut writer = Writer::new(&mut buffer);
    b.engine.write_down(&mut writer);
    writer.finish().unwrap().to_vec()
}

fn take_over(b: &mut Bench, record: &[u32]) -> Result<(), Unusable> {
    let mut new = Engine::new(Settings::DEFAULT);
    new.take_over(Record::new(record)?)?;
    b.engine = new;
    b.event(Event::TakeOver);
    Ok(())
}

fn update(b: &mut Bench) {
    leave(b);
    let left = record(b);
    take_over(b, &left).unwrap();
    assert_eq!(b.engine.phase(), Phase::Up);
}

#[test]
fn whoever_runs_goes_on_running_and_nobody_notices() {
    let mut b = Bench::solid(4);
    (1..=3).for_each(|n| b.start(n));
    b.run_for(20 * MS);
    let running = b.engine.running();
    let order: Vec<_> = b.engine.run_list().collect();
    let used = b.engine.stats(running.unwrap()).gpu_ns;
    b.clear();
    leave(&mut b);
    assert_eq!(b.steps, ["hand-over"]);
    assert_eq!(b.engine.running(), running);
    let left = record(&b);
    take_over(&mut b, &left).unwrap();
    assert_eq!(b.engine.run_list().collect::<Vec<_>>(), order);
    assert!(b.replies.is_empty() && b.refused().is_empty());
    for n in 1..=3 {
        assert_eq!(b.state(n), State::Running);
        assert!(b.engine.stats(vf(n)).runs > 0);
    }
    assert_eq!(b.state(4), State::Available);
    assert_eq!(b.state(5), State::Disabled);
    // The others have waited: the first of them is next, without a reset or a new start.
    b.run_for(30 * MS);
    let r = running.unwrap();
    b.steps.remove(0);
    assert_eq!(b.steps[..2], [format!("IDLE {r}"), format!("SAVE {r}")]);
    assert!(b
        .steps
        .iter()
        .all(|s| !s.contains("INIT") && !s.contains("PF")));
    // The time without a driver was its own.
    assert!(b.engine.stats(r).gpu_ns >= used + GAP);
}

#[test]
fn exclusive_access_keeps_its_deadline_and_its_request() {
    let mut b = Bench::solid(2);
    b.start(1);
    b.request(2, Request::Init);
    b.until_owner(2);
    b.settle();
    let before = b.state(2);
    update(&mut b);
    assert_eq!(b.engine.owner(), Some(vf(2)));
    assert_eq!(b.state(2), before);
    b.release(2, Release::Init);
    b.settle();
    assert_eq!(b.state(2), State::Running);
    // One that does not give it back is still found.
    b.request(1, Request::Fini);
    b.until_owner(1);
    update(&mut b);
    b.run_for(5001 * MS);
    assert_eq!(b.engine.stats(vf(1)).resets(Reason::ExclusiveTimeout), 1);
}

#[test]
fn requests_that_wait_are_answered_afterwards() {
    let mut b = Bench::solid(3);
    b.start(1);
    b.request(2, Request::Init);
    b.until_owner(2);
    b.settle();
    b.request(3, Request::Init);
    b.request(1, Request::Fini);
    b.clear();
    update(&mut b);
    assert_eq!(b.engine.waiting(), 2);
    b.release(2, Release::Init);
    b.until_owner(3);
    b.release(3, Release::Init);
    b.until_owner(1);
    assert_eq!(b.replies, [(3, Reply::Ready), (1, Reply::Ready)]);
}

#[test]
fn what_was_begun_is_ended_first() {
    let mut b = Bench::solid(2);
    b.request(2, Request::Init);
    // In the midst of a start.
    b.finish();
    assert!(b.pending.is_some());
    leave(&mut b);
    assert!(matches!(b.state(2), State::Exclusive { .. }));
    let left = record(&b);
    take_over(&mut b, &left).unwrap();
    b.release(2, Release::Init);
    b.start(1);
    // A VF that is to leave is waited for, even behind one that has the GPU for itself.
    b.request(2, Request::Fini);
    b.until_owner(2);
    b.event(Event::UserReset { vf: vf(1) });
    b.event(Event::HandOver);
    b.run_for(100 * MS);
    assert_eq!(b.engine.phase(), Phase::Up);
    b.release(2, Release::Fini);
    b.run_for(100 * MS);
    assert_eq!(b.engine.phase(), Phase::HandedOver);
    assert_eq!(b.state(1), State::Available);
}

#[test]
fn what_happens_while_it_is_written_down_is_not_lost() {
    let mut b = Bench::solid(2);
    b.start(1);
    b.clear();
    b.event(Event::HandOver);
    b.request(2, Request::Init);
    b.finish();
    assert_eq!(b.steps, ["hand-over", "hand-over"]);
    b.finish();
    assert_eq!(b.engine.phase(), Phase::HandedOver);
    let left = record(&b);
    take_over(&mut b, &left).unwrap();
    b.until_owner(2);
}

#[test]
fn settings_budgets_and_half_a_line_stay() {
    let mut b = Bench::solid(2);
    b.start(1);
    for admin in [
        Admin::Policy(Kind::Fair),
        Admin::Weight(vf(1), 300),
        Admin::CommonQuantum(3 * MS),
        Admin::Quantum(vf(2), 9 * MS),
        Admin::ExclusiveLimit(777 * MS),
        Admin::FbClear(false),
        Admin::Stop(vf(2)),
    ] {
        b.event(Event::Admin(admin));
    }
    b.settle();
    let text = |bytes: &[u8; 8]| Event::Message {
        vf: vf(1),
        message: Message::Text(*bytes),
    };
    b.event(text(b"half a l"));
    let settings = format!("{:?}", b.engine.settings());
    let stats = *b.engine.stats(vf(2));
    update(&mut b);
    assert_eq!(format!("{:?}", b.engine.settings()), settings);
    assert_eq!(b.state(2), State::Stopped { until: None });
    assert_eq!(*b.engine.stats(vf(2)), stats);
    b.clear();
    b.event(text(b"ine\0\0\0\0\0"));
    assert!(b.reports.contains(&Report::Text { vf: vf(1) }));
    assert_eq!(b.engine.line(vf(1)).as_bytes(), b"half a line");
}

#[test]
fn one_that_the_guard_stopped_is_let_in_when_its_time_comes() {
    let mut b = Bench::solid(1);
    for _ in 0..60 {
        b.event(Event::Interrupts {
            vf: vf(1),
            times: 1,
        });
    }
    let State::Stopped { until: Some(until) } = b.state(1) else {
        panic!("{:?}", b.state(1));
    };
    leave(&mut b);
    let left = record(&b);
    take_over(&mut b, &left).unwrap();
    assert!(b.last.contains(&Action::Mute {
        vf: vf(1),
        on: true
    }));
    b.run(until + MS);
    assert_eq!(b.state(1), State::Available);
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let mut b = Bench::solid(2);
    b.start(1);
    leave(&mut b);
    let left = record(&b);
    let mut buffer = vec![0; 4096];
    // Everything but one kind of section.
    for without in [Tag::Card, Tag::Settings, Tag::Vf, Tag::List, Tag::Queue] {
        let mut writer = Writer::new(&mut buffer);
        for (tag, fields) in Record::new(&left).unwrap().sections() {
            if tag != without {
                writer.section(tag);
                fields.rest().iter().for_each(|dword| writer.dword(*dword));
            }
        }
        let record = writer.finish().unwrap().to_vec();
        assert_eq!(
            take_over(&mut b, &record),
            Err(Unusable::Damaged),
            "{without:?}"
        );
    }
    // An engine that is in operation does not change its mind.
    take_over(&mut b, &left).unwrap();
    let again = Record::new(&left).unwrap();
    assert_eq!(b.engine.take_over(again), Err(Unusable::Damaged));
}
