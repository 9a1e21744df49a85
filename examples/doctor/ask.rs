//! Asks another process for its parent-death signal: one of its threads is stopped, makes the system call, and goes
//! on as if nothing had been.

/// Why a thread could not be asked.
pub(crate) type Refusal = String;

#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn parent_death_signal(_: i32) -> Result<i32, Refusal> {
    Err("this doctor knows the registers of x86-64 alone".into())
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::parent_death_signal;

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::fs::{File, OpenOptions};
    use std::os::unix::fs::FileExt;
    use std::thread;
    use std::time::{Duration, Instant};

    use nix::errno::Errno;
    use nix::libc::user_regs_struct as Registers;
    use nix::libc::{SYS_prctl, PR_GET_PDEATHSIG, PTRACE_EVENT_STOP};
    use nix::sys::ptrace;
    use nix::sys::signal::Signal;
    use nix::sys::wait::{waitpid, WaitPidFlag, WaitStatus};
    use nix::unistd::Pid;
    use procfs::process::{MMapPath, Process};

    use super::Refusal;

    /// A thread that does not stop within this time sleeps where nothing wakes it.
    const DEADLINE: Duration = Duration::from_secs(2);

    /// The instruction `syscall`.
    const SYSCALL: [u8; 2] = [0x0f, 0x05];
    /// The code segment of 64-bit programs.
    const USER_CS: u64 = 0x33;
    /// Below the stack pointer and what a function may use there without saying so.
    const BELOW: u64 = 512;

    pub(crate) fn parent_death_signal(thread: i32) -> Result<i32, Refusal> {
        let patient = Patient::open(thread)?;
        ptrace::seize(patient.thread, ptrace::Options::empty()).map_err(refused)?;
        let answer = patient.stop_and_ask()?;
        // After an error, the kernel lets go of it when this process ends, and delivers what it may have stopped by.
        ptrace::detach(patient.thread, None).map_err(refused)?;
        Ok(answer)
    }

    fn refused(errno: Errno) -> Refusal {
        match errno {
            Errno::EPERM => "this user may not trace it, or a debugger traces it already".into(),
            Errno::ESRCH => "it has ended".into(),
            errno => format!("ptrace(2): {errno}"),
        }
    }

    struct Patient {
        thread: Pid,
        memory: File,
        /// Where an instruction `syscall` is, in the code that the kernel gives to every process.
        syscall: u64,
    }

    impl Patient {
        fn open(thread: i32) -> Result<Patient, Refusal> {
            let told = |error: &dyn ToString| error.to_string();
            let process = Process::new(thread).map_err(|error| told(&error))?;
            let maps = process.maps().map_err(|error| told(&error))?;
            let vdso = maps.iter().find(|map| map.pathname == MMapPath::Vdso).ok_or("it has no vDSO")?;
            let memory = OpenOptions::new().read(true).write(true).open(format!("/proc/{thread}/mem"));
            let memory = memory.map_err(|error| told(&error))?;
            let (begin, end) = vdso.address;
            let mut code = vec![0; (end - begin) as usize];
            memory.read_exact_at(&mut code, begin).map_err(|error| told(&error))?;
            let place = code.windows(2).position(|bytes| bytes == SYSCALL).ok_or("its vDSO makes no system call")?;
            Ok(Patient { thread: Pid::from_raw(thread), memory, syscall: begin + place as u64 })
        }

        fn stop_and_ask(&self) -> Result<i32, Refusal> {
            ptrace::interrupt(self.thread).map_err(refused)?;
            loop {
                match self.wait(Some(Instant::now() + DEADLINE))? {
                    WaitStatus::PtraceEvent(_, _, PTRACE_EVENT_STOP) => {
                        if let Some(answer) = self.ask()? {
                            return Ok(answer);
                        }
                    }
                    // One that was on its way already.
                    WaitStatus::Stopped(_, signal) => ptrace::cont(self.thread, signal).map_err(refused)?,
                    _ => return Err("it has ended".into()),
                }
            }
        }

        /// In a stop by which no signal is delivered. None if one came in between; then the thread goes on to its
        /// next stop.
        fn ask(&self) -> Result<Option<i32>, Refusal> {
            let before = ptrace::getregs(self.thread).map_err(refused)?;
            if before.cs != USER_CS {
                return Err("it is a program of 32 bits".into());
            }
            let place = (before.rsp - BELOW) & !7;
            let mut bytes = [0; 4];
            let unreadable = |error: std::io::Error| format!("its stack: {error}");
            self.memory.read_exact_at(&mut bytes, place).map_err(unreadable)?;
            let call = Registers {
                rip: self.syscall,
                rax: SYS_prctl as u64,
                rdi: PR_GET_PDEATHSIG as u64,
                rsi: place,
                ..before
            };
            let answer = self.step(call, place);
            // First the memory, then the registers, and whatever is to come sees what was there before.
            self.memory.write_all_at(&bytes, place).map_err(unreadable)?;
            ptrace::setregs(self.thread, before).map_err(refused)?;
            match answer? {
                Stepped::Answer(signal) => Ok(Some(signal)),
                Stepped::Signal(signal) => {
                    ptrace::cont(self.thread, signal).map_err(refused)?;
                    ptrace::interrupt(self.thread).map_err(refused)?;
                    Ok(None)
                }
            }
        }

        fn step(&self, call: Registers, place: u64) -> Result<Stepped, Refusal> {
            ptrace::setregs(self.thread, call).map_err(refused)?;
            ptrace::step(self.thread, None).map_err(refused)?;
            // For as long as it takes: it must not go on with these registers.
            let stop = self.wait(None)?;
            let after = ptrace::getregs(self.thread).map_err(refused)?;
            match stop {
                WaitStatus::Stopped(_, Signal::SIGTRAP) if after.rip == self.syscall + SYSCALL.len() as u64 => {
                    if after.rax != 0 {
                        return Err(format!("prctl(2): {}", Errno::from_raw(-(after.rax as i64) as i32)));
                    }
                    let mut signal = [0; 4];
                    self.memory.read_exact_at(&mut signal, place).map_err(|error| format!("its stack: {error}"))?;
                    Ok(Stepped::Answer(i32::from_ne_bytes(signal)))
                }
                WaitStatus::Stopped(_, signal) => Ok(Stepped::Signal(Some(signal))),
                // It was told to stop, or to go on, together with its process.
                WaitStatus::PtraceEvent(..) => Ok(Stepped::Signal(None)),
                _ => Err("it has ended".into()),
            }
        }

        fn wait(&self, deadline: Option<Instant>) -> Result<WaitStatus, Refusal> {
            while deadline.is_none_or(|deadline| Instant::now() < deadline) {
                match waitpid(self.thread, Some(WaitPidFlag::__WALL | WaitPidFlag::WNOHANG)) {
                    Ok(WaitStatus::StillAlive) => thread::sleep(Duration::from_micros(200)),
                    Err(Errno::EINVAL) => return Err("a real-time signal came just then: try again".into()),
                    status => return status.map_err(refused),
                }
            }
            Err("it does not stop: it sleeps where nothing wakes it (state D), or is frozen".into())
        }
    }

    enum Stepped {
        Answer(i32),
        Signal(Option<Signal>),
    }
}
