//! Starts the workers, and adds up their answers.

use std::env;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::process::{self, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use lexopt::{Arg, Parser, ValueExt};

use crate::pressure::{Pressure, KINDS};
use crate::report::{Quarter, Report};
use crate::trial::{Trial, Way};
use crate::worker::{Answer, Task};

/// How many trials a worker is given at a time.
const PORTION: u64 = 500;

struct Options {
    deaths: u64,
    seed: u64,
    is_one_trial: bool,
    ways: Vec<Way>,
    workers: usize,
    cores: usize,
    timeout: Duration,
    report: Option<PathBuf>,
}

impl Options {
    fn read() -> Result<Options, lexopt::Error> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let mut options = Options {
            deaths: 2000,
            seed: fastrand::u64(..),
            is_one_trial: false,
            ways: Way::ALL.into_iter().filter(|way| way.is_ours()).collect(),
            workers: cores,
            cores,
            timeout: Duration::from_secs(30),
            report: None,
        };
        let mut parser = Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Long("deaths") => options.deaths = parser.value()?.parse()?,
                Arg::Long("seed") => options.seed = parser.value()?.parse()?,
                Arg::Long("replay") => {
                    options.seed = parser.value()?.parse()?;
                    options.is_one_trial = true;
                }
                Arg::Long("ways") => {
                    let names = parser.value()?.string()?;
                    let named = |name| Way::named(name).ok_or_else(|| format!("there is no way {name:?}"));
                    options.ways = names.split(',').map(named).collect::<Result<_, _>>()?;
                }
                Arg::Long("workers") => options.workers = parser.value()?.parse()?,
                Arg::Long("timeout") => options.timeout = Duration::from_millis(parser.value()?.parse()?),
                Arg::Long("report") => options.report = Some(parser.value()?.into()),
                other => return Err(other.unexpected()),
            }
        }
        Ok(options)
    }
}

pub(crate) fn run() {
    let options = Options::read().unwrap_or_else(|error| {
        eprintln!("campaign: {error}");
        process::exit(2);
    });
    if options.is_one_trial {
        println!("{:#?}", Trial::drawn_from(options.seed, &options.ways));
    }
    println!("seed {}", options.seed);
    let quarters = KINDS.iter().zip(0..).map(|((name, cpu, memory), quarter)| {
        let numbers = options.deaths * quarter / 4..options.deaths * (quarter + 1) / 4;
        let pressure = Pressure::start(*cpu, *memory, options.cores);
        let start = Instant::now();
        let answer = run_all(&options, numbers);
        drop(pressure);
        Quarter { pressure: name, answer, time: start.elapsed() }
    });
    let report = Report { seed: options.seed, workers: options.workers, quarters: quarters.collect() };
    println!("{report}");
    if let Some(file) = options.report {
        report.write(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
    process::exit(i32::from(report.failures() > 0));
}

fn run_all(options: &Options, numbers: Range<u64>) -> Answer {
    let portions: Vec<Range<u64>> =
        numbers.clone().step_by(PORTION as usize).map(|first| first..numbers.end.min(first + PORTION)).collect();
    let next = std::sync::Mutex::new(portions.into_iter());
    let whole = std::sync::Mutex::new(Answer::default());
    thread::scope(|scope| {
        for _ in 0..options.workers {
            scope.spawn(|| loop {
                let Some(portion) = next.lock().unwrap().next() else { return };
                let answer = send_out(options, portion);
                whole.lock().unwrap().add(answer, &options.ways);
            });
        }
    });
    whole.into_inner().unwrap()
}

/// A worker of its own for each portion.
fn send_out(options: &Options, numbers: Range<u64>) -> Answer {
    let task = Task {
        seed: options.seed,
        numbers: numbers.collect(),
        is_one_trial: options.is_one_trial,
        ways: options.ways.clone(),
        timeout: options.timeout,
    };
    let task = serde_json::to_string(&task).unwrap();
    let mut worker = Command::new(env::current_exe().unwrap());
    // It has the dynamic linker make hundreds of system calls in each program.
    worker.env_remove("LD_LIBRARY_PATH");
    let worker = worker.args(["worker", &task]).stdout(Stdio::piped()).spawn().unwrap();
    let output = worker.wait_with_output().unwrap();
    assert!(output.status.success(), "a worker has failed: {}", output.status);
    serde_json::from_slice(&output.stdout).map_err(io::Error::from).unwrap()
}

impl Answer {
    fn add(&mut self, other: Answer, ways: &[Way]) {
        for (way, tally) in other.tallies {
            let whole = self.tallies.entry(way).or_default();
            whole.deaths += tally.deaths;
            whole.ended += tally.ended;
            whole.too_late += tally.too_late;
            whole.survivors += tally.survivors;
            whole.errors += tally.errors;
        }
        for seed in other.failed {
            let ways: Vec<&str> = ways.iter().map(|way| way.name()).collect();
            println!("survivors or errors: again by --ways {} --replay {seed}", ways.join(","));
            self.failed.push(seed);
        }
    }
}
