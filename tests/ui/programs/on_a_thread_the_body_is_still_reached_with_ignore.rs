mod program {
    #[pdeathsig::die_with_parent(on_error = "ignore")]
    pub fn main() -> u8 {
        7
    }
}

fn main() {
    assert_eq!(std::thread::spawn(program::main).join().unwrap(), 7);
}
