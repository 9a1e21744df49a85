//! `expected_parent`: compare with what the parent has told, too.
//!
//! The comparison is of numbers, and the number of a dead parent is given away again: to an unrelated process, which
//! does no harm, since no code asks for that. To the process that adopts the child it cannot go. That one is an
//! ancestor of the child, and a process that becomes an ancestor by adopting was one before; so it was there before the
//! parent was, which it had as a descendant, and two processes that are there at one time have two numbers. (Other than
//! by adopting, no process gets a parent. Across pid namespaces the number that is told has another meaning, and
//! `getppid` is 0, before and after; this is documented.) The model takes this for granted, and shows that it is
//! needed.

use crate::arming::{Arming, Compare, NO_SURVIVOR};
use crate::report::Table;

#[test]
fn the_child_dies_whenever_the_parent_dies() {
    let mut table = Table::of("expected_parent");
    let model = Arming::new(Compare::WithExpected);
    table.holds("as it is", model.clone());
    let adopter = Arming { adopter_may_get_number: true, ..model };
    table.fails("if the adopter could have the parent's number", NO_SURVIVOR, adopter);
    let in_use = Arming::new(Compare::WhetherExpectedIsInUse);
    table.fails("asks whether the expected number is in use", NO_SURVIVOR, in_use);
}
