// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The planted card of `tests/planted`, for unit tests.

#[path = "../tests/planted/mod.rs"]
mod tree;

pub use tree::*;

use crate::{
    card::{self, Card},
    system::Root,
};

/// A card with VFs; the folder goes away with the first value.
pub fn card(vfs: usize) -> (tempfile::TempDir, Card) {
    let folder = tempfile::tempdir().expect("folders can be made");
    tree(folder.path(), vfs);
    let card = card::all(&Root::new(folder.path()))
        .pop()
        .expect("a card was planted");
    (folder, card)
}
