use pdeathsig::parent_death_signal;

mod program {
    #[pdeathsig::die_with_parent(on_error = "ignore")]
    pub fn r#main() -> bool {
        super::parent_death_signal().unwrap().is_some()
    }
}

fn main() {
    assert!(!std::thread::spawn(program::main).join().unwrap());
    assert!(program::main());
}
