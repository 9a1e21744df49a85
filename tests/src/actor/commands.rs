//! More requests to an actor.

use std::fs;
use std::path::Path;

use nix::sys::signal::Signal;
use nix::unistd::Pid;

use super::Actor;
use crate::harness::{skipped, until};
use crate::protocol::Request;
use crate::sandbox::Refusal;

impl Actor<'_> {
    /// `setsid()`
    pub fn new_session(&mut self) {
        self.ask(Request::NewSession)
    }

    /// `setpgid(0, group)`
    pub fn join_process_group(&mut self, group: Pid) {
        self.ask(Request::JoinProcessGroup { group: group.as_raw() })
    }

    /// `setpgid(0, 0)`
    pub fn lead_process_group(&mut self) {
        self.join_process_group(Pid::from_raw(0))
    }

    /// Closes every descriptor but its line.
    pub fn close_others(&mut self) {
        self.ask(Request::CloseOthers)
    }

    /// Opens pipes from which nothing will ever be read.
    pub fn open_pipes(&mut self) {
        self.ask(Request::OpenPipes)
    }

    /// Has it watch so many new files in a folder by inotify.
    pub fn watch_folder(&mut self, folder: &Path, watches: usize) {
        self.ask(Request::WatchFolder { folder: folder.to_owned(), watches })
    }

    /// Has it exit at the end of its standard input, as a server does.
    pub fn end_with_input(&mut self) {
        self.ask(Request::EndWithInput)
    }

    /// Opens files until its descriptor table is full.
    pub fn fill_descriptors(&mut self) {
        self.ask(Request::FillDescriptors)
    }

    /// Closes them again.
    pub fn free_descriptors(&mut self) {
        self.ask(Request::FreeDescriptors)
    }

    /// Becomes another user, with a limit of one process or thread.
    pub fn limit_processes(&mut self, uid: u32) {
        self.ask(Request::LimitProcesses { uid })
    }

    /// Has every allocation hang from now on.
    pub fn jam_the_allocator(&mut self) {
        self.send_request(Request::JamTheAllocator);
    }

    /// Has the main thread panic, and never come to an end of it.
    pub fn panic_for_ever(&mut self) {
        self.send_request(Request::PanicForEver);
    }

    /// Ends the main thread alone.
    pub fn end_main_thread(&mut self) {
        self.send_request(Request::EndMainThread);
        let stat = format!("/proc/{0}/task/{0}/stat", self.pid);
        until("the main thread's end", || fs::read_to_string(&stat).unwrap().contains(") Z ").then_some(()));
    }

    /// Does away with `/proc`, or mounts it with options.
    pub fn change_proc(&mut self, options: Option<&str>) -> Result<(), String> {
        self.ask(Request::ChangeProc { options: options.map(str::to_owned) })
    }

    /// `getppid()`
    pub fn parent(&mut self) -> Pid {
        Pid::from_raw(self.ask(Request::Parent))
    }

    /// Counts a signal from now on instead of dying of it.
    pub fn catch(&mut self, signal: Signal) {
        self.ask(Request::Catch { signal: signal as i32 })
    }

    /// Waits until so many signals were caught.
    pub fn await_caught(&mut self, signals: usize) {
        until("a caught signal", || (self.caught() == signals).then_some(()));
    }

    /// Waits until a signal was caught, and those that were sent with it.
    pub fn await_first_caught(&mut self) {
        until("a caught signal", || (self.caught() > 0).then_some(()));
    }

    /// How many signals were caught.
    pub fn caught(&mut self) -> usize {
        self.ask(Request::Caught)
    }

    /// Ignores a signal.
    pub fn ignore(&mut self, signal: Signal) {
        self.ask(Request::Ignore { signal: signal as i32 })
    }

    /// Blocks a signal.
    pub fn block(&mut self, signal: Signal) {
        self.ask(Request::Block { signal: signal as i32 })
    }

    /// Lets a blocked signal through, which may be its end.
    pub fn unblock(&mut self, signal: Signal) {
        self.send_request(Request::Unblock { signal: signal as i32 })
    }

    /// Sends itself a signal that it survives.
    pub fn raise(&mut self, signal: Signal) {
        self.ask(Request::Raise { signal: signal as i32 })
    }

    /// `setuid(uid)`
    pub fn set_user(&mut self, uid: u32) {
        self.ask(Request::SetUser { uid })
    }

    /// Becomes an ordinary user in every respect.
    pub fn drop_privileges(&mut self, uid: u32) {
        self.ask(Request::DropPrivileges { uid })
    }

    /// Has it be in so many supplementary groups.
    pub fn set_groups(&mut self, number: u32) {
        self.ask(Request::SetGroups { number })
    }

    /// `geteuid()`
    pub fn effective_user(&mut self) -> u32 {
        self.ask(Request::EffectiveUser)
    }

    /// Whether orphans among its descendants come to it.
    pub fn is_subreaper(&mut self) -> bool {
        self.ask(Request::IsSubreaper)
    }

    /// Has threads that start a process each, and another whenever that ends.
    pub fn supervise(&mut self) {
        self.ask(Request::Supervise)
    }

    /// Adopts orphans among its descendants from now on.
    pub fn become_subreaper(&mut self) {
        self.ask(Request::Subreaper)
    }

    /// Puts the children that it spawns from now on into a new pid namespace.
    pub fn new_pid_namespace(&mut self) -> Result<(), String> {
        self.ask(Request::NewPidNamespace)
    }

    /// The same; if the machine does not allow it, reports the test as skipped.
    #[must_use]
    pub fn try_new_pid_namespace(&mut self) -> bool {
        let made = self.new_pid_namespace();
        made.is_ok() || skipped(&format!("needs the privilege to make a pid namespace: {}", made.unwrap_err()))
    }

    /// Has a seccomp filter refuse a system call.
    pub fn refuse(&mut self, what: impl Into<Refusal>) {
        self.ask(Request::Refuse(what.into()))
    }

    /// Has a seccomp filter refuse a system call to all its threads.
    pub fn refuse_everywhere(&mut self, what: impl Into<Refusal>) {
        self.ask(Request::RefuseEverywhere(what.into()))
    }

    /// The numbers of its threads and open descriptors.
    pub fn count(&mut self) -> (usize, usize) {
        self.ask(Request::Count)
    }
}
