//! What the benches make of `--seconds` and of `--units`.
#![allow(clippy::unwrap_used)]
use routebench::{Args, Family, meter, run};
use std::path::{Path, PathBuf};

fn engine() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../engines/dispatch")
}

/// The instance, and the name its solution is written under.
fn instances() -> [(Family, PathBuf, &'static str); 2] {
    [
        (Family::Vrptw, engine().join("tests/data/RC101.txt"), "RC101.sol"),
        (Family::Homecare, engine().join("tests/data/mankowska/E9.txt"), "E9.txt"),
    ]
}

fn args(instance: &Path, out: &Path) -> Args {
    Args {
        instances: Some(instance.to_path_buf()),
        seconds: 0.4,
        seed: 3,
        threads: 1,
        out: Some(out.to_path_buf()),
        best_known: None,
        visits: 0,
        workers: 0,
        units: None,
    }
}

/// One test, because CPU seconds are the whole process's.
#[test]
fn seconds_are_used_up_and_units_repeat_the_plan() {
    let out = std::env::temp_dir().join(format!("routebench-{}", std::process::id()));
    for (family, instance, solution) in instances() {
        for threads in [1, 2] {
            let args = Args { threads, ..args(&instance, &out) };
            let (allowed, begun) = (args.seconds * threads as f64, meter::process_seconds());
            run(family, &args).unwrap();
            let used = meter::process_seconds() - begun;
            assert!(
                used > 0.9 * allowed && used < 1.15 * allowed,
                "{family:?}, {threads} threads: {used} of {allowed}"
            );

            let plan = |units| {
                run(family, &Args { units: Some(units), ..args.clone() }).unwrap();
                std::fs::read_to_string(out.join(solution)).unwrap()
            };
            assert_eq!(plan(2_000_000), plan(2_000_000), "{family:?}, {threads} threads");
            assert_ne!(plan(2_000_000), plan(20_000), "{family:?}: more work, another plan");
        }
    }
    std::fs::remove_dir_all(&out).unwrap();
}
