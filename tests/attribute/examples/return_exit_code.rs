use pdeathsig::die_with_parent;
use std::process::ExitCode;

#[die_with_parent(SIGTERM)]
fn main() -> ExitCode {
    ExitCode::SUCCESS
}
