//! Children in any number, each of which sleeps until it is killed, or a minute is over.
//!
//! `many_children NUMBER`; prints a line when all are there.

use std::env;
use std::io::{self, Write};
use std::time::{Duration, Instant};

fn main() {
    let number: usize = env::args().nth(1).and_then(|number| number.parse().ok()).expect("usage: many_children NUMBER");
    let end = Instant::now() + Duration::from_secs(60);
    for _ in 0..number {
        if pdeathsig_tests::forked() {
            pdeathsig_tests::sleep_until(end);
            return;
        }
    }
    println!("ready");
    io::stdout().flush().unwrap();
    pdeathsig_tests::sleep_until(end);
}
