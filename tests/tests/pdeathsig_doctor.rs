//! `pdeathsig-doctor` tells the truth about a process: each verdict is put to the test. The process is not disturbed.

#[path = "showing/command.rs"]
mod command;
#[path = "pdeathsig_doctor/containers.rs"]
mod containers;
#[path = "pdeathsig_doctor/exam.rs"]
mod exam;
#[path = "pdeathsig_doctor/harmless.rs"]
mod harmless;
#[path = "pdeathsig_doctor/itself.rs"]
mod itself;
#[path = "pdeathsig_doctor/launchers.rs"]
mod launchers;
#[path = "pdeathsig_doctor/refused.rs"]
mod refused;
#[path = "pdeathsig_doctor/situations.rs"]
mod situations;
#[path = "pdeathsig_doctor/terminals.rs"]
mod terminals;
