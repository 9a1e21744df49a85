mod grace {
    #[pdeathsig::die_with_parent(SIGTERM, grace = std::time::Duration::from_millis(1) * 2)]
    pub fn main() {}
}

mod process_group {
    #[pdeathsig::die_with_parent(process_group)]
    pub fn main() {}
}

mod descendants {
    #[pdeathsig::die_with_parent(SIGTERM, descendants)]
    pub fn main() {}
}

fn main() {
    for main in [grace::main, process_group::main, descendants::main] {
        main();
        assert_eq!(pdeathsig::parent_death_signal().unwrap(), None);
        assert_eq!(std::fs::read_dir("/proc/self/task").unwrap().count(), 2);
        pdeathsig::outlive_parent().unwrap();
    }
}
