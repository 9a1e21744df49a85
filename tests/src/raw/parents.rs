//! The first answer of `getppid`, remembered.

use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicPtr, Ordering};

use nix::libc::{self, c_long};

static FIRST_PARENT: AtomicI32 = AtomicI32::new(0);

/// Defines `syscall` in a program, in place of the C library's, which it calls: of `getppid`, the first answer is
/// remembered.
#[macro_export]
macro_rules! remember_parents_named {
    () => {
        use ::nix::libc::c_long;

        #[no_mangle]
        extern "C" fn syscall(
            number: c_long,
            a: c_long,
            b: c_long,
            c: c_long,
            d: c_long,
            e: c_long,
            f: c_long,
        ) -> c_long {
            $crate::remembering(number, [a, b, c, d, e, f])
        }
    };
}

type Syscall = extern "C" fn(c_long, c_long, c_long, c_long, c_long, c_long, c_long) -> c_long;

/// The C library's `syscall`. Called before there are threads, so that a fork never has to look for it.
fn syscall_of_the_c_library() -> Syscall {
    static FOUND: AtomicPtr<libc::c_void> = AtomicPtr::new(ptr::null_mut());
    let mut found = FOUND.load(Ordering::SeqCst);
    if found.is_null() {
        // SAFETY: the name ends with a zero byte.
        found = unsafe { libc::dlsym(libc::RTLD_NEXT, c"syscall".as_ptr()) };
        assert!(!found.is_null());
        FOUND.store(found, Ordering::SeqCst);
    }
    // SAFETY: it takes a number and up to six others, in registers where they go in any case, and one on the stack.
    unsafe { std::mem::transmute::<*mut libc::c_void, Syscall>(found) }
}

/// `syscall(number, …)`; the first answer of `getppid` is remembered.
pub fn remembering(number: c_long, [a, b, c, d, e, f]: [c_long; 6]) -> c_long {
    let answer = syscall_of_the_c_library()(number, a, b, c, d, e, f);
    if number == libc::SYS_getppid {
        let _ = FIRST_PARENT.compare_exchange(0, answer as i32, Ordering::SeqCst, Ordering::SeqCst);
    }
    answer
}

/// The first answer since the last call of [`forget_parents_named`].
pub fn first_parent_named() -> Option<libc::pid_t> {
    Some(FIRST_PARENT.load(Ordering::SeqCst)).filter(|parent| *parent != 0)
}

/// Remembers the next answer as the first.
pub fn forget_parents_named() {
    syscall_of_the_c_library();
    FIRST_PARENT.store(0, Ordering::SeqCst);
}
