use pdeathsig::{die_with_parent, parent_death_signal, Signal};

#[die_with_parent(SIGTERM)]
#[tokio::main]
async fn main() {
    assert_eq!(parent_death_signal().unwrap(), Some(Signal::TERM));
    tokio::task::yield_now().await;
}
