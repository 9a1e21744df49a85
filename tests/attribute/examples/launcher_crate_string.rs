#[path = "../recorder.rs"]
mod recorder;

#[pdeathsig::launcher(crate = "crate::recorder")]
fn main() {
    recorder::assert_init_was_first();
}
