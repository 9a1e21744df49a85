//! Every `unsafe` of the tests.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicUsize, Ordering};

use nix::cmsg_space;
use nix::fcntl::{fcntl, FcntlArg, OFlag};
use nix::libc::{self, c_long};
use nix::sched::{clone, CloneFlags};
use nix::sys::ptrace;
use nix::sys::signal::{raise, sigaction, SaFlags, SigAction, SigHandler, SigSet, Signal};
use nix::sys::socket::{recvmsg, sendmsg, ControlMessage, ControlMessageOwned, MsgFlags};
use nix::unistd::{fork, pause, setsid, ForkResult, Pid};
use stats_alloc::{StatsAlloc, INSTRUMENTED_SYSTEM};

use crate::sandbox::Refusal;
use crate::trace::Boundary;

/// `prctl(PR_SET_PDEATHSIG)` and nothing else: the naive approach.
pub fn set_bare(signal: i32) -> io::Result<()> {
    // SAFETY: the call takes a number by value.
    match unsafe { libc::syscall(libc::SYS_prctl, libc::PR_SET_PDEATHSIG, signal as libc::c_ulong) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The same in what a command spawns, before exec: the naive approach of a parent.
pub fn set_bare_before_exec(command: &mut Command, signal: i32) -> &mut Command {
    // SAFETY: it is one system call, and an error that is a mere number.
    unsafe { command.pre_exec(move || set_bare(signal)) }
}

/// The five system calls of `die_with_parent`, without anything around them; the yardstick of its benchmark.
pub fn bare_calls(signal: i32) -> bool {
    // SAFETY: none of the calls takes a pointer.
    let thread = unsafe { libc::syscall(libc::SYS_gettid) };
    // SAFETY: as above.
    let process = unsafe { libc::getpid() };
    // SAFETY: as above.
    let before = unsafe { libc::getppid() };
    // SAFETY: as above.
    let answer = unsafe { libc::syscall(libc::SYS_prctl, libc::PR_SET_PDEATHSIG, signal as libc::c_ulong) };
    // SAFETY: as above.
    let after = unsafe { libc::getppid() };
    thread == libc::c_long::from(process) && answer == 0 && before == after
}

/// Has `command` run under a seccomp filter that refuses a system call.
pub fn refusing(command: &mut Command, what: impl Into<Refusal>) -> &mut Command {
    let filter = what.into().filter();
    let apply = move || seccompiler::apply_filter(&filter).map_err(|_| io::Error::last_os_error());
    // SAFETY: the filter is made; to apply it takes two system calls and no allocation.
    unsafe { command.pre_exec(apply) }
}

/// Has what `command` spawns stop itself between fork and exec.
pub(crate) fn halt_before_exec(command: &mut Command) -> &mut Command {
    // SAFETY: raise is async-signal-safe.
    unsafe { command.pre_exec(|| Ok(raise(Signal::SIGSTOP)?)) }
}

/// Drops a copy, bit by bit, of something. The caller is a fork, which ends without dropping it again.
pub(crate) fn drop_copy<T>(original: &T) {
    // SAFETY: the fork's own copy is not used again.
    drop(unsafe { ptr::read(original) });
}

/// How a process has ended, which is a child by then, if it has. (`nix` does not know of real-time signals.)
pub(crate) fn try_wait(process: Pid) -> Option<libc::c_int> {
    let mut status = 0;
    // SAFETY: waitpid writes the status.
    let ended = unsafe { libc::waitpid(process.as_raw(), &mut status, libc::WNOHANG | libc::__WALL) };
    (ended == process.as_raw()).then_some(status)
}

/// Takes the only tether of this process apart, which has not been used yet, and puts it together again with one hang-up where
/// it had several.
pub fn leave_one_hang_up() {
    let sockets = fs::read_dir("/proc/self/fd").unwrap().map(Result::unwrap).filter(|entry| {
        fs::read_link(entry.path()).is_ok_and(|target| target.to_string_lossy().starts_with("socket:"))
    });
    let [tether] =
        sockets.map(|entry| entry.file_name().to_str().unwrap().parse().unwrap()).collect::<Vec<RawFd>>()[..]
    else {
        panic!("not one socket, but more or less")
    };
    let mut control = cmsg_space!([RawFd; 32]);
    let mut byte = [0];
    let mut data = [IoSliceMut::new(&mut byte)];
    let message = recvmsg::<()>(tether, &mut data, Some(&mut control), MsgFlags::empty()).unwrap();
    let held = message.cmsgs().unwrap().flat_map(|part| match part {
        ControlMessageOwned::ScmRights(held) => held,
        other => panic!("{other:?}"),
    });
    // SAFETY: they have just come out of a message.
    let held = held.map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
    let is_armed =
        |fd: &OwnedFd| OFlag::from_bits_retain(fcntl(fd, FcntlArg::F_GETFL).unwrap()).contains(OFlag::O_ASYNC);
    // The others are closed here, and hang up on a group that has no members yet.
    let [armed]: [OwnedFd; 1] = held.filter(is_armed).collect::<Vec<_>>().try_into().unwrap();
    let itself = [armed.as_raw_fd()];
    let rights = [ControlMessage::ScmRights(&itself)];
    sendmsg::<()>(itself[0], &[IoSlice::new(&[0])], &rights, MsgFlags::empty(), None).unwrap();
}

/// Has `command` lead a session of its own, which its standard input, a terminal, controls.
pub fn controlled_by_its_input(command: &mut Command) -> &mut Command {
    let take = || {
        setsid()?;
        // SAFETY: TIOCSCTTY takes a number by value.
        match unsafe { libc::ioctl(libc::STDIN_FILENO, libc::TIOCSCTTY, 0) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    };
    // SAFETY: two system calls, and errors that are mere numbers.
    unsafe { command.pre_exec(take) }
}

/// Has glibc give up the lowest real-time signal that is free.
pub fn allocate_realtime_signal() -> i32 {
    extern "C" {
        fn __libc_allocate_rtsig(high: libc::c_int) -> libc::c_int;
    }
    // SAFETY: the function takes a number by value, and adds to a counter of the C library's own.
    unsafe { __libc_allocate_rtsig(1) }
}

/// Counts, and can be made to hang, as one does whose lock is held by a thread that never gives it back.
struct Allocator;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;
static JAMMED: AtomicBool = AtomicBool::new(false);

fn wait_while_jammed() {
    while JAMMED.load(Ordering::SeqCst) {
        pause();
    }
}

// SAFETY: all of it is the work of another allocator.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        wait_while_jammed();
        // SAFETY: the caller's promise.
        unsafe { COUNTING.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        wait_while_jammed();
        // SAFETY: the caller's promise.
        unsafe { COUNTING.dealloc(start, layout) }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        wait_while_jammed();
        // SAFETY: the caller's promise.
        unsafe { COUNTING.realloc(start, layout, size) }
    }
}

pub(crate) fn jam_the_allocator() -> ! {
    JAMMED.store(true, Ordering::SeqCst);
    loop {
        pause();
    }
}

pub(crate) fn end_this_thread() -> ! {
    // SAFETY: exit takes a number by value. The thread's stack stays, and whatever it borrows.
    unsafe { libc::syscall(libc::SYS_exit, 0) };
    unreachable!("the thread goes on after its end")
}

pub(crate) fn close_others(line: RawFd) {
    let line = line as libc::c_uint;
    // SAFETY: the descriptors are closed under their owners, as a program does that becomes a daemon. The actor uses none
    // of them again.
    assert_eq!(unsafe { libc::syscall(libc::SYS_close_range, 0 as libc::c_uint, line - 1, 0) }, 0);
    // SAFETY: as above.
    assert_eq!(unsafe { libc::syscall(libc::SYS_close_range, line + 1, libc::c_uint::MAX, 0) }, 0);
}

static CAUGHT: AtomicUsize = AtomicUsize::new(0);

extern "C" fn count(_: libc::c_int) {
    CAUGHT.fetch_add(1, Ordering::SeqCst);
}

/// Counts a signal from now on instead of dying of it; SIGKILL cannot be counted.
pub fn count_instead_of_dying(signal: i32) {
    if signal != libc::SIGKILL {
        catch(signal);
    }
}

pub(crate) fn catch(signal: i32) {
    let action = SigAction::new(SigHandler::Handler(count), SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler does nothing but add to an atomic.
    unsafe { sigaction(named(signal), &action) }.unwrap();
}

pub(crate) fn caught() -> usize {
    CAUGHT.load(Ordering::SeqCst)
}

/// Undoes what whoever runs the tests ignores, as `nohup` does, or blocks.
pub(crate) fn stop_ignoring() {
    use Signal::*;
    let action = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGCHLD, SIGUSR1, SIGUSR2, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH] {
        // SAFETY: no handler is installed, and the test process has none for these.
        unsafe { sigaction(signal, &action) }.unwrap();
    }
    SigSet::all().thread_unblock().unwrap();
}

pub(crate) fn ignore(signal: i32) {
    let action = SigAction::new(SigHandler::SigIgn, SaFlags::empty(), SigSet::empty());
    // SAFETY: no handler is installed.
    unsafe { sigaction(named(signal), &action) }.unwrap();
}

/// Every signal for which there is a number, those included that the C library keeps for itself.
pub(crate) fn ignore_everything() {
    // Its handler, flags and mask, in whatever order.
    let mut action = [0_u64; 8];
    action[0] = libc::SIG_IGN as u64;
    for signal in 1..=64 {
        // SAFETY: the action is longer than any target's, and installs no handler; null is no place for the old one. It fails for those
        // that cannot be ignored.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, action.as_ptr(), ptr::null::<u64>(), 8) };
    }
}

/// Likewise, on this thread.
pub(crate) fn block_everything() {
    let all = u64::MAX;
    // SAFETY: the set is as long as the call is told; null is no place for the old one.
    unsafe { libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, &all, ptr::null::<u64>(), 8) };
}

pub(crate) fn close_standard() {
    // SAFETY: the descriptors are closed under their owners, as a program does that becomes a daemon.
    assert_eq!(unsafe { libc::syscall(libc::SYS_close_range, 0, 2, 0) }, 0);
}

/// Reads from a descriptor, and writes to it: whether both fail.
pub(crate) fn is_of_no_use(fd: RawFd) -> bool {
    let mut byte = [b'.'];
    // SAFETY: read writes one byte at most.
    let read = unsafe { libc::read(fd, byte.as_mut_ptr().cast(), 1) };
    // SAFETY: write reads one byte.
    let written = unsafe { libc::write(fd, byte.as_ptr().cast(), 1) };
    read == -1 && written == -1
}

pub(crate) fn named(signal: i32) -> Signal {
    Signal::try_from(signal).unwrap()
}

/// Runs `child` in a fork, which ends with its answer.
pub(crate) fn in_fork(child: impl FnOnce() -> i32) -> Pid {
    // SAFETY: in an actor with threads, these sleep or make system calls; none holds a lock at that moment. So the fork may do
    // what it could do itself.
    match unsafe { fork() }.unwrap() {
        ForkResult::Parent { child } => child,
        ForkResult::Child => {
            let status = child();
            // SAFETY: _exit takes a number by value and does not return.
            unsafe { libc::_exit(status) }
        }
    }
}

/// Dies of a write to the address 0.
pub fn segfault() -> ! {
    // SAFETY: none; the fault is what the test asks for.
    unsafe { ptr::null_mut::<u8>().write_volatile(1) };
    unreachable!("a write to the address 0 went through")
}

/// Where a process that is stopped at a system call stands.
pub(crate) fn boundary(pid: Pid) -> Boundary {
    let info = ptrace::syscall_info(pid).unwrap();
    match info.op {
        libc::PTRACE_SYSCALL_INFO_ENTRY => {
            // SAFETY: `op` says that `entry` is the part that the kernel filled in.
            let entry = unsafe { info.u.entry };
            Boundary::Entry(entry.nr as i64, entry.args[0])
        }
        // SAFETY: likewise `exit`.
        libc::PTRACE_SYSCALL_INFO_EXIT => Boundary::Exit(unsafe { info.u.exit }.sval),
        other => panic!("no boundary of a system call: {other}"),
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

static FIRST_PARENT: AtomicI32 = AtomicI32::new(0);

/// Defines `syscall` in a program, in place of the C library's, which it calls: of `getppid`, the first answer is remembered.
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

/// Whether this is the fork. The caller has one thread.
pub fn forked() -> bool {
    // SAFETY: the programs that call this have one thread.
    matches!(unsafe { fork() }, Ok(ForkResult::Child))
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
pub fn stranger(pid: Pid) -> io::Result<()> {
    fork_with_number(pid, || {
        // An end of its own, if nobody makes one.
        nix::unistd::alarm::set(120);
        loop {
            pause();
        }
    })
}

/// A fork with the number `pid`, which is free. It ends when `child` returns.
pub(crate) fn fork_with_number(pid: Pid, child: impl FnOnce()) -> io::Result<()> {
    let numbers = [pid.as_raw()];
    // SAFETY: all fields are numbers, of which 0 means nothing special.
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.exit_signal = libc::SIGCHLD as u64;
    arguments.set_tid = numbers.as_ptr() as u64;
    arguments.set_tid_size = 1;
    let size = std::mem::size_of_val(&arguments);
    // SAFETY: the arguments and the number they point to live until the call returns; without flags it is a fork. What was
    // said of `in_fork` holds here.
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
            // SAFETY: the stack is large enough for two system calls, and outlives the process, as `vfork` waits for its end.
            let ended = unsafe { clone(wait, &mut stack, CloneFlags::CLONE_VM | CloneFlags::CLONE_VFORK, None) };
            // SAFETY: _exit takes a number by value and does not return.
            unsafe { libc::_exit(i32::from(ended.is_err())) }
        }
    }
}
