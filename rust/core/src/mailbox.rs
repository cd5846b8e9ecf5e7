// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The mailbox between PF and VFs: what the messages mean, bit by bit.
//!
//! Pure encoding; may not touch the card or decide anything. Source: sections 3.6 and 4.8 of the hardware reference,
//! section 6 of the behaviour reference. How a reply is sent, all of it under one lock with the interrupt handler:
//!
//! ```text
//! MAILBOX_INDEX   <- VF index
//! MAILBOX_CONTROL <- control::without_valid(MAILBOX_CONTROL)
//! TRN_DW0         <- Reply::dw0()
//! MAILBOX_CONTROL <- control::with_valid(MAILBOX_CONTROL)      unless the reply is without VALID
//! ```

use core::fmt;

/// `MAILBOX_CONTROL` of the bank that `MAILBOX_INDEX` selects.
pub mod control {
    /// The PF's message to the VF is valid.
    pub const TRN_MSG_VALID: u32 = 1 << 0;
    /// The VF has acknowledged it; read only.
    pub const TRN_MSG_ACK: u32 = 1 << 1;
    /// A message from the VF is there; read only.
    pub const RCV_MSG_VALID: u32 = 1 << 8;
    /// Write 1 to acknowledge the VF's message.
    pub const RCV_MSG_ACK: u32 = 1 << 9;

    /// What to write to send: VALID raised. Never acknowledges by the way what was not read.
    pub fn with_valid(read: u32) -> u32 {
        (read | TRN_MSG_VALID) & !RCV_MSG_ACK
    }

    /// What to write before the data changes, and after the VF's acknowledgement: VALID lowered.
    pub fn without_valid(read: u32) -> u32 {
        read & !(TRN_MSG_VALID | RCV_MSG_ACK)
    }

    /// What to write to acknowledge the VF's message.
    pub fn with_ack(read: u32) -> u32 {
        read | RCV_MSG_ACK
    }
}

/// `MAILBOX_INT_CNTL`: an interrupt when a message is there, and when one is acknowledged.
pub const INTERRUPTS_ON: u32 = 0b11;

/// A guest asks for exclusive access to the GPU; each is answered with [`Reply::Ready`] or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// To start its driver (1).
    Init,
    /// To end its driver (3).
    Fini,
    /// To start over after a hang that the guest noticed (5).
    Reset,
}

/// A guest gives exclusive access back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// The driver has started (2): the VF takes part in scheduling.
    Init,
    /// The driver has ended (4): the VF is available again.
    Fini,
}

/// A message from a VF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// 1, 3 or 5.
    Request(Request),
    /// 2 or 4.
    Release(Release),
    /// Part of a text for the log (255): 8 bytes, a NUL ends the text.
    Text([u8; 8]),
    /// An error that amdgpu logs with the host (200): code and data as sent.
    LogError {
        /// DW1.
        code: u32,
        /// DW2 and DW3.
        data: [u32; 2],
    },
    /// Anything else.
    Unknown {
        /// DW0.
        id: u32,
    },
}

impl Message {
    /// Whether a message with this DW0 says more in the other dwords, which nobody has to read otherwise.
    pub fn has_data(id: u32) -> bool {
        matches!(
            Self::decode([id, 0, 0, 0]),
            Self::LogError { .. } | Self::Text(_)
        )
    }

    /// Decodes `MAILBOX_MSGBUF_RCV_DW0` to `DW3`.
    pub fn decode(dw: [u32; 4]) -> Self {
        let [id, code, low, high] = dw;
        match id {
            1 => Message::Request(Request::Init),
            2 => Message::Release(Release::Init),
            3 => Message::Request(Request::Fini),
            4 => Message::Release(Release::Fini),
            5 => Message::Request(Request::Reset),
            200 => Message::LogError {
                code,
                data: [low, high],
            },
            255 => {
                let [a, b, c, d] = low.to_le_bytes();
                let [e, f, g, h] = high.to_le_bytes();
                Message::Text([a, b, c, d, e, f, g, h])
            }
            _ => Message::Unknown { id },
        }
    }
}

/// A message to a VF; only DW0 is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The GPU is the VF's (1).
    Ready,
    /// The VF is about to be reset (2).
    FlrNotification,
    /// The VF was reset (3): the guest polls DW0 for it, so VALID stays low.
    FlrCompletion,
    /// What was said before is taken back (0): it was for a guest that is gone.
    Nothing,
}

impl Reply {
    /// `MAILBOX_MSGBUF_TRN_DW0`.
    pub fn dw0(self) -> u32 {
        match self {
            Reply::Ready => 1,
            Reply::FlrNotification => 2,
            Reply::FlrCompletion => 3,
            Reply::Nothing => 0,
        }
    }

    /// Whether VALID is raised, which interrupts the guest.
    pub fn valid(self) -> bool {
        !matches!(self, Reply::FlrCompletion | Reply::Nothing)
    }
}

/// Most characters in one line of text: eight whole messages, so that a line never ends inside one. (The C driver's buffer
/// held 63.)
pub const LINE_MAX: usize = 64;

/// A line that a guest sent. Shown with everything but printable ASCII escaped, because a guest may send what it likes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Line {
    bytes: [u8; LINE_MAX],
    len: u8,
}

impl Line {
    /// A line without text.
    pub const EMPTY: Line = Line {
        bytes: [0; LINE_MAX],
        len: 0,
    };

    /// The bytes as sent.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or(&[])
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(usize::from(self.len)) {
            *place = byte;
            self.len = self.len.saturating_add(1);
        }
    }

    fn is_full(&self) -> bool {
        usize::from(self.len) >= LINE_MAX
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        for &byte in self.as_bytes() {
            match byte {
                b'\\' => f.write_str("\\\\")?,
                b' '..=b'~' => f.write_char(char::from(byte))?,
                _ => write!(f, "\\x{byte:02x}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// Puts the text of one VF together from its messages.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    line: Line,
    complete: bool,
}

impl Text {
    /// No text yet; also what a VF begins with when its guest changes.
    pub const NEW: Text = Text {
        line: Line::EMPTY,
        complete: false,
    };

    /// Adds a message's bytes up to a NUL. True if that completes the line, because a NUL ends it or it is [`LINE_MAX`]
    /// long.
    pub fn push(&mut self, bytes: [u8; 8]) -> bool {
        if self.complete {
            *self = Self::NEW;
        }
        let mut ended = false;
        for byte in bytes {
            if byte == 0 {
                ended = true;
                break;
            }
            self.line.push(byte);
        }
        self.complete = self.line != Line::EMPTY && (ended || self.line.is_full());
        self.complete
    }

    /// Whether the line is whole.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Adds a byte that had arrived at another driver.
    pub fn restore(&mut self, byte: u8, complete: bool) {
        self.line.push(byte);
        self.complete = complete;
    }

    /// The line as far as it has arrived.
    pub fn line(&self) -> &Line {
        &self.line
    }
}

#[cfg(test)]
#[path = "mailbox_tests.rs"]
mod tests;
