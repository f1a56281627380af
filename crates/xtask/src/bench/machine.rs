//! What the system says of processes and of itself (proc(5)).

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;

/// Processor time of one process, all threads, in user and kernel mode.
pub(super) fn cpu_of(pid: u32) -> anyhow::Result<Duration> {
    Ok(times_of(pid)?.own)
}

/// Proportional share of memory of one process, in bytes.
pub(super) fn memory_of(pid: u32) -> anyhow::Result<u64> {
    let text = read(&format!("/proc/{pid}/smaps_rollup"))?;
    memory_in(&text).with_context(|| format!("/proc/{pid}/smaps_rollup is not understood: {text}"))
}

/// Name of the processor and of the kernel, and how many processors there are.
pub(super) fn description() -> anyhow::Result<String> {
    let cpus = read("/proc/cpuinfo")?;
    let names = cpus.lines().filter_map(|line| line.strip_prefix("model name"));
    let names: Vec<&str> = names.map(|name| name.trim_start_matches(['\t', ' ', ':'])).collect();
    let kernel = read("/proc/sys/kernel/osrelease")?;
    let name = names.first().copied().unwrap_or("unknown processor");
    Ok(format!("{} x {name}, Linux {}", names.len(), kernel.trim()))
}

/// Median time of one `fdatasync` of 4 KiB within a file that was written before, in the folder that is measured.
pub(super) fn sync_time(folder: &Path) -> anyhow::Result<Duration> {
    use std::os::unix::fs::FileExt as _;
    const SYNCS: u64 = 200;
    const BLOCK: [u8; 4096] = [1; 4096];
    let path = folder.join("sync-probe");
    let file = fs::File::create(&path)?;
    for nth in 0..SYNCS {
        file.write_at(&BLOCK, nth * 4096)?;
    }
    file.sync_all()?;
    let mut times = Vec::new();
    for nth in 0..SYNCS {
        file.write_at(&BLOCK, nth * 4096)?;
        let began = Instant::now();
        file.sync_data()?;
        times.push(began.elapsed());
    }
    fs::remove_file(&path)?;
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

/// The processor time that others take beside some processes of ours.
pub(super) struct Others {
    /// Without this process.
    ours: Vec<u32>,
    began: Instant,
    busy: Duration,
    our_busy: Duration,
}

impl Others {
    /// Begins to look. All of these processes must live until [`share`](Self::share); this one counts as ours, and
    /// so do its children that end, and are waited for, until then.
    pub(super) fn beside(ours: &[u32]) -> anyhow::Result<Self> {
        let (busy, our_busy) = (busy()?, sum(ours)?);
        Ok(Self { ours: ours.to_vec(), began: Instant::now(), busy, our_busy })
    }

    /// What others took since then, as a share of one processor; `begun` are processes of ours that began since, and
    /// live. Work that the kernel did for nobody in particular and time that the host took away count as others'.
    pub(super) fn share(&self, begun: &[u32]) -> anyhow::Result<f64> {
        let wall = self.began.elapsed().as_secs_f64();
        let all = busy()?.saturating_sub(self.busy).as_secs_f64();
        let ours = sum(&[&self.ours, begun].concat())?;
        let ours = ours.saturating_sub(self.our_busy).as_secs_f64();
        Ok(((all - ours) / wall).max(0.0))
    }
}

/// Time of these processes, of this one, and of its children that have ended.
fn sum(pids: &[u32]) -> anyhow::Result<Duration> {
    let this = times_of(std::process::id())?;
    let others: Duration = pids.iter().map(|pid| cpu_of(*pid)).sum::<anyhow::Result<_>>()?;
    Ok(this.own + this.ended_children + others)
}

fn times_of(pid: u32) -> anyhow::Result<Times> {
    let text = read(&format!("/proc/{pid}/stat"))?;
    times_in(&text).with_context(|| format!("/proc/{pid}/stat is not understood: {text}"))
}

fn busy() -> anyhow::Result<Duration> {
    let text = read("/proc/stat")?;
    busy_in(&text).context("/proc/stat is not understood")
}

/// Processor time in user and kernel mode.
#[derive(Debug, PartialEq, Eq)]
struct Times {
    own: Duration,
    /// Those that were waited for.
    ended_children: Duration,
}

/// Fields 14 to 17; the second field is a name in brackets that may hold anything.
fn times_in(stat: &str) -> Option<Times> {
    let (_, after_name) = stat.rsplit_once(") ")?;
    let mut fields = after_name.split(' ').skip(11);
    let mut field = || fields.next()?.parse::<u64>().ok();
    let own = of_ticks(field()? + field()?);
    Some(Times { own, ended_children: of_ticks(field()? + field()?) })
}

/// User, nice, system and stolen time of all processors. Interrupts are left out: a process of ours may have caused them,
/// and no process is charged for them.
fn busy_in(stat: &str) -> Option<Duration> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let fields: Vec<u64> = line.split_whitespace().map_while(|field| field.parse().ok()).collect();
    let [user, nice, system, _idle, _io, _irq, _softirq, steal, ..] = fields[..] else {
        return None;
    };
    Some(of_ticks(user + nice + system + steal))
}

fn memory_in(rollup: &str) -> Option<u64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1024)
}

fn of_ticks(ticks: u64) -> Duration {
    Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

fn read(path: &str) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {path}"))
}

#[cfg(test)]
mod tests;
