trait Program {
    #[pdeathsig::die_with_parent]
    fn main();
}

fn main() {}
