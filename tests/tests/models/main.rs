//! Each mechanism as a small model, and all that can happen in it: fork, exec, arming, the ends of threads and processes, reparenting,
//! hang-ups, and what the kernel sends.
//!
//! ```sh
//! cargo test --test models -- --nocapture
//! ```
//!
//! A model checker goes through every interleaving. Nobody survives but as is documented, and nobody dies who should not. Each model
//! also has variants that lack a step of ours, or do what others do: there, it has to find a way to a survivor, which is
//! printed. What a model takes for granted of the kernel stands at its head, with where that is in its source; that
//! the real kernel behaves so is for the other tests to show.

mod check;

mod call;
mod command;
mod hang_up;
mod spawn;
mod walk;
mod watch;
