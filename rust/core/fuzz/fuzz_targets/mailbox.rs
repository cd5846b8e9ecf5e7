// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Messages of a guest, four dwords at a time, and the text that they are put together to.

#![no_main]

use gim_core::mailbox::{control, Message, Text, LINE_MAX};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut text = Text::NEW;
    let (mut sent, mut shown) = (Vec::new(), Vec::new());
    for message in bytes.chunks_exact(16) {
        let dword =
            |i: usize| u32::from_le_bytes(message[4 * i..4 * i + 4].try_into().expect("4 bytes"));
        let dw = [dword(0), dword(1), dword(2), dword(3)];
        match Message::decode(dw) {
            Message::Text(part) => {
                let end = part.iter().position(|b| *b == 0).unwrap_or(part.len());
                sent.extend_from_slice(&part[..end]);
                if !text.push(part) {
                    continue;
                }
                let line = text.line();
                assert!((1..=LINE_MAX).contains(&line.as_bytes().len()));
                shown.extend_from_slice(line.as_bytes());
                // Whatever a guest sends, a log shows characters that no terminal minds.
                assert!(line.to_string().bytes().all(|b| (b' '..=b'~').contains(&b)));
            }
            Message::Unknown { id } => assert_eq!(id, dw[0]),
            other => assert!(!format!("{other:?}").is_empty()),
        }
        // Nothing that the card shows makes a write that raises what was not meant.
        for read in dw {
            assert_eq!(
                control::without_valid(control::with_valid(read)),
                control::without_valid(read)
            );
            let _ = control::with_ack(read);
        }
    }
    // No byte is lost, made up or moved; what is left waits for its end.
    assert!(sent.starts_with(&shown) && sent.len() - shown.len() < LINE_MAX);
});
