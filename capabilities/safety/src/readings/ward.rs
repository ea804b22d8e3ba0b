//! One elder under watch, in memory.
use super::codec::{self, Packer, Stored};
use super::store::{Pass, Remark, StateRow};
use crate::devices::Watched;
use crate::model::{Fix, NewAlarm, Origin};
use kernel::{ElderId, Instant};
use std::collections::HashMap;
use vigil::{AlarmKind, Measure, Outcome, Settings, State};

/// A position older than this is not given with an alarm as the place where it happened.
const FIX_MS: i64 = 30 * Instant::MINUTE;

/// Who moved so far is somewhere else.
const MOVED_M: f64 = 20.0;

/// An elder under watch.
pub(super) struct Ward {
    pub elder: ElderId,
    pub no: i64,
    /// Which state of the elder's devices and limits its timers were set by; 0 while nobody told it of one.
    pub version: i64,
    settings: Settings,
    identities: HashMap<u8, String>,
    pub state: State,
    latest: Vec<Stored>,
    /// Up to which row of the log the stored state knows.
    pub stored_seq: i64,
    /// Changed since it was stored.
    pub dirty: bool,
    /// Batch that last needed it.
    pub used: u64,
    /// What it remembers does not follow from the log: to be stored with this batch.
    pub must_store: bool,
    /// What stands in the list of timers.
    pub due: Option<Instant>,
    /// The place an open emergency was told of last.
    told: Option<Fix>,
}

/// What follows from a reading or from time.
#[derive(Default)]
pub(super) struct Follows {
    pub alarms: Vec<NewAlarm>,
    pub remarks: Vec<Remark>,
}

impl Ward {
    pub fn new(w: Watched, row: Option<StateRow>, now: Instant) -> Ward {
        let (seq, known, latest) = match row {
            Some(r) => (r.seq, State::from_json(&r.state), codec::all(&r.latest).unwrap_or_default()),
            None => (0, Ok(State::new(now)), Vec::new()),
        };
        let state = known.unwrap_or_else(|e| {
            tracing::error!(elder = %w.elder, error = %e, "watch begins anew");
            State::new(now)
        });
        Ward {
            elder: w.elder,
            no: w.no,
            version: 0,
            settings: w.settings,
            identities: w.identities,
            state,
            latest,
            stored_seq: seq,
            dirty: false,
            used: 0,
            must_store: false,
            due: None,
            told: None,
        }
    }

    /// Devices or limits changed.
    pub fn change(&mut self, w: Watched, now: Instant) {
        self.version = w.version;
        self.settings = w.settings;
        self.identities = w.identities;
        self.state.settings_changed(now);
        (self.dirty, self.must_store) = (true, true);
    }

    pub fn step(&mut self, s: &Stored, out: &mut Follows) {
        let Some(reading) = s.reading() else { return };
        match self.latest.iter_mut().find(|l| l.what.kind == s.what.kind) {
            Some(l) if l.at <= s.at => *l = *s,
            Some(_) => {}
            None => self.latest.push(*s),
        }
        self.dirty = true;
        let outcomes = vigil::step(&self.settings, &mut self.state, &reading);
        self.follow(outcomes, Some((s, &reading.what)), out);
        if let Measure::Fix { place, accuracy_m, .. } = reading.what {
            let fix = Fix { point: place, accuracy_m: i64::from(accuracy_m), at: s.at };
            self.position(fix, s.received, out);
        }
    }

    pub fn tick(&mut self, now: Instant, out: &mut Follows) {
        let outcomes = vigil::tick(&self.settings, &mut self.state, now);
        // Without an outcome the next tick after a crash does the same again.
        self.dirty = true;
        self.must_store |= !outcomes.is_empty();
        self.follow(outcomes, None, out);
    }

    /// A person closed an alarm that was raised before that moment.
    pub fn close(&mut self, kind: AlarmKind, at: Instant, now: Instant) {
        let open = self.state.open().into_iter().any(|o| o.kind == kind && o.raised <= at);
        if open && self.state.close(&self.settings, kind, now).is_some() {
            (self.dirty, self.must_store) = (true, true);
        }
    }

    pub fn row(&mut self, seq: i64) -> StateRow {
        (self.dirty, self.must_store, self.stored_seq) = (false, false, seq);
        let mut p = Packer::default();
        self.latest.iter().for_each(|s| p.push(s));
        StateRow { elder: self.no, seq, due: self.state.next_due(), state: self.state.to_json(), latest: p.finish() }
    }

    fn follow(&self, outcomes: Vec<Outcome>, cause: Option<(&Stored, &Measure)>, out: &mut Follows) {
        for outcome in outcomes {
            match outcome {
                Outcome::Raise(a) if a.kind == AlarmKind::DeviceSilent => {
                    let evidence = serde_json::to_value(a.evidence).unwrap_or_default();
                    let new = self.alarm(a.kind, a.urgency, a.evidence.at, a.reason, evidence, cause, a.raised);
                    out.remarks.push(self.silence(new));
                }
                Outcome::Raise(a) => {
                    let evidence = serde_json::to_value(a.evidence).unwrap_or_default();
                    let new = self.alarm(a.kind, a.urgency, a.evidence.at, a.reason, evidence, cause, a.raised);
                    out.alarms.push(new);
                }
                Outcome::Count { kind, count, urgency, at, reason, .. } => {
                    let evidence = serde_json::json!({ "count": count });
                    let now = cause.map_or(at, |(s, _)| s.received);
                    let new = self.alarm(kind, urgency, at, reason, evidence, cause, now);
                    if kind == AlarmKind::DeviceSilent {
                        out.remarks.push(self.silence(new));
                    } else {
                        out.alarms.push(new);
                    }
                }
                Outcome::Clear { kind, at, reason, .. } => {
                    let key = format!("c{}:{}:{}", self.no, kind.number(), at.0);
                    let data = serde_json::json!({ "elder": self.elder, "reason": reason }).to_string();
                    let pass = Some(Pass { key, kind: kind.code(), clear: true, data });
                    out.remarks.push(Remark { elder: self.no, at, kind: "clear", text: reason, pass });
                }
                Outcome::Notice(n) => {
                    out.remarks.push(Remark {
                        elder: self.no,
                        at: n.at,
                        kind: n.kind.code(),
                        text: n.reason,
                        pass: None,
                    });
                }
            }
        }
    }

    /// While somebody looks for a person, or goes to them, their place is told on: when they moved, or once a minute.
    fn position(&mut self, fix: Fix, received: Instant, out: &mut Follows) {
        let sought = self.state.open().into_iter().any(|o| o.kind.urgency() > vigil::Urgency::Notice);
        let fresh = received.since(fix.at).abs() <= FIX_MS;
        let news = self.told.is_none_or(|t| {
            fix.at > t.at && (fix.at.since(t.at) >= Instant::MINUTE || fix.point.distance_m(t.point) >= MOVED_M)
        });
        if !(sought && fresh && news) {
            return;
        }
        self.told = Some(fix);
        let key = format!("p{}:{}", self.no, fix.at.0);
        let data = serde_json::json!({ "elder": self.elder, "fix": fix }).to_string();
        let pass = Some(Pass { key, kind: super::POSITION, clear: true, data });
        let text = String::new();
        out.remarks.push(Remark { elder: self.no, at: fix.at, kind: super::POSITION, text, pass });
    }

    /// A silent device is told by way of the readings' database: where the gateway itself is down, a thousand silences are
    /// one alarm (see [`super::pass`]).
    fn silence(&self, new: NewAlarm) -> Remark {
        let data = serde_json::to_string(&new).unwrap_or_default();
        let pass = Some(Pass { key: new.key, kind: new.kind.code(), clear: false, data });
        Remark { elder: self.no, at: new.at, kind: "silent", text: new.reason, pass }
    }

    #[allow(clippy::too_many_arguments)]
    fn alarm(
        &self,
        kind: AlarmKind,
        urgency: vigil::Urgency,
        at: Instant,
        reason: String,
        evidence: serde_json::Value,
        cause: Option<(&Stored, &Measure)>,
        now: Instant,
    ) -> NewAlarm {
        let unverified =
            matches!(cause, Some((_, Measure::Sos { unverified: true } | Measure::Fall { unverified: true })));
        let direct = matches!(
            kind,
            AlarmKind::Sos
                | AlarmKind::Fall
                | AlarmKind::Smoke
                | AlarmKind::Gas
                | AlarmKind::Co
                | AlarmKind::Water
                | AlarmKind::Device
        );
        // The occurrence by whom, what, when and from which device: a retry of the same message has the same key.
        let slot = cause.map_or(99, |(s, _)| s.slot);
        NewAlarm {
            key: format!("w{}:{}:{}:{slot}", self.no, kind.number(), at.0),
            elder: self.elder,
            kind,
            risk: urgency.into(),
            origin: if direct { Origin::Device } else { Origin::Engine },
            at,
            reason,
            evidence,
            unverified,
            device: cause.and_then(|(s, _)| self.identities.get(&s.slot).cloned()),
            fix: self.fix(now),
        }
    }

    fn fix(&self, now: Instant) -> Option<Fix> {
        let last = self.latest.iter().find(|s| s.what.kind == vigil::MeasureKind::Fix.number())?;
        match Measure::decode(last.what)? {
            Measure::Fix { place, accuracy_m, .. } if now.since(last.at).abs() <= FIX_MS => {
                Some(Fix { point: place, accuracy_m: i64::from(accuracy_m), at: last.at })
            }
            _ => None,
        }
    }
}
