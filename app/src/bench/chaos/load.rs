//! Who makes use of the program while it is killed: devices that call for help, devices that report, families, operators.
use super::super::browser::Browser;
use super::super::device;
use super::store as sql;
use super::town::{REPORTING, Town};
use kernel::{IdGen, Instant, Result};
use safety::model::CaseId;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How somebody calls for help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Watch,
    Mqtt,
    Web,
}

/// One call for help. Said again it has the same time, as devices do it.
#[derive(Clone, Copy, Debug)]
struct Call {
    elder: usize,
    way: Way,
    at: Instant,
}

/// What the run was promised, and what it still has to say.
#[derive(Default)]
pub(super) struct Promises {
    /// Calls that were not acknowledged yet.
    again: Mutex<VecDeque<Call>>,
    next: AtomicUsize,
    /// Calls under way.
    busy: AtomicUsize,
    /// Elders whose call was acknowledged.
    calls: Mutex<HashSet<usize>>,
    /// Steps whose message was acknowledged, by elder.
    steps: Mutex<HashMap<usize, Vec<u32>>>,
    claims: Mutex<Vec<CaseId>>,
    closes: Mutex<Vec<CaseId>>,
    pub said_twice: AtomicUsize,
    pub refused: AtomicUsize,
    /// No new calls any more; those begun are brought to their end.
    enough: AtomicBool,
    over: AtomicBool,
}

fn locked<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Promises {
    pub fn calls(&self) -> HashSet<usize> {
        locked(&self.calls).clone()
    }
    pub fn steps(&self) -> HashMap<usize, Vec<u32>> {
        locked(&self.steps).clone()
    }
    pub fn claims(&self) -> Vec<CaseId> {
        locked(&self.claims).clone()
    }
    pub fn closes(&self) -> Vec<CaseId> {
        locked(&self.closes).clone()
    }
    pub fn acknowledged(&self) -> usize {
        locked(&self.calls).len()
    }
    pub fn open(&self) -> usize {
        locked(&self.again).len() + self.busy.load(Ordering::SeqCst)
    }
    pub fn enough(&self) {
        self.enough.store(true, Ordering::SeqCst);
    }
    fn over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    fn take(&self, town: &Town) -> Option<Call> {
        let mut again = locked(&self.again);
        if let Some(call) = again.pop_front() {
            self.busy.fetch_add(1, Ordering::SeqCst);
            return Some(call);
        }
        if self.enough.load(Ordering::SeqCst) {
            return None;
        }
        let n = self.next.fetch_add(1, Ordering::SeqCst);
        // Those with a family call by its page, the others by a device.
        let (callers, pages) = (town.callers(), town.callers_by_page());
        let by_page = n.is_multiple_of(4) && n / 4 < pages;
        let elder = if by_page { callers.start + n / 4 } else { callers.start + pages + n - n.div_ceil(4).min(pages) };
        if elder >= callers.end {
            return None;
        }
        let way = match n % 2 {
            _ if by_page => Way::Web,
            0 => Way::Mqtt,
            _ => Way::Watch,
        };
        self.busy.fetch_add(1, Ordering::SeqCst);
        // Some come late: a device without signal says it when it has some again.
        let late = if n.is_multiple_of(9) { 11 * Instant::MINUTE } else { 0 };
        Some(Call { elder, way, at: Instant(town.db.now().0 / 1_000 * 1_000 - late) })
    }
}

/// The running load.
pub(super) struct Load {
    pub promises: Arc<Promises>,
    tasks: JoinSet<()>,
}

impl Load {
    pub fn begin(town: &Arc<Town>) -> Load {
        let promises = Arc::new(Promises::default());
        let mut tasks = JoinSet::new();
        for n in 0..4 {
            tasks.spawn(calls(town.clone(), promises.clone(), IdGen::new(n)));
        }
        for n in 0..REPORTING {
            tasks.spawn(reports(town.clone(), promises.clone(), n));
        }
        for who in town.operators.clone() {
            tasks.spawn(sits(town.clone(), promises.clone(), who.clone()));
            tasks.spawn(answers(town.clone(), promises.clone(), who));
        }
        Load { promises, tasks }
    }

    pub async fn end(mut self) -> Arc<Promises> {
        self.promises.over.store(true, Ordering::SeqCst);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(Duration::from_secs(15), all).await;
        self.promises
    }
}

const ANSWER: Duration = Duration::from_secs(5);

async fn pause(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

async fn calls(town: Arc<Town>, p: Arc<Promises>, dice: IdGen) {
    while !p.over() {
        let Some(call) = p.take(&town) else {
            pause(50).await;
            continue;
        };
        let said = tokio::time::timeout(ANSWER, say(&town, call)).await;
        if matches!(said, Ok(Ok(()))) {
            locked(&p.calls).insert(call.elder);
            p.busy.fetch_sub(1, Ordering::SeqCst);
            // The acknowledgement was lost on its way: the device says it once more.
            if dice.next_u64().is_multiple_of(5)
                && tokio::time::timeout(ANSWER, say(&town, call)).await.is_ok_and(|r| r.is_ok())
            {
                p.said_twice.fetch_add(1, Ordering::Relaxed);
            }
            pause(100 + dice.next_u64() % 300).await;
        } else {
            locked(&p.again).push_back(call);
            p.busy.fetch_sub(1, Ordering::SeqCst);
            p.refused.fetch_add(1, Ordering::Relaxed);
            pause(20).await;
        }
    }
}

/// Says it once; `Ok` when it was acknowledged.
async fn say(town: &Town, call: Call) -> Result<()> {
    let lost = |e: std::io::Error| kernel::Error::Internal(e.to_string());
    match call.way {
        Way::Watch => {
            let mut s = TcpStream::connect(town.at.watch).await.map_err(lost)?;
            device::watch_say(&mut s, &device::watch_name(call.elder), &device::watch_call(call.at)).await.map_err(lost)
        }
        Way::Mqtt => {
            let name = device::mqtt_name(call.elder);
            let mut s = device::mqtt_connect(town.at.mqtt, &name).await.map_err(lost)?;
            let body = serde_json::json!({ "time": call.at.0, "alarms": ["sos"] });
            s.write_all(&device::mqtt_publish(&name, 1, &body.to_string())).await.map_err(lost)?;
            device::mqtt_puback(&mut s).await.map_err(lost).map(|_| ())
        }
        Way::Web => {
            let who = town.family(call.elder).ok_or_else(|| kernel::Error::Internal("no family".into()))?;
            let form = format!("elder={}&once=c{}", town.elders[call.elder], call.elder);
            let answer = who.connect(town.at.web).await?.post("/my/help", &who.csrf, &form).await?;
            (answer.status == 303)
                .then_some(())
                .ok_or_else(|| kernel::Error::Internal(format!("the button answered {}", answer.status)))
        }
    }
}

/// Messages on their way at once.
const WINDOW: u32 = 8;

/// Reports steps 1, 2, 3, …; what was not acknowledged comes again, some of it late and out of order.
async fn reports(town: Arc<Town>, p: Arc<Promises>, n: usize) {
    let (name, begin) = (device::mqtt_name(n), town.db.now());
    let mut from = 1u32;
    while !p.over() {
        let Ok(Ok(mut s)) = tokio::time::timeout(ANSWER, device::mqtt_connect(town.at.mqtt, &name)).await else {
            pause(20).await;
            continue;
        };
        while !p.over() {
            let mut out = Vec::new();
            for k in 0..WINDOW {
                let steps = from + k;
                let at = begin.plus_ms(i64::from(steps) * 40 - i64::from(steps * 7_919 % 1_200_000));
                let body = serde_json::json!({ "time": at.0, "readings": { "steps": steps } });
                out.extend(device::mqtt_publish(&name, (k + 1) as u16, &body.to_string()));
            }
            if s.write_all(&out).await.is_err() {
                break;
            }
            let mut got = Vec::new();
            while got.len() < WINDOW as usize {
                match tokio::time::timeout(ANSWER, device::mqtt_puback(&mut s)).await {
                    Ok(Ok(id)) => got.push(from + u32::from(id) - 1),
                    _ => break,
                }
            }
            let all = got.len() == WINDOW as usize;
            locked(&p.steps).entry(n).or_default().extend(got);
            if !all {
                break;
            }
            from += WINDOW;
            pause(500).await;
        }
    }
}

/// The operator's page is open: a stream that is opened again when it breaks.
async fn sits(town: Arc<Town>, p: Arc<Promises>, who: Browser) {
    while !p.over() {
        let listening = async {
            let mut c = who.connect(town.at.web).await?;
            c.listen("/safety/live").await?;
            loop {
                c.event().await?;
            }
        };
        let _: std::result::Result<Result<()>, _> = tokio::time::timeout(Duration::from_secs(10), listening).await;
        pause(20).await;
    }
}

/// Takes every second case and closes it.
async fn answers(town: Arc<Town>, p: Arc<Promises>, who: Browser) {
    while !p.over() {
        pause(200).await;
        let Ok(open) = sql::open_cases(&town.db).await else { continue };
        for case in open.into_iter().filter(|c| c.0.as_u128().is_multiple_of(2)).take(3) {
            let answering = async {
                let mut c = who.connect(town.at.web).await?;
                if c.post(&format!("/safety/cases/{case}/claim"), &who.csrf, "").await?.status != 303 {
                    return Ok(());
                }
                locked(&p.claims).push(case);
                let form = "act=close&cause=test&outcome=%E6%BC%94%E7%BB%83%EF%BC%8C%E6%B2%A1%E4%BA%8B";
                if c.post(&format!("/safety/cases/{case}/close"), &who.csrf, form).await?.status == 303 {
                    locked(&p.closes).push(case);
                }
                Ok::<(), kernel::Error>(())
            };
            let _ = tokio::time::timeout(ANSWER, answering).await;
        }
    }
}

/// So many connections that publish as fast as they are let; how many messages were acknowledged.
pub(super) async fn burst(town: &Arc<Town>, connections: usize, lasts: Duration) -> usize {
    let mut tasks = JoinSet::new();
    let acked = Arc::new(AtomicUsize::new(0));
    for n in 0..connections {
        let (town, acked) = (town.clone(), acked.clone());
        // Devices of those who call; their calls come over connections of their own.
        let name = device::mqtt_name(town.callers().end - 1 - n);
        tasks.spawn(async move {
            let Ok(mut s) = device::mqtt_connect(town.at.mqtt, &name).await else { return };
            let window: Vec<u8> = (1..=WINDOW as u16)
                .flat_map(|id| device::mqtt_publish(&name, id, r#"{"readings":{"heartRate":72,"spo2":97}}"#))
                .collect();
            while s.write_all(&window).await.is_ok() {
                for _ in 0..WINDOW {
                    if device::mqtt_puback(&mut s).await.is_err() {
                        return;
                    }
                    acked.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
    }
    tokio::time::sleep(lasts).await;
    tasks.shutdown().await;
    acked.load(Ordering::Relaxed)
}
