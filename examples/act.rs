//! A director starts a parent, which starts a child. It kills the parent and shows what happens to the child.

use std::env;
use std::error::Error;
use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anstream::println;
use nix::sys::signal::{self, Signal};
use nix::sys::wait::{waitpid, WaitStatus};
use nix::unistd::Pid;

use crate::clean_up;
use crate::style::{BOLD, DIM};
use crate::table::{Family, Member};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Far longer than anything here takes.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A parent and its child, which print to the director.
#[derive(Debug)]
pub struct Act {
    /// All that there are, as they were in the beginning.
    pub family: Family,
    /// The first child of the parent.
    pub child: Member,
    parent: Child,
    first_line: Option<String>,
    lines: Receiver<String>,
}

impl Act {
    /// Starts the parent; the child is ready when something is printed.
    pub fn begin(parent: &mut Command) -> Result<Act> {
        parent.env_remove("CARGO").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        // Ctrl-C is for the example, which then ends them. In the same group they would die at once, in the middle of a
        // show.
        parent.process_group(0);
        let open = clean_up::close_the_door();
        let mut parent = parent.spawn()?;
        drop(open);
        let lines = lines(parent.stdout.take().ok_or("the parent has no standard output")?);
        let first_line = Some(lines.recv_timeout(DEADLINE)?);
        let family = Family::now()?;
        let child = family.generation(2).next().cloned().ok_or("the parent has no child")?;
        Ok(Act { family, child, parent, first_line, lines })
    }

    /// This program itself, as a parent that starts this program again, as a child with these arguments.
    pub fn begin_with_role(role: &[&str]) -> Result<Act> {
        Act::begin(Command::new(env::current_exe()?).arg(PARENT).args(role))
    }

    /// `kill -9` to the parent. When this returns, the kernel has told its child.
    pub fn kill_parent(&mut self, name: &str) -> Result<()> {
        kill(&mut self.parent, name)
    }

    /// `kill` to the parent, which may end in its own way.
    pub fn ask_parent_to_end(&self, name: &str) -> Result<()> {
        println!("\n   {BOLD}kill {}{BOLD:#}   {DIM}# {name}{DIM:#}\n", self.parent.id());
        Ok(signal::kill(Pid::from_raw(self.parent.id() as i32), Signal::SIGTERM)?)
    }

    /// Waits for the end of the parent.
    pub fn end_of_parent(&mut self) -> Result<ExitStatus> {
        Ok(self.parent.wait()?)
    }

    /// The next line that is printed; none if there comes none.
    pub fn next_line(&self) -> Option<String> {
        self.lines.recv_timeout(DEADLINE).ok()
    }

    /// Forgets what was printed until now.
    pub fn skip_lines(&self) {
        while self.lines.try_recv().is_ok() {}
    }

    /// Shows so many lines as they come, from the first on.
    pub fn show_lines(&mut self, number: usize) {
        let lines = self.first_line.take().into_iter().chain(&self.lines);
        lines.take(number).for_each(|line| println!("   {DIM}{line}{DIM:#}"));
    }

    /// Shows what is printed until no process is left to print, and answers with the child's end.
    pub fn show_the_rest(&mut self) -> Result<WaitStatus> {
        self.show_until(|_| false)?;
        self.end_of_child()
    }

    /// Shows what is printed up to the line that is awaited; without such a line, until no process is left to print.
    pub fn show_until(&mut self, mut is_awaited: impl FnMut(&str) -> bool) -> Result<()> {
        loop {
            let line = match self.first_line.take().map_or_else(|| self.lines.recv_timeout(DEADLINE), Ok) {
                Ok(line) => line,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(timeout) => return Err(timeout.into()),
            };
            println!("   {DIM}{line}{DIM:#}");
            if is_awaited(&line) {
                return Ok(());
            }
        }
    }

    /// Waits for the end of the child, which has come to this process, a subreaper.
    pub fn end_of_child(&self) -> Result<WaitStatus> {
        Ok(waitpid(Pid::from_raw(self.child.pid), None)?)
    }
}

/// `kill -9` to a child of this process.
pub fn kill(child: &mut Child, name: &str) -> Result<()> {
    println!("\n   {BOLD}kill -9 {}{BOLD:#}   {DIM}# {name}{DIM:#}\n", child.id());
    child.kill()?;
    child.wait()?;
    Ok(())
}

/// How a process ended, in words.
pub fn told(end: WaitStatus) -> String {
    match end {
        WaitStatus::Exited(_, status) => format!("exited with the status {status}"),
        WaitStatus::Signaled(_, signal, _) => format!("was killed by {signal}"),
        other => format!("{other:?}"),
    }
}

const PARENT: &str = "--parent";

/// If this process is to be the parent that [`Act::begin_with_role`] starts, is that until it is killed, or its child
/// has ended.
pub fn be_the_parent_if_told() -> Result<bool> {
    let role: Vec<String> = env::args().skip(1).collect();
    let Some((PARENT, role)) = role.split_first().map(|(first, rest)| (first.as_str(), rest)) else { return Ok(false) };
    Command::new(env::current_exe()?).args(role).spawn()?.wait()?;
    Ok(true)
}

/// What is printed, line by line, until no process is left to print.
fn lines(output: ChildStdout) -> Receiver<String> {
    let (tell, lines) = mpsc::channel();
    thread::spawn(move || {
        BufReader::new(output).lines().map_while(io::Result::ok).try_for_each(|line| tell.send(line))
    });
    lines
}
