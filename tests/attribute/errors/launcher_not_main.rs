use pdeathsig::launcher;

#[launcher]
fn worker() {}

fn main() {
    worker();
}
