//! What the library does, and what the kernel does meanwhile, as small models of which [stateright](https://docs.rs/stateright) visits every
//! state there is.
//!
//! The other tests run real processes, and see the orders of events that happen to come about. Here every order comes
//! about, but of what a model knows: fork, exec, arming, the end of a thread and of a process, reparenting, the giving
//! out of numbers, hang-ups, and the delivery of signals. So each model is there as it is and in broken variants, in
//! which the checker must find the survivor, or the process that dies and should live.
//!
//! Two properties are those of every model. *No survivor unless documented*: when nothing is left to be done and the
//! parent is gone, the child has ended, but for what the README's table says. *No process dies that should live*: what
//! has ended did so since the parent was gone, but for what the table says. Others say that what is claimed to be
//! possible happens at all.
//!
//! `cargo test --locked -p pdeathsig-tests --test models -- --nocapture` prints a table, and the shortest way to each
//! failure.

mod arming;
mod before_exec;
mod closing;
mod die_with_parent;
mod expected_parent;
mod group_walk;
mod kernel;
mod report;
mod signals;
mod tether_hang_up;
mod tether_spawn;
mod watch;
