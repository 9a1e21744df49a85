//! The harness of the tests of `pdeathsig`: real processes, real signals, the real kernel.
//!
//! A test opens a [`Harness`], spawns [`Actor`]s, which are processes of the program `actor`, and tells them what
//! to do: spawn another, arm, fork, die. Each actor has a line of its own to the test, so nothing is ever timed. The
//! harness is a subreaper, so orphans come to it, and it kills and reaps all that is left when the test ends, however
//! it ends.

mod actor;
mod actor_process;
mod control_group;
mod harness;
mod launching;
mod machine;
mod owner;
mod programs;
mod protocol;
mod raw;
mod sandbox;
mod spawn_cost;
mod surroundings;
mod terminal;
#[cfg(feature = "peers")]
mod ties;
mod trace;
mod ways;
mod workloads;

pub use actor::Actor;
pub use actor_process::run_actor;
pub use control_group::ControlGroup;
pub use harness::{
    any_child, deadline, kernel, needs_kernel, needs_root, set_uid_programs_work, skipped, until, Harness,
};
pub use launching::{children_of, launcher_of_arguments, only_child, own_arguments, state_of, Launched};
pub use machine::{dynamic_loader, is_of_memory, is_poll, is_sleep};
pub use owner::{Halt, Spawning};
pub use programs::{doctor, example, pdeathsig};
pub use protocol::{Cause, End, Options, Orphaned};
pub use raw::{
    allocate_realtime_signal, bare_calls, controlled_by_its_input, count_instead_of_dying, execute_in_new_terminal,
    first_parent_named, forget_parents_named, fork_sleeper, forked, glibc_minor, leading_a_session, leave_one_hang_up,
    refusing, remembering, segfault, send_number, set_bare, set_bare_before_exec, signal_of_terminal, try_fork,
    unrelated_process, vforking, SharedCounter,
};
pub use sandbox::{Answer, Refusal, Refused};
pub use spawn_cost::print_spawn_cost;
pub use terminal::{is_installed, pty_pair, Key, Modes, Ran, Shell, Terminal};
#[cfg(feature = "peers")]
pub use ties::{new_guard, Spawned, Spawner, Tie};
pub use trace::{Boundary, Tracee};
pub use ways::{run_leaf, run_way, Dies, Guard, Outcome, Trial};
pub use workloads::{Waiting, Work};

/// Has a process run on one processor.
pub fn keep_on(process: nix::unistd::Pid, cpu: usize) {
    let mut cpus = nix::sched::CpuSet::new();
    cpus.set(cpu).unwrap();
    nix::sched::sched_setaffinity(process, &cpus).unwrap();
}

/// A number that whatever runs the tests has set.
pub fn number_from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|number| number.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// How many processes or groups a storm has: `whole`, scaled by `PDEATHSIG_STORM_SIZE`, which is in percent.
pub fn storm_size(whole: u64) -> u64 {
    (whole * number_from_environment("PDEATHSIG_STORM_SIZE").unwrap_or(100) / 100).max(1)
}

/// Panics if a program did not say all of these, one after the other.
#[track_caller]
pub fn in_this_order(printed: &str, parts: &[&str]) {
    let mut rest = printed;
    for part in parts {
        rest = rest.split_once(part).unwrap_or_else(|| panic!("no {part:?} in the rest of\n{printed}")).1;
    }
}

/// Sleeps, for a helper program that waits to be killed.
pub fn sleep_until(end: std::time::Instant) {
    std::thread::sleep(end.saturating_duration_since(std::time::Instant::now()));
}

/// The programs in the README and in the guide are tests, too.
#[cfg(doctest)]
mod documents {
    macro_rules! documents {
        ($($name:ident = $text:literal;)*) => {$(
            #[doc = include_str!($text)]
            struct $name;
        )*};
    }

    documents! {
        Readme = "../../README.md";
        How = "../../pdeathsig/doc/guide/how_parent_death_works.md";
        Choosing = "../../pdeathsig/doc/guide/choosing.md";
        Terminal = "../../pdeathsig/doc/guide/in_a_terminal.md";
        Graceful = "../../pdeathsig/doc/guide/graceful_shutdown.md";
        Tokio = "../../pdeathsig/doc/guide/with_tokio.md";
        Crates = "../../pdeathsig/doc/guide/with_other_crates.md";
        Containers = "../../pdeathsig/doc/guide/in_containers_and_under_systemd.md";
        Recipes = "../../pdeathsig/doc/guide/recipes.md";
        Debugging = "../../pdeathsig/doc/guide/debugging.md";
        Cannot = "../../pdeathsig/doc/guide/what_it_cannot_do.md";
        Faq = "../../pdeathsig/doc/guide/faq.md";
    }
}
