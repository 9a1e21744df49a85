#[pdeathsig::launcher]
fn main(arguments: Vec<String>) -> std::io::Result<()> {
    println!("{arguments:?}");
    Ok(())
}
