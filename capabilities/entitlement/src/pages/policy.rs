//! One pack as a person reads it, whatever it is about and whatever it gives.
use super::parts::{ExampleShown, GrantLine, Relation, assessed, evidence, examples, grants, relations};
use super::policies::place;
use super::versions::{Offers, offers};
use crate::model::Verdicts;
use crate::packs::{near, standard};
use crate::service;
use crate::shelf::Shelf;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use kernel::{CivilDate, Error, Permission, Tier};
use policy::{Pack, ParameterValue, Subject};
use web::{App, Page, Viewer, html};

/// A condition of the tree.
pub(crate) struct Branch {
    text: String,
    cel: String,
    article: String,
    opens: bool,
    closes: usize,
}

/// One parameter with its periods.
struct ParameterShown {
    label: String,
    values: Vec<ValueShown>,
}
struct ValueShown {
    value: String,
    days: String,
    now: bool,
    article: String,
    choice: String,
}

#[derive(Template)]
#[template(path = "entitlement/policy.html")]
struct PolicyView<'a> {
    page: Page,
    pack: &'a Pack,
    place: String,
    /// In place here.
    local: bool,
    /// Decides people here by itself.
    automatic: bool,
    standard: String,
    grants: Vec<GrantLine>,
    assessed: Vec<String>,
    evidence: Vec<(String, String, String)>,
    relations: Vec<Relation>,
    in_effect: bool,
    root: String,
    branches: Vec<Branch>,
    parameters: Vec<ParameterShown>,
    choices: usize,
    examples: Vec<ExampleShown>,
    passed: String,
    counts: Verdicts,
    may_run: bool,
    offers: Offers,
    /// How many texts the pack has had.
    texts: usize,
    today: CivilDate,
}

pub(crate) async fn page(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let packs = app.thing::<Shelf>()?.packs(app.db()).await?;
    let today = app.clock().today();
    let pack = packs.get(&id, today).ok_or_else(|| Error::NotFound("这份政策".into()))?;
    let counts = service::by_pack(app.db(), &viewer.scope).await?.get(&pack.id).copied().unwrap_or_default();
    let day = if pack.in_effect(today) { today } else { pack.effective_from };
    let parameters: Vec<ParameterShown> = pack
        .parameters
        .iter()
        .map(|p| ParameterShown {
            label: p.label.clone(),
            values: p.values.iter().map(|v| value(pack, v, day)).collect(),
        })
        .collect();
    let (root, branches) = conditions(pack, day);
    let examples = examples(pack)?;
    let local = near(pack, &viewer.scope.region.at(Tier::City));
    html(&PolicyView {
        page: Page::new(&app, &viewer, pack.title.clone()).at("/policies"),
        place: place(pack, &app.regions()),
        local,
        automatic: local && pack.subject == Subject::Person,
        grants: grants(pack, day),
        assessed: assessed(pack, day),
        evidence: evidence(pack),
        relations: relations(pack, &packs, today),
        standard: standard(pack, day),
        in_effect: pack.in_effect(today),
        choices: pack.choices(day).len(),
        passed: format!("{} 个全部通过", examples.len()),
        examples,
        may_run: viewer.may(Permission::EntitlementRun),
        offers: offers(&viewer, pack),
        texts: packs.find(&id).map_or(1, |v| v.all().len()),
        pack,
        root,
        branches,
        parameters,
        counts,
        today,
    })
}

fn value(pack: &Pack, v: &ParameterValue, day: CivilDate) -> ValueShown {
    ValueShown {
        value: v.value.zh(),
        days: match v.to {
            Some(to) => format!("{} 至 {to}", v.from),
            None => format!("{} 起", v.from),
        },
        now: v.from <= day && v.to.is_none_or(|to| day <= to),
        article: v.article.map(|a| pack.articles[a].label.clone()).unwrap_or_default(),
        choice: v.choice.clone().unwrap_or_default(),
    }
}

/// The tree of the first class, its root's label apart.
fn conditions(pack: &Pack, day: CivilDate) -> (String, Vec<Branch>) {
    fn grow(pack: &Pack, fill: &dyn Fn(&str) -> String, i: usize, out: &mut Vec<Branch>) {
        let c = &pack.conditions[i];
        out.push(Branch {
            text: fill(&c.label),
            cel: c.cel().unwrap_or_default().to_string(),
            article: c.article.map(|a| pack.articles[a].label.clone()).unwrap_or_default(),
            opens: !c.children().is_empty(),
            closes: 0,
        });
        c.children().iter().for_each(|&child| grow(pack, fill, child, out));
        if !c.children().is_empty()
            && let Some(last) = out.last_mut()
        {
            last.closes += 1;
        }
    }
    let on = pack.at(day).ok();
    let fill = |label: &str| on.as_ref().map_or_else(|| label.to_string(), |on| on.fill(label));
    let mut out = Vec::new();
    let roots: Vec<usize> = pack.classes.iter().map(|c| c.when).collect();
    let root = match roots.as_slice() {
        [only] if !pack.conditions[*only].children().is_empty() => {
            let children = pack.conditions[*only].children();
            children.iter().for_each(|&c| grow(pack, &fill, c, &mut out));
            fill(&pack.conditions[*only].label)
        }
        _ => {
            roots.iter().for_each(|&r| grow(pack, &fill, r, &mut out));
            "属于下列任一类".into()
        }
    };
    (root, out)
}
