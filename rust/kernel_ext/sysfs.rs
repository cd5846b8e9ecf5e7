// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Folders of sysfs with attributes, owned by a driver.
//!
//! C header: [`include/linux/sysfs.h`](srctree/include/linux/sysfs.h)

use core::{
    cell::UnsafeCell,
    fmt::Write,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    device,
    error::to_result,
    pci,
    prelude::*,
    types::Opaque, //
};

/// Bytes that an attribute can show: a page.
const SHOWN: usize = 4096;

/// An attribute of a folder.
pub(crate) struct Attribute {
    /// The file's name.
    pub(crate) name: &'static CStr,
    /// Its mode: 0444, 0644, or 0200.
    mode: u16,
}

impl Attribute {
    /// One that anybody may read.
    pub(crate) const fn ro(name: &'static CStr) -> Self {
        Self { name, mode: 0o444 }
    }

    /// One that root may also write.
    pub(crate) const fn rw(name: &'static CStr) -> Self {
        Self { name, mode: 0o644 }
    }

    /// One that root may write, and nobody read.
    pub(crate) const fn wo(name: &'static CStr) -> Self {
        Self { name, mode: 0o200 }
    }
}

/// The attributes of a folder, and what they do.
pub(crate) trait Attributes: Send + Sync {
    /// All of them; the callbacks get an index into this.
    const ALL: &'static [Attribute];

    /// Writes an attribute's value, with its newline.
    ///
    /// Never called for one that cannot be read.
    fn show(&self, _index: usize, _to: &mut Text<'_>) -> Result {
        Err(EPERM)
    }

    /// Takes what was written to an attribute, without spaces and newlines around it.
    ///
    /// Never called for one that cannot be written.
    fn store(&self, _index: usize, _text: &str) -> Result {
        Err(EPERM)
    }
}

/// Where an attribute writes its value. What does not fit is left out.
pub(crate) struct Text<'a> {
    buf: &'a mut [u8],
    len: usize,
}

impl Write for Text<'_> {
    fn write_str(&mut self, s: &str) -> core::fmt::Result {
        let room = &mut self.buf[self.len..];
        let n = s.len().min(room.len());
        room[..n].copy_from_slice(&s.as_bytes()[..n]);
        self.len += n;
        Ok(())
    }
}

/// What stays as long as the kernel has a reference to the folder.
#[repr(C)]
struct Node<T: Attributes> {
    kobj: Opaque<bindings::kobject>,
    attributes: KVec<bindings::attribute>,
    /// `None` once the folder is gone; only then it is changed.
    value: UnsafeCell<Option<T>>,
}

impl<T: Attributes> Node<T> {
    const OPS: bindings::sysfs_ops = bindings::sysfs_ops {
        show: Some(Self::show),
        store: Some(Self::store),
    };

    const TYPE: &'static bindings::kobj_type = &bindings::kobj_type {
        release: Some(Self::release),
        sysfs_ops: &Self::OPS,
        default_groups: core::ptr::null_mut(),
        child_ns_type: None,
        namespace: None,
        get_ownership: None,
    };

    /// The node, and the index of one of its attributes.
    ///
    /// # Safety
    ///
    /// `kobj` is in a `Node<T>` whose folder has not gone yet, and `attr` is one of its attributes.
    unsafe fn find<'a>(
        kobj: *mut bindings::kobject,
        attr: *mut bindings::attribute,
    ) -> Result<(&'a T, usize)> {
        // SAFETY: By the safety requirements; the kobject is the first field.
        let node = unsafe { &*kobj.cast::<Self>() };
        let first = node.attributes.as_ptr();
        let index = (attr as usize).wrapping_sub(first as usize)
            / core::mem::size_of::<bindings::attribute>();
        // SAFETY: The value only changes when no callback runs any more.
        let value = unsafe { &*node.value.get() }.as_ref().ok_or(ENODEV)?;
        Ok((value, index))
    }

    unsafe extern "C" fn show(
        kobj: *mut bindings::kobject,
        attr: *mut bindings::attribute,
        buf: *mut c_char,
    ) -> isize {
        let result = || -> Result<usize> {
            // SAFETY: sysfs calls this for attributes of nodes whose folder is there.
            let (value, index) = unsafe { Self::find(kobj, attr) }?;
            // SAFETY: sysfs gives a page to write to.
            let buf = unsafe { core::slice::from_raw_parts_mut(buf.cast::<u8>(), SHOWN) };
            let mut text = Text { buf, len: 0 };
            value.show(index, &mut text)?;
            Ok(text.len)
        };
        result().map_or_else(|e| e.to_errno() as isize, |n| n as isize)
    }

    unsafe extern "C" fn store(
        kobj: *mut bindings::kobject,
        attr: *mut bindings::attribute,
        buf: *const c_char,
        len: usize,
    ) -> isize {
        let result = || -> Result {
            // SAFETY: As in `show`.
            let (value, index) = unsafe { Self::find(kobj, attr) }?;
            // SAFETY: sysfs gives `len` bytes.
            let bytes = unsafe { core::slice::from_raw_parts(buf.cast::<u8>(), len) };
            value.store(
                index,
                core::str::from_utf8(bytes).map_err(|_| EINVAL)?.trim(),
            )
        };
        result().map_or_else(|e| e.to_errno() as isize, |()| len as isize)
    }

    unsafe extern "C" fn release(kobj: *mut bindings::kobject) {
        // SAFETY: The node was leaked in `Folder::new`, and this was the last reference.
        drop(unsafe { KBox::from_raw(kobj.cast::<Self>()) });
    }
}

/// A folder that is there as long as this lives. A folder inside must be dropped first.
pub(crate) struct Folder<T: Attributes> {
    node: NonNull<Node<T>>,
}

// SAFETY: A node may be used by any thread.
unsafe impl<T: Attributes> Send for Folder<T> {}

// SAFETY: As above.
unsafe impl<T: Attributes> Sync for Folder<T> {}

/// What has a folder in sysfs: another one can be in it, a link can lead to it.
pub(crate) trait Object {
    /// The kobject, valid as long as `self` is.
    fn kobject(&self) -> *mut bindings::kobject;
}

impl Object for pci::Device<device::Bound> {
    fn kobject(&self) -> *mut bindings::kobject {
        // SAFETY: `self` is a valid device.
        unsafe { &raw mut (*super::pci::raw(self)).dev.kobj }
    }
}

impl<T: Attributes> Object for Folder<T> {
    fn kobject(&self) -> *mut bindings::kobject {
        self.node.as_ptr().cast()
    }
}

impl<T: Attributes> Folder<T> {
    /// Makes a folder with its attributes.
    pub(crate) fn new(parent: &impl Object, name: &CStr, value: T) -> Result<Self> {
        let mut attributes = KVec::with_capacity(T::ALL.len(), GFP_KERNEL)?;
        for a in T::ALL {
            // With lockdep it has more fields.
            #[allow(clippy::needless_update)]
            let attribute = bindings::attribute {
                name: a.name.as_char_ptr(),
                mode: a.mode,
                // What `sysfs_attr_init()` does: lockdep takes no key from memory that is not static.
                #[cfg(CONFIG_DEBUG_LOCK_ALLOC)]
                key: kernel::static_lock_class!().as_ptr(),
                ..Default::default()
            };
            attributes.push(attribute, GFP_KERNEL)?;
        }
        let node = KBox::new(
            Node {
                kobj: Opaque::zeroed(),
                attributes,
                value: UnsafeCell::new(Some(value)),
            },
            GFP_KERNEL,
        )?;
        let node = NonNull::from(KBox::leak(node));
        let kobj: *mut bindings::kobject = node.as_ptr().cast();
        // SAFETY: The kobject is zeroed and lives until it is released; the format takes one string, which is copied.
        let added = to_result(unsafe {
            bindings::kobject_init_and_add(
                kobj,
                Node::<T>::TYPE,
                parent.kobject(),
                c"%s".as_char_ptr(),
                name.as_char_ptr(),
            )
        });
        // From here on, dropping this is the way to get rid of the node, also if it was not added.
        let folder = Self { node };
        added?;
        // SAFETY: The node is valid.
        for attribute in unsafe { &(*node.as_ptr()).attributes }.iter() {
            // SAFETY: The kobject was added; the attribute lives as long as the node.
            to_result(unsafe {
                bindings::sysfs_create_file_ns(kobj, attribute, core::ptr::null())
            })?;
        }
        Ok(folder)
    }
}

impl<T: Attributes> Drop for Folder<T> {
    fn drop(&mut self) {
        let kobj: *mut bindings::kobject = self.node.as_ptr().cast();
        // SAFETY: The kobject was initialised; this removes its files and waits for callbacks that run.
        unsafe { bindings::kobject_del(kobj) };
        // SAFETY: No callback runs any more, and none will.
        drop(unsafe { (*(*self.node.as_ptr()).value.get()).take() });
        // SAFETY: This is the reference of `new`.
        unsafe { bindings::kobject_put(kobj) };
    }
}

/// A symbolic link in a folder. It must be dropped before the folder; what it leads to may go before it.
pub(crate) struct Link {
    parent: *mut bindings::kobject,
    name: &'static CStr,
}

// SAFETY: The kobject may be used by any thread.
unsafe impl Send for Link {}

// SAFETY: There is nothing to do with a `&Link`.
unsafe impl Sync for Link {}

impl Link {
    /// Makes a link to `target`.
    pub(crate) fn new(
        parent: &impl Object,
        name: &'static CStr,
        target: &impl Object,
    ) -> Result<Self> {
        let parent = parent.kobject();
        // SAFETY: Both kobjects are valid, and the name is copied.
        to_result(unsafe {
            bindings::sysfs_create_link(parent, target.kobject(), name.as_char_ptr())
        })?;
        // SAFETY: As above; the reference is put in `drop`.
        unsafe { bindings::kobject_get(parent) };
        Ok(Self { parent, name })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // SAFETY: `new` took a reference to the folder, which is still there.
        unsafe {
            bindings::sysfs_remove_link(self.parent, self.name.as_char_ptr());
            bindings::kobject_put(self.parent);
        }
    }
}

/// Reads a number as the kernel does for unsigned attributes.
pub(crate) fn number(text: &str) -> Result<u64> {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    }
    .map_err(|_| EINVAL)
}

/// Reads a truth value as the kernel does.
pub(crate) fn truth(text: &str) -> Result<bool> {
    match text {
        "1" | "y" | "Y" | "on" => Ok(true),
        "0" | "n" | "N" | "off" => Ok(false),
        _ => Err(EINVAL),
    }
}
