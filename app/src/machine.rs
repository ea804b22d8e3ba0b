//! Facts about the machine, for metrics and benches, and what the program asks of it.
use kernel::{Error, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Takes as many open files as the system grants this process, since every device is one; how many that is. Systems
/// start programs with about a thousand and leave the rest to be asked for.
pub fn open_files() -> Result<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).map_err(Error::internal)?;
    }
    Ok(maximum.unwrap_or(u64::MAX))
}

fn status_field(name: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|l| l.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Memory in use now, bytes; 0 where the system does not tell.
pub fn resident_bytes() -> u64 {
    status_field("VmRSS:").unwrap_or(0) * 1024
}

/// The most memory ever in use by this process, bytes.
pub fn peak_bytes() -> u64 {
    status_field("VmHWM:").unwrap_or(0) * 1024
}

/// `2 cores Intel(R) …` for bench lines.
pub fn describe() -> String {
    let cores = std::thread::available_parallelism().map(usize::from).unwrap_or(0);
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpu.lines().find(|l| l.starts_with("model name")).and_then(|l| l.split(": ").nth(1)).unwrap_or("unknown");
    format!("{cores} cores {model}")
}
