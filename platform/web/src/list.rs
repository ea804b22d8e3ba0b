//! The one list of the product: pages, sorts by allow-listed columns, filters by chips, searches, exports to Excel,
//! says what to do when it is empty, and becomes row cards on a phone.
//!
//! A capability declares a [`ListSpec`] once and calls [`respond`]; the same columns make the page and the sheet.
use crate::page::{Page, html};
use crate::viewer::Viewer;
use crate::{App, Result};
use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use kernel::{CivilDate, Dir, Error, Fen, PageAsk, Paged};
use std::collections::BTreeMap;
use std::future::Future;

/// The kind of a state chip: word + shape + colour (DESIGN.md §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Solid,
    Danger,
    Warn,
    Note,
    Doing,
    Todo,
    Ok,
    Off,
}

impl Mark {
    pub const fn class(self) -> &'static str {
        match self {
            Mark::Solid => "solid",
            Mark::Danger => "danger",
            Mark::Warn => "warn",
            Mark::Note => "note",
            Mark::Doing => "doing",
            Mark::Todo => "todo",
            Mark::Ok => "ok",
            Mark::Off => "off",
        }
    }
}
impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.class())
    }
}

/// What stands in a cell.
#[derive(Clone, Debug)]
pub enum Cell {
    Text(String),
    /// The row's name: leads to the record.
    Name {
        href: String,
        text: String,
    },
    /// Another link.
    Link {
        href: String,
        text: String,
    },
    State(Mark, String),
    Money(Fen),
    /// Money where nothing is the usual case: zero is a dash.
    MoneyOrDash(Fen),
    Int(i64),
    Date(Option<CivilDate>),
    Tags(Vec<String>),
}

impl Cell {
    pub fn text(t: impl Into<String>) -> Cell {
        Cell::Text(t.into())
    }
    pub fn name(href: impl Into<String>, text: impl Into<String>) -> Cell {
        Cell::Name { href: href.into(), text: text.into() }
    }
    fn right(&self) -> bool {
        matches!(self, Cell::Money(_) | Cell::MoneyOrDash(_) | Cell::Int(_))
    }
    fn for_sheet(self) -> papers::Cell<'static> {
        match self {
            Cell::Text(t) | Cell::Name { text: t, .. } | Cell::Link { text: t, .. } | Cell::State(_, t) => t.into(),
            Cell::Money(f) | Cell::MoneyOrDash(f) => f.into(),
            Cell::Int(n) => n.into(),
            Cell::Date(d) => d.into(),
            Cell::Tags(t) => t.join("、").into(),
        }
    }
}

/// A column.
pub struct Col<R> {
    /// The name in the URL's `sort`.
    pub key: &'static str,
    pub head: &'static str,
    /// The SQL expression it sorts by; only what is written here can be sorted by.
    pub sort: Option<&'static str>,
    /// Money and counts are added up in the sheet's last row.
    pub total: bool,
    pub cell: fn(&R) -> Cell,
}

impl<R> Col<R> {
    pub const fn new(key: &'static str, head: &'static str, cell: fn(&R) -> Cell) -> Col<R> {
        Col { key, head, sort: None, total: false, cell }
    }
    pub const fn sort(mut self, sql: &'static str) -> Col<R> {
        self.sort = Some(sql);
        self
    }
    pub const fn total(mut self) -> Col<R> {
        self.total = true;
        self
    }
}

/// One answer of a filter.
#[derive(Clone, Debug)]
pub struct Choice {
    pub code: String,
    pub word: String,
}

impl Choice {
    pub fn new(code: impl Into<String>, word: impl Into<String>) -> Choice {
        Choice { code: code.into(), word: word.into() }
    }
}

/// A filter: a select in the condition panel, a chip when it is on.
#[derive(Clone, Debug)]
pub struct FilterSpec {
    pub key: &'static str,
    pub label: &'static str,
    pub choices: Vec<Choice>,
}

/// A common view above the list: a link with a set of filters.
#[derive(Clone, Debug)]
pub struct Tab {
    pub href: String,
    pub word: String,
    pub count: Option<i64>,
    pub current: bool,
}

/// All about one list.
pub struct ListSpec<R> {
    /// Page title, e.g. 老年人档案.
    pub title: String,
    /// Where it lives, e.g. `/elders`.
    pub path: String,
    /// The rail entry it belongs to.
    pub nav: &'static str,
    /// A line beside the title: 水唇镇 60 岁以上 8,412 人.
    pub sub: String,
    pub cols: Vec<Col<R>>,
    pub filters: Vec<FilterSpec>,
    pub tabs: Vec<Tab>,
    /// `None` hides the search box.
    pub search_hint: Option<&'static str>,
    /// Key of the column sorted by when nothing is asked, and its direction.
    pub default_sort: (&'static str, Dir),
    /// Ends the ORDER BY so that pages never overlap, e.g. `e.id`.
    pub tie: &'static str,
    /// Buttons right of the title: (href, icon, word, is the one primary).
    pub actions: Vec<(String, &'static str, String, bool)>,
    /// What to say and where to go when nothing is found.
    pub empty: (String, String, Option<(String, String)>),
    pub flash: Option<String>,
}

/// What was asked of a list.
#[derive(Clone, Debug, Default)]
pub struct ListAsk {
    pub page: u32,
    pub sort: String,
    pub dir: Option<Dir>,
    pub q: String,
    pub filters: BTreeMap<String, String>,
    pub export: bool,
}

impl ListAsk {
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> ListAsk {
        let mut ask = ListAsk { page: 1, ..ListAsk::default() };
        for (k, v) in pairs {
            let v = v.trim().to_string();
            match k.as_str() {
                _ if v.is_empty() => {}
                "page" => ask.page = v.parse().unwrap_or(1).clamp(1, 100_000),
                "sort" => ask.sort = v,
                "dir" => ask.dir = Some(if v == "desc" { Dir::Desc } else { Dir::Asc }),
                "q" => ask.q = v.chars().take(60).collect(),
                "export" => ask.export = v == "xlsx",
                _ if k.starts_with('_') => {}
                _ => {
                    ask.filters.insert(k, v.chars().take(60).collect());
                }
            }
        }
        ask
    }
    /// The value of a filter, if it is on.
    pub fn filter(&self, key: &str) -> Option<&str> {
        self.filters.get(key).map(String::as_str)
    }
    fn pairs(&self) -> Vec<(String, String)> {
        let mut out: Vec<(String, String)> = self.filters.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        if !self.q.is_empty() {
            out.push(("q".into(), self.q.clone()));
        }
        out
    }
    fn sort_pairs(&self) -> Vec<(String, String)> {
        let mut out = Vec::new();
        if !self.sort.is_empty() {
            out.push(("sort".into(), self.sort.clone()));
            out.push(("dir".into(), if self.dir == Some(Dir::Desc) { "desc" } else { "asc" }.to_string()));
        }
        out
    }
}

impl FromRequestParts<App> for ListAsk {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, state: &App) -> std::result::Result<Self, Self::Rejection> {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        Ok(ListAsk::from_pairs(pairs.map(|q| q.0).unwrap_or_default()))
    }
}

/// What the store is asked: which rows and in which order (allow-listed SQL).
#[derive(Clone, Debug)]
pub struct ListFetch {
    pub page: PageAsk,
    pub order: String,
}

fn query(pairs: &[(String, String)]) -> String {
    pairs.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect::<Vec<_>>().join("&")
}

fn encode(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for b in s.bytes() {
        match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b':' | b',' => out.push(b as char),
            _ => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

impl<R> ListSpec<R> {
    /// The ORDER BY of an ask: its own column if that is allowed, the default otherwise.
    pub fn order(&self, ask: &ListAsk) -> String {
        let wanted = self.cols.iter().find(|c| c.key == ask.sort && c.sort.is_some());
        let (col, dir) = match wanted {
            Some(c) => (Some(c), ask.dir.unwrap_or(Dir::Asc)),
            None => (self.cols.iter().find(|c| c.key == self.default_sort.0), self.default_sort.1),
        };
        let dir = if dir == Dir::Desc { "DESC" } else { "ASC" };
        match col.and_then(|c| c.sort) {
            Some(sql) => format!("{sql} {dir}, {} {dir}", self.tie),
            None => format!("{} {dir}", self.tie),
        }
    }
    fn link(&self, pairs: &[(String, String)]) -> String {
        if pairs.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, query(pairs)) }
    }
}

struct Head {
    word: String,
    href: String,
    dir: &'static str,
    right: bool,
    sortable: bool,
}
struct Chip {
    word: String,
    off: String,
}
struct FilterView {
    key: &'static str,
    label: &'static str,
    /// (code, word, is it on)
    choices: Vec<(String, String, bool)>,
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    page: Page,
    sub: String,
    path: String,
    tabs: Vec<Tab>,
    actions: Vec<(String, &'static str, String, bool)>,
    search_hint: Option<&'static str>,
    q: String,
    filters: Vec<FilterView>,
    chips: Vec<Chip>,
    clear: String,
    export: String,
    sort: String,
    dir: String,
    heads: Vec<Head>,
    /// Head word and cell, for tables and row cards.
    rows: Vec<Vec<(&'static str, Cell)>>,
    total: String,
    page_no: u32,
    pages: u32,
    base: String,
    empty: (String, String, Option<(String, String)>),
}

/// Answers a list request: the page, or the Excel file of everything that matches (up to [`PageAsk::EXPORT_ROWS`]).
/// An export is written to the audit log.
pub async fn respond<R, F, Fut>(
    app: &App,
    viewer: &Viewer,
    spec: ListSpec<R>,
    ask: ListAsk,
    fetch: F,
) -> Result<Response>
where
    F: FnOnce(ListFetch) -> Fut,
    Fut: Future<Output = kernel::Result<Paged<R>>>,
{
    let order = spec.order(&ask);
    if ask.export {
        let rows = PageAsk { page: 1, rows: PageAsk::EXPORT_ROWS };
        let found = fetch(ListFetch { page: rows, order }).await?;
        return export(app, viewer, &spec, found.rows).await;
    }
    let found = fetch(ListFetch { page: PageAsk { page: ask.page.max(1), rows: PageAsk::ROWS }, order }).await?;
    html(&view(app, viewer, spec, &ask, found))
}

fn view<R>(app: &App, viewer: &Viewer, spec: ListSpec<R>, ask: &ListAsk, found: Paged<R>) -> ListPage {
    let mut page = Page::new(app, viewer, spec.title.clone()).at(spec.nav).flash(spec.flash.clone());
    if spec.search_hint.is_none() {
        page.q = ask.q.clone();
    }
    let all = ask.pairs();
    let without = |key: &str| all.iter().filter(|(k, _)| k != key).cloned().collect::<Vec<_>>();
    let with_sort = |mut pairs: Vec<(String, String)>| {
        pairs.extend(ask.sort_pairs());
        pairs
    };
    let mut chips: Vec<Chip> = spec
        .filters
        .iter()
        .filter_map(|f| {
            let on = ask.filter(f.key)?;
            let word = f.choices.iter().find(|c| c.code == on).map(|c| c.word.clone())?;
            Some(Chip { word: format!("{}：{word}", f.label), off: spec.link(&with_sort(without(f.key))) })
        })
        .collect();
    if !ask.q.is_empty() {
        chips.push(Chip { word: format!("找“{}”", ask.q), off: spec.link(&with_sort(without("q"))) });
    }
    let filters = spec
        .filters
        .iter()
        .map(|f| FilterView {
            key: f.key,
            label: f.label,
            choices: f
                .choices
                .iter()
                .map(|c| (c.code.clone(), c.word.clone(), ask.filter(f.key) == Some(c.code.as_str())))
                .collect(),
        })
        .collect();
    let sorted_by = spec.cols.iter().find(|c| c.key == ask.sort && c.sort.is_some());
    let (now_key, now_dir) = match sorted_by {
        Some(c) => (c.key, ask.dir.unwrap_or(Dir::Asc)),
        None => spec.default_sort,
    };
    let rows: Vec<Vec<(&'static str, Cell)>> =
        found.rows.iter().map(|r| spec.cols.iter().map(|c| (c.head, (c.cell)(r))).collect()).collect();
    let heads = spec
        .cols
        .iter()
        .enumerate()
        .map(|(i, c)| {
            let on = c.key == now_key && c.sort.is_some();
            let next = if on && now_dir == Dir::Asc { "desc" } else { "asc" };
            let mut pairs = all.clone();
            pairs.push(("sort".into(), c.key.into()));
            pairs.push(("dir".into(), next.into()));
            Head {
                word: c.head.into(),
                href: spec.link(&pairs),
                dir: match (on, now_dir) {
                    (false, _) => "none",
                    (true, Dir::Asc) => "ascending",
                    (true, Dir::Desc) => "descending",
                },
                right: rows.first().is_some_and(|r| r[i].1.right()),
                sortable: c.sort.is_some(),
            }
        })
        .collect();
    let mut export_pairs = with_sort(all.clone());
    export_pairs.push(("export".into(), "xlsx".into()));
    let mut base_pairs = with_sort(all.clone());
    base_pairs.push(("page".into(), String::new()));
    let more = found.total > Paged::<R>::COUNT_CAP;
    ListPage {
        sub: spec.sub.clone(),
        path: spec.path.clone(),
        tabs: spec.tabs.clone(),
        actions: spec.actions.clone(),
        search_hint: spec.search_hint,
        q: ask.q.clone(),
        filters,
        chips,
        clear: spec.path.clone(),
        export: spec.link(&export_pairs),
        sort: ask.sort.clone(),
        dir: if ask.dir == Some(Dir::Desc) { "desc".into() } else { "asc".into() },
        heads,
        total: if more {
            format!("{} 条以上", grouped(Paged::<R>::COUNT_CAP))
        } else {
            format!("{} 条", grouped(found.total))
        },
        page_no: found.page,
        pages: found.pages(),
        base: spec.link(&base_pairs),
        rows,
        empty: spec.empty.clone(),
        page,
    }
}

/// `12,345`
fn grouped(n: i64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

const EXPORTED: audit::Action = audit::Action::new("list.export", "导出列表");

async fn export<R>(app: &App, viewer: &Viewer, spec: &ListSpec<R>, rows: Vec<R>) -> Result<Response> {
    let n = rows.len();
    let columns = spec
        .cols
        .iter()
        .map(|c| {
            let kind = rows.first().map(|r| (c.cell)(r));
            let column = match kind {
                Some(Cell::Money(_) | Cell::MoneyOrDash(_)) => papers::Column::money(c.head),
                Some(Cell::Int(_)) => papers::Column::int(c.head),
                Some(Cell::Date(_)) => papers::Column::date(c.head),
                _ => papers::Column::text(c.head),
            };
            column.totalled(c.total)
        })
        .collect();
    let mut sheet = papers::Sheet::new(spec.title.clone(), columns).titled(spec.title.clone()).note(format!(
        "{}　{} 导出",
        app.now().stamp(),
        viewer.name
    ));
    if spec.cols.iter().any(|c| c.total) {
        sheet = sheet.with_totals();
    }
    let cells = rows.iter().map(|r| spec.cols.iter().map(|c| (c.cell)(r).for_sheet()).collect::<Vec<_>>());
    let file = papers::export(papers::Format::Xlsx, sheet, app.clock().today(), cells).map_err(Error::internal)?;
    let tx = app.db().begin().await?;
    let entry = audit::Entry::new(EXPORTED, "list", &spec.path)
        .region(viewer.scope.region)
        .detail(serde_json::json!({ "rows": n }));
    audit::record(&tx, &viewer.actor(), entry).await?;
    tx.commit().await?;
    Ok(sheet_response(&format!("{}-{}", spec.title, app.clock().today()), file))
}

/// An Excel or CSV file as a download with a Chinese name.
pub fn sheet_response(name: &str, file: papers::Exported) -> Response {
    let disposition =
        format!("attachment; filename=\"list.{0}\"; filename*=UTF-8''{1}.{0}", file.format.code(), encode(name));
    (
        [(header::CONTENT_TYPE, file.format.media_type().to_string()), (header::CONTENT_DISPOSITION, disposition)],
        file.bytes,
    )
        .into_response()
}
