//! An actor that arms first thing in `main`: `armed_actor bare|call|expected_parent|watch SIGNAL PARENT`.

use pdeathsig::{DieWithParent, Signal};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [way, signal, parent] = &arguments[..] else { panic!("usage: armed_actor WAY SIGNAL PARENT") };
    let signal: Signal = signal.parse().unwrap();
    let parent = parent.parse().unwrap();
    let tie = DieWithParent::new(signal);
    match way.as_str() {
        "bare" => pdeathsig_tests::set_bare(signal.as_raw()).unwrap(),
        "call" => tie.arm().unwrap(),
        "expected_parent" => tie.expected_parent(parent).arm().unwrap(),
        "watch" => tie.watch().arm().unwrap(),
        _ => panic!("armed by {way}?"),
    }
    pdeathsig_tests::run_actor();
}
