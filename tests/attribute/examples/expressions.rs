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

mod many_angles {
    use super::*;

    trait Of<A, B> {
        const SIGNAL: Signal = MINE;
        const PARENT: fn() -> u32 = std::os::unix::process::parent_id;
    }
    impl<A, B> Of<A, B> for u32 {}
    type Second<A, B> = <(A, B) as Two>::Second;
    trait Two {
        type Second;
    }
    impl<A, B> Two for (A, B) {
        type Second = B;
    }
    fn parent<A, B>() -> u32 {
        std::os::unix::process::parent_id()
    }

    #[die_with_parent(
        *&<u32 as Of<fn(&'static str, u8) -> u8, Vec<Vec<u8>>>>::SIGNAL,
        expected_parent = parent::<fn(u8, u8) -> u8, Vec<Vec<u8>>>() as Second<u8, u32> << 0 | 0 + <u32 as Of<u8, u16>>::PARENT() & if 1 < 2 { !0 } else { 0 },
        on_error = "exit",
    )]
    pub fn main() {
        assert_eq!(armed(), MINE);
    }
}

mod lower_case {
    use super::*;

    #[allow(non_upper_case_globals)]
    const ending: Signal = Signal::QUIT;

    #[die_with_parent(ending)]
    pub fn main() {
        assert_eq!(armed(), ending);
    }
}

fn main() {
    many_angles::main();
    lower_case::main();
    real_time::main();
    constant::main();
    constant_that_starts_as_a_signal_does::main();
    path::main();
    block::main();
    generic::main();
    comparison::main();
}
