//! A thread with as little as can be: a small stack, no signals, and a descriptor table of its own.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::slice;
use std::sync::Arc;

use libc::{c_int, c_uint, c_void, pthread_attr_t};

use super::{cvt, signals};

/// The `libc` crate lacks it for Android.
const CLOSE_RANGE_UNSHARE: c_uint = 1 << 1;

/// What is not used costs nothing.
const STACK: usize = 256 * 1024;
/// For programs with libraries that have very many thread-local variables.
const LARGE_STACK: usize = 8 * 1024 * 1024;

#[cfg(not(target_pointer_width = "64"))]
use libc::Elf32_Phdr as ProgramHeader;
#[cfg(target_pointer_width = "64")]
use libc::Elf64_Phdr as ProgramHeader;

/// What a thread does.
pub(crate) trait Run: Send + Sync + 'static {
    /// Ends in a zero.
    const NAME: &'static [u8; 16];

    fn run(&self);
}

/// Starts a thread that nobody joins and that gets no signal, but for those by which the C library has all threads change
/// their user.
///
/// Not by `std::thread`, which costs four times the memory: a stack for signal handlers, thread-local values, and a part of
/// the C library that nothing else reads.
pub(crate) fn spawn<T: Run>(work: &Arc<T>) -> io::Result<()> {
    let mut attributes = MaybeUninit::<pthread_attr_t>::uninit();
    // SAFETY: pthread_attr_init writes all of the attributes.
    succeeded(unsafe { libc::pthread_attr_init(attributes.as_mut_ptr()) })?;
    // SAFETY: the attributes were initialised.
    unsafe { libc::pthread_attr_setdetachstate(attributes.as_mut_ptr(), libc::PTHREAD_CREATE_DETACHED) };
    // Its signal mask is that of the thread that creates it.
    let created = signals::with_all_blocked(|| {
        let mut created = Ok(());
        // The C library takes the thread-local variables out of the stack.
        for size in [STACK + size_of_thread_locals(), LARGE_STACK] {
            // SAFETY: as above.
            unsafe { libc::pthread_attr_setstacksize(attributes.as_mut_ptr(), size) };
            created = create(attributes.as_ptr(), work);
            if !matches!(&created, Err(error) if error.raw_os_error() == Some(libc::EINVAL)) {
                break;
            }
        }
        created
    });
    // SAFETY: the attributes were initialised, and nobody uses them any more.
    unsafe { libc::pthread_attr_destroy(attributes.as_mut_ptr()) };
    created
}

/// Those of the program itself, in whole pages.
fn size_of_thread_locals() -> usize {
    // SAFETY: getauxval takes a number by value.
    let headers = unsafe { libc::getauxval(libc::AT_PHDR) } as *const ProgramHeader;
    // SAFETY: as above.
    let number = unsafe { libc::getauxval(libc::AT_PHNUM) } as usize;
    if headers.is_null() {
        return 0;
    }
    // SAFETY: the kernel has put so many of them there, and they stay mapped with the program.
    let headers = unsafe { slice::from_raw_parts(headers, number) };
    let thread_locals = headers.iter().find(|header| header.p_type == libc::PT_TLS);
    thread_locals.map_or(0, |header| (header.p_memsz as usize).saturating_add(0xffff) & !0xffff)
}

fn create<T: Run>(attributes: *const pthread_attr_t, work: &Arc<T>) -> io::Result<()> {
    let work = Arc::into_raw(work.clone());
    let mut thread = MaybeUninit::uninit();
    let argument = work.cast_mut().cast::<c_void>();
    // SAFETY: the attributes were initialised, and `start::<T>` gets the argument that it expects.
    let created = succeeded(unsafe { libc::pthread_create(thread.as_mut_ptr(), attributes, start::<T>, argument) });
    if created.is_err() {
        // SAFETY: the thread does not exist, so that this count is still ours.
        drop(unsafe { Arc::from_raw(work) });
    }
    created
}

extern "C" fn start<T: Run>(argument: *mut c_void) -> *mut c_void {
    // SAFETY: the argument is that of `create`, which has given this count away.
    let work = unsafe { Arc::from_raw(argument.cast_const().cast::<T>()) };
    // SAFETY: PR_SET_NAME reads 16 bytes.
    unsafe { libc::syscall(libc::SYS_prctl, libc::PR_SET_NAME, T::NAME.as_ptr()) };
    work.run();
    ptr::null_mut()
}

/// What the C library's thread functions answer is the error itself.
fn succeeded(answer: c_int) -> io::Result<()> {
    match answer {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// Gives the calling thread a descriptor table of its own, an empty one, since Linux 5.9
/// ([close_range(2)](https://man7.org/linux/man-pages/man2/close_range.2.html)). What other threads have open stays open,
/// and whatever they close, or open until the table is full, does not concern this thread.
pub(crate) fn leave_descriptor_table() -> io::Result<()> {
    // SAFETY: close_range takes numbers by value. What it closes are this thread's copies; a thread that calls this owns no
    // descriptor.
    cvt(unsafe { libc::syscall(libc::SYS_close_range, 0 as c_uint, c_uint::MAX, CLOSE_RANGE_UNSHARE) }).map(drop)
}
