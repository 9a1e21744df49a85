fn parent() -> u32 {
    std::os::unix::process::parent_id()
}

mod one {
    #[pdeathsig::die_with_parent(SIGTERM, watch_pid = super::parent())]
    pub fn main() {}
}

mod eight {
    use super::parent;

    #[pdeathsig::die_with_parent(
        watch_pid = parent(),
        watch_pid = parent(),
        watch_pid = std::os::unix::process::parent_id(),
        watch_pid = parent(),
        on_error = "exit",
        watch_pid = parent(),
        watch_pid = parent(),
        watch_pid = parent(),
        watch_pid = if 1 < 2 { parent() } else { 0 },
    )]
    pub fn main() {}
}

fn main() {
    for main in [one::main, eight::main] {
        main();
        // The thread waits for the parent; the kernel's signal is not armed.
        assert_eq!(pdeathsig::parent_death_signal().unwrap(), None);
        assert!(std::fs::read_dir("/proc/self/task").unwrap().count() >= 2);
        pdeathsig::outlive_parent().unwrap();
    }
}
