#[pdeathsig::die_with_parent]
fn main(arguments: Vec<String>) -> Result<(), String> {
    println!("{arguments:?}");
    Ok(())
}
