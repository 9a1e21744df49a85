#[path = "../recorder.rs"]
mod recorder;

use pdeathsig::launcher;

#[launcher(crate = recorder)]
#[cfg(not(target_os = "linux"))]
fn main() {
    compile_error!("this `main` does not exist");
}

#[cfg_attr(target_os = "linux", launcher(crate = recorder))]
#[cfg(target_os = "linux")]
#[cfg_attr(target_os = "linux", tokio::main)]
async fn main() {
    recorder::assert_init_was_first();
}
