#[pdeathsig::die_with_parent(
    watch_pid = 1,
    watch_pid = 2,
    watch_pid = 3,
    watch_pid = 4,
    watch_pid = 5,
    watch_pid = 6,
    watch_pid = 7,
    watch_pid = 8,
    watch_pid = 9,
)]
fn main() {}
