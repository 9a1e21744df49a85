#[path = "../recorder.rs"]
mod recorder;

use std::process::{ExitCode, Termination};

use pdeathsig::launcher;

mod result {
    use super::*;

    #[launcher(crate = recorder)]
    pub fn main() -> Result<(), Box<dyn std::error::Error>> {
        let number: i32 = "1".parse()?;
        assert_eq!(number, 1);
        Ok(())
    }
}

mod exit_code {
    use super::*;

    #[launcher(crate = recorder)]
    pub fn main() -> ExitCode {
        'label: {
            break 'label ExitCode::SUCCESS;
        }
    }
}

mod impl_termination {
    use super::*;

    #[launcher(crate = recorder)]
    pub fn main() -> impl Termination {
        Ok::<(), String>(())
    }
}

mod unit {
    use super::*;

    #[launcher(crate = recorder)]
    pub fn main() -> () {
        return;
    }
}

mod where_clause {
    use super::*;

    #[launcher(crate = recorder)]
    pub fn main() -> u8
    where
        u8: Copy,
    {
        7
    }
}

#[launcher(crate = recorder)]
fn main() -> ! {
    recorder::assert_init_was_first();
    result::main().unwrap();
    recorder::assert_init_was_first();
    let _ = exit_code::main();
    recorder::assert_init_was_first();
    let _ = impl_termination::main().report();
    recorder::assert_init_was_first();
    unit::main();
    recorder::assert_init_was_first();
    assert_eq!(where_clause::main(), 7);
    recorder::assert_init_was_first();
    std::process::exit(0)
}
