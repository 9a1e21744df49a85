//! `pdeathsig-doctor` tells the truth about a process: each verdict is put to the test. The process is not disturbed.

#[path = "running_examples/command.rs"]
mod command;
#[path = "pdeathsig_doctor/command_line.rs"]
mod command_line;
#[path = "pdeathsig_doctor/containers.rs"]
mod containers;
#[path = "pdeathsig_doctor/launchers.rs"]
mod launchers;
#[path = "pdeathsig_doctor/refused.rs"]
mod refused;
#[path = "pdeathsig_doctor/report.rs"]
mod report;
#[path = "pdeathsig_doctor/situations.rs"]
mod situations;
#[path = "pdeathsig_doctor/terminals.rs"]
mod terminals;
#[path = "pdeathsig_doctor/without_side_effects.rs"]
mod without_side_effects;
