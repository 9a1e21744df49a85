//! `pdeathsig-doctor` tells the truth about a process: each verdict is put to the test. The process is not disturbed.

mod command_line;
mod containers;
mod launchers;
mod refused;
mod report;
mod situations;
mod terminals;
mod without_side_effects;
