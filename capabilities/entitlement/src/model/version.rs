//! Versions of packs written here: where they stand, and what may be done with them. Pure.
use kernel::{CivilDate, Error, Instant, PolicyVersionId, RegionCode, Result, UserId};
use policy::Pack;
use serde::Serialize;

store::words! {
    /// Where a version stands.
    VersionState {
        /// Being written.
        Draft "draft" "草稿",
        /// Waits for a second person.
        Submitted "submitted" "待批准",
        /// Sent back with a reason; is written on as a draft.
        Returned "returned" "退回修改",
        /// In force from its day on.
        Approved "approved" "已批准",
        /// Given up, or taken back before its day.
        Withdrawn "withdrawn" "已撤回",
    }
}
store::words! {
    /// What somebody did with a version.
    Act {
        Saved "saved" "保存草稿",
        Submitted "submitted" "送审",
        Approved "approved" "批准",
        Returned "returned" "退回",
        Withdrawn "withdrawn" "撤回",
    }
}

impl VersionState {
    /// The text may be changed.
    pub const fn open(self) -> bool {
        matches!(self, VersionState::Draft | VersionState::Returned)
    }
}

/// What somebody who may do so did, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    pub act: Act,
    pub who: UserId,
    pub name: String,
    pub at: Instant,
    pub reason: String,
}

/// A version of a pack written here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Version {
    pub id: PolicyVersionId,
    /// Id of the pack.
    pub pack: String,
    /// Counts the versions of the pack written here, from 1.
    pub number: i64,
    pub state: VersionState,
    /// The place of the pack.
    pub region: RegionCode,
    pub title: String,
    /// The document.
    pub body: String,
    /// The document it was written from.
    pub base: String,
    /// The first day it is to hold.
    pub effective_on: CivilDate,
    /// Why it was written.
    pub why: String,
    /// The pack of another place it takes over.
    pub adopted_from: Option<String>,
    /// Counts changes, so that two who write at once notice.
    pub seen: i64,
    pub steps: Vec<Step>,
}

impl Version {
    /// Who wrote or handed in a part of it, and so cannot approve it.
    pub fn wrote(&self, user: UserId) -> bool {
        self.steps.iter().any(|s| s.who == user && matches!(s.act, Act::Saved | Act::Submitted))
    }
    /// The last act of a kind.
    pub fn last(&self, act: Act) -> Option<&Step> {
        self.steps.iter().rev().find(|s| s.act == act)
    }
    /// Checks what `act` by `user` on `today` asks of where the version stands.
    ///
    /// # Errors
    /// `Refused` with what stands against it.
    pub fn allows(&self, act: Act, user: UserId, today: CivilDate) -> Result<()> {
        let in_time = || match self.effective_on > today {
            true => Ok(()),
            false => Err(Error::Refused(format!("{} 已经到了，生效日期要在今天以后", self.effective_on))),
        };
        match act {
            Act::Saved if self.state.open() => Ok(()),
            Act::Submitted if self.state.open() => in_time(),
            Act::Approved | Act::Returned if self.state == VersionState::Submitted => {
                if self.wrote(user) {
                    return Err(Error::refused("这一版是你写的，要由另一个人批准或退回"));
                }
                if act == Act::Approved { in_time() } else { Ok(()) }
            }
            Act::Withdrawn => match self.state {
                VersionState::Approved if self.effective_on <= today => {
                    Err(Error::refused("已经生效的不能撤回，另写一版代替它"))
                }
                VersionState::Withdrawn => Err(Error::refused("已经撤回了")),
                _ => Ok(()),
            },
            _ => Err(Error::Refused(format!("这一版现在是“{}”，不能{}", self.state.zh(), act.zh()))),
        }
    }
}

/// What a new version of a pack may not change: purses, funds and determinations are filed under it.
///
/// # Errors
/// `Invalid` on the text with the first thing that differs.
pub fn keeps_frame(before: &Pack, after: &Pack) -> Result<()> {
    let fixed = [
        ("id", before.id == after.id),
        ("subject", before.subject == after.subject),
        ("place", before.place == after.place),
        ("group", before.group == after.group),
    ];
    match fixed.iter().find(|(_, same)| !same) {
        Some((name, _)) => {
            Err(Error::invalid("body", format!("新版不能改 {name}：认定、额度都记在它名下。要改就另立一份政策")))
        }
        None => Ok(()),
    }
}

/// The pack as it stands in the set: its text, in force from the approved day.
pub fn from_day(mut pack: Pack, day: CivilDate) -> Pack {
    pack.effective_from = pack.effective_from.max(day);
    pack
}

/// One line of two texts laid side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffLine {
    /// From 1; none where the line is new.
    pub old: Option<usize>,
    /// From 1; none where the line is gone.
    pub new: Option<usize>,
    pub text: String,
}

/// Lines that differ, with `around` lines before and after each; a `None` stands for lines left out.
pub fn diff(before: &str, after: &str, around: usize) -> Vec<Option<DiffLine>> {
    let (a, b): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (left, right) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    let mut all: Vec<DiffLine> = Vec::with_capacity(a.len() + b.len());
    let line = |old: Option<usize>, new: Option<usize>, text: &str| DiffLine { old, new, text: text.to_string() };
    all.extend((0..head).map(|i| line(Some(i + 1), Some(i + 1), a[i])));
    for (i, j) in walk(left, right) {
        let text = i.map_or_else(|| right[j.unwrap_or(0)], |i| left[i]);
        all.push(line(i.map(|i| i + head + 1), j.map(|j| j + head + 1), text));
    }
    all.extend((0..tail).map(|k| {
        let (i, j) = (a.len() - tail + k, b.len() - tail + k);
        line(Some(i + 1), Some(j + 1), a[i])
    }));
    let changed: Vec<usize> =
        all.iter().enumerate().filter(|(_, l)| l.old.is_none() || l.new.is_none()).map(|(i, _)| i).collect();
    let mut out = Vec::new();
    let mut skipped = false;
    for (i, l) in all.into_iter().enumerate() {
        let at = changed.partition_point(|&c| c + around < i);
        match changed.get(at).is_some_and(|&c| c <= i + around) {
            true => {
                if std::mem::take(&mut skipped) {
                    out.push(None);
                }
                out.push(Some(l));
            }
            false => skipped = true,
        }
    }
    out
}

/// The most comparisons made line by line; longer texts are shown as wholly replaced.
const MOST: usize = 4_000_000;

/// Pairs of lines that are equal, and those only on one side, in order (longest common subsequence).
fn walk(a: &[&str], b: &[&str]) -> Vec<(Option<usize>, Option<usize>)> {
    let whole = || (0..a.len()).map(|i| (Some(i), None)).chain((0..b.len()).map(|j| (None, Some(j)))).collect();
    if a.len().saturating_mul(b.len()) > MOST {
        return whole();
    }
    let width = b.len() + 1;
    let mut best = vec![0u32; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            best[i * width + j] = match a[i] == b[j] {
                true => best[(i + 1) * width + j + 1] + 1,
                false => best[(i + 1) * width + j].max(best[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    while i < a.len() || j < b.len() {
        if i < a.len() && j < b.len() && a[i] == b[j] {
            out.push((Some(i), Some(j)));
            (i, j) = (i + 1, j + 1);
        } else if j >= b.len() || (i < a.len() && best[(i + 1) * width + j] >= best[i * width + j + 1]) {
            out.push((Some(i), None));
            i += 1;
        } else {
            out.push((None, Some(j)));
            j += 1;
        }
    }
    out
}
