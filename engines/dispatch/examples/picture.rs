//! A picture of a plan: the map of its routes, and below it the day as bars.
//! `cargo run --release -p dispatch --example picture > docs/screens/plan-city.svg`
use dispatch::Budget;
use dispatch::plan::{Absence, How, Place, Plan, Problem, Ways, What, day, sample};
use std::fmt::Write as _;
use std::io::Write as _;

const VISITS: usize = 140;
const WORKERS: usize = 14;
const SIZE: f64 = 720.0;
const MARGIN: f64 = 24.0;
/// Width of the bars, and so of the picture.
const WIDTH: f64 = 1000.0;

fn main() -> Result<(), String> {
    let problem = sample::city(VISITS, WORKERS, 11);
    let mut never = || false;
    let how = How { seed: 1, threads: 1 };
    let done = day(&problem, how, &mut Budget { units: 60_000, stop: &mut never }).map_err(|e| e.to_string())?;
    if !done.faults.is_empty() {
        return Err(format!("the validator found {:?}", done.faults));
    }
    let plan = done.plan;
    let (map, bars) = (map(&problem, &plan), bars(&problem, &plan));
    let height = SIZE + bars.1;
    let middle = (WIDTH - SIZE) / 2.0;
    let mut svg = head(WIDTH, height, "一天的路线和安排");
    let _ = writeln!(svg, "<g transform=\"translate({middle} 0)\">\n{map}</g>");
    let _ = writeln!(svg, "<g transform=\"translate(0 {SIZE})\">\n{}</g>\n</svg>", bars.0);
    std::io::stdout().write_all(svg.as_bytes()).map_err(|e| e.to_string())
}

/// Colours of routes, in turn.
const COLOURS: [&str; 14] = [
    "#1f6f8b", "#b5541c", "#3f7d3a", "#7a4b9a", "#a8324a", "#8a6d1f", "#2f5fb3", "#5c7a12", "#b0467f", "#1c7c6c",
    "#6b5b4d", "#c07a1a", "#44518f", "#8c3b2a",
];

fn colour(route: usize) -> &'static str {
    COLOURS[route % COLOURS.len()]
}

fn head(width: f64, height: f64, title: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"'Noto Sans CJK SC',sans-serif\" font-size=\"12\"><title>{title}</title><rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    )
}

fn map(problem: &Problem, plan: &Plan) -> String {
    let Ways::Flat { spots, .. } = &problem.ways else { return String::new() };
    let low = spots.iter().fold((i32::MAX, i32::MAX), |l, s| (l.0.min(s.east), l.1.min(s.north)));
    let high = spots.iter().fold((i32::MIN, i32::MIN), |h, s| (h.0.max(s.east), h.1.max(s.north)));
    let scale = (SIZE - 2.0 * MARGIN) / f64::from((high.0 - low.0).max(high.1 - low.1).max(1));
    let at = |place: Place| {
        let s = spots[place.at()];
        (MARGIN + f64::from(s.east - low.0) * scale, SIZE - MARGIN - f64::from(s.north - low.1) * scale)
    };
    let mut svg = String::new();
    for (i, route) in plan.routes.iter().enumerate() {
        let worker = &problem.workers[route.worker.at()];
        let mut line = vec![at(worker.start)];
        for stop in &route.stops {
            if let What::Visit(v) = stop.what {
                line.push(at(problem.visits[v.at()].place));
            }
        }
        line.push(at(worker.end));
        let points: Vec<String> = line.iter().map(|p| format!("{:.0},{:.0}", p.0, p.1)).collect();
        let c = colour(i);
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{c}\" stroke-width=\"1.6\"/>",
            points.join(" ")
        );
        for p in &line[1..line.len() - 1] {
            let _ = writeln!(svg, "<circle cx=\"{:.0}\" cy=\"{:.0}\" r=\"3.5\" fill=\"{c}\"/>", p.0, p.1);
        }
        let home = line[0];
        let _ = writeln!(
            svg,
            "<rect x=\"{:.0}\" y=\"{:.0}\" width=\"9\" height=\"9\" fill=\"{c}\"/>",
            home.0 - 4.5,
            home.1 - 4.5
        );
    }
    for out in &plan.left_out {
        let p = at(problem.visits[out.visit.at()].place);
        let _ = writeln!(
            svg,
            "<circle cx=\"{:.0}\" cy=\"{:.0}\" r=\"5\" fill=\"none\" stroke=\"#c0392b\" stroke-width=\"2\"/>",
            p.0, p.1
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{MARGIN}\" y=\"16\">{} 单，{} 人，路上共 {} 分钟，{} 单没有排上（红圈）；方块是护理员的家</text>",
        problem.visits.len(),
        plan.routes.len(),
        plan.travel_minutes(),
        plan.left_out.iter().filter(|o| o.why == Absence::NoRoom).count()
    );
    svg
}

fn bars(problem: &Problem, plan: &Plan) -> (String, f64) {
    const ROW: f64 = 26.0;
    const LEFT: f64 = 76.0;
    let (from, until) = (6.5 * 3600.0, 19.0 * 3600.0);
    let x = |t: i32| LEFT + (f64::from(t) - from) / (until - from) * (WIDTH - LEFT - 12.0);
    let height = 40.0 + ROW * plan.routes.len() as f64;
    let mut svg = String::new();
    for hour in 7..=18 {
        let at = x(hour * 3600);
        let _ = writeln!(
            svg,
            "<line x1=\"{at:.0}\" x2=\"{at:.0}\" y1=\"24\" y2=\"{height}\" stroke=\"#ddd\"/><text x=\"{at:.0}\" y=\"18\" text-anchor=\"middle\">{hour}:00</text>"
        );
    }
    for (i, route) in plan.routes.iter().enumerate() {
        let y = 30.0 + ROW * i as f64;
        let (shift, c) = (problem.workers[route.worker.at()].shift, colour(i));
        let _ = writeln!(svg, "<text x=\"8\" y=\"{:.0}\">护理员 {}</text>", y + 14.0, route.worker.0 + 1);
        let _ = writeln!(
            svg,
            "<rect x=\"{:.1}\" y=\"{y:.0}\" width=\"{:.1}\" height=\"20\" fill=\"#f3f3f0\"/>",
            x(shift.0),
            x(shift.1) - x(shift.0)
        );
        let mut left = route.leave;
        for stop in &route.stops {
            let way = stop.arrive.min(stop.start);
            let _ = writeln!(
                svg,
                "<rect x=\"{:.1}\" y=\"{:.0}\" width=\"{:.1}\" height=\"4\" fill=\"#888\"/>",
                x(left),
                y + 8.0,
                x(way.max(left)) - x(left)
            );
            let _ = writeln!(
                svg,
                "<rect x=\"{:.1}\" y=\"{y:.0}\" width=\"{:.1}\" height=\"20\" rx=\"3\" fill=\"{c}\"/>",
                x(stop.start),
                x(stop.end) - x(stop.start)
            );
            left = stop.end;
        }
        let _ = writeln!(
            svg,
            "<rect x=\"{:.1}\" y=\"{:.0}\" width=\"{:.1}\" height=\"4\" fill=\"#888\"/>",
            x(left),
            y + 8.0,
            x(route.back) - x(left)
        );
    }
    (svg, height)
}
