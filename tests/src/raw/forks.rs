//! Forks that go on without an exec, and what they share.

use std::env;
use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use nix::libc;
use nix::pty::{forkpty, ForkptyResult};
use nix::sched::{clone, CloneFlags};
use nix::unistd::{fork, pause, ForkResult, Pid};

/// Drops a copy, bit by bit, of something. The caller is a fork, which ends without dropping it again.
pub(crate) fn drop_copy<T>(original: &T) {
    drop(copy(original));
}

/// In a fork, its own copy of a value, which it uses once.
pub(crate) fn copy<T>(original: &T) -> T {
    // SAFETY: the fork's own copy is not used again.
    unsafe { ptr::read(original) }
}

/// Runs `child` in a fork, which ends with its answer.
pub(crate) fn in_fork(child: impl FnOnce() -> i32) -> Pid {
    // SAFETY: in an actor with threads, these sleep or make system calls; none holds a lock at that moment. So the fork
    // may do what it could do itself.
    match unsafe { fork() }.unwrap() {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            let status = child();
            // SAFETY: _exit takes a number by value and does not return.
            unsafe { libc::_exit(status) }
        }
    }
}

/// A child that sleeps until it is killed, or so many seconds are over.
pub fn fork_sleeper(seconds: libc::c_uint) -> io::Result<()> {
    // SAFETY: what the fork does is async-signal-safe.
    if let ForkResult::Child = unsafe { fork() }? {
        nix::unistd::alarm::set(seconds);
        loop {
            pause();
        }
    }
    Ok(())
}

/// Executes a program in a terminal of its own, by `forkpty` and `execve`: its pid, and the terminal's other end.
pub fn execute_in_new_terminal(program: &str) -> (Pid, OwnedFd) {
    let path = CString::new(program).unwrap();
    let environment: Vec<CString> =
        env::vars().map(|(name, value)| CString::new(format!("{name}={value}")).unwrap()).collect();
    // Made before, since a fork of a process with threads may not allocate.
    let mut pointers: Vec<_> = environment.iter().map(|variable| variable.as_ptr()).collect();
    pointers.push(ptr::null());
    let arguments = [path.as_ptr(), ptr::null()];
    // SAFETY: what the fork does is async-signal-safe.
    match unsafe { forkpty(None, None) }.unwrap() {
        ForkptyResult::Parent { child, master } => (child, master),
        ForkptyResult::Child => {
            // SAFETY: the strings end with 0, and the lists with null.
            unsafe { libc::execve(path.as_ptr(), arguments.as_ptr(), pointers.as_ptr()) };
            // SAFETY: _exit takes a number by value and does not return.
            unsafe { libc::_exit(127) }
        }
    }
}

/// Whether this is the fork. The caller has one thread.
pub fn forked() -> bool {
    // SAFETY: the programs that call this have one thread.
    matches!(unsafe { fork() }, Ok(ForkResult::Child))
}

/// Forks: the child's pid, or `None` in the child.
pub fn try_fork() -> io::Result<Option<Pid>> {
    // SAFETY: the programs that call this have one thread.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(Some(child)),
        ForkResult::Child => Ok(None),
    }
}

/// A counter that forks share.
#[derive(Debug)]
pub struct SharedCounter(&'static AtomicUsize);

impl SharedCounter {
    /// At 0.
    #[allow(clippy::new_without_default)]
    pub fn new() -> SharedCounter {
        let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_ANONYMOUS);
        // SAFETY: a new mapping touches nothing that exists.
        let start = unsafe { libc::mmap(ptr::null_mut(), 4096, access, flags, -1, 0) };
        assert_ne!(start, libc::MAP_FAILED);
        // SAFETY: the mapping is zeroed, aligned, and stays for as long as the process.
        SharedCounter(unsafe { &*start.cast::<AtomicUsize>() })
    }

    /// Adds 1 and answers with what it was.
    pub fn add(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst)
    }

    /// What it is.
    pub fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// A process with the number `pid`, which is free: a child of the test that sleeps until it is killed.
pub fn unrelated_process(pid: Pid) -> io::Result<()> {
    fork_with_number(pid, || {
        // It exits by itself if nothing kills it.
        nix::unistd::alarm::set(120);
        loop {
            pause();
        }
    })
}

/// `clone_args`, which the `libc` crate lacks for some processors.
#[derive(Default)]
#[repr(C, align(8))]
struct CloneArguments {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
}

/// A fork with the number `pid`, which is free. It ends when `child` returns.
pub(crate) fn fork_with_number(pid: Pid, child: impl FnOnce()) -> io::Result<()> {
    let numbers = [pid.as_raw()];
    let arguments = CloneArguments {
        exit_signal: libc::SIGCHLD as u64,
        set_tid: numbers.as_ptr() as u64,
        set_tid_size: 1,
        ..CloneArguments::default()
    };
    let size = std::mem::size_of_val(&arguments);
    // SAFETY: the arguments and the number they point to live until the call returns; without flags it is a fork. What
    // was printed of `in_fork` holds here.
    match unsafe { libc::syscall(libc::SYS_clone3, &arguments, size) } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            child();
            // SAFETY: _exit takes a number by value and does not return.
            unsafe { libc::_exit(0) }
        }
        _ => Ok(()),
    }
}

/// A child that waits in `vfork`, where only SIGKILL reaches it, for a child of its own.
pub fn vforking() -> io::Result<Pid> {
    // SAFETY: the program that calls this has one thread.
    match unsafe { fork() }? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            let mut stack = [0; 16 * 1024];
            let wait = Box::new(|| {
                nix::unistd::alarm::set(30);
                pause();
                0
            });
            // SAFETY: the stack is large enough for two system calls, and outlives the process, as `vfork` waits for
            // its end.
            let ended = unsafe { clone(wait, &mut stack, CloneFlags::CLONE_VM | CloneFlags::CLONE_VFORK, None) };
            // SAFETY: _exit takes a number by value and does not return.
            unsafe { libc::_exit(i32::from(ended.is_err())) }
        }
    }
}
