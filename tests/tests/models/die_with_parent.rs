//! `die_with_parent`: record, arm, compare with what was recorded.

use crate::arming::{Arming, Compare, Step, NO_SURVIVOR, NO_WRONG_DEATH};
use crate::report::Table;

#[test]
fn a_parent_that_dies_after_it_was_recorded_is_not_survived() {
    let mut table = Table::of("die_with_parent");
    let model = Arming::new(Compare::WithRecorded);
    table.holds("as it is", model.clone());
    table.fails("does not compare after arming", NO_SURVIVOR, Arming::new(Compare::Not));
    let steps = [Step::Record, Step::Compare, Step::Arm];
    table.fails("compares before arming", NO_SURVIVOR, Arming { steps, ..model });
    table.fails("asks whether its parent is pid 1: a subreaper", NO_SURVIVOR, Arming::new(Compare::WithOne));
    table.fails("asks whether its parent is pid 1: a container", NO_WRONG_DEATH, Arming::new(Compare::WithOne));
    table.fails("arms on another thread than the main one", NO_SURVIVOR, Arming { on_worker: true, ..model });
}
