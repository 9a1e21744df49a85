//! The processes of a family, as a table.

use std::error::Error;
use std::path::Path;
use std::process;
use std::thread;
use std::time::{Duration, Instant};

use anstream::println;
use procfs::process::{all_processes, ProcState, Process, Stat};

use crate::act::DEADLINE;
use crate::style::{BAD, DIM};

/// This process and its descendants, as they were when they were looked up.
#[derive(Debug)]
pub struct Family(Vec<Member>);

/// A member, remembered beyond its end.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its id.
    pub pid: i32,
    /// The id of its parent at that time.
    pub parent: i32,
    /// How many generations it is below this process.
    depth: usize,
    command: String,
    /// When it was started. Another process may have its id when it is gone.
    start: u64,
}

impl Family {
    /// Looks up who there is now.
    pub fn now() -> Result<Family, Box<dyn Error>> {
        let mut all: Vec<Stat> = all_processes()?.flatten().flat_map(|process| process.stat()).collect();
        all.sort_by_key(|stat| stat.starttime);
        let mut family = Family(Vec::new());
        let own = all.iter().find(|stat| stat.pid == process::id() as i32).ok_or("this process is not in /proc")?;
        family.add(own, 0, &all);
        Ok(family)
    }

    /// Looks again and again until so many run the `command`.
    pub fn when(number: usize, command: &str) -> Result<Family, Box<dyn Error>> {
        let deadline = Instant::now() + DEADLINE;
        while Instant::now() < deadline {
            let family = Family::now()?;
            if family.running(command).count() == number {
                return Ok(family);
            }
            thread::sleep(Duration::from_millis(10));
        }
        Err(format!("waited {DEADLINE:?} for {number} of `{command}`").into())
    }

    fn add(&mut self, stat: &Stat, depth: usize, all: &[Stat]) {
        let (pid, parent, start) = (stat.pid, stat.ppid, stat.starttime);
        self.0.push(Member { pid, parent, depth, command: command(stat), start });
        for child in all.iter().filter(|child| child.ppid == stat.pid) {
            self.add(child, depth + 1, all);
        }
    }

    /// The members that are so many generations below this process.
    pub fn generation(&self, depth: usize) -> impl Iterator<Item = &Member> {
        self.0.iter().filter(move |member| member.depth == depth)
    }

    /// The members whose program and first arguments are those of `command`.
    pub fn running<'a>(&'a self, command: &'a str) -> impl Iterator<Item = &'a Member> {
        self.0.iter().filter(move |member| {
            let rest = member.command.strip_prefix(command);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        })
    }

    /// Prints how the members fare now.
    pub fn show(&self) {
        println!("   {DIM}{:>7} {:>7}  {:<7} COMMAND{DIM:#}", "PID", "PPID", "STATE");
        self.0.iter().for_each(Member::show);
    }
}

impl Member {
    /// What the kernel says of it now, if it is not gone.
    pub fn now(&self) -> Option<Stat> {
        let stat = Process::new(self.pid).and_then(|process| process.stat()).ok();
        stat.filter(|stat| stat.starttime == self.start)
    }

    /// The process that has adopted it, if one has.
    pub fn adopted_by(&self) -> Option<Stat> {
        let parent = self.now()?.ppid;
        (parent != self.parent).then(|| Process::new(parent).and_then(|process| process.stat()).ok())?
    }

    fn show(&self) {
        let Member { pid, command, .. } = self;
        let branch = match self.depth {
            0 => String::new(),
            depth => format!("{}└ ", "  ".repeat(depth - 1)),
        };
        let Some(stat) = self.now() else {
            println!("   {DIM}{pid:>7} {:>7}  {:<7} {branch}{command}{DIM:#}", "-", "gone");
            return;
        };
        let state = match stat.state() {
            Ok(ProcState::Zombie) => "zombie",
            Ok(ProcState::Stopped | ProcState::Tracing) => "stopped",
            _ => "alive",
        };
        let remark =
            self.adopted_by().map(|parent| format!("   ← orphan, its parent is now {} {}", parent.comm, parent.pid));
        let remark = remark.unwrap_or_default();
        println!("   {pid:>7} {:>7}  {state:<7} {branch}{command}{BAD}{remark}{BAD:#}", stat.ppid);
    }
}

/// The program's name and its arguments; of a dead process the name alone, marked as `ps` does it.
fn command(stat: &Stat) -> String {
    let line = Process::new(stat.pid).and_then(|process| process.cmdline()).unwrap_or_default();
    let Some((program, arguments)) = line.split_first() else { return format!("{} <defunct>", stat.comm) };
    let name = Path::new(program).file_name().unwrap_or_default().to_string_lossy();
    if name == "pdeathsig-launcher" {
        // Its arguments are the launcher's protocol, and the command that stands below.
        return format!("{name} …");
    }
    arguments.iter().fold(name.into_owned(), |command, argument| command + " " + argument)
}
