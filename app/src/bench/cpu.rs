//! CPU time by who used it: what a busy machine still measures fairly.
use std::path::Path;

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
        let platform = used(Path::new("/proc/self/stat"));
        Cpu { platform, load: 0.0, database: named("/proc", |c| c.starts_with("postgres")) }
    }

    /// With the time of the generator's process.
    pub fn with_load(pid: u32) -> Cpu {
        Cpu { load: used(Path::new(&format!("/proc/{pid}/stat"))), ..Cpu::now() }
    }

    pub fn since(self, before: Cpu) -> Cpu {
        Cpu {
            platform: self.platform - before.platform,
            load: self.load - before.load,
            database: self.database - before.database,
        }
    }
}
