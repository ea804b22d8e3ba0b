//! A policy of another place taken over by the demo county, and what is learnt too late.
use super::cast::Cast;
use entitlement::Shelf;
use entitlement::service::{self, Draft, Takeover};
use kernel::{Error, PageAsk, Result, Scope};
use people::model::{AgeBand, FactKind, IncomeClass, Source};
use people::service::{Answers, ElderAsk};
use store::Db;

/// The pack whose rules the county takes over.
const FROM: &str = "renovation-chongqing-2020";
/// The village whose code stands in the examples of the copy.
const VILLAGE: &str = "441523101204";
/// In a town smaller than this nobody dies by surprise: what tests count stays as it is.
const LARGE: usize = 1_000;

/// The county drafts the renovation of homes, the city approves it, and some of those concerned have answered what an
/// application asks.
pub async fn adopt_renovation(db: &Db, shelf: &Shelf, cast: &Cast) -> Result<()> {
    let local = Takeover {
        title: "陆河县老年人居家适老化改造".into(),
        document: "陆河县老年人居家适老化改造实施办法（演示，陆河民〔2026〕9 号）".into(),
        place: cast.county,
        place_name: "陆河县".into(),
        village: VILLAGE.parse().map_err(Error::internal)?,
        local_example: Some("办法和文号是演示用的举例，规则照重庆 2020 年方案。".into()),
    };
    let id = service::adopt(db, shelf, &cast.county_staff, FROM, local).await?;
    let v = service::version(db, &cast.county_staff, id).await?;
    let effective_on = db.clock().today().plus_days(1);
    let draft = Draft { body: v.body, effective_on, why: "照重庆的办法试点，先做特困和脱贫户".into() };
    service::submit(db, shelf, &cast.county_staff, id, v.seen, draft).await?;
    service::approve(db, shelf, &cast.city_staff, id).await?;
    answers(db, cast).await
}

async fn answers(db: &Db, cast: &Cast) -> Result<()> {
    let scope = Scope { region: cast.county, org: kernel::OrgScope::Any };
    for income in [IncomeClass::LiftedPoverty, IncomeClass::DestituteDispersed] {
        let ask = ElderAsk { income: Some(income), ..ElderAsk::default() };
        let page = PageAsk { page: 1, rows: 60 };
        let found = people::service::elders_list(db, &scope, &ask, page, "e.birth ASC, e.id").await?;
        for (n, elder) in found.rows.into_iter().enumerate().filter(|(n, _)| n % 3 != 2) {
            let home = if n % 7 == 6 { "rented" } else { "owned" };
            let facts = [
                (FactKind::HomeRight, home),
                (FactKind::HomeSafe, "true"),
                (FactKind::DemolitionListed, "false"),
                (FactKind::RenovationSubsidised, if n % 9 == 8 { "true" } else { "false" }),
                (FactKind::CanLiveElsewhere, "true"),
            ];
            let answers = Answers {
                facts: facts.map(|(kind, code)| (kind, code.to_string())).to_vec(),
                on: db.clock().today(),
                source: Source::HomeVisit,
                note: "适老化改造摸底".into(),
            };
            people::service::answer(db, &cast.county_staff, elder.id, answers).await?;
        }
    }
    Ok(())
}

/// Deaths that are reported a month late: the platform takes back what was not due once it runs.
pub async fn late_notices(db: &Db, cast: &Cast) -> Result<()> {
    if cast.elders < LARGE {
        return Ok(());
    }
    let scope = Scope { region: cast.county, org: kernel::OrgScope::Any };
    let ask = ElderAsk { age: Some(AgeBand::From75), ..ElderAsk::default() };
    let page = PageAsk { page: 1, rows: 6 };
    let found = people::service::elders_list(db, &scope, &ask, page, "e.birth DESC, e.id DESC").await?;
    let today = db.clock().today();
    for (n, elder) in found.rows.into_iter().filter(|e| e.present(today)).enumerate() {
        let on = today.plus_days(-(25 + 6 * n as i64));
        let (actor, note) = (&cast.county_staff, "火化证明送晚了");
        people::service::report_death(db, actor, elder.id, elder.version, on, Source::Office, note).await?;
    }
    Ok(())
}
