//! glibc can be asked to give up a real-time signal, after which `SIGRTMIN` is a larger number for the whole process;
//! so this stands apart from the other tests.

use pdeathsig::Signal;
use pdeathsig_tests::{allocate_realtime_signal, skipped};

#[test]
fn a_signal_below_sigrtmin_is_called_by_its_number() {
    let taken = Signal::rt(0).unwrap();
    let Some(allocated) = allocate_realtime_signal() else {
        skipped("not with glibc");
        return;
    };
    assert_eq!(allocated, taken.as_raw());
    assert_eq!(taken.to_string(), "34");
    assert_eq!("34".parse(), Ok(taken));
    assert_eq!(Signal::rt(0).unwrap().as_raw(), 35);
    assert_eq!("SIGRTMIN".parse(), Signal::from_raw(35));
    assert!(Signal::rt(30).is_err());
}
