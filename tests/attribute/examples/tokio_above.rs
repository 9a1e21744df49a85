use pdeathsig::{die_with_parent, parent_death_signal, Signal};

#[tokio::main]
#[die_with_parent(SIGTERM)]
async fn main() {
    assert_eq!(parent_death_signal().unwrap(), Some(Signal::TERM));
    tokio::task::yield_now().await;
}
