#[path = "../recorder.rs"]
mod recorder;

use pdeathsig::launcher;
use tokio::main;

#[launcher(crate = recorder)]
#[main(flavor = "multi_thread", worker_threads = 3)]
async fn main() -> std::process::ExitCode {
    recorder::assert_init_was_first();
    tokio::spawn(async { std::process::ExitCode::SUCCESS }).await.unwrap()
}
