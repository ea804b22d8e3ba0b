//! Service addresses of an elder's household.
use super::acts::{shown, unprocessable};
use super::form::RegionPick;
use super::path_id;
use super::record::{Head, head};
use super::words::{Done, done, home};
use crate::model::{AddressId, AddressStep, MAX_ADDRESSES, may_change};
use crate::service::{self, AddressChange, NewAddress};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{CivilDate, ElderId, Error, GeoPoint, RegionCode};
use web::{App, Form, Page, Viewer};

struct Place {
    id: String,
    text: String,
    since: String,
    on_map: bool,
}

#[derive(askama::Template)]
#[template(path = "addresses.html")]
struct AddressesPage {
    page: Page,
    head: Head,
    places: Vec<Place>,
    changes: Vec<AddressChange>,
    left_this_year: usize,
    /// Why nothing can be changed now, if so.
    closed: Option<String>,
    may_add: bool,
    pick: RegionPick,
    form: Form,
}

async fn view(app: &App, viewer: &Viewer, id: ElderId, form: Form) -> kernel::Result<AddressesPage> {
    let (db, scope) = (app.db(), &viewer.scope);
    let a = service::archive(db, scope, id).await?;
    let active = service::service_addresses(db, scope, a.card.household).await?;
    let changes = service::address_changes(db, scope, a.card.household).await?;
    let book = app.regions();
    let today = app.clock().today();
    let days: Vec<CivilDate> = changes.iter().map(|c| c.on).collect();
    let used = days.iter().filter(|d| d.year() == today.year()).count();
    let closed = may_change(active.len(), &days, AddressStep::Replace, today).err().map(|e| e.user_message());
    let chosen = [form.raw("region"), form.raw("town"), form.raw("county")]
        .into_iter()
        .find_map(|t| t.parse::<RegionCode>().ok())
        .or(Some(a.card.region));
    Ok(AddressesPage {
        page: Page::new(app, viewer, format!("{}的服务地址", a.card.name)).at("/elders"),
        head: head(app, viewer, &a, "addresses"),
        places: active
            .iter()
            .map(|p| Place {
                id: p.id.to_string(),
                text: home(&book, &p.region, &p.address),
                since: p.since.to_string(),
                on_map: p.place.is_some(),
            })
            .collect(),
        changes,
        left_this_year: crate::model::MAX_CHANGES.saturating_sub(used),
        closed,
        may_add: active.len() < MAX_ADDRESSES,
        pick: RegionPick::new(&book, &app.site().region, chosen),
        form,
    })
}

/// `/elders/{id}/addresses`
pub(crate) async fn addresses(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(d): Query<Done>,
) -> web::Result<Response> {
    let mut page = view(&app, &viewer, path_id(&id)?, Form::default()).await?;
    page.page.flash = done(&d.done);
    web::html(&page)
}

fn place(form: &mut Form) -> Option<GeoPoint> {
    let (lat, lng) = (form.opt("lat")?, form.opt("lng")?);
    let point = lat.parse().ok().zip(lng.parse().ok()).and_then(|(a, b)| GeoPoint::from_degrees(a, b));
    if point.is_none() {
        form.error("lat", "经纬度要写成 23.2801 和 115.6512 这样的数");
    }
    point
}

pub(crate) async fn save(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let id: ElderId = path_id(&id)?;
    if form.raw("step") == "region" {
        return web::html(&view(&app, &viewer, id, form).await?);
    }
    match act(&app, &viewer, id, &mut form).await {
        Ok(()) => Ok(Redirect::to(&format!("/elders/{id}/addresses?done=address")).into_response()),
        Err(e) => {
            let errors = shown(e)?;
            let mut page = view(&app, &viewer, id, form).await?;
            page.page.errors = errors;
            Ok(unprocessable(web::html(&page)?))
        }
    }
}

async fn act(app: &App, viewer: &Viewer, id: ElderId, form: &mut Form) -> kernel::Result<()> {
    let (db, actor) = (app.db(), viewer.actor());
    let household = service::card(db, &viewer.scope, id).await?.household;
    if let Some(("locate", address)) = form.raw("what").split_once(':') {
        let address: AddressId = path_id(address)?;
        let point = place(form);
        form.done()?;
        let point = point.ok_or_else(|| Error::invalid("lat", "经纬度没有填"))?;
        return service::locate_address(db, &actor, household, address, point).await;
    }
    let reason = form.text("reason", "为什么变更", 100);
    // 增加, 撤下 …, 换下 …
    let (step, old) = match form.raw("what").split_once(':') {
        Some(("remove", old)) => (AddressStep::Remove, Some(path_id::<AddressId>(old)?)),
        Some(("replace", old)) => (AddressStep::Replace, Some(path_id::<AddressId>(old)?)),
        _ if form.raw("what") == "add" => (AddressStep::Add, None),
        _ => {
            form.error("what", "没有选做什么");
            (AddressStep::Add, None)
        }
    };
    let new = if step == AddressStep::Remove {
        None
    } else {
        let region: Option<RegionCode> = form.need("region", "村（社区）");
        let address = form.text("address", "门牌", 120);
        let place = place(form);
        region.map(|region| NewAddress { region, address, place })
    };
    form.done()?;
    match (step, old, new) {
        (AddressStep::Add, _, Some(new)) => service::add_address(db, &actor, household, new, &reason).await,
        (AddressStep::Replace, Some(old), Some(new)) => {
            service::change_address(db, &actor, household, old, new, &reason).await
        }
        (AddressStep::Remove, Some(old), _) => service::remove_address(db, &actor, household, old, &reason).await,
        _ => Err(Error::invalid("what", "没有选做什么")),
    }
}
