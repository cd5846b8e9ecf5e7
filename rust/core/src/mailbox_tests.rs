// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Tests of the mailbox: the tables of the references, and text from hostile guests.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

use super::*;
use proptest::prelude::*;

#[test]
fn messages_as_in_the_reference() {
    let id = |id| Message::decode([id, 7, 8, 9]);
    assert_eq!(id(1), Message::Request(Request::Init));
    assert_eq!(id(2), Message::Release(Release::Init));
    assert_eq!(id(3), Message::Request(Request::Fini));
    assert_eq!(id(4), Message::Release(Release::Fini));
    assert_eq!(id(5), Message::Request(Request::Reset));
    assert_eq!(
        id(200),
        Message::LogError {
            code: 7,
            data: [8, 9]
        }
    );
    for unknown in [0, 6, 199, 254, 256, 0x101, u32::MAX] {
        assert_eq!(id(unknown), Message::Unknown { id: unknown });
    }
    // "driver 1", little endian.
    assert_eq!(
        Message::decode([255, 0, 0x7669_7264, 0x3120_7265]),
        Message::Text(*b"driver 1")
    );
}

#[test]
fn only_messages_with_data_are_read_to_their_end() {
    for id in [0, 1, 2, 3, 4, 5, 6, 199, 200, 201, 254, 255, 256, u32::MAX] {
        let matters = Message::decode([id, 7, 8, 9]) != Message::decode([id, 0, 0, 0]);
        assert_eq!(Message::has_data(id), matters, "{id}");
    }
}

#[test]
fn replies_as_in_the_reference() {
    let all = [Reply::Ready, Reply::FlrNotification, Reply::FlrCompletion];
    assert_eq!(all.map(Reply::dw0), [1, 2, 3]);
    assert_eq!(all.map(Reply::valid), [true, true, false]);
}

#[test]
fn control_changes_one_bit_and_never_acknowledges_by_the_way() {
    use control::*;
    let read = TRN_MSG_ACK | RCV_MSG_VALID | RCV_MSG_ACK;
    assert_eq!(with_valid(read), 0x103);
    assert_eq!(without_valid(read | 1), 0x102);
    assert_eq!(with_ack(0x101), 0x301);
}

fn feed(text: &mut Text, messages: &[&[u8; 8]]) -> Vec<String> {
    let mut lines = vec![];
    for m in messages {
        if text.push(**m) {
            lines.push(text.line().to_string());
        }
    }
    lines
}

#[test]
fn text_is_put_together_until_nul_or_64_characters() {
    let mut text = Text::NEW;
    assert_eq!(
        feed(&mut text, &[b"amdgpu 7", b".3\0xxxxx"]),
        ["amdgpu 7.3"]
    );
    // A NUL at the start of a message ends what came before, and alone it is no line.
    assert_eq!(
        feed(&mut text, &[b"12345678", &[0; 8], &[0; 8]]),
        ["12345678"]
    );
    let long = feed(&mut text, &[b"abcdefgh"; 9]);
    assert_eq!(long, ["abcdefgh".repeat(8)]);
    assert_eq!(feed(&mut text, &[&[0; 8]]), ["abcdefgh"]);
}

#[test]
fn what_could_fool_a_reader_of_the_log_is_escaped() {
    let mut text = Text::NEW;
    let line = feed(&mut text, &[b"a\nb\x1b[1m\\", b"\xff\x7f\r\t \0\0\0"]);
    assert_eq!(line, [r"a\x0ab\x1b[1m\\\xff\x7f\x0d\x09 "]);
}

proptest! {
    #[test]
    fn no_byte_is_lost_and_no_line_is_unprintable(
        messages in prop::collection::vec(any::<[u8; 8]>(), 0..60),
    ) {
        let mut text = Text::NEW;
        let mut seen = Vec::new();
        for m in &messages {
            if text.push(*m) {
                let line = text.line();
                prop_assert!(!line.as_bytes().is_empty() && line.as_bytes().len() <= LINE_MAX);
                prop_assert!(line.to_string().bytes().all(|b| (b' '..=b'~').contains(&b)));
                seen.extend_from_slice(line.as_bytes());
            }
        }
        if text.push([0; 8]) {
            seen.extend_from_slice(text.line().as_bytes());
        }
        let sent: Vec<u8> = messages
            .iter()
            .flat_map(|m| m.iter().copied().take_while(|&b| b != 0))
            .collect();
        prop_assert_eq!(seen, sent);
    }

    #[test]
    fn any_message_is_decoded(dw in any::<[u32; 4]>()) {
        let known = [1, 2, 3, 4, 5, 200, 255].contains(&dw[0]);
        prop_assert_eq!(!known, matches!(Message::decode(dw), Message::Unknown { .. }));
    }
}
