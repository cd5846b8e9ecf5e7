// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Runs the command tables of VBIOS images on simulated registers and prints each access.
//!
//! `atom-trace FILE` runs all command tables of all images in FILE, each on a fresh card. FILE is a sequence of
//! records: a seed and a length (32 bits each, little endian), then as many bytes of an image. Other programs that
//! interpret AtomBIOS read the same file, and must print the same.
//!
//! `atom-trace --post IMAGE` posts a card with one image, and prints what the driver would say.

#![forbid(unsafe_code)]

mod card;

use card::{hash, Card};
use gim_core::atom::{self, post, strings, Interpreter, Limits, Memory, Tables};
use gim_core::vbios::Image;
use std::error::Error;
use std::io::{BufWriter, Write};

const VENDOR: u16 = 0x1002;
const DEVICE: u16 = 0x6929;
/// Parameters of each table, in dwords.
const PARAMETERS: u32 = 16;
/// Tables that are wrong shall not keep a test waiting; a good one takes some thousand steps.
const STEPS: u32 = 1_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--post", file] => post_card(&mut out, &std::fs::read(file)?)?,
        [file] => {
            let bytes = std::fs::read(file)?;
            let mut rest = &bytes[..];
            while let Some((header, body)) = rest.split_first_chunk::<8>() {
                let [a, b, c, d, e, f, g, h] = *header;
                let len = u32::from_le_bytes([e, f, g, h]) as usize;
                let image = body.get(..len).ok_or("the file ends within an image")?;
                rest = &body[len..];
                run_all(&mut out, u32::from_le_bytes([a, b, c, d]), image)?;
            }
        }
        _ => return Err("usage: atom-trace FILE | atom-trace --post IMAGE".into()),
    }
    out.flush()?;
    Ok(())
}

/// Runs `f` with an interpreter that has all the memory a table may want; gives the scratch memory's checksum.
fn with_interpreter<T>(
    tables: Tables<'_>,
    card: &mut Card,
    f: impl FnOnce(&mut Interpreter<'_, &mut Card>) -> T,
) -> (T, u32) {
    let mut workspace = vec![0xdead_beef; atom::WORKSPACE_DWORDS];
    let mut scratch = vec![0; atom::SCRATCH_DWORDS];
    let memory = Memory {
        workspace: &mut workspace,
        scratch: &mut scratch,
    };
    let result = f(&mut Interpreter::new(
        tables,
        card,
        memory,
        Limits {
            steps: STEPS,
            ..Limits::default()
        },
    ));
    let sum = scratch
        .iter()
        .fold(0u32, |sum, d| sum.wrapping_mul(31).wrapping_add(*d));
    (result, sum)
}

/// Runs every command table of an image.
fn run_all(out: &mut impl Write, seed: u32, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    writeln!(out, "image {seed:x}")?;
    let tables = match Image::new(bytes, VENDOR, DEVICE)
        .and_then(|image| describe(out, &image).map(|()| image))
        .and_then(|image| Tables::new(&image))
    {
        Ok(tables) => tables,
        Err(e) => return Ok(writeln!(out, "unusable: {e}")?),
    };
    for index in 0..=u8::MAX {
        if matches!(tables.command(index), Ok(None)) {
            continue;
        }
        let seed = seed.wrapping_add(u32::from(index));
        let mut card = Card::new(seed);
        let mut parameters: Vec<u32> = (0..PARAMETERS).map(|i| hash(seed, 5, i)).collect();
        let (result, scratch) =
            with_interpreter(tables, &mut card, |i| i.execute(index, &mut parameters));
        writeln!(out, "table {index:x}")?;
        out.write_all(card.trace.as_bytes())?;
        match result {
            Ok(()) => write!(out, "done")?,
            Err(e) => write!(out, "failed: {e};")?,
        }
        for parameter in &parameters {
            write!(out, " {parameter:x}")?;
        }
        writeln!(out, " scratch {scratch:x}")?;
    }
    Ok(())
}

/// Prints what an image says about itself.
fn describe(out: &mut impl Write, image: &Image<'_>) -> Result<(), gim_core::vbios::Error> {
    let date = strings::build_date(image).map_or(String::new(), |d| d.to_string());
    // A failure to write shows at the next one.
    let _ = writeln!(
        out,
        "part {}; version {}; date {date}",
        strings::part_number(image).unwrap_or(""),
        strings::version(image).unwrap_or(""),
    );
    Ok(())
}

/// Posts a card on which all registers are 0.
fn post_card(out: &mut impl Write, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
    let tables = match Image::new(bytes, VENDOR, DEVICE).and_then(|image| Tables::new(&image)) {
        Ok(tables) => tables,
        Err(e) => return Ok(writeln!(out, "VBIOS not usable: {e}")?),
    };
    let mut card = Card::cold();
    let (result, _) = with_interpreter(tables, &mut card, |i| {
        post::init(i, post::Init::Asic)?;
        post::init(i, post::Init::LoadMicrocode)?;
        post::verify(i.bus())
    });
    out.write_all(card.trace.as_bytes())?;
    match result {
        Ok(posted) => writeln!(out, "posted: {} MB", posted.memory_mb)?,
        Err(e) => writeln!(out, "{e}")?,
    }
    Ok(())
}
