use pdeathsig::{die_with_parent, parent_death_signal, Signal};

const MINE: Signal = Signal::HUP;
const SIGNAL: Signal = Signal::INT;

struct Picked<const A: usize, const B: usize>;

impl<const A: usize, const B: usize> Picked<A, B> {
    const SIGNAL: Signal = Signal::ALRM;
    fn parent() -> u32 {
        std::os::unix::process::parent_id()
    }
}

fn armed() -> Signal {
    parent_death_signal().unwrap().unwrap()
}

mod real_time {
    use super::*;

    #[die_with_parent(Signal::rt(3).unwrap())]
    pub fn main() {
        assert_eq!(armed(), Signal::rt(3).unwrap());
    }
}

mod constant {
    use super::*;

    #[die_with_parent(MINE)]
    pub fn main() {
        assert_eq!(armed(), MINE);
    }
}

mod constant_that_starts_as_a_signal_does {
    use super::*;

    #[die_with_parent(SIGNAL)]
    pub fn main() {
        assert_eq!(armed(), SIGNAL);
    }
}

mod path {
    use super::*;

    #[die_with_parent(crate::MINE)]
    pub fn main() {
        assert_eq!(armed(), MINE);
    }
}

mod block {
    use super::*;

    #[die_with_parent({ let (a, _b) = (MINE, 2); a }, expected_parent = if true { Picked::<1, 2>::parent() } else { 0 })]
    pub fn main() {
        assert_eq!(armed(), MINE);
    }
}

mod generic {
    use super::*;

    #[die_with_parent(<Picked<1, 2>>::SIGNAL, expected_parent = Picked::<3, 4>::parent(), on_error = "warn")]
    pub fn main() {
        assert_eq!(armed(), Signal::ALRM);
    }
}

mod comparison {
    use super::*;

    #[die_with_parent(if 1 < 2 { MINE } else { Signal::INT }, on_error = "exit")]
    pub fn main() {
        assert_eq!(armed(), MINE);
    }
}

fn main() {
    real_time::main();
    constant::main();
    constant_that_starts_as_a_signal_does::main();
    path::main();
    block::main();
    generic::main();
    comparison::main();
}
