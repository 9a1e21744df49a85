#[path = "../recorder.rs"]
mod recorder;

#[pdeathsig::launcher(crate = recorder)]
#[tokio::main]
async fn main() -> Result<(), String> {
    tokio::task::yield_now().await;
    recorder::assert_init_was_first();
    Ok(())
}
