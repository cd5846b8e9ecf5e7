// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Finding command and data tables in an image.
//!
//! May not interpret what is in them. Layout: section 4.2 of the hardware reference, "ATOM ROM header" and "common
//! header".

use super::vbios::{Error, Image};

/// Offset of the 16-bit pointer to the master command table in the ATOM ROM header.
const MASTER_COMMAND: usize = 0x1e;
/// Offset of the 16-bit pointer to the master data table in the ATOM ROM header.
const MASTER_DATA: usize = 0x20;
/// Length of the header common to all tables: size, format revision, content revision.
const COMMON_LEN: usize = 4;
/// Length of a command table's header: the common one and two bytes of attributes.
pub(super) const COMMAND_LEN: usize = 6;

/// Bytes of an image, none of them trusted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn get(self, offset: usize, len: usize) -> Option<&'a [u8]> {
        self.0.get(offset..)?.get(..len)
    }

    pub(super) fn u8(self, offset: usize) -> Option<u8> {
        self.0.get(offset).copied()
    }

    pub(super) fn u16(self, offset: usize) -> Option<u16> {
        Some(u16::from_le_bytes(self.get(offset, 2)?.try_into().ok()?))
    }

    pub(super) fn u32(self, offset: usize) -> Option<u32> {
        Some(u32::from_le_bytes(self.get(offset, 4)?.try_into().ok()?))
    }
}

/// A master table: 16-bit offsets after a common header.
#[derive(Clone, Copy, Debug)]
struct Master {
    first: usize,
    count: usize,
}

impl Master {
    fn new(
        bytes: Bytes<'_>,
        header: usize,
        pointer: usize,
        what: &'static str,
    ) -> Result<Self, Error> {
        let outside = |offset| Error::Outside { what, offset };
        let offset = usize::from(
            bytes
                .u16(header.saturating_add(pointer))
                .ok_or(outside(header))?,
        );
        if offset == 0 {
            return Err(Error::Structure { what, offset });
        }
        let size = usize::from(bytes.u16(offset).ok_or(outside(offset))?);
        bytes.get(offset, size).ok_or(outside(offset))?;
        Ok(Self {
            first: offset.saturating_add(COMMON_LEN),
            count: size.saturating_sub(COMMON_LEN) / 2,
        })
    }

    /// Where in the image the offset of the table `index` is; `None` if the list ends before it.
    fn pointer(&self, index: u8) -> Option<usize> {
        let index = usize::from(index);
        (index < self.count).then(|| self.first.saturating_add(index.saturating_mul(2)))
    }

    /// Offset of the table `index`; `None` if the list ends before it, 0 if the image has no such table.
    fn entry(&self, bytes: Bytes<'_>, index: u8) -> Option<usize> {
        bytes.u16(self.pointer(index)?).map(usize::from)
    }
}

/// A command table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// Its place in the master command table.
    pub index: u8,
    /// Where it is in the image; its jumps count from here.
    pub offset: usize,
    /// Its length in bytes with the header; it lies wholly inside the image.
    pub size: usize,
    /// Format and content revision.
    pub revision: (u8, u8),
    /// Dwords of workspace it may use. The header counts bytes, but amdgpu takes the number for dwords, and what it
    /// accepts is accepted here.
    pub workspace: u8,
    /// Dwords of parameters it takes; the parameters of a table that it calls begin after these.
    pub parameters: u8,
}

/// A data table.
#[derive(Clone, Copy, Debug)]
pub struct Data<'a> {
    /// Where it is in the image.
    pub offset: usize,
    /// Format and content revision.
    pub revision: (u8, u8),
    /// Its bytes, with the common header.
    pub bytes: &'a [u8],
}

/// The tables of an image.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'a> {
    bytes: Bytes<'a>,
    commands: Master,
    data: Master,
}

impl<'a> Tables<'a> {
    /// Finds both master tables.
    ///
    /// # Errors
    ///
    /// [`Error::Structure`] or [`Error::Outside`] if one is missing or not inside the image.
    pub fn new(image: &Image<'a>) -> Result<Self, Error> {
        let bytes = Bytes(image.bytes());
        let header = image.atom_header();
        Ok(Self {
            bytes,
            commands: Master::new(bytes, header, MASTER_COMMAND, "master command table")?,
            data: Master::new(bytes, header, MASTER_DATA, "master data table")?,
        })
    }

    pub(super) fn bytes(&self) -> Bytes<'a> {
        self.bytes
    }

    /// The command table `index`; `None` if the image has none.
    ///
    /// # Errors
    ///
    /// [`Error::Outside`] if it does not lie inside the image, [`Error::Structure`] if it is shorter than its header.
    pub fn command(&self, index: u8) -> Result<Option<Command>, Error> {
        let what = "command table";
        let Some(offset) = self
            .commands
            .entry(self.bytes, index)
            .filter(|offset| *offset != 0)
        else {
            return Ok(None);
        };
        let outside = Error::Outside { what, offset };
        let header = self.bytes.get(offset, COMMAND_LEN).ok_or(outside)?;
        let &[size0, size1, format, content, workspace, parameters] = header else {
            return Err(outside);
        };
        let size = usize::from(u16::from_le_bytes([size0, size1]));
        if size < COMMAND_LEN {
            return Err(Error::Structure { what, offset });
        }
        self.bytes.get(offset, size).ok_or(outside)?;
        Ok(Some(Command {
            index,
            offset,
            size,
            revision: (format, content),
            workspace,
            // Bit 7 says that a utility changed the table.
            parameters: (parameters & 0x7f) / 4,
        }))
    }

    /// Where in the image the offset of the command table `index` is; `None` if the list ends before it.
    pub(super) fn command_pointer(&self, index: u8) -> Option<usize> {
        self.commands.pointer(index)
    }

    /// Where the data table `index` is, 0 if the image has none; `None` if the list ends before it.
    pub(super) fn data_offset(&self, index: u8) -> Option<usize> {
        self.data.entry(self.bytes, index)
    }

    /// The data table `index`; `None` if the image has none. `what` is its name in errors.
    ///
    /// # Errors
    ///
    /// [`Error::Outside`] if it does not lie inside the image, [`Error::Structure`] if it is shorter than `least`
    /// bytes.
    pub fn data(
        &self,
        index: u8,
        what: &'static str,
        least: usize,
    ) -> Result<Option<Data<'a>>, Error> {
        let Some(offset) = self.data_offset(index).filter(|offset| *offset != 0) else {
            return Ok(None);
        };
        let outside = Error::Outside { what, offset };
        let &[size0, size1, format, content] = self.bytes.get(offset, COMMON_LEN).ok_or(outside)?
        else {
            return Err(outside);
        };
        let size = usize::from(u16::from_le_bytes([size0, size1]));
        if size < least.max(COMMON_LEN) {
            return Err(Error::Structure { what, offset });
        }
        Ok(Some(Data {
            offset,
            revision: (format, content),
            bytes: self.bytes.get(offset, size).ok_or(outside)?,
        }))
    }
}

#[cfg(test)]
#[path = "tables_tests.rs"]
mod tests;
