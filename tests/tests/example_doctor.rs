//! `doctor` tells the truth about a process, which is then put to the test, and does it no harm.

#[path = "example_doctor/exam.rs"]
mod exam;
#[path = "example_doctor/harmless.rs"]
mod harmless;
#[path = "example_doctor/itself.rs"]
mod itself;
#[path = "showing/program.rs"]
mod program;
#[path = "example_doctor/refused.rs"]
mod refused;
#[path = "example_doctor/situations.rs"]
mod situations;
