//! Why a suggestion stands where it stands, in one Chinese sentence.
use super::live::Board;
use super::model::{Seconds, Tie};
use super::now::Suggestion;
use super::objective::Part;

/// `08:05`; hours go on past 24 for the day after.
fn clock(t: Seconds) -> String {
    format!("{:02}:{:02}", t.div_euclid(3600), t.rem_euclid(3600) / 60)
}

/// Whole minutes, rounded up.
const fn minutes(seconds: i64) -> i64 {
    (seconds + 59).div_euclid(60)
}

impl Suggestion {
    /// `10:20 开始，路上多 7 分钟；来过 3 次；会老人的方言；当天已有 6 小时的活`
    pub fn zh(&self, board: &Board) -> String {
        let way = minutes(self.parts.get(Part::Travel));
        let mut said = vec![format!(
            "{} 开始，{}",
            clock(self.start),
            if way > 0 { format!("路上多 {way} 分钟") } else { "顺路，不多走".into() }
        )];
        let visit = board.problem().visits.get(self.visit.at());
        let worker = board.problem().workers.get(self.worker.at());
        if let (Some(visit), Some(worker)) = (visit, worker) {
            let mine = visit.ties.iter().filter(|t| t.0 == self.worker);
            for (_, tie) in mine {
                match tie {
                    Tie::Wished => said.push("老人点名要".into()),
                    Tie::Known(times) => said.push(format!("来过 {times} 次")),
                    Tie::Unwished => said.push("老人不太想要".into()),
                    Tie::Never => {}
                }
            }
            if visit.language.is_some() {
                let speaks = visit.language.is_some_and(|l| worker.languages.has(l));
                said.push(if speaks { "会老人的方言" } else { "不会老人的方言" }.into());
            }
            if let Some(crate::GenderWish::Prefer(sex)) = visit.gender {
                let fits = sex == worker.sex;
                said.push(if fits {
                    format!("{}护理员，合老人的意思", sex.zh())
                } else {
                    format!("老人想要{}护理员", sex.zh())
                });
            }
        }
        let late = self.parts.get(Part::Late);
        if late > 0 {
            said.push(format!("会晚 {} 分钟", minutes(late)));
        }
        let work = board.work_of(self.worker);
        if work > 0 {
            said.push(format!("当天已有 {}.{} 小时的活", work / 3600, work % 3600 / 360));
        } else {
            said.push("当天还没有单".into());
        }
        if self.displaced.is_some() {
            said.push("要让一单不急的改时间".into());
        }
        said.join("；")
    }
}
