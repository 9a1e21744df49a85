#![allow(dead_code, unused_macros)]

mod std {}
mod core {}
mod alloc {}
mod pdeathsig {}
struct Result;
struct Option;
struct Some;
struct Signal;
struct DieWithParent;
struct OnError;
struct Exit;
const SIGTERM: i32 = 0;
macro_rules! eprintln {
    () => {};
}

#[::pdeathsig::die_with_parent(SIGTERM, on_error = "exit")]
fn main() {
    let _ = (Result, Option, Some, Signal, DieWithParent, OnError, Exit, SIGTERM);
}
