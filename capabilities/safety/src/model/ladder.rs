//! The ladder that is climbed while nobody answers, and who is on duty at a moment. Pure.
use super::{Duty, RosterId};
use kernel::{CivilDate, Instant, RegionCode, UserId};

/// One rung: whom to reach so long after the alarm was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Rung {
    pub after_s: i64,
    pub duty: Duty,
}

/// A region's ladder. Rungs stand in the order of their times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder {
    pub region: RegionCode,
    pub rungs: Vec<Rung>,
    /// When the last rung was climbed it is climbed again after so long, until somebody answers.
    pub again_s: i64,
}

impl Ladder {
    /// What holds where no region has its own: 60 s, 180 s, 5 min.
    pub fn usual(region: RegionCode) -> Ladder {
        let rung = |after_s, duty| Rung { after_s, duty };
        Ladder {
            region,
            rungs: vec![rung(60, Duty::Lead), rung(180, Duty::Town), rung(180, Duty::Family), rung(300, Duty::County)],
            again_s: 300,
        }
    }
    /// The moment rung `n` (from 0) is due for a case opened at `opened`. Beyond the last the last one comes again.
    pub fn due(&self, opened: Instant, n: i64) -> Option<Instant> {
        let last = self.rungs.len().checked_sub(1)?;
        let at = usize::try_from(n).ok()?;
        if at <= last {
            return Some(opened.plus_ms(self.rungs[at].after_s * 1000));
        }
        let over = (at - last) as i64;
        Some(opened.plus_ms((self.rungs[last].after_s + over * self.again_s.max(60)) * 1000))
    }
    /// Rung `n`; the last one for all beyond.
    pub fn rung(&self, n: i64) -> Option<Rung> {
        let last = self.rungs.len().checked_sub(1)?;
        self.rungs.get(usize::try_from(n).unwrap_or(0).min(last)).copied()
    }
    /// What is wrong with a ladder as it was typed.
    pub fn fault(&self) -> Option<&'static str> {
        if self.rungs.is_empty() {
            return Some("至少要有一级");
        }
        if self.rungs.len() > 8 {
            return Some("最多 8 级");
        }
        if self.rungs.iter().any(|r| !(10..=3600).contains(&r.after_s)) {
            return Some("每级在 10 秒到 60 分钟之间");
        }
        if !self.rungs.is_sorted_by_key(|r| r.after_s) {
            return Some("后一级不能比前一级早");
        }
        if !(60..=3600).contains(&self.again_s) {
            return Some("重复间隔在 1 到 60 分钟之间");
        }
        None
    }
}

/// One person's standing hours of duty.
#[derive(Clone, Debug, PartialEq)]
pub struct RosterLine {
    pub id: RosterId,
    pub region: RegionCode,
    pub duty: Duty,
    pub name: String,
    pub phone_masked: String,
    pub user: Option<UserId>,
    /// Monday is bit 0.
    pub weekdays: i64,
    /// Minutes after midnight. An end before or at the start runs over midnight.
    pub from_minute: i64,
    pub to_minute: i64,
    pub since: CivilDate,
    pub until: Option<CivilDate>,
    /// On leave until then.
    pub away_until: Option<Instant>,
}

impl RosterLine {
    /// On duty at a moment: hours, weekday (of the day the shift began), dates and leave all say so.
    pub fn on_duty(&self, at: Instant) -> bool {
        if self.away_until.is_some_and(|u| at < u) {
            return false;
        }
        let minute = i64::from(at.minute_of_day());
        let today = at.date();
        let began = if self.from_minute < self.to_minute {
            (self.from_minute..self.to_minute).contains(&minute).then_some(today)
        } else if minute >= self.from_minute {
            Some(today)
        } else if minute < self.to_minute {
            Some(today.plus_days(-1))
        } else {
            None
        };
        began.is_some_and(|day| {
            let weekday = (day.epoch_days() + 3).rem_euclid(7);
            self.weekdays >> weekday & 1 == 1 && day >= self.since && self.until.is_none_or(|u| day <= u)
        })
    }
    /// `每天 22:00–06:00`
    pub fn hours_zh(&self) -> String {
        let hm = |m: i64| format!("{:02}:{:02}", m / 60, m % 60);
        const NAMES: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];
        let days = match self.weekdays & 127 {
            127 => "每天".to_string(),
            31 => "工作日".into(),
            96 => "周末".into(),
            bits => {
                let on: Vec<&str> =
                    NAMES.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, n)| *n).collect();
                format!("周{}", on.join("、"))
            }
        };
        if self.from_minute == self.to_minute {
            return format!("{days} 24 小时");
        }
        let over = if self.from_minute > self.to_minute { "次日 " } else { "" };
        format!("{days} {}–{over}{}", hm(self.from_minute), hm(self.to_minute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(weekdays: i64, from: i64, to: i64) -> RosterLine {
        RosterLine {
            id: RosterId(uuid::Uuid::nil()),
            region: "441523".parse().expect("a region"),
            duty: Duty::Lead,
            name: "彭志坚".into(),
            phone_masked: String::new(),
            user: None,
            weekdays,
            from_minute: from * 60,
            to_minute: to * 60,
            since: "2026-11-01".parse().expect("a day"),
            until: None,
            away_until: None,
        }
    }
    fn at(text: &str) -> Instant {
        Instant::parse_local(text).expect("a moment")
    }

    #[test]
    fn a_night_shift_runs_over_midnight() {
        // 2026-11-20 is a Friday.
        let friday = line(1 << 4, 22, 6);
        for (when, on) in [
            ("2026-11-20 21:59", false),
            ("2026-11-20 22:00", true),
            ("2026-11-21 02:10", true),
            ("2026-11-21 05:59", true),
            ("2026-11-21 06:00", false),
            ("2026-11-21 22:30", false),
            ("2026-11-20 02:10", false),
        ] {
            assert_eq!(friday.on_duty(at(when)), on, "{when}");
        }
        assert_eq!(friday.hours_zh(), "周五 22:00–次日 06:00");
    }

    #[test]
    fn leave_and_the_end_of_service_count() {
        let mut l = line(127, 8, 8);
        assert!(l.on_duty(at("2026-11-20 03:00")));
        l.away_until = Some(at("2026-11-20 12:00"));
        assert!(!l.on_duty(at("2026-11-20 11:59")));
        assert!(l.on_duty(at("2026-11-20 12:00")));
        l.until = Some("2026-11-19".parse().expect("a day"));
        assert!(!l.on_duty(at("2026-11-20 12:00")));
    }

    #[test]
    fn the_last_rung_comes_again() {
        let l = Ladder::usual("441523".parse().expect("a region"));
        let t = at("2026-11-20 02:10");
        let due: Vec<i64> = (0..6).filter_map(|n| l.due(t, n)).map(|d| d.since(t) / 1000).collect();
        assert_eq!(due, [60, 180, 180, 300, 600, 900]);
        assert_eq!(l.rung(9).map(|r| r.duty), Some(Duty::County));
        assert_eq!(l.fault(), None);
    }
}
