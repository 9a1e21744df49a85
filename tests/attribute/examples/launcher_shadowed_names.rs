#![no_implicit_prelude]
#![allow(dead_code)]

mod std {}
mod core {}
mod pdeathsig {}
struct Launcher;
fn init() {}

#[::pdeathsig::launcher]
fn r#main() {
    init();
    let _ = Launcher;
}
