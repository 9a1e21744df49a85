#[pdeathsig::die_with_parent(watch)]
fn main() {
    assert_eq!(pdeathsig::parent_death_signal().unwrap(), None);
    assert_eq!(std::fs::read_dir("/proc/self/task").unwrap().count(), 2);
}
