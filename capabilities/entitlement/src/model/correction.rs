//! Money of past and coming months that was put right, because of something learnt later (POL-4). Pure.
use super::purse::{Line, Step};
use kernel::{CivilDate, Fen, Month};

store::words! {
    /// Which way the money went.
    CorrectionKind {
        /// Taken back, or to be taken back.
        Clawback "clawback" "收回",
        /// Made up for.
        TopUp "top_up" "补发",
    }
}
store::words! {
    /// Why it was not due, or due after all.
    Cause {
        Death "death" "去世",
        Birth "birth" "更正出生日期",
        Certificate "certificate" "证件或评估变了",
        Income "income" "经济状况变了",
        Moved "moved" "户籍或住址变了",
        Institution "institution" "住进或离开机构",
        Household "household" "转户或档案合并",
        Policy "policy" "政策变了",
        Other "other" "其他情况变了",
    }
}
store::words! {
    /// How somebody was told.
    Told {
        Visit "visit" "上门说",
        Phone "phone" "打电话",
        Paper "paper" "送书面告知书",
        Office "office" "来窗口时说",
    }
}

/// What one settling of a purse put right under one pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount {
    pub pack: String,
    pub kind: CorrectionKind,
    pub months: Vec<Month>,
    /// Posted to or from the purse.
    pub posted: Fen,
}

/// Brings the postings of one settling to corrections: every withdrawal, and grants of months before `today`'s or of
/// months that were withdrawn before. A purse that is filled for the first time is no correction.
pub fn amounts(steps: &[Step], before: &[Line], today: CivilDate) -> Vec<Amount> {
    let mut out: Vec<Amount> = Vec::new();
    for step in steps {
        let known = |l: &&Line| l.month == step.month && l.revision > 0;
        let late = step.month < today.month_of();
        let kind = match step.amount < Fen::ZERO {
            true => CorrectionKind::Clawback,
            false if before.is_empty() || !(late || before.iter().any(|l| known(&l))) => continue,
            false => CorrectionKind::TopUp,
        };
        let amount = Fen(step.amount.0.abs());
        match out.iter_mut().find(|a| a.pack == step.pack && a.kind == kind) {
            Some(a) => {
                a.months.push(step.month);
                a.posted += amount;
            }
            None => out.push(Amount { pack: step.pack.clone(), kind, months: vec![step.month], posted: amount }),
        }
    }
    for a in &mut out {
        a.months.sort_unstable();
        a.months.dedup();
    }
    out
}

/// The cause of a change, from the names of the facts that differ between two determinations; `text` says that the pack's
/// text differs too.
pub fn cause_of(changed: &[&str], text: bool) -> Cause {
    let any = |names: &[&str]| changed.iter().any(|c| names.contains(c));
    if any(&["death_date", "alive"]) {
        Cause::Death
    } else if any(&["birth_date"]) {
        Cause::Birth
    } else if any(&["institution_resident"]) {
        Cause::Institution
    } else if any(&["hukou", "hukou_region", "residence_region"]) {
        Cause::Moved
    } else if any(&["income_class"]) {
        Cause::Income
    } else if any(&["disability_cert", "disability_grade", "ability_level", "assessed_on", "care_dependence"]) {
        Cause::Certificate
    } else if changed.is_empty() && text {
        Cause::Policy
    } else {
        Cause::Other
    }
}

/// The names of the facts that differ between two determinations as they are stored.
pub fn changed_facts(before: &str, after: &str) -> Vec<String> {
    let read =
        |text: &str| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).unwrap_or_default();
    let (a, b) = (read(before), read(after));
    let mut names: Vec<String> = a.keys().chain(b.keys()).filter(|k| a.get(*k) != b.get(*k)).cloned().collect();
    names.sort_unstable();
    names.dedup();
    names
}
