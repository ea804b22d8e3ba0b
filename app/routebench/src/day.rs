//! P10: a city's day.
use crate::pace::Clocked;
use crate::{Args, meter};
use dispatch::plan::{How, Outcome, Place, Plan, Problem, Ways, What, day_at, sample};
use dispatch::{Budget, Pace};
use std::fmt::Write as _;

/// Steps per CPU second assumed before anything is known.
const FIRST_RATE: f64 = 30_000.0;

pub fn run(args: &Args) -> Result<(), String> {
    let problem = sample::city(args.visits, args.workers, args.seed);
    if let Some(folder) = &args.out {
        let file = folder.join(format!("day-{}-{}-{}.json", args.visits, args.workers, args.seed));
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        std::fs::write(&file, export(&problem).to_string()).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    let first = measured(args, &problem, &mut Budget { units: 0, stop: &mut || false })?;
    tell(args, "first", &first);
    let full = measured(args, &problem, &mut Clocked::new(args, FIRST_RATE))?;
    tell(args, "improved", &full);
    if let Some(folder) = &args.out {
        let file = folder.join(format!("day-{}-{}-{}.plan.txt", args.visits, args.workers, args.seed));
        std::fs::write(&file, solution(&full.outcome.plan)).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    Ok(())
}

struct Measured {
    outcome: Outcome,
    wall: f64,
    cpu: f64,
}

fn measured(args: &Args, problem: &Problem, pace: &mut dyn Pace) -> Result<Measured, String> {
    let (cpu, wall) = (meter::process_seconds(), meter::wall_seconds());
    let outcome = day_at(problem, How { seed: args.seed, threads: args.threads }, pace).map_err(|e| e.to_string())?;
    if !outcome.faults.is_empty() {
        return Err(format!("the validator found {:?}", outcome.faults));
    }
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

/// One line a visit: worker, visit, start, end, in seconds of the day; then one line for each left out.
fn solution(plan: &Plan) -> String {
    let mut text = String::from("# worker visit start end\n");
    for route in &plan.routes {
        for stop in &route.stops {
            if let What::Visit(v) = stop.what {
                let _ = writeln!(text, "{} {} {} {}", route.worker.0, v.0, stop.start, stop.end);
            }
        }
    }
    for out in &plan.left_out {
        let _ = writeln!(text, "- {} {:?}", out.visit.0, out.why);
    }
    text
}

/// Writes the day down for other solvers: metres, seconds, skills as bits.
fn export(problem: &Problem) -> serde_json::Value {
    let (spots, speed) = match &problem.ways {
        Ways::Flat { spots, seconds_per_metre } => (spots.as_slice(), *seconds_per_metre),
        Ways::Matrix { .. } => (&[][..], 0.0),
    };
    let spot = |place: Place| spots.get(place.at()).map_or((0, 0), |s| (s.east, s.north));
    let visits = problem.visits.iter().map(|v| {
        let (east, north) = spot(v.place);
        let span = v.spans.first().map_or((0, 0), |s| (s.from, s.until));
        serde_json::json!({ "east": east, "north": north, "seconds": v.seconds, "from": span.0, "until": span.1, "skills": v.skills.0 })
    });
    let workers = problem.workers.iter().map(|w| {
        let (east, north) = spot(w.start);
        serde_json::json!({ "east": east, "north": north, "from": w.shift.0, "until": w.shift.1, "skills": w.skills.0 })
    });
    serde_json::json!({
        "seconds_per_metre": speed,
        "visits": visits.collect::<Vec<_>>(),
        "workers": workers.collect::<Vec<_>>(),
    })
}
