// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! The system's files, below a root that tests plant elsewhere. Nothing else in gimctl opens a file of the kernel.

use std::{
    fs, io,
    io::{Read, Write},
    path::{Path, PathBuf},
};

/// Why a file of the kernel could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Reading failed.
    #[error("cannot read {}: {}", path.display(), explain(source))]
    Read {
        /// The file.
        path: PathBuf,
        /// What the kernel says.
        source: io::Error,
    },
    /// Writing failed.
    #[error("cannot write \"{value}\" to {}: {}", path.display(), explain(source))]
    Write {
        /// The file.
        path: PathBuf,
        /// What was to be written.
        value: String,
        /// What the kernel says.
        source: io::Error,
    },
}

/// What an error of the kernel means for an attribute of gim, and what to do.
fn explain(e: &io::Error) -> String {
    let advice = match rustix::io::Errno::from_io_error(e) {
        Some(rustix::io::Errno::ACCESS | rustix::io::Errno::PERM) => "run it as root",
        Some(rustix::io::Errno::NOENT) => {
            "the gim that is loaded does not have it: update the module"
        }
        Some(rustix::io::Errno::INVAL) => "the value is out of range",
        Some(rustix::io::Errno::BUSY) => "it is in use: the kernel's log says by whom",
        Some(rustix::io::Errno::NOSPC) => "there is no room: make another VF's part smaller before",
        Some(rustix::io::Errno::NODEV) => "the card is gone: look at the kernel's log",
        Some(rustix::io::Errno::TIMEDOUT) => "the driver does not get on: look at the kernel's log",
        _ => return e.to_string(),
    };
    format!("{e}; {advice}")
}

/// Where the system's files are.
#[derive(Clone, Debug)]
pub struct Root(PathBuf);

impl Root {
    /// A root; `/` but for tests.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Root(path.into())
    }

    /// The place of a file that is named from the system's root, with or without the slash.
    pub fn at(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.0.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// How a place is called on the system itself.
    pub fn name<'p>(&self, path: &'p Path) -> &'p Path {
        path.strip_prefix(&self.0).unwrap_or(path)
    }
}

/// Reads a text file without the white space at its end.
///
/// # Errors
///
/// [`Error::Read`].
pub fn read(path: &Path) -> Result<String, Error> {
    let error = |source| Error::Read {
        path: path.to_owned(),
        source,
    };
    let bytes = fs::read(path).map_err(error)?;
    Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

/// As [`read`]; `None` when there is no such file, or it says nothing that can be read.
pub fn look(path: &Path) -> Option<String> {
    read(path).ok()
}

/// As [`look`], for a number.
pub fn number<T: std::str::FromStr>(path: &Path) -> Option<T> {
    look(path)?.parse().ok()
}

/// The last part of where a link points, as sysfs names drivers and devices.
pub fn link(path: &Path) -> Option<String> {
    let target = fs::read_link(path).ok()?;
    Some(target.file_name()?.to_string_lossy().into_owned())
}

/// Names of what is in a folder, sorted; none when there is no such folder.
pub fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(path)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    names.sort();
    names
}

/// Reads a binary file up to a length.
///
/// # Errors
///
/// [`Error::Read`].
pub fn bytes(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let mut data = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(limit).read_to_end(&mut data))
        .map_err(|source| Error::Read {
            path: path.to_owned(),
            source,
        })?;
    Ok(data)
}

/// Writes a value to an attribute. The file must be there: sysfs has no others.
///
/// # Errors
///
/// [`Error::Write`].
pub fn write(path: &Path, value: &str) -> Result<(), Error> {
    fs::OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(path)
        // In one piece: each write is a command of its own.
        .and_then(|mut file| file.write_all(format!("{value}\n").as_bytes()))
        .map_err(|source| Error::Write {
            path: path.to_owned(),
            value: value.to_owned(),
            source,
        })
}

/// Replaces an ordinary file: readers see the old one or the new one, whole.
///
/// # Errors
///
/// Of the file system; nothing is left behind.
pub fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "this is no file's name"))?;
    let new = path.with_file_name(format!(
        ".{}.{}",
        name.to_string_lossy(),
        std::process::id()
    ));
    let result = fs::write(&new, text).and_then(|()| fs::rename(&new, path));
    if result.is_err() {
        // Whatever it was, there may be nothing to remove.
        let _ = fs::remove_file(&new);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_never_created() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weight");
        let error = write(&path, "5").unwrap_err().to_string();
        assert!(error.contains("update the module"), "{error}");
        assert!(!path.exists());
    }

    #[test]
    fn a_file_is_replaced_or_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        replace(&path, b"1").unwrap();
        replace(&path, b"2").unwrap();
        assert_eq!(read(&path).unwrap(), "2");
        assert!(replace(folder.path(), b"3").is_err());
        assert_eq!(names(folder.path()), ["a"]);
    }
}
