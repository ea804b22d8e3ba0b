//! New archive, changed archive, and two versions of one archive.
use super::acts::{shown, sources, unprocessable};
use super::path_id;
use super::words::{home, value};
use crate::model::{
    Care, ContactKind, DisabilityCert, FactKind, HouseholdOf, Hukou, IncomeClass, Living, NewContact, NewElder, Since,
    Source, SpecialGroup, groups_text, pinyin_of,
};
use crate::service::{self, Archive, Changes};
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{CivilDate, ElderId, Error, IdNumber, Phone, RegionBook, RegionCode, Tier};
use std::collections::BTreeMap;
use web::{App, Form, Page, Viewer};

/// Three selects that lead to a village, filled as far as one has chosen.
pub(crate) struct RegionPick {
    pub(crate) counties: Vec<(String, String)>,
    pub(crate) towns: Vec<(String, String)>,
    pub(crate) villages: Vec<(String, String)>,
    pub(crate) county: String,
    pub(crate) town: String,
    pub(crate) village: String,
}

impl RegionPick {
    /// Inside `within`; `chosen` may be of any tier. Where there is only one choice it is made.
    pub(crate) fn new(book: &RegionBook, within: &RegionCode, chosen: Option<RegionCode>) -> RegionPick {
        let at = chosen.filter(|c| within.contains(c)).unwrap_or(*within);
        let inside = |parent: RegionCode, tier: Tier| -> Vec<(String, String)> {
            book.children(&parent)
                .iter()
                .filter(|c| c.tier() == tier && (within.contains(c) || c.contains(within)))
                .map(|c| (c.to_string(), book.name(c)))
                .collect()
        };
        let upto = |tier: Tier| (at.tier() >= tier).then(|| at.at(tier));
        let counties = inside(at.at(Tier::City), Tier::County);
        let towns = upto(Tier::County).map(|c| inside(c, Tier::Town)).unwrap_or_default();
        let villages = upto(Tier::Town).map(|t| inside(t, Tier::Village)).unwrap_or_default();
        let text = |c: Option<RegionCode>| c.map(|c| c.to_string()).unwrap_or_default();
        RegionPick {
            counties,
            towns,
            villages,
            county: text(upto(Tier::County)),
            town: text(upto(Tier::Town)),
            village: text(upto(Tier::Village)),
        }
    }
}

/// Parts of the form that can be changed, with their history's kind.
const FIELDS: &[(&str, FactKind)] = &[
    ("name", FactKind::Name),
    ("id_number", FactKind::IdNumber),
    ("phone", FactKind::Phone),
    ("hukou", FactKind::Hukou),
    ("hukou_region", FactKind::HukouRegion),
    ("region", FactKind::Region),
    ("address", FactKind::Address),
    ("living", FactKind::Living),
    ("income", FactKind::Income),
    ("specials", FactKind::Specials),
    ("care", FactKind::Care),
    ("certificate", FactKind::Certificate),
    ("chronic", FactKind::Chronic),
    ("preference", FactKind::Preference),
];

struct Choice {
    code: &'static str,
    word: &'static str,
    on: bool,
}

#[derive(askama::Template)]
#[template(path = "elder_form.html")]
struct FormPage {
    page: Page,
    action: String,
    back: String,
    /// As typed or stored, by field.
    v: BTreeMap<&'static str, String>,
    /// What stood there when the form was opened.
    was: BTreeMap<&'static str, String>,
    editing: bool,
    version: i64,
    pick: RegionPick,
    specials: Vec<Choice>,
    hukou: Vec<(&'static str, &'static str)>,
    living: Vec<(&'static str, &'static str)>,
    income: Vec<(&'static str, &'static str)>,
    care: Vec<(&'static str, &'static str)>,
    certificate: Vec<(&'static str, &'static str)>,
    kinds: Vec<(&'static str, &'static str)>,
    sources: Vec<(&'static str, &'static str)>,
    id_hint: String,
    phone_hint: String,
    pinyin: String,
    read: Option<(String, i16, &'static str)>,
}

impl FormPage {
    fn val(&self, key: &str) -> &str {
        self.v.get(key).map(String::as_str).unwrap_or("")
    }
}

const EXTRA: &[&str] = &[
    "source",
    "since",
    "since_kind",
    "household",
    "contact_name",
    "contact_phone",
    "contact_relation",
    "contact_kind",
    "contact_lives",
];

/// What a form holds, by field.
fn typed(form: &Form) -> BTreeMap<&'static str, String> {
    let mut v: BTreeMap<&'static str, String> = BTreeMap::new();
    for (key, _) in FIELDS {
        let text = if *key == "specials" { specials_of(form) } else { form.raw(key).trim().to_string() };
        v.insert(key, text);
    }
    for key in EXTRA {
        v.insert(key, form.raw(key).trim().to_string());
    }
    v
}

fn specials_of(form: &Form) -> String {
    let picked: Vec<SpecialGroup> =
        form.all("specials").iter().flat_map(|t| t.split(',')).filter_map(SpecialGroup::parse).collect();
    groups_text(&picked)
}

/// What an archive holds, by field. Numbers stay masked: an empty field leaves them.
fn stored(a: &Archive) -> BTreeMap<&'static str, String> {
    let c = &a.card;
    BTreeMap::from([
        ("name", c.name.clone()),
        ("id_number", String::new()),
        ("phone", String::new()),
        ("hukou", c.hukou.code().into()),
        ("hukou_region", c.hukou_region.map(|r| r.to_string()).unwrap_or_default()),
        ("region", c.region.to_string()),
        ("address", c.address.clone()),
        ("living", c.living.code().into()),
        ("income", c.income.code().into()),
        ("specials", groups_text(&c.specials)),
        ("care", c.care.map(|v| v.code().to_string()).unwrap_or_default()),
        ("certificate", c.certificate.map(|v| v.code().to_string()).unwrap_or_default()),
        ("chronic", a.chronic.clone()),
        ("preference", a.preference.clone()),
    ])
}

fn place(v: &BTreeMap<&'static str, String>, form: Option<&Form>) -> Option<RegionCode> {
    let own = v.get("region").and_then(|t| t.parse().ok());
    own.or_else(|| form.and_then(|f| f.raw("town").parse().ok()))
        .or_else(|| form.and_then(|f| f.raw("county").parse().ok()))
}

fn view(
    app: &App,
    viewer: &Viewer,
    archive: Option<&Archive>,
    v: BTreeMap<&'static str, String>,
    was: BTreeMap<&'static str, String>,
    form: Option<&Form>,
) -> FormPage {
    let book = app.regions();
    let today = app.clock().today();
    let picked = v.get("specials").cloned().unwrap_or_default();
    let title = if archive.is_some() { "修改档案" } else { "新建档案" };
    let read = v
        .get("id_number")
        .and_then(|t| t.parse::<IdNumber>().ok())
        .map(|n| (n.birth().to_string(), n.birth().age_on(today), n.sex().zh()));
    let own = archive.map(|a| format!("/elders/{}", a.card.id));
    FormPage {
        page: Page::new(app, viewer, title).at("/elders"),
        action: own.as_ref().map_or("/elders/new".into(), |o| format!("{o}/edit")),
        back: own.unwrap_or_else(|| "/elders".into()),
        pinyin: v.get("name").map(|n| pinyin_of(n)).unwrap_or_default(),
        pick: RegionPick::new(&book, viewer.region(), place(&v, form)),
        editing: archive.is_some(),
        version: archive.map_or(0, |a| a.card.version),
        specials: SpecialGroup::ALL
            .iter()
            .map(|g| Choice { code: g.code(), word: g.zh(), on: picked.split(',').any(|p| p == g.code()) })
            .collect(),
        hukou: Hukou::options(),
        living: Living::options(),
        income: IncomeClass::options(),
        care: Care::options(),
        certificate: DisabilityCert::options(),
        kinds: ContactKind::options(),
        sources: sources(),
        id_hint: archive.map(|a| format!("现在是 {}，不改就空着", a.card.id_masked)).unwrap_or_default(),
        phone_hint: archive
            .map(|a| match a.card.phone_masked.as_str() {
                "" => "现在没有，不补就空着".to_string(),
                known => format!("现在是 {known}，不改就空着，停用写“无”"),
            })
            .unwrap_or_default(),
        read,
        v,
        was,
    }
}

/// `/elders/new`
pub(crate) async fn new(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    let v = BTreeMap::from([("source", "home_visit".to_string()), ("contact_kind", "family".to_string())]);
    web::html(&view(&app, &viewer, None, v, BTreeMap::new(), None))
}

fn read_new(app: &App, form: &mut Form) -> kernel::Result<NewElder> {
    let name = form.text("name", "姓名", 40);
    let number: Option<IdNumber> = form.need("id_number", "证件号码");
    let hukou = form.choice("hukou", "户籍性质", Hukou::parse);
    let region: Option<RegionCode> = form.need("region", "村（社区）");
    let phone: Option<Phone> = form.parse("phone");
    let contact_phone: Option<Phone> = form.parse("contact_phone");
    let hukou_region = hukou_region(app, form);
    let contact_name = form.raw("contact_name").trim().to_string();
    if contact_name.is_empty() && contact_phone.is_some() {
        form.error("contact_name", "写了联系人电话，没写姓名");
    }
    for (key, label, max) in [("address", "住址", 120), ("chronic", "慢病", 200), ("preference", "服务意愿", 200)]
    {
        if form.raw(key).chars().count() > max {
            form.error(key, format!("{label}最多 {max} 字"));
        }
    }
    form.done()?;
    let (Some(number), Some(hukou), Some(region)) = (number, hukou, region) else {
        return Err(Error::invalid("name", "必填的没有填全"));
    };
    let mut e = NewElder::new(name, number, region, hukou);
    e.phone = phone;
    e.address = form.raw("address").trim().into();
    e.hukou_region = hukou_region;
    e.living = Living::parse(form.raw("living")).unwrap_or(Living::Unknown);
    e.income = IncomeClass::parse(form.raw("income")).unwrap_or(IncomeClass::Unknown);
    e.specials = crate::model::groups_from(&specials_of(form));
    e.care = Care::parse(form.raw("care"));
    e.certificate = DisabilityCert::parse(form.raw("certificate"));
    e.chronic = form.raw("chronic").into();
    e.preference = form.raw("preference").into();
    e.source = Source::parse(form.raw("source")).unwrap_or(Source::HomeVisit);
    if let Some(n) = form.opt("household") {
        e.household = HouseholdOf::Number(n.chars().take(40).collect());
    }
    if !contact_name.is_empty() {
        e.contacts.push(NewContact {
            kind: ContactKind::parse(form.raw("contact_kind")).unwrap_or(ContactKind::Family),
            name: contact_name,
            relation: form.raw("contact_relation").into(),
            phone: contact_phone,
            lives: form.raw("contact_lives").into(),
        });
    }
    Ok(e)
}

/// The region of the hukou: a code, the name of a village, or empty for where one lives.
fn hukou_region(app: &App, form: &mut Form) -> Option<RegionCode> {
    let text = form.opt("hukou_region")?;
    let book = app.regions();
    let found = text.parse::<RegionCode>().ok().or_else(|| {
        let own = form.raw("region").parse::<RegionCode>().ok()?;
        [Tier::Town, Tier::County, Tier::City]
            .into_iter()
            .find_map(|t| book.find_by_name(&own.at(t), Tier::Village, &text))
    });
    if found.is_none() {
        form.error("hukou_region", "没有找到这个村（社区）。写全名，外地的写 6 位区划代码");
    }
    found
}

pub(crate) async fn create(State(app): State<App>, viewer: Viewer, mut form: Form) -> web::Result<Response> {
    if form.raw("step") == "region" {
        return web::html(&view(&app, &viewer, None, typed(&form), BTreeMap::new(), Some(&form)));
    }
    let result = match read_new(&app, &mut form) {
        Ok(e) => service::create(app.db(), &viewer.actor(), e).await,
        Err(e) => Err(e),
    };
    match result {
        Ok(id) => Ok(Redirect::to(&format!("/elders/{id}?done=created")).into_response()),
        Err(e) => {
            let mut page = view(&app, &viewer, None, typed(&form), BTreeMap::new(), Some(&form));
            page.page.errors = shown(e)?;
            Ok(unprocessable(web::html(&page)?))
        }
    }
}

/// `/elders/{id}/edit`
pub(crate) async fn edit(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let id: ElderId = path_id(&id)?;
    let a = service::archive(app.db(), &viewer.scope, id).await?;
    let mut v = stored(&a);
    let was = v.clone();
    v.insert("source", "home_visit".into());
    v.insert("since", app.clock().today().to_string());
    v.insert("since_kind", "day".into());
    web::html(&view(&app, &viewer, Some(&a), v, was, None))
}

/// Only what the editor changed; the rest may have been changed by someone else meanwhile.
fn read_changes(app: &App, form: &mut Form, keep: &dyn Fn(&str) -> bool) -> kernel::Result<Changes> {
    let now = typed(form);
    let differs =
        |key: &str| keep(key) && now.get(key).map(String::as_str).unwrap_or("") != form.raw(&format!("was_{key}"));
    let changed: Vec<&str> = FIELDS.iter().map(|(k, _)| *k).filter(|k| differs(k)).collect();
    let mut c = Changes::default();
    for key in changed {
        let text = now.get(key).cloned().unwrap_or_default();
        match key {
            "name" => c.name = Some(form.text("name", "姓名", 40)),
            "id_number" => c.id_number = form.parse("id_number"),
            "phone" if text == "无" => c.phone = Some(None),
            "phone" => c.phone = form.parse::<Phone>("phone").map(Some),
            "hukou" => c.hukou = form.choice("hukou", "户籍性质", Hukou::parse),
            "hukou_region" => c.hukou_region = Some(hukou_region(app, form)),
            "region" => c.region = form.need("region", "村（社区）"),
            "address" => c.address = Some(text.chars().take(120).collect()),
            "living" => c.living = Living::parse(&text),
            "income" => c.income = IncomeClass::parse(&text),
            "specials" => c.specials = Some(crate::model::groups_from(&text)),
            "care" => c.care = Some(Care::parse(&text)),
            "certificate" => c.certificate = Some(DisabilityCert::parse(&text)),
            "chronic" => c.chronic = Some(text.chars().take(200).collect()),
            "preference" => c.preference = Some(text.chars().take(200).collect()),
            _ => {}
        }
    }
    form.done()?;
    Ok(c)
}

fn read_since(form: &mut Form) -> kernel::Result<Since> {
    if form.raw("since_kind") == "always" {
        return Ok(Since::Always);
    }
    let day: Option<CivilDate> = form.need("since", "从哪天起");
    form.done()?;
    day.map(Since::Day).ok_or_else(|| Error::invalid("since", "从哪天起没有填"))
}

pub(crate) async fn save(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let id: ElderId = path_id(&id)?;
    let a = service::archive(app.db(), &viewer.scope, id).await?;
    let was = was_of(&form);
    if form.raw("step") == "region" {
        return web::html(&view(&app, &viewer, Some(&a), typed(&form), was, Some(&form)));
    }
    let seen: i64 = form.parse("version").unwrap_or(0);
    let picks: BTreeMap<&str, bool> =
        FIELDS.iter().map(|(k, _)| (*k, form.raw(&format!("pick_{k}")) != "theirs")).collect();
    let keep = |key: &str| picks.get(key).copied().unwrap_or(true);
    let source = Source::parse(form.raw("source")).unwrap_or(Source::HomeVisit);
    let read = read_changes(&app, &mut form, &keep).and_then(|c| read_since(&mut form).map(|s| (c, s)));
    let result = match read {
        Ok((changes, since)) => {
            service::correct(app.db(), &viewer.actor(), a.card.id, seen, changes, since, source).await
        }
        Err(e) => Err(e),
    };
    match result {
        Ok(()) => {
            let after = service::card(app.db(), &viewer.full_scope, a.card.id).await?;
            let word = if after.version == seen { "nothing" } else { "saved" };
            Ok(Redirect::to(&format!("/elders/{}?done={word}", a.card.id)).into_response())
        }
        Err(Error::Conflict(_)) => {
            let page = conflict(&app, &viewer, &a, &form, &was);
            Ok((axum::http::StatusCode::CONFLICT, web::html(&page)?).into_response())
        }
        Err(e) => {
            let mut page = view(&app, &viewer, Some(&a), typed(&form), was, Some(&form));
            page.version = seen;
            page.page.errors = shown(e)?;
            Ok(unprocessable(web::html(&page)?))
        }
    }
}

fn was_of(form: &Form) -> BTreeMap<&'static str, String> {
    FIELDS.iter().map(|(k, _)| (*k, form.raw(&format!("was_{k}")).to_string())).collect()
}

struct Difference {
    key: &'static str,
    label: &'static str,
    mine: String,
    theirs: String,
    /// The other editor changed it too.
    both: bool,
}

#[derive(askama::Template)]
#[template(path = "conflict.html")]
struct ConflictPage {
    page: Page,
    id: String,
    name: String,
    who: String,
    at: String,
    user: String,
    differences: Vec<Difference>,
    hidden: Vec<(String, String)>,
    version: i64,
}

/// Two versions side by side: what I changed, and what stands there now.
fn conflict(
    app: &App,
    viewer: &Viewer,
    a: &Archive,
    form: &Form,
    was: &BTreeMap<&'static str, String>,
) -> ConflictPage {
    let book = app.regions();
    let (mine, now) = (typed(form), stored(a));
    let text = |m: &BTreeMap<&'static str, String>, k: &str| m.get(k).cloned().unwrap_or_default();
    let shown = |kind: FactKind, t: &str, masked: &str| match kind {
        FactKind::IdNumber | FactKind::Phone if t.is_empty() => masked.to_string(),
        _ => value(&book, kind, t),
    };
    let mut differences = Vec::new();
    let mut hidden = vec![
        ("source".to_string(), text(&mine, "source")),
        ("since".to_string(), text(&mine, "since")),
        ("since_kind".to_string(), text(&mine, "since_kind")),
    ];
    for (key, kind) in FIELDS {
        let (m, w, n) = (text(&mine, key), text(was, key), text(&now, key));
        if m == w || (m == n && !kind.sealed()) {
            continue;
        }
        let masked = match kind {
            FactKind::IdNumber => a.card.id_masked.as_str(),
            FactKind::Phone => a.card.phone_masked.as_str(),
            _ => "",
        };
        hidden.push((key.to_string(), m.clone()));
        hidden.push((format!("was_{key}"), n.clone()));
        differences.push(Difference {
            key,
            label: kind.zh(),
            mine: shown(*kind, &m, masked),
            theirs: shown(*kind, &n, masked),
            both: n != w,
        });
    }
    ConflictPage {
        page: Page::new(app, viewer, "有人先改了").at("/elders"),
        id: a.card.id.to_string(),
        name: format!("{}，{}", a.card.name, home(&book, &a.card.region, &a.card.address)),
        who: a.updated_by.clone(),
        at: a.updated_at.stamp(),
        user: viewer.name.clone(),
        differences,
        hidden,
        version: a.card.version,
    }
}
