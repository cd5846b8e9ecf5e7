// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Folders of debugfs with files that are read, for values that live as long as a device is bound:
//! [`kernel::debugfs`] only knows those that live for ever.
//!
//! Without debugfs all of this does nothing, as is the custom.
//!
//! C header: [`include/linux/debugfs.h`](srctree/include/linux/debugfs.h)

use core::{
    fmt,
    mem::MaybeUninit,
    ptr, //
};
use kernel::{
    bindings,
    error::from_result,
    prelude::*,
    str::CString,
    sync::Arc, //
};

/// The files of a folder, and what is in them.
pub(crate) trait Files: Send + Sync {
    /// Their names.
    fn names() -> impl Iterator<Item = &'static str>;

    /// Writes what is in the file with this place in [`Files::names`]. Called again if it does not fit at first.
    fn show(&self, index: usize, to: &mut Output<'_>) -> Result;
}

/// Where a file's text goes.
pub(crate) struct Output<'a>(&'a mut bindings::seq_file);

impl Output<'_> {
    /// Writes bytes.
    pub(crate) fn write_bytes(&mut self, bytes: &[u8]) {
        // SAFETY: The bytes are valid; what does not fit is noted in the `seq_file`.
        let _ = unsafe { bindings::seq_write(self.0, bytes.as_ptr().cast(), bytes.len()) };
    }
}

impl fmt::Write for Output<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write_bytes(text.as_bytes());
        Ok(())
    }
}

/// What a file knows of itself.
struct File<T: Files> {
    value: Arc<T>,
    index: usize,
}

// A lock class without lockdep is empty.
#[allow(improper_ctypes)]
extern "C" {
    static __this_module: bindings::module;
}

impl<T: Files> File<T> {
    const OPERATIONS: &'static bindings::file_operations = &bindings::file_operations {
        // An open file keeps the module, whose function closes it.
        owner: (&raw const __this_module).cast_mut(),
        open: Some(Self::open),
        read: Some(bindings::seq_read),
        llseek: Some(bindings::seq_lseek),
        release: Some(bindings::single_release),
        // SAFETY: All other fields are optional, and none when they are zero.
        ..unsafe { MaybeUninit::zeroed().assume_init() }
    };

    unsafe extern "C" fn open(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: debugfs passes a valid inode, with the data that the file was created with.
        unsafe { bindings::single_open(file, Some(Self::show), (*inode).i_private) }
    }

    unsafe extern "C" fn show(seq: *mut bindings::seq_file, _: *mut c_void) -> c_int {
        from_result(|| {
            // SAFETY: `seq` is valid for this call, and `open` gave it the file, which is not freed while debugfs lets
            // anybody read.
            let (seq, file) = unsafe { (&mut *seq, &*(*seq).private.cast::<Self>()) };
            file.value.show(file.index, &mut Output(seq))?;
            Ok(0)
        })
    }
}

/// What a folder of debugfs can be in.
pub(crate) trait Parent {
    /// Calls `f` with the parent's dentry, which may be an error.
    fn with(
        &self,
        f: impl FnOnce(*mut bindings::dentry) -> *mut bindings::dentry,
    ) -> *mut bindings::dentry;
}

#[cfg_attr(not(CONFIG_DEBUG_FS), allow(unused_variables))]
fn create_dir(parent: *mut bindings::dentry, name: &CStr) -> *mut bindings::dentry {
    #[cfg(CONFIG_DEBUG_FS)]
    // SAFETY: The name is valid and copied; the parent is valid, NULL, or an error, which gives an error.
    return unsafe { bindings::debugfs_create_dir(name.as_char_ptr(), parent) };
    #[cfg(not(CONFIG_DEBUG_FS))]
    ptr::null_mut()
}

/// The top folder of a name, which somebody else has made.
pub(crate) struct Top(pub(crate) &'static CStr);

impl Parent for Top {
    fn with(
        &self,
        f: impl FnOnce(*mut bindings::dentry) -> *mut bindings::dentry,
    ) -> *mut bindings::dentry {
        #[cfg(CONFIG_DEBUG_FS)]
        // SAFETY: The name is valid; the reference that this gives, or NULL, is put below.
        let top = unsafe { bindings::debugfs_lookup(self.0.as_char_ptr(), ptr::null_mut()) };
        #[cfg(not(CONFIG_DEBUG_FS))]
        let top = ptr::null_mut();
        // Without it, nothing is made: an error for a parent is one for its child.
        let parent = if top.is_null() { ENOENT.to_ptr() } else { top };
        let made = f(parent);
        // SAFETY: As above.
        unsafe { bindings::dput(top) };
        made
    }
}

/// A folder that is there as long as this lives. One that is inside must be dropped first.
pub(crate) struct Folder<T: Files> {
    dir: *mut bindings::dentry,
    files: KVec<KBox<File<T>>>,
}

// SAFETY: A dentry of debugfs may be removed by any thread, and files may be dropped by any.
unsafe impl<T: Files> Send for Folder<T> {}

// SAFETY: There is nothing to do with a `&Folder` but to make folders inside, which any thread may.
unsafe impl<T: Files> Sync for Folder<T> {}

impl<T: Files> Parent for Folder<T> {
    fn with(
        &self,
        f: impl FnOnce(*mut bindings::dentry) -> *mut bindings::dentry,
    ) -> *mut bindings::dentry {
        f(self.dir)
    }
}

impl<T: Files> Folder<T> {
    /// Makes a folder with its files, which root can read.
    ///
    /// # Errors
    ///
    /// `ENOMEM`. That debugfs cannot be used is none.
    pub(crate) fn new(parent: &impl Parent, name: &CStr, value: &Arc<T>) -> Result<Self> {
        let dir = parent.with(|parent| create_dir(parent, name));
        let mut folder = Self {
            dir,
            files: KVec::new(),
        };
        for (index, name) in T::names().enumerate() {
            let name = CString::try_from_fmt(fmt!("{}", name))?;
            let file = KBox::new(
                File {
                    value: value.clone(),
                    index,
                },
                GFP_KERNEL,
            )?;
            let data = ptr::from_ref(&*file).cast_mut().cast();
            folder.files.push(file, GFP_KERNEL)?;
            #[cfg(CONFIG_DEBUG_FS)]
            // SAFETY: The name is valid and copied; the file stays where it is until the folder was removed; operations are
            // static and made for it.
            unsafe {
                bindings::debugfs_create_file_full(
                    name.as_char_ptr(),
                    0o400,
                    folder.dir,
                    data,
                    ptr::null(),
                    File::<T>::OPERATIONS,
                )
            };
        }
        Ok(folder)
    }
}

impl<T: Files> Drop for Folder<T> {
    fn drop(&mut self) {
        #[cfg(CONFIG_DEBUG_FS)]
        // SAFETY: `new` made it, or it is an error, which is ignored. This waits for readers.
        unsafe {
            bindings::debugfs_remove(self.dir)
        };
    }
}
