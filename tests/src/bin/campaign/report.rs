//! What came of it.

use std::fmt::{self, Display};
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use nix::sys::sysinfo::sysinfo;
use nix::sys::utsname::uname;
use time::OffsetDateTime;

use crate::worker::{Answer, Tally};

pub(crate) struct Report {
    pub(crate) seed: u64,
    pub(crate) workers: usize,
    pub(crate) quarters: Vec<Quarter>,
}

/// The trials under one kind of pressure.
pub(crate) struct Quarter {
    pub(crate) pressure: &'static str,
    pub(crate) answer: Answer,
    pub(crate) time: Duration,
}

impl Report {
    pub(crate) fn failures(&self) -> u64 {
        self.tallies().map(|tally| tally.failures()).sum()
    }

    fn tallies(&self) -> impl Iterator<Item = &Tally> {
        self.quarters.iter().flat_map(|quarter| quarter.answer.tallies.values())
    }

    pub(crate) fn write(&self, file: &Path) -> io::Result<()> {
        let date = OffsetDateTime::now_utc().date();
        let system = uname()?;
        let cores = std::thread::available_parallelism()?;
        let memory = sysinfo()?.ram_total() >> 20;
        let failed: Vec<String> =
            self.quarters.iter().flat_map(|quarter| &quarter.answer.failed).map(u64::to_string).collect();
        let failed = if failed.is_empty() { "none".to_owned() } else { failed.join(", ") };
        let head = format!(
            "# Campaign of {date}\n\n\
             {} {}, {}, {cores} cores, {memory} MiB of memory. pdeathsig {}.\n\n\
             Seeds of trials with survivors or errors: {failed}.\n\n",
            system.sysname().to_string_lossy(),
            system.release().to_string_lossy(),
            system.machine().to_string_lossy(),
            env!("CARGO_PKG_VERSION"),
        );
        fs::write(file, format!("{head}{self}"))
    }
}

impl Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let deaths: u64 = self.tallies().map(|tally| tally.deaths).sum();
        let time: Duration = self.quarters.iter().map(|quarter| quarter.time).sum();
        writeln!(
            formatter,
            "{deaths} parents died in {:.0} s, {:.0} a second, on {} workers; seed {}. \
             **Survivors: {}; errors: {}.**\n",
            time.as_secs_f64(),
            deaths as f64 / time.as_secs_f64(),
            self.workers,
            self.seed,
            self.tallies().map(|tally| tally.survivors).sum::<u64>(),
            self.tallies().map(|tally| tally.errors).sum::<u64>()
        )?;
        writeln!(
            formatter,
            "| pressure | way | parents died | a second | ended with them | too late, as documented | survivors | errors |"
        )?;
        writeln!(formatter, "| --- | --- | --- | --- | --- | --- | --- | --- |")?;
        for quarter in &self.quarters {
            let deaths: u64 = quarter.answer.tallies.values().map(|tally| tally.deaths).sum();
            let rate = deaths as f64 / quarter.time.as_secs_f64();
            for (way, tally) in &quarter.answer.tallies {
                let Tally { deaths, ended, too_late, survivors, errors } = tally;
                let (pressure, way) = (quarter.pressure, way.name());
                let late = if *too_late == 0 { "—".to_owned() } else { too_late.to_string() };
                writeln!(
                    formatter,
                    "| {pressure} | {way} | {deaths} | {rate:.0} | {ended} | {late} | {survivors} | {errors} |"
                )?;
            }
        }
        Ok(())
    }
}
