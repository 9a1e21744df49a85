use pdeathsig::Launcher;

#[tokio::main]
#[pdeathsig::launcher]
async fn main() -> std::io::Result<()> {
    let status = Launcher::new().command("sh")?.args(["-c", "exit 7"]).status()?;
    assert_eq!(status.code(), Some(7));
    Ok(())
}
