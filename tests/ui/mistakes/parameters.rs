mod program {
    #[pdeathsig::die_with_parent]
    pub fn main(_arguments: Vec<String>) {}
}

fn main() {
    program::main(Vec::new());
}
