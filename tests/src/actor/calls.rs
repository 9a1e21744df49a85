//! What an actor calls of the library, or of the kernel in its place.

use std::time::Duration;

use nix::sys::signal::Signal;

use super::Actor;
use crate::protocol::{End, Options, Orphaned, Request};

impl Actor<'_> {
    /// `DieWithParent::new(signal).arm()`
    pub fn arm(&mut self, signal: Signal) -> Result<(), String> {
        self.arm_with(signal, Options::default())
    }

    /// The same with options.
    pub fn arm_with(&mut self, signal: Signal, options: Options) -> Result<(), String> {
        self.request_arm_with(signal, options);
        self.answer_to_arm().0
    }

    /// `DieWithParent::new(signal).watch().arm()`
    pub fn watch(&mut self, signal: Signal) {
        self.arm_with(signal, Options::WATCH).unwrap();
    }

    /// The same as [`arm`](Self::arm) with `expected_parent`.
    pub fn arm_expecting(&mut self, signal: Signal, parent: i32) -> Result<(), String> {
        self.arm_with(signal, Options { expected_parent: Some(parent as u32), ..Options::default() })
    }

    /// Has it arm, without waiting for the answer.
    pub fn request_arm(&mut self, signal: Signal, expected_parent: Option<u32>) {
        self.request_arm_with(signal, Options { expected_parent, ..Options::default() });
    }

    /// The same with options.
    pub fn request_arm_with(&mut self, signal: Signal, options: Options) {
        self.send_request(Request::Arm { signal: signal as i32, options });
    }

    /// The answer: the error, if any, and the number of allocations.
    pub fn answer_to_arm(&mut self) -> (Result<(), String>, usize) {
        self.receive()
    }

    /// `die_with_parent(signal)` on another thread than the main one.
    pub fn arm_on_thread(&mut self, signal: Signal) -> Result<(), String> {
        self.ask(Request::ArmOnThread { signal: signal as i32 })
    }

    /// The same as [`arm_with`](Self::arm_with) on another thread than the main one, which exits then.
    pub fn arm_with_on_thread(&mut self, signal: Signal, options: Options) -> Result<(), String> {
        self.ask(Request::ArmWithOnThread { signal: signal as i32, options })
    }

    /// The bare system call on another thread: what that reads, and what the main thread reads after its end.
    pub fn set_bare_on_thread(&mut self, signal: Signal) -> (Option<i32>, Option<i32>) {
        let (there, here): (Result<_, String>, Result<_, String>) =
            self.ask(Request::SetBareOnThread { signal: signal as i32 });
        (there.unwrap(), here.unwrap())
    }

    /// The bare system call, with any number.
    pub fn set_bare(&mut self, signal: i32) {
        self.ask(Request::SetBare { signal })
    }

    /// Has it make the bare system call, then ask in its own way whether it is an orphan, and send itself the signal if
    /// so; without waiting for the answer.
    pub fn request_set_bare_and_check(&mut self, signal: Signal, orphaned: Orphaned) {
        self.send_request(Request::SetBareAndCheck { signal: signal as i32, orphaned });
    }

    /// The answer of one that lives after that: whether it takes itself for an orphan.
    pub fn answer_to_check(&mut self) -> bool {
        self.receive()
    }

    /// `outlive_parent()`
    pub fn outlive_parent(&mut self) -> Result<(), String> {
        self.ask(Request::Outlive)
    }

    /// `outlive_parent()` on another thread than the main one.
    pub fn outlive_parent_on_thread(&mut self) -> Result<(), String> {
        self.ask(Request::OutliveOnThread)
    }

    /// `parent_death_signal()`
    pub fn read(&mut self) -> Result<Option<i32>, String> {
        self.ask(Request::Read)
    }

    /// `parent_death_signal()` in a fork of the actor, 0 for none.
    pub fn read_in_fork(&mut self) -> i32 {
        match self.ask(Request::ReadInFork) {
            End::Exited(signal) => signal,
            End::Killed(signal) => panic!("the fork was killed by the signal {signal}"),
        }
    }

    /// `Parent::current()`, which it keeps: the id.
    pub fn pin(&mut self) -> Result<u32, String> {
        self.request_pin();
        self.answer_to_pin()
    }

    /// Has it pin its parent, without waiting for the answer.
    pub fn request_pin(&mut self) {
        self.send_request(Request::Pin);
    }

    /// The answer.
    pub fn answer_to_pin(&mut self) -> Result<u32, String> {
        self.receive()
    }

    /// `Parent::is_alive()`
    pub fn pinned_is_alive(&mut self) -> bool {
        self.ask(Request::PinnedIsAlive)
    }

    /// `Parent::wait()` or `Parent::wait_timeout(timeout)`: whether the parent is gone.
    pub fn wait_for_pinned(&mut self, timeout: Option<Duration>) -> Result<bool, String> {
        self.request_wait_for_pinned(timeout);
        self.answer_to_wait()
    }

    /// Has it wait, without waiting for the answer.
    pub fn request_wait_for_pinned(&mut self, timeout: Option<Duration>) {
        self.send_request(Request::WaitForPinned { timeout });
    }

    /// The answer.
    pub fn answer_to_wait(&mut self) -> Result<bool, String> {
        self.receive()
    }

    /// `Parent::spawner_thread()`
    pub fn spawner_thread(&mut self) -> Result<Option<u32>, String> {
        self.ask(Request::SpawnerThread)
    }

    /// The same in a fork of the actor: whether it answers `None`.
    pub fn spawner_thread_is_none_in_fork(&mut self) -> bool {
        self.ask::<End>(Request::SpawnerThreadInFork) == End::Exited(1)
    }
}
