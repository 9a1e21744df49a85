//! Small models of the library and the kernel, in which every order of events comes about: each mechanism leaves no
//! survivor, and does leave one when a step is left out.
//!
//! [stateright](https://docs.rs/stateright) visits all states of a model: fork, exec, arming, the end of a thread or a
//! process, reparenting, reused pids, hang-ups, and the delivery of signals. The models do not run the library's code:
//! they show why each step is needed. The other tests run real processes.
//!
//! Every model has two properties. *No survivor unless documented*: when nothing is left to be done and the parent is
//! gone, the child has ended. *No process dies that should live*: what has ended did so because the parent was gone.
//! Further ones say that what is claimed to be possible happens at all.
//!
//! `cargo test --locked -p pdeathsig-tests --test models -- --nocapture` prints a table, and the shortest way to each
//! failure.

mod arming;
mod before_exec;
mod closing;
mod kernel;
mod report;
mod signals;
mod tether_spawn;
mod watch;
