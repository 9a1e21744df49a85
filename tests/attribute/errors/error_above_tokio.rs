#[pdeathsig::die_with_parent(SIGTREM)]
#[tokio::main]
async fn main() {
    tokio::task::yield_now().await;
}
