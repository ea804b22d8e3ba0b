//! What the desk has to know of the watch itself: alarms that could not be raised yet, and that nothing can be stored.
use super::Loud;
use crate::devices::minutes_words;
use crate::model::kind_zh;
use crate::readings::Stats;
use kernel::RegionCode;
use store::Db;

/// So many alarms are told one by one, with their names; the rest as a number.
const NAMED: usize = 5;
/// Nothing stored for so long is told: one slow commit is none of the desk's business.
const BLOCKED_MS: i64 = 2_000;

/// What is wrong with storing what devices say. `place` is the whole installation's region.
pub async fn troubles(db: &Db, place: RegionCode, stats: &Stats) -> Vec<Loud> {
    let (now, figures) = (db.now(), stats.now());
    let mut out = Vec::new();
    let first = stats.unraised(NAMED);
    for u in &first {
        let since = u.since.hhmm();
        let kind = kind_zh(u.kind);
        // Where even reading fails it is told without the name.
        out.push(match people::service::card_anywhere(db.read(), u.elder).await {
            Ok(card) => Loud {
                region: card.region,
                text: format!("{} {kind}：没能立案，{since} 起一直在重试。先按档案联系老人", card.name),
                href: "/people",
            },
            Err(_) => Loud {
                region: place,
                text: format!("有一个报警（{kind}）没能立案，{since} 起一直在重试"),
                href: "/safety/duty",
            },
        });
    }
    let more = figures.unraised.saturating_sub(first.len() as u64);
    if more > 0 {
        out.push(Loud {
            region: place, text: format!("还有 {more} 个报警没能立案，一直在重试"), href: "/safety/duty"
        });
    }
    if let Some(since) = figures.blocked_since
        && now.since(since).abs() > BLOCKED_MS
    {
        let seconds = now.since(since).abs() / 1_000;
        let age = if seconds < 120 { format!("{seconds} 秒") } else { minutes_words(seconds / 60) };
        let text = format!("设备数据存不进去，已 {age}：新报警进不来，先查磁盘空间和数据库");
        out.push(Loud { region: place, text, href: "/safety/duty" });
    }
    out
}
