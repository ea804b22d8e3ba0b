//! One version of a pack: written with a check that answers at once, tried out, handed in, approved by a second person.
use super::trial::{TrialShown, trial_shown};
use super::{again, done, to, to_correct};
use crate::model::{Act, Version, VersionState, VersionStep, diff};
use crate::packs::Packs;
use crate::service::{self, Checked, Draft};
use crate::shelf::Shelf;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use kernel::{CivilDate, Error, FieldError, Permission, PolicyVersionId};
use policy::{Difference, Pack, differences};
use std::collections::HashMap;
use web::{App, Form, Mark, Page, Viewer, html};

/// Unchanged lines shown around a changed one.
const AROUND: usize = 2;

/// A fault with the line it stands in.
pub(crate) struct FaultShown {
    line: usize,
    column: usize,
    message: String,
    text: String,
}

/// What is known of a text, for the panel beside it.
pub(crate) struct CheckShown {
    kind: &'static str,
    word: String,
    faults: Vec<FaultShown>,
    /// Name, whether it agrees, what does not.
    examples: Vec<(String, bool, String)>,
    passed: usize,
}

impl CheckShown {
    fn of(found: &Checked, body: &str) -> CheckShown {
        let fault = |f: &policy::PackError| FaultShown {
            line: f.line,
            column: f.column,
            message: f.message.clone(),
            text: body.lines().nth(f.line.saturating_sub(1)).unwrap_or_default().trim().chars().take(80).collect(),
        };
        let examples: Vec<(String, bool, String)> = found
            .check
            .examples
            .iter()
            .map(|t| {
                let wrong = t.fault.as_ref().map(|f| f.message.clone()).unwrap_or_default();
                (t.name.clone(), t.fault.is_none(), wrong)
            })
            .collect();
        let passed = examples.iter().filter(|e| e.1).count();
        // A fault in an example is told beside its name.
        let text_fault = found.check.fault.iter().filter(|_| examples.is_empty());
        let faults: Vec<FaultShown> = text_fault.chain(&found.faults).map(fault).collect();
        let (kind, word) = match (faults.len(), examples.len() - passed) {
            (0, 0) => ("ok", "没有错，可以送审".to_string()),
            (0, n) => ("danger", format!("{n} 个样例不对")),
            (n, 0) => ("danger", format!("{n} 处要改")),
            (n, m) => ("danger", format!("{n} 处要改，{m} 个样例不对")),
        };
        CheckShown { kind, word, faults, examples, passed }
    }
}

/// A line of the comparison.
struct LineShown {
    /// `del`, `ins` or empty.
    kind: &'static str,
    old: String,
    new: String,
    text: String,
}

pub(crate) fn mark(state: VersionState) -> Mark {
    match state {
        VersionState::Draft => Mark::Todo,
        VersionState::Submitted => Mark::Doing,
        VersionState::Returned => Mark::Note,
        VersionState::Approved => Mark::Ok,
        VersionState::Withdrawn => Mark::Off,
    }
}

#[derive(Template)]
#[template(path = "entitlement/version.html")]
struct VersionPage {
    page: Page,
    v: Version,
    mark: Mark,
    place: String,
    body: String,
    effective_on: String,
    why: String,
    check: CheckShown,
    changes: Vec<Difference>,
    /// None stands for lines left out.
    lines: Vec<Option<LineShown>>,
    steps: Vec<VersionStep>,
    writer: String,
    base_word: String,
    may_write: bool,
    may_decide: bool,
    may_withdraw: bool,
    /// Why the viewer cannot approve it, where they could otherwise.
    own: bool,
    may_try: bool,
    reason: String,
    trial: Option<TrialShown>,
    in_force: bool,
}

#[derive(Template)]
#[template(path = "entitlement/check.html")]
struct CheckPart {
    check: CheckShown,
}

pub(crate) fn version_id(text: &str) -> kernel::Result<PolicyVersionId> {
    text.parse().map_err(|_| Error::NotFound("这一版政策".into()))
}

fn compared(v: &Version) -> (Vec<Difference>, Vec<Option<LineShown>>) {
    let changes = match (Pack::check("base", &v.base).pack, Pack::check("body", &v.body).pack) {
        (Some(a), Some(b)) => differences(&a, &b),
        _ => Vec::new(),
    };
    let number = |n: Option<usize>| n.map(|n| n.to_string()).unwrap_or_default();
    let lines = diff(&v.base, &v.body, AROUND).into_iter().map(|l| {
        l.map(|l| LineShown {
            kind: match (l.old, l.new) {
                (Some(_), None) => "del",
                (None, Some(_)) => "ins",
                _ => "",
            },
            old: number(l.old),
            new: number(l.new),
            text: l.text,
        })
    });
    (changes, lines.collect())
}

/// What was typed over what is stored.
struct Typed {
    body: String,
    effective_on: String,
    why: String,
    reason: String,
}

impl Typed {
    fn of(v: &Version) -> Typed {
        Typed {
            body: v.body.clone(),
            effective_on: v.effective_on.to_string(),
            why: v.why.clone(),
            reason: String::new(),
        }
    }
}

async fn draw(
    app: &App,
    viewer: &Viewer,
    v: Version,
    typed: Typed,
    errors: Vec<FieldError>,
    flash: Option<String>,
) -> web::Result<Response> {
    let packs = app.thing::<Shelf>()?.packs(app.db()).await?;
    let today = app.clock().today();
    let on: CivilDate = typed.effective_on.parse().unwrap_or(v.effective_on);
    let found = service::check(&packs, &v.pack, &typed.body, on);
    let actor = viewer.actor();
    let (changes, lines) = compared(&Version { body: typed.body.clone(), ..v.clone() });
    let covers = viewer.scope.region.contains(&v.region);
    let own = v.wrote(viewer.user);
    let approver = viewer.may(Permission::PolicyApprove) && covers;
    let drafter = viewer.may(Permission::PolicyDraft);
    let submitted = v.state == VersionState::Submitted;
    let trial = service::trial(app.db(), &actor, &v).await?;
    let wrong = !errors.is_empty();
    let view = VersionPage {
        page: Page::new(app, viewer, format!("{} 第 {} 版", v.title, v.number))
            .at("/policies")
            .errors(errors)
            .flash(flash),
        mark: mark(v.state),
        place: app.regions().full(&v.region),
        check: CheckShown::of(&found, &typed.body),
        changes,
        lines,
        steps: v.steps.iter().rev().cloned().collect(),
        writer: v.last(Act::Saved).map(|s| format!("{}，{}", s.name, s.at.date())).unwrap_or_default(),
        base_word: match &v.adopted_from {
            Some(from) => format!("和《{}》比", packs.title(from).unwrap_or(from)),
            None => "和写的时候施行的比".into(),
        },
        may_write: drafter && v.state.open(),
        may_decide: approver && submitted && !own,
        own: approver && submitted && own,
        may_withdraw: match v.state {
            VersionState::Approved => approver && v.effective_on > today,
            VersionState::Withdrawn => false,
            _ => drafter,
        },
        may_try: (drafter || viewer.may(Permission::PolicyApprove)) && found.check.fault.is_none(),
        in_force: v.state == VersionState::Approved && v.effective_on <= today,
        trial: match trial {
            Some(t) => Some(trial_shown(app, viewer, &packs, t).await?),
            None => None,
        },
        body: typed.body,
        effective_on: typed.effective_on,
        why: typed.why,
        reason: typed.reason,
        v,
    };
    let drawn = html(&view)?;
    Ok(if wrong { again(drawn) } else { drawn })
}

pub(crate) async fn page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(asked): Query<HashMap<String, String>>,
) -> web::Result<Response> {
    let v = service::version(app.db(), &viewer.actor(), version_id(&id)?).await?;
    let flash = done(asked.get("done").map(String::as_str));
    let typed = Typed::of(&v);
    draw(&app, &viewer, v, typed, Vec::new(), flash).await
}

/// Lines as a browser sends them end in CR LF; a document has LF.
fn body_of(form: &Form) -> String {
    form.raw("body").replace("\r\n", "\n")
}

/// Saves, checks or hands in what was written.
pub(crate) async fn write(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let id = version_id(&id)?;
    let actor = viewer.actor();
    let v = service::version(app.db(), &actor, id).await?;
    let seen: i64 = form.parse("seen").unwrap_or_default();
    let typed = Typed {
        body: body_of(&form),
        effective_on: form.raw("effective_on").trim().to_string(),
        why: form.raw("why").to_string(),
        reason: String::new(),
    };
    let effective_on: Option<CivilDate> = form.need("effective_on", "生效日期");
    let act = form.raw("act").to_string();
    if act == "check" {
        return draw(&app, &viewer, v, typed, form.errors().to_vec(), None).await;
    }
    let result = match (form.done(), effective_on) {
        (Ok(()), Some(effective_on)) => {
            let draft = Draft { body: typed.body.clone(), effective_on, why: typed.why.clone() };
            match act.as_str() {
                "submit" => service::submit(app.db(), &*app.thing::<Shelf>()?, &actor, id, seen, draft).await,
                _ => service::save(app.db(), &actor, id, seen, draft).await,
            }
        }
        (wrong, _) => wrong,
    };
    match result {
        Ok(()) => Ok(to(format!("/policy-versions/{id}?done={}", if act == "submit" { "submitted" } else { "saved" }))),
        Err(e) => {
            let errors = to_correct(e)?;
            draw(&app, &viewer, v, typed, errors, None).await
        }
    }
}

/// The panel of checks alone, for whoever is typing.
pub(crate) async fn check(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    let v = service::version(app.db(), &viewer.actor(), version_id(&id)?).await?;
    let packs: std::sync::Arc<Packs> = app.thing::<Shelf>()?.packs(app.db()).await?;
    let on = form.raw("effective_on").trim().parse().unwrap_or(v.effective_on);
    let body = body_of(&form);
    html(&CheckPart { check: CheckShown::of(&service::check(&packs, &v.pack, &body, on), &body) })
}

/// A second person's decision, or taking it back.
pub(crate) async fn decide(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    let id = version_id(&id)?;
    let (db, actor) = (app.db(), viewer.actor());
    let v = service::version(db, &actor, id).await?;
    let reason = form.raw("reason").trim().chars().take(300).collect::<String>();
    let (result, code) = match form.raw("act") {
        "approve" => (service::approve(db, &*app.thing::<Shelf>()?, &actor, id).await, "approved"),
        "return" => (service::send_back(db, &actor, id, &reason).await, "returned"),
        "withdraw" => (service::withdraw(db, &actor, id, &reason).await, "withdrawn"),
        _ => (Err(Error::invalid("reason", "选批准、退回或撤回")), ""),
    };
    match result {
        Ok(()) => Ok(to(format!("/policy-versions/{id}?done={code}"))),
        Err(e) => {
            let errors = to_correct(e)?;
            let typed = Typed { reason, ..Typed::of(&v) };
            draw(&app, &viewer, v, typed, errors, None).await
        }
    }
}
