#[pdeathsig::launcher]
#[tokio::main]
async fn main() -> Reslt<(), String> {
    Ok(())
}
