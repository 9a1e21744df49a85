#![deny(unused_must_use)]

use pdeathsig::{Signal, Tether};

fn main() -> std::io::Result<()> {
    Tether::new(Signal::KILL)?;
    Ok(())
}
