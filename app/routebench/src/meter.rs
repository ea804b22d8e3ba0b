//! What a planner used: CPU time of the process and its peak memory.
use rustix::time::{ClockId, clock_gettime};

/// CPU seconds this process has used so far, all threads together.
pub fn process_seconds() -> f64 {
    seconds(ClockId::ProcessCPUTime)
}

/// CPU seconds the calling thread has used so far.
pub fn thread_seconds() -> f64 {
    seconds(ClockId::ThreadCPUTime)
}

/// Seconds by the monotonic clock, for what a person waits for.
pub fn wall_seconds() -> f64 {
    seconds(ClockId::Monotonic)
}

fn seconds(clock: ClockId) -> f64 {
    let t = clock_gettime(clock);
    t.tv_sec as f64 + t.tv_nsec as f64 * 1e-9
}

/// Peak resident memory of the process in MiB, 0 where the system does not tell.
pub fn peak_mib() -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|all| {
            let line = all.lines().find(|l| l.starts_with("VmHWM:"))?;
            line.split_whitespace().nth(1)?.parse::<u64>().ok()
        })
        .map_or(0, |kib| kib / 1024)
}
