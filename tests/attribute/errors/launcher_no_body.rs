trait Program {
    #[pdeathsig::launcher]
    fn main() -> u8;
}

fn main() {}
