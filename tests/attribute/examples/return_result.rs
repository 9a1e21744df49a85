use pdeathsig::die_with_parent;

#[die_with_parent]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let n: i32 = "1".parse()?;
    assert_eq!(n, 1);
    Ok(())
}
