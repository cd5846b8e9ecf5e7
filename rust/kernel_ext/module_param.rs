// SPDX-License-Identifier: GPL-2.0-only OR MIT

//! Module parameters that are checked when they are set and readable in `/sys/module/*/parameters`.
//!
//! Those of [`kernel::module!`] have mode 0 and take any number.
//!
//! C header: [`include/linux/moduleparam.h`](srctree/include/linux/moduleparam.h)

use core::marker::PhantomData;
use kernel::{
    bindings,
    error::from_result,
    prelude::*,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
};

/// What a parameter accepts.
pub(crate) trait Spec: 'static {
    /// The value until another one is set.
    const DEFAULT: u32;

    /// Mode of its file in sysfs: 0o444, or 0o644 if it may be changed at any time.
    const MODE: u16;

    /// Reads the text given by the user; reports in the log why it refuses one.
    fn parse(text: &[u8]) -> Result<u32>;
}

/// An unsigned parameter. Made by [`module_params!`](crate::module_params).
pub(crate) struct Param<S: Spec> {
    value: Atomic<u32>,
    _spec: PhantomData<fn() -> S>,
}

impl<S: Spec> Param<S> {
    /// What the kernel calls to set and to show the parameter.
    pub(crate) const OPS: &'static bindings::kernel_param_ops = &bindings::kernel_param_ops {
        flags: 0,
        set: Some(Self::set),
        get: Some(Self::get),
        free: None,
    };

    /// A parameter with its default value.
    pub(crate) const fn new() -> Self {
        Self {
            value: Atomic::new(S::DEFAULT),
            _spec: PhantomData,
        }
    }

    /// The value.
    pub(crate) fn value(&self) -> u32 {
        self.value.load(Relaxed)
    }

    /// # Safety
    ///
    /// `param` points to a `kernel_param` whose `arg` points to a static `Self`.
    unsafe fn from_raw(param: *const bindings::kernel_param) -> &'static Self {
        // SAFETY: By the safety requirements, `arg` is initialized and valid forever.
        unsafe { &*(*param).__bindgen_anon_1.arg.cast::<Self>() }
    }

    unsafe extern "C" fn set(val: *const c_char, param: *const bindings::kernel_param) -> c_int {
        from_result(|| {
            if val.is_null() {
                return Err(EINVAL);
            }
            // SAFETY: The kernel passes a NUL-terminated string that is valid during the call.
            let text = unsafe { CStr::from_char_ptr(val) };
            let value = S::parse(text.to_bytes())?;
            // SAFETY: These operations are only used with a `kernel_param` of `module_params!`.
            unsafe { Self::from_raw(param) }.value.store(value, Relaxed);
            Ok(0)
        })
    }

    unsafe extern "C" fn get(buf: *mut c_char, param: *const bindings::kernel_param) -> c_int {
        // SAFETY: These operations are only used with a `kernel_param` of `module_params!`.
        let value = unsafe { Self::from_raw(param) }.value();
        // SAFETY: The kernel passes a page to write to.
        unsafe { bindings::sysfs_emit(buf, c"%u\n".as_char_ptr(), value) }
    }
}

/// Joins strings at build time; `N` is their length in all, the terminating NUL included.
pub(crate) const fn join<const N: usize>(parts: &[&str]) -> [u8; N] {
    let mut out = [0; N];
    let (mut at, mut part) = (0, 0);
    while part < parts.len() {
        let bytes = parts[part].as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            out[at] = bytes[i];
            at += 1;
            i += 1;
        }
        part += 1;
    }
    assert!(at + 1 == N);
    out
}

/// Declares parameters: a static [`Param`] of each, its `__param` entry and what `modinfo` shows.
///
/// ```ignore
/// module_params! {
///     /// Number of widgets.
///     WIDGETS: WidgetsSpec, "widgets", "number of widgets, 0 to 7";
/// }
/// ```
#[macro_export]
macro_rules! module_params {
    ($($(#[$attr:meta])* $vis:vis $static:ident: $spec:ty, $name:expr, $what:expr;)*) => {$(
        $(#[$attr])*
        $vis static $static: $crate::kernel_ext::module_param::Param<$spec> =
            $crate::kernel_ext::module_param::Param::new();

        #[allow(unsafe_code)]
        const _: () = {
            use $crate::kernel_ext::module_param::{join, Param};

            const NAME: &str = $name;
            static C_NAME: [u8; NAME.len() + 1] = join(&[NAME]);

            // Newer compilers let the linker keep what is plainly `used`, in sections of their own with the same name.
            #[link_section = "__param"]
            #[used(compiler)]
            static ENTRY: ::kernel::module_param::KernelParam =
                ::kernel::module_param::KernelParam::new(::kernel::bindings::kernel_param {
                    name: (&raw const C_NAME).cast(),
                    mod_: (&raw const ::kernel::bindings::__this_module).cast_mut(),
                    ops: Param::<$spec>::OPS,
                    perm: <$spec as $crate::kernel_ext::module_param::Spec>::MODE,
                    level: -1,
                    flags: 0,
                    __bindgen_anon_1: ::kernel::bindings::kernel_param__bindgen_ty_1 {
                        arg: (&raw const $static).cast_mut().cast(),
                    },
                });

            #[link_section = ".modinfo"]
            #[used(compiler)]
            static TYPE: [u8; NAME.len() + "parmtype=:uint".len() + 1] =
                join(&["parmtype=", NAME, ":uint"]);

            #[link_section = ".modinfo"]
            #[used(compiler)]
            static DESCRIPTION: [u8; NAME.len() + $what.len() + "parm=:".len() + 1] =
                join(&["parm=", NAME, ":", $what]);
        };
    )*};
}
