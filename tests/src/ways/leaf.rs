//! A process that says that it is up, and sleeps.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::sys::signal::{raise, Signal};

/// An end of its own, for one that nothing else ends.
const LIFETIME: Duration = Duration::from_secs(120);

/// `leaf SOCKET [stop]`
pub fn run() {
    let end = Instant::now() + LIFETIME;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let socket = arguments.first().expect("usage: leaf SOCKET [stop]");
    // The trial learns the pid from the socket, in its own pid namespace.
    let mut line = UnixStream::connect(socket).expect("the trial listens");
    line.set_read_timeout(Some(LIFETIME)).unwrap();
    // A byte says that it was heard.
    line.read_exact(&mut [0]).expect("the trial answers");
    drop(line);
    if arguments.get(1).is_some_and(|argument| argument == "stop") {
        raise(Signal::SIGSTOP).unwrap();
    }
    crate::sleep_until(end);
}
