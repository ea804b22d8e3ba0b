//! What every template gets.
use crate::viewer::Viewer;
use crate::{App, assets, csrf_token};
use askama::Template;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use kernel::FieldError;

#[derive(Clone, Debug)]
pub struct NavItem {
    pub href: String,
    pub icon: String,
    pub word: String,
    /// Things to do behind the entry; 0 shows nothing.
    pub count: i64,
    pub current: bool,
}

#[derive(Clone, Debug)]
pub struct RegionLink {
    pub href: String,
    pub name: String,
}

/// The region switcher.
#[derive(Clone, Debug, Default)]
pub struct RegionNav {
    pub ancestors: Vec<RegionLink>,
    pub current: String,
    pub children: Vec<RegionLink>,
}

/// Shell data of one page. Templates extend `shell.html`, `phone.html`, `plain.html` or `print.html`.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub title: String,
    pub site: String,
    /// Version of the assets, for their URLs.
    pub v: String,
    pub csrf: String,
    pub user_name: String,
    pub user_role: String,
    pub user_org: String,
    pub clock: String,
    pub demo: bool,
    pub nav: Vec<NavItem>,
    pub region: RegionNav,
    /// What has to be seen on every page: sentence and where it leads.
    pub loud: Vec<RegionLink>,
    pub flash: Option<String>,
    pub errors: Vec<FieldError>,
    /// The text in the search box.
    pub q: String,
    pub contrast_high: bool,
    pub scale: String,
    pub signed_in: bool,
}

impl Page {
    pub fn new(app: &App, viewer: &Viewer, title: impl Into<String>) -> Page {
        let now = app.now();
        let mut page = Page {
            csrf: viewer.session.map(|s| csrf_token(app, s)).unwrap_or_default(),
            user_name: viewer.name.clone(),
            user_role: viewer.role.zh().into(),
            user_org: viewer.org_name.clone(),
            clock: format!("{} {} {}", now.date(), now.date().weekday_zh(), now.hhmm()),
            contrast_high: viewer.contrast_high,
            scale: viewer.scale.clone(),
            signed_in: true,
            region: region_nav(app, viewer),
            loud: loud(app, viewer),
            ..Page::public(app, title)
        };
        page.nav = app
            .nav()
            .iter()
            .filter(|n| viewer.may(n.needs))
            .map(|n| NavItem {
                href: n.href.into(),
                icon: n.icon.into(),
                word: n.word.into(),
                count: 0,
                current: false,
            })
            .collect();
        page
    }
    /// For pages without a signed-in viewer.
    pub fn public(app: &App, title: impl Into<String>) -> Page {
        Page {
            title: title.into(),
            site: app.site().name.clone(),
            v: assets::version().into(),
            demo: app.site().demo,
            ..Page::default()
        }
    }
    /// Marks the rail entry this page belongs to.
    pub fn at(mut self, href: &str) -> Page {
        for n in &mut self.nav {
            n.current = n.href == href;
        }
        self
    }
    pub fn flash(mut self, message: Option<String>) -> Page {
        self.flash = message.filter(|m| !m.is_empty());
        self
    }
    pub fn errors(mut self, errors: Vec<FieldError>) -> Page {
        self.errors = errors;
        self
    }
    /// The message at one field, if any.
    pub fn error(&self, field: &str) -> String {
        self.errors.iter().find(|e| e.field == field).map(|e| e.message.clone()).unwrap_or_default()
    }
}

fn loud(app: &App, viewer: &Viewer) -> Vec<RegionLink> {
    let here = &viewer.scope.region;
    let concerns = |b: &&crate::Banner| {
        viewer.may(b.needs) && (here.contains(&b.region) || (b.region.contains(here) && viewer.full_scope.covers(here)))
    };
    let all = app.banners();
    all.iter().filter(concerns).map(|b| RegionLink { href: b.href.into(), name: b.text.clone() }).collect()
}

fn region_nav(app: &App, viewer: &Viewer) -> RegionNav {
    let book = app.regions();
    let link = |code: &kernel::RegionCode, name: String| RegionLink { href: format!("/region/{code}"), name };
    let here = viewer.scope.region;
    RegionNav {
        ancestors: book
            .path(&here)
            .into_iter()
            .filter(|r| viewer.full_scope.covers(&r.code) && r.code != here)
            .map(|r| link(&r.code, r.name))
            .collect(),
        current: book.name(&here),
        children: book.children(&here).iter().map(|c| link(c, book.name(c))).collect(),
    }
}

/// A rendered template as a response.
pub fn html<T: Template>(view: &T) -> crate::Result<Response> {
    Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], view.render()?).into_response())
}

#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage {
    pub(crate) page: Page,
    pub(crate) code: u16,
    pub(crate) heading: String,
    pub(crate) what: String,
    pub(crate) ref_no: String,
}
