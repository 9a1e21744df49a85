//! The test's handle on one process: its line, its birth and its end.

mod calls;
mod commands;
mod state;

use std::io::{BufRead, BufReader, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::{kill, Signal};
use nix::sys::wait::{waitpid, WaitStatus};
use nix::unistd::{getpgid, Pid};
use rustix::process::{pidfd_open, PidfdFlags};
use serde::de::DeserializeOwned;

use crate::harness::{await_readable, deadline, is_readable, until, Harness};
use crate::protocol::{Cause, End, Hello, Request};

/// One process of a test.
#[derive(Debug)]
pub struct Actor<'a> {
    harness: &'a Harness,
    pid: Pid,
    own_pid: Pid,
    process: OwnedFd,
    line: BufReader<UnixStream>,
}

impl<'a> Actor<'a> {
    pub(crate) fn new(harness: &'a Harness, pid: Pid, line: UnixStream) -> Actor<'a> {
        line.set_read_timeout(Some(deadline())).unwrap();
        let process = pidfd_open(rustix::process::Pid::from_raw(pid.as_raw()).unwrap(), PidfdFlags::empty()).unwrap();
        let mut line = BufReader::new(line);
        let hello: Hello = receive(&mut line);
        Actor { harness, pid, own_pid: Pid::from_raw(hello.pid), process, line }
    }

    /// The harness that it belongs to.
    pub fn harness(&self) -> &'a Harness {
        self.harness
    }

    /// Its id.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Its id in its own pid namespace.
    pub fn own_pid(&self) -> Pid {
        self.own_pid
    }

    pub(crate) fn send_request(&mut self, request: Request) {
        let line = format!("{}\n", serde_json::to_string(&request).unwrap());
        self.line.get_mut().write_all(line.as_bytes()).unwrap();
    }

    pub(crate) fn receive<T: DeserializeOwned>(&mut self) -> T {
        receive(&mut self.line)
    }

    pub(crate) fn ask<T: DeserializeOwned>(&mut self, request: Request) -> T {
        self.send_request(request);
        self.receive()
    }

    /// A child of this actor.
    pub fn spawn(&mut self) -> Actor<'a> {
        self.ask::<i32>(Request::Spawn);
        self.harness.accept()
    }

    /// A child by fork alone.
    pub fn fork(&mut self) -> Actor<'a> {
        self.ask::<i32>(Request::Fork);
        self.harness.accept()
    }

    /// A child by fork alone, made while two threads arm a watch again and again.
    pub fn fork_while_threads_arm(&mut self, signal: Signal) -> Actor<'a> {
        self.ask::<i32>(Request::ForkWhileThreadsArm { signal: signal as i32 });
        self.harness.accept()
    }

    /// A child spawned by another thread of this actor than the main one; the thread stays.
    pub fn spawn_on_thread(&mut self) -> Actor<'a> {
        self.ask::<i32>(Request::SpawnOnThread);
        self.harness.accept()
    }

    /// Ends the thread of [`spawn_on_thread`](Self::spawn_on_thread), and returns when it has ended.
    pub fn end_spawner(&mut self) {
        self.ask(Request::EndSpawner)
    }

    /// Replaces the actor's program by itself, or by another copy.
    pub fn exec(mut self, program: Option<PathBuf>) -> Actor<'a> {
        self.send_request(Request::Exec { program });
        self.harness.accept()
    }

    /// Replaces the actor's program by itself, from another thread than the main one.
    pub fn exec_on_thread(mut self) -> Actor<'a> {
        self.send_request(Request::ExecOnThread);
        self.harness.accept()
    }

    /// Starts another program, and answers with its id and its first line, after which it prints no more.
    pub fn start(&mut self, program: &str, arguments: &[&str]) -> (Pid, String) {
        let arguments = arguments.iter().map(|argument| argument.to_string()).collect();
        let (pid, line) = self.ask(Request::Start { program: program.into(), arguments });
        (Pid::from_raw(pid), line)
    }

    /// Waits for the end of a child of its own.
    pub fn wait_for(&mut self, child: &Actor<'_>) -> End {
        self.wait_for_pid(child.pid)
    }

    /// The same for one that is no actor.
    pub fn wait_for_pid(&mut self, child: Pid) -> End {
        self.ask(Request::Wait { pid: child.as_raw() })
    }

    /// The same for one in the actor's own pid namespace.
    pub fn wait_for_own(&mut self, child: &Actor<'_>) -> End {
        self.ask(Request::Wait { pid: child.own_pid.as_raw() })
    }

    /// Panics unless it answers: it lives, and no pending signal has stopped it.
    pub fn assert_lives(&mut self) {
        self.ask(Request::Ping)
    }

    /// Sends it a signal.
    pub fn send(&self, signal: Signal) {
        kill(self.pid, signal).unwrap();
    }

    /// Has it die, without waiting for its end.
    pub fn request_death(&mut self, cause: Cause) {
        self.send_request(Request::Die(cause));
    }

    /// Ends it, a child of the test, and returns when it is gone and its children have been signalled.
    pub fn die(mut self, cause: Cause) -> WaitStatus {
        self.request_death(cause);
        self.end()
    }

    /// The same by SIGKILL.
    pub fn kill(self) {
        self.send(Signal::SIGKILL);
        self.assert_dies_of(Signal::SIGKILL);
    }

    /// Waits for the end of a process that is, or by then has become, a child of the test.
    pub fn end(&self) -> WaitStatus {
        await_readable(&self.process, "a process's end");
        waitpid(self.pid, None).unwrap()
    }

    /// The same, and panics unless that signal was it.
    #[track_caller]
    pub fn assert_dies_of(&self, signal: Signal) {
        assert_eq!(self.end(), WaitStatus::Signaled(self.pid, signal, false));
    }

    /// Waits until it is dead. Another process reaps it.
    pub fn await_dead(&self) {
        await_readable(&self.process, "a process's end");
    }

    /// Whether it is dead, or dies within moments.
    pub fn dies(&self) -> bool {
        is_readable(&self.process, Duration::from_millis(20))
    }

    /// Waits until it is dead and reaped.
    pub fn await_gone(&self) {
        until("a process that is gone", || getpgid(Some(self.pid)).err());
    }

    /// Whether it has answered the request, which it does not while it waits.
    pub fn has_answered(&self) -> bool {
        is_readable(self.line.get_ref(), Duration::from_millis(20))
    }

    /// Sends it a signal again and again until it answers the request; how many times.
    pub fn send_until_answered(&self, signal: Signal) -> usize {
        let mut sent = 0;
        while !is_readable(self.line.get_ref(), Duration::from_millis(5)) {
            self.send(signal);
            sent += 1;
        }
        sent
    }
}

fn receive<T: DeserializeOwned>(line: &mut BufReader<UnixStream>) -> T {
    let mut text = String::new();
    line.read_line(&mut text).expect("an actor's answer");
    assert!(!text.is_empty(), "the actor has died instead of answering");
    serde_json::from_str(&text).unwrap()
}
