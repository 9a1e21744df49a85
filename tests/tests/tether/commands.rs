//! A command in a tether cannot hit another one of the same tether by signalling its own process group.

use nix::sys::signal::{kill, killpg, Signal};
use nix::unistd::{getpgid, Pid};
use pdeathsig_tests::{Actor, Spawning};

use crate::{harness, owner};

fn shell(owner: &mut Actor<'_>, script: &str) -> Pid {
    let program = Some(("sh".into(), vec!["-c".into(), script.into()]));
    owner.try_spawn(Spawning { program, ..Spawning::tethered() }).unwrap()
}

#[test]
fn kill_0_in_a_script_reaches_what_the_script_started() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut sibling = owner.spawn_tethered();
    let script = shell(&mut owner, "sleep 60 & kill -s KILL 0");
    assert_eq!(owner.wait_for_pid(script), pdeathsig_tests::End::Killed(9));
    let mut next = owner.spawn_tethered();
    sibling.assert_lives();
    next.assert_lives();
    owner.kill();
    for member in [sibling, next] {
        member.assert_dies_of(Signal::SIGKILL);
    }
    harness.killed_orphans();
}

#[test]
fn a_signal_to_the_group_of_a_child_reaches_that_child() {
    let harness = harness();
    let mut owner = owner(&harness);
    let mut siblings = [(); 3].map(|()| owner.spawn_tethered());
    killpg(getpgid(Some(siblings[1].pid())).unwrap(), Signal::SIGKILL).unwrap();
    siblings[1].await_dead();
    siblings[0].assert_lives();
    siblings[2].assert_lives();
}

#[test]
fn commands_of_several_threads_have_groups_of_their_own() {
    let harness = harness();
    let mut owner = owner(&harness);
    let members = [(); 4].map(|()| owner.spawn_as(Spawning { on_thread: true, ..Spawning::tethered() }));
    let mut groups: Vec<Pid> = members.iter().map(Actor::group).collect();
    groups.sort();
    groups.dedup();
    assert_eq!(groups.len(), members.len());
}

#[test]
fn a_command_that_is_spawned_again_is_in_the_same_group() {
    use pdeathsig::{CommandExt as _, Tether};
    let harness = harness();
    let tether = Tether::new(pdeathsig::Signal::KILL).unwrap();
    let mut command = std::process::Command::new("sleep");
    command.arg("60").tether(&tether).unwrap();
    let [one, other] = [(); 2].map(|()| Pid::from_raw(harness.start(&mut command).id() as i32));
    assert_eq!(getpgid(Some(one)), getpgid(Some(other)));
    kill(one, Signal::SIGKILL).unwrap();
    drop(tether);
    assert_eq!([harness.end_of(one), harness.end_of(other)], [9, 9]);
}
