//! What several of the examples need.

pub mod act;
pub mod article;
pub mod clean_up;
pub mod style;
pub mod table;

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process;
use std::thread;
use std::time::{Duration, SystemTime};

/// The program of the example `name`: brought up to date if cargo runs us, else the one beside our own.
pub fn program(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    if env::var_os("CARGO").is_some() {
        return build(name);
    }
    let program = env::current_exe()?.with_file_name(name);
    if program.exists() {
        Ok(program)
    } else {
        Err(format!("{} is not there yet: run `cargo build --examples`", program.display()).into())
    }
}

/// Has cargo build an example, wherever we were started from.
pub fn build(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let build = escargot::CargoBuild::new().manifest_path(manifest).example(name).current_release();
    Ok(build.run()?.path().to_owned())
}

/// Prints the time every 200 ms, for a minute: an example that is left as an orphan ends by itself.
pub fn print_the_time() -> io::Result<()> {
    for _ in 0..300 {
        writeln!(io::stdout(), "child {}: {}", process::id(), humantime::format_rfc3339_millis(SystemTime::now()))?;
        thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}
