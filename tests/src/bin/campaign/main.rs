//! The campaign: parents that die at random instants while they spawn, over all ways to tie a child to its parent.
//!
//! ```sh
//! cargo run --release --package pdeathsig-tests --bin campaign -- --deaths 200000
//! ```
//!
//! - `--seed NUMBER`: what all trials are drawn from; it is printed.
//! - `--ways NAME,NAME…`: not all of them. `bare` and `bare-before-exec`, the naive approaches, are run only when
//!   named.
//! - `--workers NUMBER`: how many trials run at a time.
//! - `--replay SEED`: one trial, by the seed that is printed for it, again and again, `--deaths` times. What is drawn
//!   is the same; the instant at which the kernel does what it does is not.
//! - `--timeout MILLISECONDS`: how long one may live on that is to die. It only ends a trial that has failed.
//! - `--report FILE`: as Markdown.
//!
//! It exits with status 1 if there is an undocumented survivor.
//!
//! Four quarters of the trials run one after another: undisturbed, with two spinning threads for each core, with a
//! thread for each core that fills and gives back 128 MiB without end, and with both.
//!
//! One program plays all parts: `campaign` starts *workers*, each of which is a subreaper and starts *parents*; these
//! start *children* from one to eight threads, and die. In the trials `launcher-outer` and `launcher-inner` processes
//! of their launchers die instead, and they live on. Then all that is left comes to the worker, which reaps it, and
//! finds out which ones live on.

mod child;
mod parent;
mod pressure;
mod report;
mod runner;
mod trial;
mod worker;

// A function in place of the C library's; what it does is in `raw`.
pdeathsig_tests::remember_parents_named!();

fn main() {
    pdeathsig::Launcher::init();
    pdeathsig_tests::forget_parents_named();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (part, rest) = arguments.split_first().map_or(("", &[][..]), |(part, rest)| (part.as_str(), rest));
    match part {
        "worker" => worker::run(rest),
        "parent" => parent::run(rest),
        "child" => child::run(rest),
        _ => runner::run(),
    }
}
