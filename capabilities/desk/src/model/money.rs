//! How far a quarter has come, in money and in review.
use super::words::{percent, percent_of};
use kernel::{CivilDate, Fen, Quarter};
use settlement::model::ListState;
use settlement::service::InState;
use web::Mark;

/// A bar with where it stands, as the desks draw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    pub href: String,
    pub mark: Mark,
    /// 完成, 办理中 …
    pub word: &'static str,
    pub title: String,
    /// 0–100
    pub percent: i64,
    /// Where it would be if it went evenly, 0–100; `None` where time says nothing.
    pub even: Option<i64>,
    /// One sentence under the bar.
    pub gap: String,
    pub figure: String,
    pub of: String,
}

impl Progress {
    /// For those who cannot see the bar.
    pub fn say(&self) -> String {
        format!("{}：{}，{}", self.title, self.figure, self.of)
    }
}

/// How much of a quarter is over on a day, in whole percents.
pub fn elapsed(quarter: Quarter, today: CivilDate) -> i64 {
    let days = quarter.last_day().days_since(quarter.first_day()) + 1;
    percent(today.days_since(quarter.first_day()) + 1, days)
}

/// What was used of what was granted in the running quarter.
pub fn used(quarter: Quarter, today: CivilDate, used: Fen, granted: Fen) -> Progress {
    let over = elapsed(quarter, today);
    let left = quarter.last_day().days_since(today);
    let pct = percent_of(used, granted);
    let gap = if granted.is_zero() {
        "本季还没有额度".to_string()
    } else {
        format!("还剩 {}，{} 清零，还有 {left} 天", granted - used, quarter.last_day().md())
    };
    Progress {
        href: "/purses".into(),
        mark: if granted.is_zero() { Mark::Todo } else { Mark::Doing },
        word: if granted.is_zero() { "没有额度" } else { "进行中" },
        title: "本季补贴用了多少".into(),
        percent: pct,
        even: Some(over),
        gap,
        figure: used.to_string(),
        of: format!("额度 {granted}"),
    }
}

/// The three steps of a closed quarter's lists.
pub fn review(quarter: Quarter, towns: (i64, i64), states: &[InState]) -> Vec<Progress> {
    let lists: i64 = states.iter().map(|s| s.lists).sum();
    let payable: Fen = states.iter().map(|s| s.payable).sum();
    let past = |reached: &[ListState]| -> (i64, Fen) {
        let of = states.iter().filter(|s| reached.contains(&s.state));
        of.fold((0, Fen::ZERO), |(n, fen), s| (n + s.lists, fen + s.payable))
    };
    let (county, _) = past(&[ListState::Finance, ListState::Paid]);
    let (paid, paid_fen) = past(&[ListState::Paid]);
    let here = |state: ListState| states.iter().any(|s| s.state == state && s.lists > 0);
    let step = |title: &str, at: ListState, done: i64, of: i64, unit: &str, gap: String| {
        let (mark, word) = match (done, of) {
            (_, 0) => (Mark::Todo, "还没开始"),
            (done, of) if done >= of => (Mark::Ok, "完成"),
            (0, _) if !here(at) => (Mark::Todo, "还没轮到"),
            _ => (Mark::Doing, "办理中"),
        };
        Progress {
            href: format!("/settlements?quarter={quarter}"),
            mark,
            word,
            title: title.to_string(),
            percent: percent(done, of),
            even: None,
            gap,
            figure: format!("{done} / {of}"),
            of: unit.to_string(),
        }
    };
    let left = |n: i64, what: &str| if n > 0 { format!("还有 {n} {what}") } else { "都办完了".to_string() };
    let (done, of) = towns;
    if lists == 0 {
        let none = || "清单还没有生成".to_string();
        return vec![
            step("镇审核", ListState::Town, 0, 0, "镇次", none()),
            step("县审核", ListState::County, 0, 0, "份清单", none()),
            step("财务拨付", ListState::Finance, 0, 0, "份清单", none()),
        ];
    }
    vec![
        step("镇审核", ListState::Town, done, of, "镇次", left(of - done, "镇次没审")),
        step("县审核", ListState::County, county, lists, "份清单", left(lists - county, "份没审")),
        step("财务拨付", ListState::Finance, paid, lists, "份清单", format!("已拨 {paid_fen}，共 {payable}")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> CivilDate {
        text.parse().expect("a day")
    }
    fn quarter(text: &str) -> Quarter {
        text.parse().expect("a quarter")
    }

    #[test]
    fn a_quarter_runs_from_its_first_to_its_last_day() {
        let q = quarter("2026Q4");
        assert_eq!(elapsed(q, day("2026-10-01")), 1);
        assert_eq!(elapsed(q, day("2026-11-20")), 55);
        assert_eq!(elapsed(q, day("2026-12-31")), 100);
        assert_eq!(elapsed(q, day("2027-01-05")), 100);
        assert_eq!(elapsed(q, day("2026-09-30")), 0);
    }

    #[test]
    fn money_left_is_said_with_its_end() {
        let p = used(quarter("2026Q4"), day("2026-11-20"), Fen::yuan(120), Fen::yuan(300));
        assert_eq!(p.percent, 40);
        assert_eq!(p.gap, "还剩 ¥180.00，12-31 清零，还有 41 天");
        assert_eq!(used(quarter("2026Q4"), day("2026-11-20"), Fen::ZERO, Fen::ZERO).gap, "本季还没有额度");
    }

    #[test]
    fn review_counts_what_has_passed_each_step() {
        let states = [
            InState { state: ListState::Town, lists: 2, payable: Fen::yuan(20) },
            InState { state: ListState::County, lists: 1, payable: Fen::yuan(10) },
            InState { state: ListState::Finance, lists: 1, payable: Fen::yuan(10) },
            InState { state: ListState::Paid, lists: 4, payable: Fen::yuan(60) },
        ];
        let p = review(quarter("2026Q3"), (9, 12), &states);
        assert_eq!(p.iter().map(|p| p.figure.as_str()).collect::<Vec<_>>(), ["9 / 12", "5 / 8", "4 / 8"]);
        assert_eq!(p[2].gap, "已拨 ¥60.00，共 ¥100.00");
        assert_eq!(p.iter().map(|p| p.mark).collect::<Vec<_>>(), [Mark::Doing, Mark::Doing, Mark::Doing]);
        let all = review(quarter("2026Q3"), (3, 3), &states[3..]);
        assert!(all.iter().all(|p| p.mark == Mark::Ok && p.percent == 100));
    }

    #[test]
    fn a_step_nothing_has_reached_has_not_begun() {
        let states = [InState { state: ListState::Town, lists: 2, payable: Fen::yuan(20) }];
        let p = review(quarter("2026Q3"), (1, 2), &states);
        assert_eq!(p.iter().map(|p| p.word).collect::<Vec<_>>(), ["办理中", "还没轮到", "还没轮到"]);
    }

    #[test]
    fn nothing_made_is_not_everything_done() {
        let p = review(quarter("2026Q3"), (0, 0), &[]);
        assert!(p.iter().all(|p| p.mark == Mark::Todo && p.percent == 0 && p.gap == "清单还没有生成"));
    }
}
