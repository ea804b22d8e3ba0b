//! P7: an urgent order among everyone on duty.
use crate::{Args, meter};
use dispatch::plan::{Board, Gentle, How, Link, VisitIx, WorkerIx, check, day, sample};
use dispatch::{Budget, Chance};

/// Orders measured of each kind.
const ORDERS: usize = 1_000;
/// Workers who drop out, one after the other.
const DROPS: usize = 50;

pub fn run(args: &Args) -> Result<(), String> {
    let problem = sample::lived_in(args.visits, args.workers, args.seed);
    let how = How { seed: args.seed, threads: args.threads };
    let mut never = || false;
    // The city lives by an improved plan, not by the first one.
    let units = args.units.unwrap_or(args.visits as u64 * 8);
    let plan = day(&problem, how, &mut Budget { units, stop: &mut never }).map_err(|e| e.to_string())?.plan;
    let planned = args.visits - plan.left_out.len();
    let base = Board::with(problem, &plan).map_err(|e| e.to_string())?;
    orders(args, base.clone(), planned)?;
    pairs(args, base.clone(), planned)?;
    drops(args, base, planned)
}

fn micros(from: f64) -> f64 {
    (meter::thread_seconds() - from) * 1e6
}

fn share(sorted: &[f64], percent: usize) -> f64 {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(0.0, |x| (x * 10.0).round() / 10.0)
}

fn tell(args: &Args, what: &str, planned: usize, mut took: Vec<f64>, more: serde_json::Value) {
    took.sort_unstable_by(f64::total_cmp);
    let line = serde_json::json!({
        "bench": "P7",
        "what": what,
        "workers": args.workers,
        "planned_visits": planned,
        "seed": args.seed,
        "measured": took.len(),
        "p50_us": share(&took, 50),
        "p99_us": share(&took, 99),
        "worst_us": share(&took, 100),
        "more": more,
        "peak_mib": meter::peak_mib(),
    });
    println!("{line}");
}

/// A moment of the day for the order to come in at.
fn moment(chance: &mut Chance) -> i32 {
    8 * 3600 + 60 * chance.below(8 * 60) as i32
}

fn orders(args: &Args, mut board: Board, planned: usize) -> Result<(), String> {
    let mut chance = Chance::new(args.seed);
    let (mut best, mut whole, mut displacing, mut found) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for i in 0..ORDERS {
        let visit = add(args, &mut board, &mut chance)?;
        let from = meter::thread_seconds();
        let one = board.suggest(visit, 1).map_err(|e| e.to_string())?;
        best.push(micros(from));
        let from = meter::thread_seconds();
        let five = board.suggest(visit, 5).map_err(|e| e.to_string())?;
        let said: usize = five.iter().map(|s| s.zh(&board).len()).sum();
        if let Some(first) = five.first() {
            board.take(first).map_err(|e| e.to_string())?;
            found += usize::from(said > 0);
        }
        whole.push(micros(from));
        if one.first().map(|s| s.cost) != five.first().map(|s| s.cost) {
            return Err("the best of one and the best of five differ".into());
        }
        if i % 10 == 0 {
            let urgent = add(args, &mut board, &mut chance)?;
            let from = meter::thread_seconds();
            board.suggest_displacing(urgent, 5).map_err(|e| e.to_string())?;
            displacing.push(micros(from));
            board.cancel(urgent).map_err(|e| e.to_string())?;
        }
        // The next order finds the city as full as this one did.
        board.cancel(visit).map_err(|e| e.to_string())?;
    }
    tell(args, "best insertion", planned, best, serde_json::json!({ "found": found }));
    tell(args, "five best with reasons, and commit", planned, whole, serde_json::json!({}));
    tell(args, "five best, one of lower priority may yield", planned, displacing, serde_json::json!({}));
    Ok(())
}

fn add(args: &Args, board: &mut Board, chance: &mut Chance) -> Result<VisitIx, String> {
    let now = moment(chance);
    add_at(args, board, chance, now)
}

fn add_at(args: &Args, board: &mut Board, chance: &mut Chance, now: i32) -> Result<VisitIx, String> {
    let place = board.add_place(sample::spot_of(chance, args.visits)).map_err(|e| e.to_string())?;
    let workers = board.problem().workers.len();
    board.add(sample::urgent(chance, place, now, workers)).map_err(|e| e.to_string())
}

fn pairs(args: &Args, mut board: Board, planned: usize) -> Result<(), String> {
    let mut chance = Chance::new(args.seed + 1);
    let (mut took, mut found) = (Vec::new(), 0);
    for i in 0..ORDERS {
        let now = moment(&mut chance);
        let (first, second) =
            (add_at(args, &mut board, &mut chance, now)?, add_at(args, &mut board, &mut chance, now)?);
        let gap = if i % 2 == 0 { (0, 0) } else { (600, 1800) };
        board.link(Link { first, second, min_gap: gap.0, max_gap: gap.1 }).map_err(|e| e.to_string())?;
        let from = meter::thread_seconds();
        let best = board.suggest_pair(first, 1).map_err(|e| e.to_string())?;
        took.push(micros(from));
        found += usize::from(!best.is_empty());
        board.cancel(first).map_err(|e| e.to_string())?;
    }
    tell(args, "best pair of workers", planned, took, serde_json::json!({ "found": found }));
    Ok(())
}

fn drops(args: &Args, board: Board, planned: usize) -> Result<(), String> {
    let mut chance = Chance::new(args.seed + 2);
    let (mut took, mut most, mut had, mut lost, mut gone) = (Vec::new(), 0, 0, 0, 0);
    for _ in 0..DROPS {
        let mut day = board.clone();
        let at = 7 * 3600 + 60 * chance.below(5 * 60) as i32;
        day.advance(at).map_err(|e| e.to_string())?;
        let worker = WorkerIx(chance.below(args.workers) as u32);
        let before = day.plan();
        let from = meter::thread_seconds();
        let change = day.drop_out(worker, at, Gentle::default()).map_err(|e| e.to_string())?;
        took.push(micros(from));
        most = most.max(change.moved.len());
        had += change.moved.len();
        lost += change.lost.len();
        gone += day.plan().left_out.len().saturating_sub(before.left_out.len());
        let faults = check(day.problem(), &day.plan());
        if !faults.is_empty() {
            return Err(format!("the validator found {faults:?}"));
        }
    }
    let more = serde_json::json!({
        "changed_hands_most": most,
        "changed_hands_mean": had as f64 / DROPS as f64,
        "lost": lost,
        "more_left_out": gone,
    });
    tell(args, "a worker drops out", planned, took, more);
    Ok(())
}
