//! CPU time by who used it: what a busy machine still measures fairly.
use std::path::Path;

/// The generator's threads carry this name, so that their time is told from the platform's.
pub const LOAD: &str = "load";

/// Seconds of CPU used so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu {
    pub platform: f64,
    pub load: f64,
    /// All PostgreSQL processes of the machine.
    pub database: f64,
}

/// User and system time of a `stat` file, seconds. The clock of these files ticks a hundred times a second.
fn used(stat: &Path) -> f64 {
    let text = std::fs::read_to_string(stat).unwrap_or_default();
    let rest = text.rsplit_once(") ").map_or("", |(_, r)| r);
    let field = |n: usize| rest.split(' ').nth(n).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (field(11) + field(12)) / 100.0
}

fn named(folder: &str, wanted: impl Fn(&str) -> bool) -> f64 {
    let all = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path());
    let is = |p: &Path| std::fs::read_to_string(p.join("comm")).is_ok_and(|c| wanted(c.trim()));
    all.filter(|p| is(p)).map(|p| used(&p.join("stat"))).sum()
}

impl Cpu {
    pub fn now() -> Cpu {
        let load = named("/proc/self/task", |c| c == LOAD);
        let all = used(Path::new("/proc/self/stat"));
        Cpu { platform: all - load, load, database: named("/proc", |c| c.starts_with("postgres")) }
    }
    pub fn since(self, before: Cpu) -> Cpu {
        Cpu {
            platform: self.platform - before.platform,
            load: self.load - before.load,
            database: self.database - before.database,
        }
    }
}
