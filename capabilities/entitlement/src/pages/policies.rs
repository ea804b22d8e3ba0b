//! The packs: all of them in a list, and asking for a determination now.
use super::lists::{paged, tabs};
use crate::model::Verdicts;
use crate::packs::{Group, Packs, near, standard};
use crate::service;
use crate::shelf::Shelf;
use axum::extract::State;
use axum::response::{Redirect, Response};
use kernel::{CivilDate, Dir, RegionBook, RegionCode, Tier};
use policy::{Pack, Subject};
use std::cmp::Ordering;
use web::{App, Cell, Choice, Col, FilterSpec, ListAsk, ListSpec, Mark, Viewer};

/// A row of the list of policies.
struct Listed {
    id: String,
    title: String,
    subject: Subject,
    place: String,
    local: bool,
    standard: String,
    from: CivilDate,
    to: Option<CivilDate>,
    in_effect: bool,
    local_example: bool,
    group: String,
    examples: i64,
    counts: Verdicts,
}

impl Listed {
    fn of(pack: &Pack, packs: &Packs, city: &RegionCode, regions: &RegionBook, today: CivilDate) -> Listed {
        let several = |g: &&Group| packs.members(g).iter().any(|p| p.id != pack.id);
        let group = packs.group_of(&pack.id).filter(several);
        Listed {
            id: pack.id.clone(),
            title: pack.title.clone(),
            subject: pack.subject,
            place: if regions.contains(&pack.place) { regions.name(&pack.place) } else { place(pack, regions) },
            local: near(pack, city),
            standard: standard(pack, today),
            from: pack.effective_from,
            to: pack.effective_to,
            in_effect: pack.in_effect(today),
            local_example: pack.local_example,
            group: group.map(|g| packs.group_title(g)).unwrap_or_default(),
            examples: pack.examples as i64,
            counts: Verdicts::default(),
        }
    }
    /// Whether people here are determined by themselves.
    fn automatic(&self) -> bool {
        self.local && self.subject == Subject::Person
    }
    fn compare(&self, other: &Listed, key: &str) -> Ordering {
        match key {
            "subject" => self.subject.code().cmp(other.subject.code()).reverse(),
            "place" => (!self.local, &self.place).cmp(&(!other.local, &other.place)),
            "effective" => self.from.cmp(&other.from),
            "grp" => self.group.cmp(&other.group),
            "automatic" => other.automatic().cmp(&self.automatic()),
            "examples" => self.examples.cmp(&other.examples),
            "eligible" => self.counts.eligible.cmp(&other.counts.eligible),
            "unknown" => self.counts.unknown.cmp(&other.counts.unknown),
            "here" => (!self.automatic(), !self.local, self.subject.code(), &self.title).cmp(&(
                !other.automatic(),
                !other.local,
                other.subject.code(),
                &other.title,
            )),
            _ => self.title.cmp(&other.title),
        }
        .then_with(|| self.id.cmp(&other.id))
    }
}

/// The place in words. The regions of other cities are not on file here; the pack's own note names them.
pub(crate) fn place(pack: &Pack, regions: &RegionBook) -> String {
    match regions.contains(&pack.place) || pack.place_note.is_empty() {
        true => regions.full(&pack.place),
        false => pack.place_note.trim_end_matches('。').to_string(),
    }
}

fn period(from: CivilDate, to: Option<CivilDate>) -> String {
    to.map_or_else(|| format!("{from} 起"), |to| format!("{from} 至 {to}"))
}

fn columns() -> Vec<Col<Listed>> {
    vec![
        Col::new("title", "政策", |r: &Listed| Cell::name(format!("/policies/{}", r.id), r.title.clone()))
            .sort("title"),
        Col::new("subject", "对象", |r: &Listed| Cell::text(r.subject.zh())).sort("subject"),
        Col::new("place", "适用", |r: &Listed| {
            Cell::text(if r.local { r.place.clone() } else { format!("外地，{}", r.place) })
        })
        .sort("place"),
        Col::new("state", "施行", |r: &Listed| match (r.in_effect, r.local_example) {
            (true, true) => Cell::State(Mark::Note, format!("{}，本地举例", period(r.from, r.to))),
            (true, false) => Cell::State(Mark::Ok, period(r.from, r.to)),
            (false, _) => Cell::State(Mark::Off, format!("{}，不在施行期", period(r.from, r.to))),
        })
        .sort("effective"),
        Col::new("automatic", "认定", |r: &Listed| match r.automatic() {
            true => Cell::State(Mark::Ok, "自动".into()),
            false => Cell::State(Mark::Off, "不自动".into()),
        })
        .sort("automatic"),
        Col::new("standard", "标准", |r: &Listed| Cell::text(r.standard.clone())),
        Col::new("group", "只享受一项的组", |r: &Listed| {
            Cell::text(if r.group.is_empty() { "—".into() } else { r.group.clone() })
        })
        .sort("grp"),
        Col::new("examples", "样例", |r: &Listed| Cell::State(Mark::Ok, format!("{} 个通过", r.examples)))
            .sort("examples"),
        Col::new("eligible", "符合", |r: &Listed| match r.automatic() {
            true => Cell::Link { href: format!("/entitled?pack={}", r.id), text: format!("{} 人", r.counts.eligible) },
            false => Cell::text("—"),
        })
        .sort("eligible"),
        Col::new("unknown", "缺资料", |r: &Listed| match (r.automatic(), r.counts.unknown) {
            (true, n) if n > 0 => {
                Cell::Link { href: format!("/entitled?view=unknown&pack={}", r.id), text: format!("{n} 人") }
            }
            (true, _) => Cell::text("0 人"),
            (false, _) => Cell::text("—"),
        })
        .sort("unknown"),
    ]
}

fn filters() -> Vec<FilterSpec> {
    let subjects = Subject::ALL.iter().map(|s| Choice::new(s.code(), s.zh())).collect();
    let either = |yes: (&str, &str), no: (&str, &str)| vec![Choice::new(yes.0, yes.1), Choice::new(no.0, no.1)];
    vec![
        FilterSpec { key: "subject", label: "对象", choices: subjects },
        FilterSpec { key: "place", label: "适用", choices: either(("local", "本地"), ("elsewhere", "外地")) },
        FilterSpec { key: "automatic", label: "认定", choices: either(("yes", "自动"), ("no", "不自动")) },
    ]
}

fn wanted(row: &Listed, ask: &ListAsk) -> bool {
    ask.filter("subject").is_none_or(|s| s == row.subject.code())
        && ask.filter("place").is_none_or(|p| (p == "local") == row.local)
        && ask.filter("automatic").is_none_or(|a| (a == "yes") == row.automatic())
        && (row.title.contains(&ask.q) || row.place.contains(&ask.q))
}

pub(crate) async fn list(State(app): State<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Response> {
    let packs = app.thing::<Shelf>()?.packs(app.db()).await?;
    let today = app.clock().today();
    let mut counts = service::by_pack(app.db(), &viewer.scope).await?;
    let (regions, city) = (app.regions(), viewer.scope.region.at(Tier::City));
    let rows: Vec<Listed> = packs
        .each()
        .map(|v| v.on(today))
        .map(|p| Listed {
            counts: counts.remove(&p.id).unwrap_or_default(),
            ..Listed::of(p, &packs, &city, &regions, today)
        })
        .filter(|r| wanted(r, &ask))
        .collect();
    let last = service::determined_on(app.db(), &viewer.scope).await?;
    let sub = match last {
        Some((day, at)) => format!("已认定到 {day}，{} 做完", at.stamp()),
        None => "还没有认定过".into(),
    };
    let spec = ListSpec {
        title: "政策".into(),
        path: "/policies".into(),
        nav: "/policies",
        sub,
        cols: columns(),
        filters: filters(),
        tabs: tabs(&app, &viewer, "/policies", None).await?,
        search_hint: Some("政策名称、地方"),
        default_sort: ("", Dir::Asc),
        tie: "here",
        actions: vec![("/policy-versions".into(), "history", "版本和审批".into(), false)],
        empty: ("没有符合的政策".into(), "换个条件再找".into(), Some(("/policies".into(), "看全部政策".into()))),
        flash: None,
    };
    web::respond(&app, &viewer, spec, ask, |f| async move { Ok(paged(rows, &f, Listed::compare)) }).await
}

/// Asks for a determination of the viewer's region now, and leads to its progress.
pub(crate) async fn run(State(app): State<App>, viewer: Viewer) -> web::Result<Redirect> {
    let id = service::ask_now(app.db(), &viewer.actor(), viewer.scope.region).await?;
    Ok(Redirect::to(&format!("/jobs/{id}")))
}
