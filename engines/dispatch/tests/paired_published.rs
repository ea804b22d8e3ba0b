//! The published instances: proven optima, kept solutions, and texts that are not instances.
#![allow(clippy::unwrap_used)]
use dispatch::Budget;
use dispatch::paired::mankowska::{Instance, ReadError, read};
use dispatch::paired::{Plan, check, solve};
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}
fn text(name: &str) -> String {
    std::fs::read_to_string(folder("tests/data/mankowska").join(format!("{name}.txt"))).unwrap()
}
fn plan(instance: &Instance, units: u64) -> Plan {
    solve(&instance.problem, 1, 1, Budget { units, stop: &mut || false }).unwrap()
}
fn value(instance: &Instance, plan: &Plan) -> f64 {
    let cost = check(&instance.problem, plan).unwrap();
    cost.total() as f64 / instance.per_minute as f64 / 3.0
}

#[test]
fn proven_optima_of_ten_patients_are_found() {
    for (name, optimum) in [("A1", 218.199), ("A3", 305.859), ("A4", 186.897), ("A9", 222.295)] {
        let instance = read(&text(name)).unwrap();
        let found = value(&instance, &plan(&instance, 150_000));
        assert!((found - optimum).abs() < 0.0011, "{name}: {found}");
    }
}

#[test]
fn a_listing_is_read_back_as_the_same_plan() {
    let instance = read(&text("A3")).unwrap();
    let plan = plan(&instance, 2_000);
    let again = instance.read_listing(&instance.listing(&plan, "a remark\nof two lines")).unwrap();
    assert_eq!(again.routes, plan.routes);
    assert_eq!(check(&instance.problem, &again), Ok(plan.cost));
    for (listing, line) in [("carer 9", 1), ("1 1 1", 1), ("carer 1\n1 1", 2), ("carer 1\n0 1 5", 2)] {
        let wrong = instance.read_listing(listing);
        assert!(matches!(wrong, Err(ReadError::Line { line: l, .. }) if l == line), "{listing:?}: {wrong:?}");
    }
}

/// `solutions/README.md` names the published value of each kept solution; a kept one is feasible and cheaper.
#[test]
fn kept_solutions_are_below_the_published_values() {
    let readme = std::fs::read_to_string(folder("solutions/README.md")).unwrap();
    let mut kept: Vec<String> = std::fs::read_dir(folder("solutions"))
        .unwrap()
        .filter_map(|e| e.unwrap().file_name().to_str().unwrap().strip_suffix(".txt").map(String::from))
        .collect();
    kept.sort();
    assert!(!kept.is_empty());
    for name in kept {
        let row = readme.lines().find(|l| l.starts_with(&format!("| {name} |"))).unwrap();
        let column = |i: usize| row.split('|').nth(i).unwrap().trim().parse::<f64>().unwrap();
        let (published, ours) = (column(2), column(3));
        let instance = read(&text(&name)).unwrap();
        let listing = std::fs::read_to_string(folder("solutions").join(format!("{name}.txt"))).unwrap();
        let found = value(&instance, &instance.read_listing(&listing).unwrap());
        assert!((found - ours).abs() < 0.0006, "{name}: {found}, the table says {ours}");
        assert!(found < published - 0.001, "{name}: {found}");
    }
}

#[test]
fn what_is_not_an_instance_is_refused_with_its_line() {
    let good = text("A1");
    let changed = |from: &str, to: &str| read(&good.replacen(from, to, 1)).unwrap_err();
    assert_eq!(read("").unwrap_err(), ReadError::Missing("nbNodes"));
    assert!(matches!(read("1 2 3"), Err(ReadError::Line { line: 1, .. })));
    assert!(matches!(changed("nbVehi", "nbNodes"), ReadError::Line { line: 3, .. }));
    assert!(matches!(changed("nbVehi\n3", "nbVehi\n-3"), ReadError::Line { line: 4, .. }));
    assert!(matches!(changed("nbVehi\n3", "nbVehi\n4"), ReadError::Line { .. }));
    assert!(matches!(changed("38.470768", "38.47076812"), ReadError::Line { line: 31, .. }));
    assert!(matches!(changed("38.470768", "-38.4"), ReadError::Line { line: 31, .. }));
    assert!(matches!(changed("38.470768", "1e9"), ReadError::Line { line: 31, .. }));
    assert!(matches!(changed("11 10 9", "11 10"), ReadError::Line { .. }));
    assert!(matches!(changed("nbNodes\n12", "nbNodes\n99999999999"), ReadError::Line { line: 2, .. }));
    // Nothing at any place of the text makes it panic.
    for cut in 0..good.len() {
        assert!(read(&good[..cut]).is_err() || cut + 8 > good.len(), "cut at {cut}");
    }
    for at in (0..good.len()).step_by(7) {
        for other in ["-", ".", "x", "\n", "9999999999"] {
            let _ = read(&format!("{}{other}{}", &good[..at], &good[at + 1..]));
        }
    }
}
