use pdeathsig::die_with_parent;

async fn parent() -> u32 {
    std::os::unix::process::parent_id()
}

#[tokio::main(flavor = "current_thread")]
#[die_with_parent(SIGTERM, expected_parent = std::os::unix::process::parent_id())]
async fn main() -> Result<(), String> {
    assert_ne!(parent().await, 0);
    Ok(())
}
