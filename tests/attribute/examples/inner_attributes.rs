#![deny(warnings)]

#[pdeathsig::die_with_parent]
fn main() {
    #![allow(unused_variables)]
    //! Documentation of the inner kind.
    #![allow(non_snake_case)]

    let Unused = 1;
    [1, 2].iter().count();
}
