//! `GET /`: one handler, a desk for each role.
mod administrator;
mod areas;
mod finance;
mod operator;
mod provider;
mod village;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{Instant, Permission, Role, Tier};
use orders::Order;
use web::{App, Mark, Page, Routes, Viewer};

pub fn routes() -> Routes {
    Routes::new("desk").get("/", Permission::SignedIn, home)
}

async fn home(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    match viewer.role {
        // On a phone, with a page of its own.
        Role::Worker => Ok(Redirect::to("/m").into_response()),
        Role::Assessor => Ok(Redirect::to("/assess").into_response()),
        Role::Elder | Role::Family => Ok(Redirect::to("/my").into_response()),
        Role::ProviderManager => provider::desk(&app, &viewer).await,
        Role::Operator => operator::desk(&app, &viewer).await,
        Role::Finance => finance::desk(&app, &viewer).await,
        Role::Administrator => administrator::desk(&app, &viewer).await,
        Role::VillageStaff | Role::TownStaff | Role::CountyStaff | Role::CityStaff => match viewer.region().tier() {
            Tier::Village => village::desk(&app, &viewer).await,
            Tier::Town | Tier::County | Tier::City | Tier::Province => areas::desk(&app, &viewer).await,
        },
    }
}

/// The frame of every desk.
fn frame(app: &App, viewer: &Viewer) -> Page {
    Page::new(app, viewer, "工作台").at("/")
}

/// An order as one line of a list.
pub(crate) struct OrderLine {
    pub(crate) href: String,
    pub(crate) when: String,
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) mark: Mark,
    pub(crate) word: String,
    pub(crate) action: Option<(String, &'static str)>,
}

impl OrderLine {
    /// `text` says what beside the name.
    pub(crate) fn of(o: &Order, now: Instant, text: String) -> OrderLine {
        let (mark, word) = orders::standing(o, now);
        OrderLine {
            href: crate::model::links::order(o.id),
            when: orders::when(o.starts_at, now),
            name: o.elder_name.clone(),
            text,
            mark,
            word,
            action: None,
        }
    }
    /// With a button.
    pub(crate) fn act(mut self, href: String, word: &'static str) -> OrderLine {
        self.action = Some((href, word));
        self
    }
}

/// `助浴，颐安服务 叶春梅`
pub(crate) fn item_and_who(o: &Order) -> String {
    match &o.worker_name {
        Some(worker) => format!("{}，{} {worker}", o.item_name, o.provider_name),
        None => format!("{}，{}", o.item_name, o.provider_name),
    }
}

/// A payment list as one line.
pub(crate) struct ListLine {
    pub(crate) href: String,
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) payable: kernel::Fen,
}

impl ListLine {
    pub(crate) fn of(l: &settlement::service::ListView) -> ListLine {
        ListLine {
            href: format!("/settlements/{}", l.id),
            name: l.provider_name.clone(),
            text: format!("{}，{} 单", l.title(), l.totals.orders),
            payable: l.payable,
        }
    }
    /// For the provider itself: which quarter, and how far it has come.
    pub(crate) fn own(l: &settlement::service::ListView) -> ListLine {
        ListLine { name: l.title(), text: format!("{}，{} 单", l.state.zh(), l.totals.orders), ..ListLine::of(l) }
    }
}
