//! The contract form.
use super::{again, org_id, parsed, to_correct, to_provider};
use crate::model::{Contract, ContractDraft, Provider};
use crate::service;
use askama::Template;
use catalogue::Category;
use kernel::{CivilDate, FieldError, RegionCode, Tier};
use web::axum::extract::{Path, State};
use web::axum::response::Response;
use web::{App, Form, Page, Viewer};

#[derive(Template)]
#[template(path = "providers/contract_form.html")]
struct ContractForm {
    page: Page,
    form: Form,
    provider: Provider,
    /// (code, name, is it on)
    regions: Vec<(String, String, bool)>,
    categories: Vec<(&'static str, &'static str, bool)>,
}

fn draw(
    app: &App,
    viewer: &Viewer,
    form: Form,
    provider: Provider,
    number: Option<&str>,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let book = app.regions();
    let here = viewer.full_scope.region;
    let chosen: Vec<RegionCode> = form.all("regions").iter().filter_map(|r| r.parse().ok()).collect();
    let mut offered: Vec<RegionCode> =
        std::iter::once(here).chain(book.children(&here).iter().copied()).filter(|r| r.tier() <= Tier::Town).collect();
    offered.extend(chosen.iter().copied().filter(|r| here.contains(r)));
    offered.sort_unstable();
    offered.dedup();
    let title = number.map_or(format!("登记“{}”的合同", provider.name), |n| format!("改合同 {n}"));
    web::html(&ContractForm {
        page: Page::new(app, viewer, title).at("/providers").errors(errors),
        regions: offered.into_iter().map(|r| (r.to_string(), book.name(&r), chosen.contains(&r))).collect(),
        categories: Category::ALL
            .iter()
            .map(|c| (c.code(), c.zh(), form.all("categories").iter().any(|x| x == c.code())))
            .collect(),
        form,
        provider,
    })
}

fn filled(c: &Contract) -> Form {
    let mut pairs = vec![
        ("number", c.number.clone()),
        ("award", c.award.clone()),
        ("from", c.from.to_string()),
        ("to", c.to.to_string()),
        ("capacity", c.capacity.map(|n| n.to_string()).unwrap_or_default()),
        ("insurer", c.insurer.clone()),
        ("policy_no", c.policy_no.clone()),
        ("insured_to", c.insured_to.to_string()),
        ("version", c.version.to_string()),
    ];
    pairs.extend(c.regions.iter().map(|r| ("regions", r.to_string())));
    pairs.extend(c.categories.iter().map(|k| ("categories", k.code().to_string())));
    Form::from_pairs(pairs.into_iter().map(|(k, v)| (k.to_string(), v)))
}

fn read(form: &mut Form) -> Option<ContractDraft> {
    let number = form.text("number", "合同编号", 40);
    let award = form.text("award", "中标通知书编号", 60);
    let from: Option<CivilDate> = form.need("from", "合同从");
    let to: Option<CivilDate> = form.need("to", "合同到");
    let insurer = form.text("insurer", "保险公司", 30);
    let policy_no = form.text("policy_no", "保单号", 40);
    let insured_to: Option<CivilDate> = form.need("insured_to", "责任险到");
    let capacity = match form.opt("capacity").map(|t| t.parse::<u32>()) {
        None => None,
        Some(Ok(n)) => Some(n),
        Some(Err(_)) => {
            form.error("capacity", "接单上限要填数字，不限就不填");
            None
        }
    };
    let regions = form.all("regions").iter().filter_map(|r| r.parse().ok()).collect();
    let categories = form.all("categories").iter().filter_map(|c| Category::parse(c)).collect();
    form.done().ok()?;
    Some(ContractDraft {
        number,
        award,
        from: from?,
        to: to?,
        regions,
        categories,
        capacity,
        insurer,
        policy_no,
        insured_to: insured_to?,
    })
}

/// `GET /providers/{id}/contracts/new`
pub async fn new_form(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let p = service::provider(app.db(), &viewer.scope, org_id(&id)?).await?.provider;
    draw(&app, &viewer, Form::default(), p, None, Vec::new())
}

/// `POST /providers/{id}/contracts/new`
pub async fn create(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let p = service::provider(app.db(), &viewer.scope, org_id(&id)?).await?.provider;
    let Some(draft) = read(&mut form) else {
        let errors = form.errors().to_vec();
        return Ok(again(draw(&app, &viewer, form, p, None, errors)?));
    };
    let tx = app.db().begin().await?;
    match service::sign_contract(&tx, app.db(), &viewer.actor(), p.org, draft).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(to_provider(p.org, "contract"))
        }
        Err(e) => Ok(again(draw(&app, &viewer, form, p, None, to_correct(e)?)?)),
    }
}

/// `GET /providers/{id}/contracts/{contract}/edit`
pub async fn edit_form(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, contract)): Path<(String, String)>,
) -> web::Result<Response> {
    let p = service::provider(app.db(), &viewer.scope, org_id(&id)?).await?.provider;
    let c = service::contract(app.db(), &viewer.scope, p.org, parsed(&contract, "这份合同")?).await?;
    draw(&app, &viewer, filled(&c), p, Some(&c.number), Vec::new())
}

/// `POST /providers/{id}/contracts/{contract}/edit`
pub async fn update(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, contract)): Path<(String, String)>,
    mut form: Form,
) -> web::Result<Response> {
    let p = service::provider(app.db(), &viewer.scope, org_id(&id)?).await?.provider;
    let c = service::contract(app.db(), &viewer.scope, p.org, parsed(&contract, "这份合同")?).await?;
    let version: i64 = form.raw("version").parse().unwrap_or(0);
    let Some(draft) = read(&mut form) else {
        let errors = form.errors().to_vec();
        return Ok(again(draw(&app, &viewer, form, p, Some(&c.number), errors)?));
    };
    let tx = app.db().begin().await?;
    match service::change_contract(&tx, &viewer.actor(), c.id, version, draft).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(to_provider(p.org, "contract"))
        }
        Err(e) => Ok(again(draw(&app, &viewer, form, p, Some(&c.number), to_correct(e)?)?)),
    }
}
