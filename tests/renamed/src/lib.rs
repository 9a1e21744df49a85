//! Passes on the crate and its attribute, as a framework would.

pub use renamed;
pub use renamed::die_with_parent;

/// Makes an annotated `main`, as a framework's macro would.
#[macro_export]
macro_rules! tied_main {
    ($body:block) => {
        #[$crate::die_with_parent(SIGTERM, crate = $crate::renamed)]
        fn main() $body
    };
}
