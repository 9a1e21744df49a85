//! The far end of a terminal: it reads at once whatever programs print, so that none has to wait until the test reads.

use std::fmt;
use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use anstream::adapter::StripBytes;
use rustix::event::{poll, PollFd, PollFlags};
use rustix::termios::{tcsetwinsize, Winsize};
use vt100::{Callbacks, Screen};

use crate::harness::deadline;

/// Reads until it is dropped, or until no program has the terminal open any more.
pub(crate) struct Reader {
    master: Arc<File>,
    shown: Arc<Shown>,
    /// When this end is closed, the thread ends. (The thread's copy of the master would keep the terminal from hanging
    /// up.)
    stop: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

/// What programs have printed.
#[derive(Default)]
struct Shown {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// As plain text, from the end of what was awaited last.
    text: String,
    /// The bytes of a character that is not whole yet.
    rest: Vec<u8>,
    strip: StripBytes,
    parser: vt100::Parser<Answers>,
    ended: bool,
}

impl Default for State {
    fn default() -> State {
        let parser = vt100::Parser::new_with_callbacks(nonzero(24), nonzero(80), 0, Answers::default());
        State { text: String::new(), rest: Vec::new(), strip: StripBytes::new(), parser, ended: false }
    }
}

/// What a terminal says when it is asked. fish waits for it.
#[derive(Default)]
struct Answers(Vec<u8>);

impl Callbacks for Answers {
    fn unhandled_csi(&mut self, _: &mut Screen, first: Option<u8>, _: Option<u8>, _: &[&[u16]], last: char) {
        if first.is_none() && last == 'c' {
            self.0.extend(b"\x1b[?62c");
        }
    }
}

impl Reader {
    pub(crate) fn start(master: File, rows: u16, columns: u16) -> Reader {
        let master = Arc::new(master);
        let shown = Arc::new(Shown::default());
        let (stop, stopped) = UnixStream::pair().unwrap();
        let thread = thread::spawn({
            let (master, shown) = (master.clone(), shown.clone());
            move || {
                read(&master, &stopped, &shown);
                shown.state().ended = true;
                shown.changed.notify_all();
            }
        });
        let mut reader = Reader { master, shown, stop: Some(stop), thread: Some(thread) };
        reader.resize(rows, columns);
        reader
    }

    pub(crate) fn master(&self) -> &File {
        &self.master
    }

    pub(crate) fn write(&self, bytes: &[u8]) {
        (&*self.master).write_all(bytes).unwrap();
    }

    pub(crate) fn resize(&mut self, rows: u16, columns: u16) {
        self.shown.state().parser.set_size(nonzero(rows), nonzero(columns));
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&*self.master, size).unwrap();
    }

    pub(crate) fn screen(&self) -> String {
        self.shown.state().parser.screen().contents()
    }

    /// Waits until `text` is shown; forgets it and what was before it, and answers with the latter.
    #[track_caller]
    pub(crate) fn expect(&self, text: &str) -> String {
        self.wait_for(text, |state| {
            let at = state.text.find(text)?;
            let rest = state.text.split_off(at + text.len());
            let mut before = std::mem::replace(&mut state.text, rest);
            before.truncate(at);
            Some(before)
        })
    }

    #[track_caller]
    pub(crate) fn expect_on_screen(&self, text: &str) {
        self.wait_for(text, |state| state.parser.screen().contents().contains(text).then_some(()));
    }

    #[track_caller]
    fn wait_for<T>(&self, text: &str, mut find: impl FnMut(&mut State) -> Option<T>) -> T {
        let end = Instant::now() + deadline();
        let mut state = self.shown.state();
        loop {
            if let Some(found) = find(&mut state) {
                return found;
            }
            let left = end.saturating_duration_since(Instant::now());
            if state.ended || left.is_zero() {
                let why = if state.ended {
                    "no program has the terminal open any more".into()
                } else {
                    format!("waited {:?}", deadline())
                };
                let screen = state.parser.screen().contents();
                let text_since = state.text.clone();
                // A poisoned lock would hide this.
                drop(state);
                panic!("no {text:?} on the terminal: {why}\n--- shown since the last match:\n{text_since}\n--- the screen:\n{screen}");
            }
            state = self.shown.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        drop(self.stop.take());
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("screen", &self.screen()).finish_non_exhaustive()
    }
}

impl Shown {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(mut master: &File, stopped: &UnixStream, shown: &Shown) {
    let mut buffer = [0; 4096];
    loop {
        let mut ready = [PollFd::new(master, PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
        match poll(&mut ready, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => panic!("{error}"),
        }
        if !ready[1].revents().is_empty() {
            return;
        }
        // An error: the other end is closed.
        let Ok(length @ 1..) = master.read(&mut buffer) else { return };
        let answers = shown.state().show(&buffer[..length]);
        shown.changed.notify_all();
        let _ = master.write_all(&answers);
    }
}

impl State {
    /// What the terminal answers to that.
    fn show(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.parser.process(bytes);
        for piece in self.strip.strip_next(bytes) {
            self.rest.extend(piece.iter().filter(|byte| **byte != b'\r'));
        }
        let whole = match std::str::from_utf8(&self.rest) {
            Ok(_) => self.rest.len(),
            // Not the beginning of a character, but garbage.
            Err(error) if error.error_len().is_some() => self.rest.len(),
            Err(error) => error.valid_up_to(),
        };
        let rest = self.rest.split_off(whole);
        self.text += &String::from_utf8_lossy(&self.rest);
        self.rest = rest;
        std::mem::take(&mut self.parser.callbacks_mut().0)
    }
}

fn nonzero(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).expect("a terminal has rows and columns")
}
