use pdeathsig::{die_with_parent, parent_death_signal, Signal};

macro_rules! with_item {
    ($($item:item)*) => { $(#[die_with_parent] $item)* };
}

macro_rules! with_parts {
    ($(#[$attribute:meta])* $vis:vis $name:ident($signal:expr) -> $output:ty $body:block) => {
        $(#[$attribute])*
        #[die_with_parent($signal)]
        $vis fn $name() -> $output $body
    };
}

macro_rules! with_tokens {
    ($($tokens:tt)*) => { $($tokens)* };
}

mod parts {
    use super::*;

    with_parts! {
        /// Documented.
        #[inline]
        pub main(SIGTERM) -> Result<(), ()> {
            assert_eq!(parent_death_signal().unwrap(), Some(Signal::TERM));
            Ok(())
        }
    }
}

mod tokens {
    with_tokens! {
        #[pdeathsig::die_with_parent(SIGHUP)]
        pub fn main() {}
    }
}

with_item! {
    fn main() {
        parts::main().unwrap();
        tokens::main();
    }
}
