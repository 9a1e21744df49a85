use pdeathsig::Signal;

#[allow(non_upper_case_globals)]
const watch: Signal = Signal::USR1;

#[pdeathsig::die_with_parent(self::watch)]
fn main() {
    assert_eq!(pdeathsig::parent_death_signal().unwrap(), Some(Signal::USR1));
}
