//! Its process group, and the terminal.

use super::Level::{Bad, Note};
use super::{finding, Finding};
use crate::linux::facts::*;
use crate::linux::signals::name;

/// A program that reads the terminal, or changes its modes, while its process group is in the background.
pub(super) fn stopped(facts: &Facts) -> Vec<Finding> {
    if facts.state != State::Stopped {
        return Vec::new();
    }
    let is_tethered = facts.owner_of_tether().is_some();
    let signal = facts.stop_signal.as_ref().and_then(Known::known).map(|signal| name(*signal));
    let by_terminal = match facts.is_stopped_by_terminal() {
        Known::Known(false) => return Vec::new(),
        Known::Known(true) => format!("The terminal stopped it ({}).", signal.unwrap_or_default()),
        // No job control is involved with a tether.
        Known::Unknown { .. } if is_tethered => "The terminal stopped it, as it seems (SIGTTIN or SIGTTOU).".into(),
        Known::Unknown { .. } => {
            let sentence =
                "It is stopped in the background: by Ctrl-Z, or because it used the terminal (SIGTTIN or SIGTTOU).";
            return vec![finding(Note, "stopped-in-background", sentence)
                .remedy("`fg` in its shell; a program that uses the terminal needs `Launcher` or `pdeathsig`, not a group of its own")];
        }
    };
    let what = "It reads the terminal or changes its modes, and its process group is in the background, where this is not allowed.";
    let (why, remedy) = if is_tethered {
        (
            " A tether runs its members in process groups of their own, so a member cannot use the terminal.",
            "start it with `Launcher` or the command `pdeathsig`, which leave it the terminal; or with `stdin(Stdio::null())`",
        )
    } else {
        (
            "",
            "`fg`, if a shell started it; if it got a group of its own (`process_group`), start it with `Launcher` or `pdeathsig` instead",
        )
    };
    vec![finding(Bad, "stopped-by-terminal", format!("{by_terminal} {what}{why}")).remedy(remedy)]
}

pub(super) fn group(facts: &Facts) -> Vec<Finding> {
    let Group { id, session, terminal, leader, .. } = &facts.group;
    let leads = |leads: bool| if leads { " (it leads it)" } else { "" };
    let terminal = match terminal {
        Terminal::None => "has no terminal",
        Terminal::Foreground => "is in the foreground of its terminal",
        Terminal::Background => "is in the background of its terminal",
    };
    let sentence = format!(
        "It is in process group {id}{}, in session {session}{}, and {terminal}.",
        leads(matches!(leader, Leader::Itself)),
        leads(*session == facts.pid)
    );
    let mut found = vec![finding(Note, "group", sentence)];
    if let Leader::Gone = leader {
        let sentence = format!("The leader of its group {id} has exited, for example a shell or a wrapper.");
        found.push(finding(Note, "group-leader-gone", sentence));
    }
    found
}
