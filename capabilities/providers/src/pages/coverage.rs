//! Who can take orders of each category, and whose turn it is (轮岗).
use crate::service::{self, Coverage};
use askama::Template;
use kernel::Tier;
use web::axum::extract::State;
use web::axum::response::Response;
use web::{App, Page, Viewer};

struct County {
    name: String,
    rows: Vec<Coverage>,
    thin: usize,
}

#[derive(Template)]
#[template(path = "providers/coverage.html")]
struct CoveragePage {
    page: Page,
    quarter: String,
    counties: Vec<County>,
    /// A provider sees its own turns and not how many others there are.
    own: bool,
}

impl CoveragePage {
    fn count(&self, c: &Coverage) -> String {
        let n = c.providers.len();
        if c.thin() { format!("{n} 家，不足 {} 家", service::WANTED) } else { format!("{n} 家") }
    }
}

/// `GET /providers/coverage`
pub async fn page(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    let (book, here, today) = (app.regions(), *viewer.region(), app.clock().today());
    let codes = if here.tier() < Tier::County { book.children(&here).to_vec() } else { vec![here.at(Tier::County)] };
    let own = viewer.scope.org_id().is_some();
    let mut counties: Vec<County> = Vec::new();
    for c in service::coverage(app.db(), &viewer.scope, &codes, today).await? {
        if own && c.providers.is_empty() {
            continue;
        }
        let name = book.name(&c.county);
        let thin = usize::from(!own && c.thin());
        match counties.iter_mut().find(|k| k.name == name) {
            Some(k) => {
                k.thin += thin;
                k.rows.push(c);
            }
            None => counties.push(County { name, rows: vec![c], thin }),
        }
    }
    web::html(&CoveragePage {
        page: Page::new(&app, &viewer, "轮岗").at("/providers"),
        quarter: today.quarter().zh(),
        counties,
        own,
    })
}
