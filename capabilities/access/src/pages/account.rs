//! The list of accounts, one account's page, and what is done to it on a page of its own.
use super::{Done, form_page, id, org_word, region_name, said};
use crate::authenticator::Access;
use crate::model::{Account, SessionInfo};
use crate::service::{self, AccountAsk};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{Dir, Error, Instant, Role, UserId};
use web::{App, Cell, Choice, Col, FilterSpec, ListAsk, ListSpec, Mark, Page, Viewer};

struct Line {
    a: Account,
    region: String,
    org: String,
    now: Instant,
}

fn standing(a: &Account, now: Instant) -> (Mark, String) {
    if !a.active {
        (Mark::Off, "已停用".into())
    } else if let Some(until) = a.locked(now) {
        (Mark::Warn, format!("锁到 {}", until.hhmm()))
    } else if a.must_change {
        (Mark::Todo, "还没换密码".into())
    } else if a.role.needs_totp() && !a.has_totp {
        (Mark::Todo, "还没绑验证码".into())
    } else {
        (Mark::Ok, "正常".into())
    }
}

/// `GET /accounts`
pub(crate) async fn list(State(app): State<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Response> {
    let cols = vec![
        Col::new("name", "姓名", |l: &Line| Cell::name(format!("/accounts/{}", l.a.id), &l.a.name)).sort("name"),
        Col::new("login", "登录名", |l: &Line| Cell::text(&l.a.login)).sort("login"),
        Col::new("role", "角色", |l: &Line| Cell::text(l.a.role.zh())).sort("role"),
        Col::new("region", "管的区域", |l: &Line| Cell::text(&l.region)).sort("region"),
        Col::new("org", "单位", |l: &Line| Cell::text(&l.org)),
        Col::new("state", "状态", |l: &Line| {
            let (mark, word) = standing(&l.a, l.now);
            Cell::State(mark, word)
        }),
        Col::new("made", "开账号的日子", |l: &Line| Cell::Date(Some(l.a.created_at.date()))).sort("created_at"),
    ];
    let roles = Role::ALL.iter().map(|r| Choice::new(r.code(), r.zh())).collect();
    let spec = ListSpec {
        title: "账号".into(),
        path: "/accounts".into(),
        nav: "/accounts",
        sub: region_name(&app, viewer.region()),
        cols,
        filters: vec![
            FilterSpec { key: "role", label: "角色", choices: roles },
            FilterSpec {
                key: "active",
                label: "状态",
                choices: vec![Choice::new("yes", "在用"), Choice::new("no", "已停用")],
            },
        ],
        tabs: Vec::new(),
        search_hint: Some("姓名、登录名"),
        default_sort: ("made", Dir::Desc),
        tie: "id",
        actions: vec![
            ("/sessions".into(), "device-tv", "在线设备".into(), false),
            ("/api-keys".into(), "lock", "接口密钥".into(), false),
            ("/accounts/new".into(), "plus", "开账号".into(), true),
        ],
        empty: (
            "这里还没有账号".into(),
            "给要用平台的人开一个，密码只显示一次".into(),
            Some(("/accounts/new".into(), "开账号".into())),
        ),
        flash: None,
    };
    let wanted = AccountAsk {
        role: ask.filter("role").and_then(Role::parse),
        org: ask.filter("org").and_then(|o| o.parse().ok()),
        active: ask.filter("active").map(|a| a == "yes"),
        q: ask.q.clone(),
    };
    let (scope, now) = (viewer.scope, app.now());
    let (to, scope, wanted) = (&app, &scope, &wanted);
    web::respond(&app, &viewer, spec, ask, |f| async move {
        let found = service::accounts(to.db(), scope, wanted, &f.order, f.page).await?;
        let ids: Vec<_> = found.rows.iter().filter_map(|a| a.org).collect();
        let orgs = crate::directory::orgs_by_ids(to.db(), &ids).await?;
        Ok(found.map(|a| Line { region: region_name(to, &a.region), org: org_word(&orgs, a.org), a, now }))
    })
    .await
}

struct SessionRow {
    s: service::SessionLine,
    device: String,
    region: String,
    now: Instant,
}

/// `GET /sessions`: who is signed in, of one's region.
pub(crate) async fn sessions(State(app): State<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Response> {
    let cols = vec![
        Col::new("name", "姓名", |r: &SessionRow| Cell::name(format!("/accounts/{}", r.s.user_id), &r.s.name))
            .sort("a.name"),
        Col::new("role", "角色", |r: &SessionRow| Cell::text(Role::parse(&r.s.role).map_or("", Role::zh)))
            .sort("a.role"),
        Col::new("region", "管的区域", |r: &SessionRow| Cell::text(&r.region)).sort("a.region"),
        Col::new("device", "设备", |r: &SessionRow| Cell::text(&r.device)),
        Col::new("ip", "网络地址", |r: &SessionRow| Cell::text(&r.s.ip)),
        Col::new("since", "登录时间", |r: &SessionRow| Cell::text(r.s.created_at.stamp())).sort("s.created_at"),
        Col::new("seen", "最后在用", |r: &SessionRow| Cell::text(r.s.seen_at.ago(r.now))).sort("s.seen_at"),
    ];
    let spec = ListSpec {
        title: "在线设备".into(),
        path: "/sessions".into(),
        nav: "/accounts",
        sub: "点姓名，可让他的某台设备退出".into(),
        cols,
        filters: Vec::new(),
        tabs: Vec::new(),
        search_hint: Some("姓名"),
        default_sort: ("seen", Dir::Desc),
        tie: "s.id",
        actions: Vec::new(),
        empty: ("没有人在线".into(), "12 小时没用过的已自动退出".into(), None),
        flash: None,
    };
    let (scope, q, now) = (viewer.scope, ask.q.clone(), app.now());
    let (to, scope, q) = (&app, &scope, &q);
    web::respond(&app, &viewer, spec, ask, |f| async move {
        let found = service::sessions(to.db(), scope, q, &f.order, f.page).await?;
        Ok(found.map(|s| {
            let device = SessionInfo {
                id: s.id,
                user: s.user_id,
                created_at: s.created_at,
                seen_at: s.seen_at,
                ip: String::new(),
                agent: s.agent.clone(),
            }
            .device();
            SessionRow { device, region: region_name(to, &s.region), s, now }
        }))
    })
    .await
}

struct Device {
    s: SessionInfo,
    name: String,
    seen: String,
}

#[derive(Template)]
#[template(path = "account.html")]
struct RecordPage {
    page: Page,
    a: Account,
    region: String,
    org: String,
    mark: Mark,
    standing: String,
    totp: String,
    devices: Vec<Device>,
    own: bool,
    editable: bool,
}

/// `GET /accounts/{id}`
pub(crate) async fn record(
    State(app): State<App>,
    viewer: Viewer,
    Path(user): Path<String>,
    done: Query<Done>,
) -> web::Result<Response> {
    let user: UserId = id(&user)?;
    let access = app.thing::<Access>()?;
    let a = service::account(app.db(), &viewer.actor(), user).await?;
    let now = app.now();
    let devices = access.sessions_of(&viewer.actor(), user).await?;
    let (mark, word) = standing(&a, now);
    let org = match a.org {
        Some(o) => service::org_name(app.db(), o).await?,
        None => String::new(),
    };
    let totp = match (a.has_totp, a.role.needs_totp()) {
        (true, _) => "已绑定",
        (false, true) => "下次登录时绑定",
        (false, false) => "没有绑定，这个角色可不绑",
    };
    let page = Page::new(&app, &viewer, a.name.clone()).at("/accounts").flash(said(&done));
    let view = RecordPage {
        page,
        region: region_name(&app, &a.region),
        org,
        mark,
        standing: word,
        totp: totp.into(),
        devices: devices.into_iter().map(|s| Device { name: s.device(), seen: s.seen_at.ago(now), s }).collect(),
        own: viewer.user == a.id,
        editable: a.role != Role::Worker,
        a,
    };
    form_page(&view, false)
}

/// What is done to an account behind a confirm page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Disable,
    Enable,
    ResetPassword,
    ResetTotp,
}

impl Act {
    fn parse(code: &str) -> Option<Act> {
        [Act::Disable, Act::Enable, Act::ResetPassword, Act::ResetTotp].into_iter().find(|a| a.code() == code)
    }
    const fn code(self) -> &'static str {
        match self {
            Act::Disable => "disable",
            Act::Enable => "enable",
            Act::ResetPassword => "reset-password",
            Act::ResetTotp => "reset-totp",
        }
    }
    const fn verb(self) -> &'static str {
        match self {
            Act::Disable => "停用账号",
            Act::Enable => "启用账号",
            Act::ResetPassword => "给新密码",
            Act::ResetTotp => "重置验证码",
        }
    }
    /// (icon, what will happen)
    const fn effects(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Act::Disable => &[("door", "他的设备马上退出，不能再登录"), ("history", "他做过的事都留着")],
            Act::Enable => &[("check", "他可用原来的密码登录")],
            Act::ResetPassword => &[
                ("lock", "生成一个新密码，只显示一次"),
                ("door", "他的设备马上退出"),
                ("user", "他登录后要先换成自己的密码"),
            ],
            Act::ResetTotp => &[("door", "他的设备马上退出"), ("qrcode", "下次登录时，在他的手机上再绑一次")],
        }
    }
}

#[derive(Template)]
#[template(path = "account_act.html")]
struct ActPage {
    page: Page,
    user: UserId,
    name: String,
    code: &'static str,
    verb: &'static str,
    effects: &'static [(&'static str, &'static str)],
    danger: bool,
}

fn act_of(text: &str) -> kernel::Result<Act> {
    Act::parse(text).ok_or_else(|| Error::NotFound("这一页".into()))
}

/// `GET /accounts/{id}/act/{act}`: says what will happen.
pub(crate) async fn confirm(
    State(app): State<App>,
    viewer: Viewer,
    Path((user, act)): Path<(String, String)>,
) -> web::Result<Response> {
    let (user, act): (UserId, Act) = (id(&user)?, act_of(&act)?);
    let a = service::account(app.db(), &viewer.actor(), user).await?;
    let page = Page::new(&app, &viewer, act.verb()).at("/accounts");
    let view = ActPage {
        page,
        user,
        name: a.name,
        code: act.code(),
        verb: act.verb(),
        effects: act.effects(),
        danger: act == Act::Disable,
    };
    form_page(&view, false)
}

/// Something shown once and kept nowhere.
#[derive(Template)]
#[template(path = "shown_once.html")]
pub(crate) struct ShownOnce {
    pub(crate) page: Page,
    pub(crate) heading: String,
    /// (label, value); the last one is the secret.
    pub(crate) lines: Vec<(&'static str, String)>,
    pub(crate) hint: &'static str,
    pub(crate) next_href: String,
    pub(crate) next_word: &'static str,
}

pub(crate) fn show_password(app: &App, viewer: &Viewer, a: &Account, password: String) -> web::Result<Response> {
    let view = ShownOnce {
        page: Page::new(app, viewer, "新密码").at("/accounts"),
        heading: format!("{}的新密码", a.name),
        lines: vec![("登录名", a.login.clone()), ("密码", password)],
        hint: "只显示这一次。当面或打电话告诉本人，他登录后会换成自己的密码。",
        next_href: format!("/accounts/{}", a.id),
        next_word: "已告诉本人",
    };
    form_page(&view, false)
}

/// `POST /accounts/{id}/act/{act}`
pub(crate) async fn act(
    State(app): State<App>,
    viewer: Viewer,
    Path((user, act)): Path<(String, String)>,
) -> web::Result<Response> {
    let (user, act): (UserId, Act) = (id(&user)?, act_of(&act)?);
    let access = app.thing::<Access>()?;
    let actor = viewer.actor();
    match act {
        Act::Disable => access.set_active(&actor, user, false).await?,
        Act::Enable => access.set_active(&actor, user, true).await?,
        Act::ResetTotp => access.reset_totp(&actor, user).await?,
        Act::ResetPassword => {
            let password = access.reset_password(&actor, user).await?;
            let a = service::account(app.db(), &actor, user).await?;
            return show_password(&app, &viewer, &a, password);
        }
    }
    Ok(Redirect::to(&format!("/accounts/{user}?done={}", act.code())).into_response())
}
