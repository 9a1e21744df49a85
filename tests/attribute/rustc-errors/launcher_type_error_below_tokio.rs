#[tokio::main]
#[pdeathsig::launcher]
async fn main() -> Result<(), String> {
    let text: String = 5;
    text
}
