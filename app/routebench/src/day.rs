//! P10: a city's day.
use crate::{Args, meter};
use dispatch::Budget;
use dispatch::plan::{How, Outcome, Problem, day, sample};

/// Steps a thread of the machine the goals are stated for does in a CPU second; the work budget of `--seconds`.
const UNITS_PER_SECOND: f64 = 60_000.0;

pub fn run(args: &Args) -> Result<(), String> {
    let problem = sample::city(args.visits, args.workers, args.seed);
    let first = measured(args, &problem, 0)?;
    tell(args, "first", &first);
    let units = args.units.unwrap_or((args.seconds * UNITS_PER_SECOND * args.threads as f64) as u64);
    let full = measured(args, &problem, units)?;
    tell(args, "improved", &full);
    Ok(())
}

struct Measured {
    outcome: Outcome,
    wall: f64,
    cpu: f64,
}

fn measured(args: &Args, problem: &Problem, units: u64) -> Result<Measured, String> {
    let (cpu, wall) = (meter::process_seconds(), meter::wall_seconds());
    let limit = args.seconds * args.threads as f64;
    let mut stop = || meter::process_seconds() - cpu > limit;
    let how = How { seed: args.seed, threads: args.threads };
    let outcome = day(problem, how, &mut Budget { units, stop: &mut stop }).map_err(|e| e.to_string())?;
    Ok(Measured { outcome, wall: meter::wall_seconds() - wall, cpu: meter::process_seconds() - cpu })
}

fn tell(args: &Args, step: &str, m: &Measured) {
    let plan = &m.outcome.plan;
    let left = plan.left_out.len();
    let line = serde_json::json!({
        "bench": "P10",
        "step": step,
        "visits": args.visits,
        "workers": args.workers,
        "seed": args.seed,
        "threads": args.threads,
        "units": m.outcome.units,
        "wall_seconds": (m.wall * 1000.0).round() / 1000.0,
        "cpu_seconds": (m.cpu * 1000.0).round() / 1000.0,
        "unassigned": left,
        "unassigned_percent": (left as f64 * 10_000.0 / args.visits as f64).round() / 100.0,
        "travel_minutes": plan.travel_minutes(),
        "peak_mib": meter::peak_mib(),
    });
    println!("{line}");
}
