#[path = "../recorder.rs"]
mod recorder;

#[tokio::main]
#[pdeathsig::launcher(crate = recorder)]
async fn main() -> Result<(), String> {
    tokio::task::yield_now().await;
    recorder::assert_init_was_first();
    Ok(())
}
