//! The shell around the planning benches: reads instance files, gives the engine its work budget and its seed, measures
//! CPU seconds, prints one JSON line per instance and writes the solutions down.
//!
//! A crate of its own so that work on the planner compiles in seconds: `yinian bench vrptw|homecare|day|urgent` and this
//! crate's example run the same code.
#![forbid(unsafe_code)]

mod day;
mod homecare;
pub mod meter;
mod pace;
mod urgent;
mod vrptw;

use std::path::PathBuf;

/// Which family of planning problems is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Family {
    /// P8: vehicle routing with time windows, distance only (Solomon, Gehring–Homberger; SINTEF text format).
    Vrptw,
    /// P9: home care with skills, soft windows and paired visits (Mankowska, Meisel & Bierwirth 2014; text format).
    Homecare,
    /// P10: a city's day made by the generator.
    Day,
    /// P7: urgent orders among workers on duty.
    Urgent,
}

#[derive(Clone, Debug, clap::Args)]
#[group(id = "planner")]
pub struct Args {
    /// Folder with instance files, or one file (vrptw, homecare).
    #[arg(long, value_name = "DIR")]
    pub instances: Option<PathBuf>,
    /// CPU seconds of planning per instance and thread.
    #[arg(long, default_value_t = 10.0)]
    pub seconds: f64,
    /// The seed; the same seed and work give the same plan.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Threads of the planner.
    #[arg(long, default_value_t = 1)]
    pub threads: usize,
    /// Folder for the solutions, one text file per instance.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// CSV of best known values (columns set,instance,file,best_known,…).
    #[arg(long, value_name = "FILE")]
    pub best_known: Option<PathBuf>,
    /// Visits of the generated day (day, urgent).
    #[arg(long, default_value_t = 50_000)]
    pub visits: usize,
    /// Workers of the generated day (day, urgent).
    #[arg(long, default_value_t = 5_000)]
    pub workers: usize,
    /// Units of work instead of those that fit into `--seconds`: the way to repeat a plan exactly.
    #[arg(long)]
    pub units: Option<u64>,
}

/// Runs one family and prints its lines.
///
/// # Errors
/// What could not be read or written, with file and line.
pub fn run(family: Family, args: &Args) -> Result<(), String> {
    match family {
        Family::Vrptw => vrptw::run(args),
        Family::Homecare => homecare::run(args),
        Family::Day => day::run(args),
        Family::Urgent => urgent::run(args),
    }
}
