//! The administrator's desk: is everything running, and who has to be looked after.
use super::frame;
use crate::model::words::{Tile, count, grouped, joined};
use askama::Template;
use axum::response::Response;
use entitlement::Shelf;
use kernel::{PageAsk, Tier};
use web::{App, Mark, Page, Viewer, html};
use work::{JobAsk, JobState};

/// Jobs and acts shown.
const JOBS: u32 = 6;
const ACTS: u32 = 8;

/// One thing looked at, as `yinian doctor` says it.
struct Check {
    mark: Mark,
    word: &'static str,
    title: &'static str,
    found: String,
    href: &'static str,
    action: &'static str,
}

impl Check {
    fn of(good: bool, title: &'static str, found: String, href: &'static str, action: &'static str) -> Check {
        let (mark, word) = if good { (Mark::Ok, "正常") } else { (Mark::Warn, "要看") };
        Check { mark, word, title, found, href, action }
    }
}

struct JobLine {
    href: String,
    title: String,
    mark: Mark,
    word: &'static str,
    note: String,
    when: String,
}

struct Act {
    when: String,
    who: String,
    what: String,
}

#[derive(Template)]
#[template(path = "desk/administrator.html")]
struct Desk {
    page: Page,
    head: String,
    sub: String,
    tiles: Vec<Tile>,
    checks: Vec<Check>,
    jobs: Vec<JobLine>,
    acts: Vec<Act>,
}

const fn mark(state: JobState) -> Mark {
    match state {
        JobState::Waiting => Mark::Todo,
        JobState::Running => Mark::Doing,
        JobState::Done => Mark::Ok,
        JobState::Failed => Mark::Danger,
    }
}

pub(super) async fn desk(app: &App, viewer: &Viewer) -> web::Result<Response> {
    let (db, scope) = (app.db(), &viewer.scope);
    let (now, today) = (app.now(), app.clock().today());
    let backlog = work::backlog(db).await?;
    let accounts = access::service::account_figures(db, scope).await?;
    let failed = JobAsk { state: Some(JobState::Failed), kind: None };
    let page = PageAsk { page: 1, rows: JOBS };
    let mut jobs = match backlog.failed {
        0 => Vec::new(),
        _ => work::jobs(db, scope, &failed, page).await?.rows,
    };
    if jobs.is_empty() {
        jobs = work::jobs(db, scope, &JobAsk::default(), page).await?.rows;
    }
    let acts = audit::list(db, &audit::AuditList::default(), PageAsk { page: 1, rows: ACTS }).await?;
    let determined = entitlement::service::determined_on(db, scope).await?;
    let book = app.regions();
    let packs = app.thing::<Shelf>()?.packs(app.db()).await?;

    let towns = book.iter().filter(|(c, _)| c.tier() == Tier::Town).count();
    let villages = book.iter().filter(|(c, _)| c.tier() == Tier::Village).count();
    let rows = acts.rows.first().map_or(0, |r| r.seq);
    let fresh = determined.is_some_and(|(day, _)| day == today);
    let checks = vec![
        Check::of(
            backlog.failed == 0,
            "后台工作",
            match backlog.failed {
                0 => format!("没有失败的，{} 项在等", count(backlog.waiting)),
                n => format!("{n} 项没做成，看原因后再做一次"),
            },
            "/jobs",
            "看工作",
        ),
        Check::of(
            fresh,
            "待遇认定",
            match &determined {
                Some((day, at)) => format!("认定到 {day}，{} 做完", at.stamp()),
                None => "还没有认定过，由县、市民政或在这里启动".to_string(),
            },
            "/policies",
            "看政策",
        ),
        Check::of(
            accounts.no_second_factor == 0,
            "两步登录",
            match accounts.no_second_factor {
                0 => "管理员和财务都绑了验证码".to_string(),
                n => format!("{n} 个管理员或财务没绑验证码，下次登录时绑"),
            },
            "/accounts",
            "看账号",
        ),
        Check::of(rows > 0, "审计记录", format!("{} 条，一条接一条", grouped(rows)), "/audit/verify", "核对一遍"),
        Check::of(
            !book.is_empty(),
            "区划",
            format!("{} 个镇街，{} 个村社区", grouped(towns as i64), grouped(villages as i64)),
            "/regions",
            "看区划",
        ),
        Check::of(!packs.is_empty(), "政策包", format!("{} 个，例子都对", packs.len()), "/policies", "看政策"),
        Check::of(true, "数据库", format!("{}，应答正常", db.engine().name()), "/jobs", "看工作"),
    ];
    let tiles = vec![
        Tile::new("/jobs?state=failed", "没做成的工作", backlog.failed, "项")
            .note("都做成了")
            .warn_if(backlog.failed > 0, "看原因，再做一次"),
        Tile::new("/jobs?state=waiting", "在等的工作", backlog.waiting, "项")
            .note(format!("另有 {} 条消息待送", count(backlog.events))),
        Tile::new("/accounts", "没绑验证码", accounts.no_second_factor, "人")
            .note("管理员和财务必须绑")
            .warn_if(accounts.no_second_factor > 0, "管理员和财务必须绑"),
        Tile::new("/accounts?active=yes", "在用账号", accounts.active, "个")
            .note(format!("{} 个还没换密码，{} 个锁着", accounts.given_password, accounts.locked)),
        Tile::figure("/audit", "审计记录", grouped(rows), "条")
            .note(acts.rows.first().map_or_else(|| "还没有".to_string(), |r| format!("最近 {}", r.at.ago(now)))),
    ];
    let head = joined(&[(backlog.failed, "项工作没做成"), (accounts.no_second_factor, "人没绑验证码")]);
    let region = book.name(viewer.region());
    let view = Desk {
        head: head.unwrap_or_else(|| "都在正常运行".into()),
        sub: format!("{}，{region}", app.site().name),
        tiles,
        checks,
        jobs: jobs
            .into_iter()
            .map(|j| JobLine {
                href: format!("/jobs/{}", j.id),
                mark: mark(j.state()),
                word: j.state().zh(),
                note: if j.state() == JobState::Failed { "点开看原因".into() } else { j.note.clone() },
                when: j.finished_at.unwrap_or(j.created_at).ago(now),
                title: j.title,
            })
            .collect(),
        acts: acts.rows.into_iter().map(|r| Act { when: r.at.ago(now), who: r.actor, what: r.words }).collect(),
        page: frame(app, viewer),
    };
    html(&view)
}
