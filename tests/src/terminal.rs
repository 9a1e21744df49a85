//! A terminal with an interactive shell: a test types, and reads what the screen shows.
//!
//! The shell is the leader of a session of its own, and the terminal controls that session, as in a terminal emulator
//! or under `sshd`.
//!
//! ```no_run
//! # use pdeathsig_tests::{Key, Shell, Harness, Terminal};
//! # let harness = Harness::open("actor");
//! let mut terminal = Terminal::open(&harness, Shell::BASH);
//! let modes = terminal.modes();
//! terminal.type_line("echo rea''dy; sleep 60");
//! terminal.expect("ready");
//! terminal.press(Key::CtrlC);
//! assert_eq!(terminal.prompt(), 130);
//! assert_eq!(terminal.run("true").status, 0);
//! assert_eq!(terminal.modes(), modes);
//! ```
//!
//! The screen also shows what is typed. So a test that waits for a word in the output does not type that word as it is
//! (`rea''dy`).

mod reader;

use std::env;
use std::fs::{File, OpenOptions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};

use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{tcgetattr, Termios};
use nix::unistd::Pid;
use rustix::termios::tcgetpgrp;

use crate::harness::{skipped, until, Harness};
use crate::raw::controlled_by_its_input;
use reader::Reader;

const ROWS: u16 = 40;
const COLUMNS: u16 = 120;

/// Before and after the status of the last command, in each prompt.
const PROMPT: (&str, &str) = ("[status ", "] ");

/// How a shell is started for a user, without any file that configures it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shell {
    program: &'static str,
    arguments: &'static [&'static str],
    /// Its prompt, which tells the status of the last command.
    prompt: &'static str,
}

impl Shell {
    /// With line editing, as users have it: bash changes the terminal's modes while it reads a line.
    pub const BASH: Shell =
        Shell { program: "bash", arguments: &["--norc", "--noprofile", "-i"], prompt: "[status $?] " };
    /// It never changes the terminal's modes.
    pub const DASH: Shell = Shell { program: "dash", arguments: &["-i"], prompt: "[status $?] " };
    /// With its line editor.
    pub const ZSH: Shell =
        Shell { program: "zsh", arguments: &["-f", "-i", "-o", "no_prompt_sp"], prompt: "[status %?] " };
    /// With its line editor.
    pub const FISH: Shell = Shell {
        program: "fish",
        arguments: &["--no-config", "--private", "--interactive", "--init-command", FISH_PROMPT],
        prompt: "",
    };
    /// Each of them.
    pub const ALL: [Shell; 4] = [Shell::BASH, Shell::DASH, Shell::ZSH, Shell::FISH];

    /// The name of its program.
    pub fn name(self) -> &'static str {
        self.program
    }

    /// Whether this machine has it; if not, reports a test as skipped.
    #[must_use]
    pub fn is_installed(self) -> bool {
        is_installed(self.program)
    }

    fn command(self, home: &Path) -> Command {
        let mut shell = Command::new(self.program);
        shell.args(self.arguments).env("PS1", self.prompt).env("PS2", "> ");
        shell.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8").env_remove("COLUMNS").env_remove("LINES");
        // No file of the user's is read or written.
        shell.env("HISTFILE", "").env("INPUTRC", "/dev/null").env_remove("ENV").env_remove("BASH_ENV");
        shell.env("XDG_CONFIG_HOME", home).env("XDG_DATA_HOME", home).env("XDG_CACHE_HOME", home);
        shell
    }
}

/// By an event, since fish may draw its prompt more than once.
const FISH_PROMPT: &str = "set -g fish_greeting; function fish_prompt; echo '> '; end; \
    function tell_status --on-event fish_prompt; echo \"[status $status] \"; end";

/// Whether `program` is in PATH; if not, reports a test as skipped.
#[must_use]
pub fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let is_there = env::split_paths(&path).any(|folder| folder.join(program).is_file());
    is_there || skipped(&format!("needs the program {program}"))
}

/// A key, or keys, that a line of text does not have.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    CtrlC,
    CtrlD,
    CtrlZ,
    CtrlBackslash,
    Enter,
    Escape,
}

impl Key {
    fn bytes(self) -> &'static [u8] {
        match self {
            Key::CtrlC => b"\x03",
            Key::CtrlD => b"\x04",
            Key::CtrlZ => b"\x1a",
            Key::CtrlBackslash => b"\x1c",
            Key::Enter => b"\r",
            Key::Escape => b"\x1b",
        }
    }
}

/// What a command has shown, and its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// What the screen showed between the command line and the next prompt, without colours and the like.
    pub printed: String,
    /// `$?` afterwards.
    pub status: i32,
}

/// What a terminal is like for the next program: a program that has ended must have left it as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modes {
    /// As `stty -g` prints them.
    stty: String,
    /// Whether the shell's group has the terminal, as it must while there is a prompt.
    shell_is_in_foreground: bool,
}

/// A terminal with an interactive shell. When it is dropped, it hangs up, and the shell is killed and reaped. What the
/// shell has started is killed and reaped with the harness.
#[derive(Debug)]
pub struct Terminal<'harness> {
    harness: &'harness Harness,
    kind: Shell,
    shell: Child,
    /// None once it has hung up.
    line: Option<Reader>,
}

impl<'harness> Terminal<'harness> {
    /// Opens a terminal of 40 rows and 120 columns. The shell has shown its first prompt.
    pub fn open(harness: &'harness Harness, shell: Shell) -> Terminal<'harness> {
        Terminal::open_with(harness, shell, |command| command)
    }

    /// The same, with a shell that `adapt` has given variables, a folder and the like.
    pub fn open_with(
        harness: &'harness Harness,
        kind: Shell,
        adapt: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Terminal<'harness> {
        let (master, slave) = pty_pair();
        let mut command = kind.command(harness.folder());
        adapt(&mut command);
        command.stdin(slave.try_clone().unwrap()).stdout(slave.try_clone().unwrap()).stderr(slave);
        let shell = harness.start(controlled_by_its_input(&mut command));
        // It holds the terminal's other end.
        drop(command);
        let line = Reader::start(master, ROWS, COLUMNS);
        let mut terminal = Terminal { harness, kind, shell, line: Some(line) };
        terminal.prompt();
        terminal
    }

    /// The harness that it belongs to.
    pub fn harness(&self) -> &'harness Harness {
        self.harness
    }

    /// Which shell it is.
    pub fn kind(&self) -> Shell {
        self.kind
    }

    /// Types a line. It ends with a line feed, so that it is a line in all modes, also for a program that has not set
    /// its own modes yet.
    pub fn type_line(&mut self, line: &str) {
        self.type_text(&format!("{line}\n"));
    }

    /// Types what is no whole line.
    pub fn type_text(&mut self, text: &str) {
        self.line().write(text.as_bytes());
    }

    /// Presses a key.
    pub fn press(&mut self, key: Key) {
        self.line().write(key.bytes());
    }

    /// Waits until `text` is shown, after what was awaited before. Answers with what was shown ahead of it. Colours,
    /// movements of the cursor and the like are left out.
    #[track_caller]
    pub fn expect(&mut self, text: &str) -> String {
        self.line().expect(text)
    }

    /// Waits for the shell's next prompt: the status of the last command.
    #[track_caller]
    pub fn prompt(&mut self) -> i32 {
        self.expect(PROMPT.0);
        let status = self.expect(PROMPT.1);
        status.parse().unwrap_or_else(|_| panic!("a prompt with the status {status:?}"))
    }

    /// Types a command and waits for the next prompt.
    #[track_caller]
    pub fn run(&mut self, command: &str) -> Ran {
        self.type_line(command);
        // The rest of the command line, as it is shown.
        self.expect("\n");
        let printed = self.expect(PROMPT.0);
        let status = self.expect(PROMPT.1).parse().unwrap();
        Ran { printed, status }
    }

    /// What a program finds that the shell starts now: the terminal's modes, and whether the shell's group is in the
    /// foreground.
    #[track_caller]
    pub fn modes(&mut self) -> Modes {
        let Ran { printed, status } = self.run("stty -g");
        assert_eq!(status, 0, "{printed}");
        // zsh and fish say more than the command does, but no more lines of this form.
        let stty = printed.lines().map(str::trim).find(|line| line.matches(':').count() > 10);
        let stty = stty.unwrap_or_else(|| panic!("no modes in {printed:?}")).to_owned();
        Modes { stty, shell_is_in_foreground: self.foreground() == self.shell() }
    }

    /// The modes at this moment, also while a program runs.
    pub fn modes_now(&self) -> Termios {
        tcgetattr(self.master()).unwrap()
    }

    /// The process group that has the terminal.
    pub fn foreground(&self) -> Pid {
        Pid::from_raw(tcgetpgrp(self.master()).unwrap().as_raw_nonzero().get())
    }

    /// Waits until the shell has given the terminal to a job; the process group of that. What is typed before then may
    /// go to the shell.
    #[track_caller]
    pub fn job(&self) -> Pid {
        let shell = self.shell();
        until("a job in the foreground", || Some(self.foreground()).filter(|group| *group != shell))
    }

    /// The shell, which leads the session.
    pub fn shell(&self) -> Pid {
        Pid::from_raw(self.shell.id() as i32)
    }

    /// What the screen shows now, as a terminal emulator draws it: for programs that move the cursor.
    pub fn screen(&self) -> String {
        self.line.as_ref().unwrap().screen()
    }

    /// Waits until the screen shows `text` anywhere.
    #[track_caller]
    pub fn expect_on_screen(&self, text: &str) {
        self.line.as_ref().unwrap().expect_on_screen(text);
    }

    /// Changes the size of the window, of which the foreground hears by SIGWINCH.
    pub fn resize(&mut self, rows: u16, columns: u16) {
        self.line().resize(rows, columns);
    }

    /// Closes the window: the shell hears of it by SIGHUP, and what still uses the terminal gets errors.
    pub fn hang_up(&mut self) {
        self.line = None;
    }

    /// Leaves the shell by `exit`; how it ended.
    pub fn exit(mut self, status: i32) -> ExitStatus {
        self.type_line(&format!("exit {status}"));
        self.end_of_shell()
    }

    /// Waits for the shell's end.
    pub fn end_of_shell(&mut self) -> ExitStatus {
        until("the shell's end", || self.shell.try_wait().unwrap())
    }

    fn line(&mut self) -> &mut Reader {
        self.line.as_mut().expect("the terminal has hung up")
    }

    fn master(&self) -> &File {
        self.line.as_ref().expect("the terminal has hung up").master()
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        self.hang_up();
        // Also if it is stopped. Its children become the harness's.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

/// Both ends of a new terminal, which is no process's controlling terminal yet.
pub fn pty_pair() -> (File, File) {
    let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname_r(&master).unwrap();
    let slave = OpenOptions::new().read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits()).open(name).unwrap();
    (File::from(OwnedFd::from(master)), slave)
}
