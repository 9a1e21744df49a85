#[path = "../recorder.rs"]
mod recorder;

use pdeathsig::launcher;

macro_rules! with_item {
    ($($item:item)*) => { $(#[launcher(crate = crate::recorder)] $item)* };
}

macro_rules! with_parts {
    ($(#[$attribute:meta])* $vis:vis $name:ident() -> $output:ty $body:block) => {
        $(#[$attribute])*
        #[launcher(crate = crate::recorder)]
        $vis fn $name() -> $output $body
    };
}

mod parts {
    use super::*;

    with_parts! {
        /// Documented.
        #[inline]
        pub(crate) main() -> Result<(), ()> { Ok(()) }
    }
}

with_item! {
    fn main() {
        recorder::assert_init_was_first();
        parts::main().unwrap();
        recorder::assert_init_was_first();
    }
}
