#![deny(unused_must_use)]

use pdeathsig::{DieWithParent, Signal};

fn main() {
    DieWithParent::new(Signal::KILL).expected_parent(1);
}
