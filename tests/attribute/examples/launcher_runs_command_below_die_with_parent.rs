use pdeathsig::Launcher;

// The launcher's processes do not arm the signal: they watch their owner themselves.
#[pdeathsig::die_with_parent(SIGTERM)]
#[pdeathsig::launcher]
fn main() -> std::io::Result<()> {
    let status = Launcher::new().command("sh")?.args(["-c", "exit 7"]).status()?;
    assert_eq!(status.code(), Some(7));
    Ok(())
}
