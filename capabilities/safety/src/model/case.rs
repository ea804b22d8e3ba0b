//! A case: what it is and which step may follow which.
use super::{
    AlarmId, AlarmKind, CaseId, CaseState, Cause, Consent, EventKind, HelperKind, Origin, Risk, Service, Step,
};
use kernel::{CivilDate, ElderId, Error, GeoPoint, Instant, RegionCode, Result, Sex, UserId};

/// Where something was, how exact, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Fix {
    pub point: GeoPoint,
    /// Radius of the circle it lies in, metres.
    pub accuracy_m: i64,
    pub at: Instant,
}

/// An alarm to be raised: from a device's message, a button on a page, or the watch engine.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct NewAlarm {
    /// Names this one occurrence for ever: the same key again raises nothing new.
    pub key: String,
    pub elder: ElderId,
    pub kind: AlarmKind,
    /// Usually [`AlarmKind::urgency`]; a vital sign has that of the limit it crossed.
    pub risk: Risk,
    pub origin: Origin,
    /// When it happened by the sender's clock; only told. What is measured starts when the platform has stored it.
    pub at: Instant,
    /// What was seen, in a sentence.
    pub reason: String,
    /// What it was concluded from.
    pub evidence: serde_json::Value,
    /// It came in a damaged message: shown as such, never dropped.
    pub unverified: bool,
    /// The device's number as it is printed on it.
    pub device: Option<String>,
    pub fix: Option<Fix>,
}

/// Who owns a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub user: UserId,
    pub name: String,
    pub since: Instant,
}

/// Somebody on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Helper {
    pub kind: HelperKind,
    pub name: String,
    pub sent_at: Instant,
}

/// One emergency of one elder. There is at most one that is not closed.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub id: CaseId,
    pub no: String,
    pub elder: ElderId,
    pub elder_name: String,
    pub sex: Sex,
    pub birth: CivilDate,
    pub region: RegionCode,
    pub address: String,
    pub home: Option<GeoPoint>,
    /// The gravest of its alarms.
    pub kind: AlarmKind,
    pub risk: Risk,
    pub state: CaseState,
    pub version: i64,
    pub opened_at: Instant,
    /// Since when nobody has it: the ladder counts from here.
    pub ringing_at: Instant,
    /// When a person first took it.
    pub answered_at: Option<Instant>,
    pub owner: Option<Owner>,
    /// How many rungs of the ladder were climbed.
    pub rung: i64,
    /// When the next is due; `None` while somebody has it.
    pub next_rung_at: Option<Instant>,
    pub helper: Option<Helper>,
    pub handed_to: Option<Service>,
    pub arrived_at: Option<Instant>,
    pub closed_at: Option<Instant>,
    pub cause: Option<Cause>,
    /// Alarms that came while somebody had it and that the owner has not seen.
    pub news: i64,
    pub consent: Consent,
}

/// One kind of alarm of a case, with how often it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    pub id: AlarmId,
    pub case: CaseId,
    pub kind: AlarmKind,
    pub origin: Origin,
    pub count: i64,
    pub first_at: Instant,
    pub last_at: Instant,
    /// All that came so far was in damaged messages.
    pub unverified: bool,
    pub reason: String,
    pub device: Option<String>,
    pub fix: Option<Fix>,
    /// When its cause was gone, if it is. The case stays open: a person closes it.
    pub cleared_at: Option<Instant>,
}

/// A line of a case's history.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub at: Instant,
    pub kind: EventKind,
    pub text: String,
    pub who: String,
    pub bad: bool,
}

impl Case {
    pub fn age(&self, today: CivilDate) -> i16 {
        self.birth.age_on(today)
    }
    /// `女 82 岁`
    pub fn about(&self, today: CivilDate) -> String {
        format!("{} {} 岁", self.sex.zh(), self.age(today))
    }
    pub fn ringing(&self) -> bool {
        self.state == CaseState::Open && self.risk.rings()
    }
    pub fn owned_by(&self, user: Option<UserId>) -> bool {
        matches!((&self.owner, user), (Some(o), Some(u)) if o.user == u)
    }
}

/// The state after a step.
///
/// # Errors
/// `Refused` with what has to come first.
pub fn next(state: CaseState, step: Step) -> Result<CaseState> {
    use CaseState::*;
    let to = match (state, step) {
        (Closed, _) => return Err(Error::refused("已经关了，不能再改。再有情况会开新的一件")),
        (Open, Step::Claim) => Claimed,
        (Open, _) => return Err(Error::refused("还没人接手，先接手")),
        (_, Step::Claim) => return Err(Error::Conflict("已经有人接手了".into())),
        (Claimed | Calling, Step::Release) => Open,
        (_, Step::Release) => return Err(Error::refused("已经派人或转交，不能放回。要交给别人，请他来接过")),
        (held, Step::TakeOver) => held,
        (Claimed, Step::Call) => Calling,
        (held, Step::Call) => held,
        (Arrived | Settled, Step::SendHelp) => Arrived,
        (HandedOver, Step::SendHelp) => HandedOver,
        (_, Step::SendHelp) => HelpSent,
        (Arrived | Settled, Step::HandOver) => Arrived,
        (_, Step::HandOver) => HandedOver,
        (HelpSent | HandedOver, Step::Arrive) => Arrived,
        (Arrived | Settled, Step::Arrive) => return Err(Error::refused("到场已经记过了")),
        (_, Step::Arrive) => return Err(Error::refused("还没派人去，先派人或转交")),
        (_, Step::Settle) => Settled,
        (_, Step::Close) => Closed,
    };
    Ok(to)
}

/// What the message to 120, 110 or 119 says, ready to be read out: who, where, what, who is there.
pub struct HandOverText<'a> {
    pub case: &'a Case,
    pub place: &'a str,
    pub reason: &'a str,
    pub today: CivilDate,
    /// Health in words; empty when consent was withdrawn or nothing is known.
    pub health: &'a str,
    pub door: &'a str,
    pub fix: Option<Fix>,
    pub callback: &'a str,
}

impl HandOverText<'_> {
    pub fn say(&self) -> String {
        let c = self.case;
        let mut out =
            format!("{}，{}，{}。地址：{}。", c.elder_name, c.about(self.today), super::kind_zh(c.kind), self.place);
        if !self.reason.is_empty() {
            out.push_str(&format!("情况：{}。", self.reason.trim_end_matches('。')));
        }
        if let Some(f) = self.fix {
            out.push_str(&format!(
                "定位：北纬 {:.5}，东经 {:.5}，误差约 {} 米。",
                f.point.lat(),
                f.point.lng(),
                f.accuracy_m
            ));
        }
        if !self.health.is_empty() {
            out.push_str(&format!("健康：{}。", self.health.trim_end_matches('。')));
        }
        if !self.door.is_empty() {
            out.push_str(&format!("进门：{}。", self.door.trim_end_matches('。')));
        }
        if let Some(h) = &c.helper {
            out.push_str(&format!("已请{}{}先去。", h.kind.zh(), h.name));
        }
        out.push_str(&format!("回拨 {}，单号 {}。", self.callback, c.no));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_and_step_is_decided() {
        for &state in CaseState::ALL {
            for &step in Step::ALL {
                let got = next(state, step);
                match state {
                    CaseState::Closed => assert!(got.is_err(), "a closed case takes {step}"),
                    CaseState::Open => assert_eq!(got.is_ok(), step == Step::Claim, "{step} on an open case"),
                    _ => assert!(got.is_ok() || matches!(step, Step::Claim | Step::Release | Step::Arrive)),
                }
                // Nothing but releasing puts a case back among those nobody has.
                if let Ok(CaseState::Open) = got {
                    assert_eq!(step, Step::Release);
                }
                if let Ok(CaseState::Closed) = got {
                    assert_eq!(step, Step::Close);
                }
            }
        }
    }

    #[test]
    fn arrival_needs_somebody_who_went() {
        assert!(next(CaseState::Calling, Step::Arrive).is_err());
        assert_eq!(next(CaseState::HelpSent, Step::Arrive).ok(), Some(CaseState::Arrived));
        assert_eq!(next(CaseState::HandedOver, Step::Arrive).ok(), Some(CaseState::Arrived));
    }
}
