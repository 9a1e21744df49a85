use std::process::ExitCode;

#[pdeathsig::die_with_parent]
fn main() -> ExitCode {
    fn item() -> ExitCode {
        ExitCode::SUCCESS
    }
    'label: {
        break 'label item();
    }
}
