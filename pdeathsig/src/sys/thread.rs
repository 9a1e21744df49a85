//! A thread that needs little: a small stack, no signals, and a descriptor table of its own.
//!
//! This is not `std::thread`. At the start of a thread, that allocates and maps a stack for signal handlers, and where
//! memory is limited (`RLIMIT_AS`), the failure of either aborts the process. Here it is an error.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::slice;
use std::sync::Arc;

use libc::{c_int, c_uint, c_void, pthread_attr_t, pthread_t, size_t};

use super::{cvt, signals};

/// The `libc` crate lacks it for Android.
const CLOSE_RANGE_UNSHARE: c_uint = 1 << 1;

/// What the thread itself needs, with room to spare. Pages that are not used cost nothing.
const STACK: usize = 256 * 1024;

/// What a thread does.
pub(crate) trait Run: Send + Sync + 'static {
    /// Ends in a zero.
    const NAME: &'static [u8; 16];

    fn run(&self);
}

/// A thread that was started. It runs on when this is dropped.
pub(crate) struct Thread(pthread_t);

impl Thread {
    /// Starts a thread that gets no signal, except those by which the C library changes the user of all threads.
    pub(crate) fn spawn<T: Run>(work: &Arc<T>) -> io::Result<Thread> {
        let mut attributes = MaybeUninit::<pthread_attr_t>::uninit();
        // SAFETY: pthread_attr_init writes all of the attributes.
        succeeded(unsafe { libc::pthread_attr_init(attributes.as_mut_ptr()) })?;
        // SAFETY: the attributes were initialised.
        unsafe { libc::pthread_attr_setstacksize(attributes.as_mut_ptr(), stack_size()) };
        // A thread inherits the signal mask of the thread that creates it.
        let created = signals::with_all_blocked(|| create(attributes.as_ptr(), work));
        // SAFETY: the attributes were initialised, and nothing uses them any more.
        unsafe { libc::pthread_attr_destroy(attributes.as_mut_ptr()) };
        created.map(Thread)
    }

    /// Whether the kernel has ended the thread. A sandbox may do that at any system call, also before the thread runs a
    /// line of ours.
    pub(crate) fn is_gone(&self) -> bool {
        // SAFETY: the thread is neither joined nor detached, so its id is valid. The signal 0 is none.
        let answer = unsafe { libc::pthread_kill(self.0, 0) };
        // The C library keeps the kernel's number of the thread. The kernel clears it at the thread's end (EINVAL), or
        // has no such thread (ESRCH).
        matches!(answer, libc::ESRCH | libc::EINVAL)
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        // SAFETY: the thread is neither joined nor detached, and its id is not used again.
        unsafe { libc::pthread_detach(self.0) };
    }
}

/// The thread's own need, and the thread-local variables of the program and of all its libraries: glibc takes them out
/// of the stack.
fn stack_size() -> usize {
    let mut thread_locals: usize = 0;
    // SAFETY: the callback gets the pointer to the sum, which lives until the call returns.
    unsafe { libc::dl_iterate_phdr(Some(add_thread_locals), ptr::addr_of_mut!(thread_locals).cast()) };
    // In whole pages of any size.
    STACK.saturating_add(thread_locals).saturating_add(0xffff) & !0xffff
}

/// Called for the program and for each library: adds its block of thread-local variables to the sum.
unsafe extern "C" fn add_thread_locals(info: *mut libc::dl_phdr_info, _: size_t, sum: *mut c_void) -> c_int {
    // SAFETY: dl_iterate_phdr passes a valid description.
    let info = unsafe { &*info };
    // SAFETY: the last argument is that of `stack_size`, a usize that nothing else uses meanwhile.
    let sum = unsafe { &mut *sum.cast::<usize>() };
    if info.dlpi_phdr.is_null() {
        return 0;
    }
    // SAFETY: the description says that there are so many headers. They stay mapped until the callback returns.
    let headers = unsafe { slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    for header in headers {
        if header.p_type == libc::PT_TLS {
            let size = (header.p_memsz as usize).saturating_add(header.p_align as usize);
            *sum = sum.saturating_add(size);
        }
    }
    0
}

fn create<T: Run>(attributes: *const pthread_attr_t, work: &Arc<T>) -> io::Result<pthread_t> {
    let work = Arc::into_raw(work.clone());
    let mut thread = MaybeUninit::uninit();
    let argument = work.cast_mut().cast::<c_void>();
    // SAFETY: the attributes were initialised, and `start::<T>` gets the argument that it expects.
    let created = succeeded(unsafe { libc::pthread_create(thread.as_mut_ptr(), attributes, start::<T>, argument) });
    if let Err(error) = created {
        // SAFETY: the thread does not exist, so this count is still ours.
        drop(unsafe { Arc::from_raw(work) });
        return Err(error);
    }
    // SAFETY: pthread_create has written the id.
    Ok(unsafe { thread.assume_init() })
}

extern "C" fn start<T: Run>(argument: *mut c_void) -> *mut c_void {
    // SAFETY: the argument is that of `create`, which has given this count away.
    let work = unsafe { Arc::from_raw(argument.cast_const().cast::<T>()) };
    // SAFETY: PR_SET_NAME reads 16 bytes.
    unsafe { libc::syscall(libc::SYS_prctl, libc::PR_SET_NAME, T::NAME.as_ptr()) };
    work.run();
    ptr::null_mut()
}

/// The C library's thread functions return the error itself.
fn succeeded(answer: c_int) -> io::Result<()> {
    match answer {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// Gives the calling thread an empty descriptor table of its own, since Linux 5.9
/// ([close_range(2)](https://man7.org/linux/man-pages/man2/close_range.2.html)).
///
/// The descriptors of the other threads stay open. What those threads close, or open until their table is full, does
/// not affect this thread.
pub(crate) fn leave_descriptor_table() -> io::Result<()> {
    // SAFETY: close_range takes numbers by value. It closes this thread's copies only, and a thread that calls this
    // owns no descriptor.
    cvt(unsafe { libc::syscall(libc::SYS_close_range, 0 as c_uint, c_uint::MAX, CLOSE_RANGE_UNSHARE) }).map(drop)
}
