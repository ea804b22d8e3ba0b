//! The pages and the JSON answers, through the finished router.
use crate::common::*;
use kernel::{Actor, Fen, RegionBook, Role};
use orders::model::{Order, State};
use orders::service;
use std::sync::Arc;
use store::testing::TestDb;
use tower::util::ServiceExt;
use web::axum::body::{Body, to_bytes};
use web::axum::http::{HeaderMap, Request, StatusCode, header};
use web::{App, AppParts, Authenticator, Site, Viewer};

/// Everyone is this viewer.
struct Always(Viewer);

#[async_trait::async_trait]
impl Authenticator for Always {
    async fn viewer(&self, _: &HeaderMap) -> kernel::Result<Option<Viewer>> {
        Ok(Some(self.0.clone()))
    }
    async fn denied(&self, _: &Viewer, _: &str, _: &str) -> kernel::Result<()> {
        Ok(())
    }
}

/// Says what it was asked for.
struct Told;

#[async_trait::async_trait]
impl orders::EvidencePanel for Told {
    async fn html(&self, _: &App, viewer: &Viewer, order: &Order) -> kernel::Result<String> {
        Ok(format!("<p>签到位置 {} {}</p>", order.no, viewer.role.zh()))
    }
}

struct Answer {
    status: StatusCode,
    to: String,
    text: String,
}

struct Site2 {
    t: TestDb,
    w: World,
}

impl Site2 {
    async fn new() -> Site2 {
        let t = store::testing::sqlite(&migrations()).await;
        let w = World::new(&t.db).await;
        Site2 { t, w }
    }
    async fn ask(&self, actor: &Actor, path: &str, form: Option<&str>) -> Answer {
        let scope = *actor.scope();
        let viewer = Viewer {
            user: actor.user_id().expect("a person"),
            name: actor.label(),
            role: actor.role().expect("a person"),
            org_name: "测试".into(),
            org: scope.org_id(),
            worker: scope.worker_id(),
            full_scope: scope,
            scope,
            session: None,
            contrast_high: false,
            scale: String::new(),
        };
        let site = Site {
            name: "测试".into(),
            region: region(CITY),
            demo: false,
            data: std::path::PathBuf::new(),
            secure_cookies: false,
        };
        let regions = RegionBook::from_csv(
            "code12,name,level,parent\n441500000000,汕尾市,city,\n441523000000,陆河县,county,\n441523101000,水唇镇,town,\n441523101204,墩塘村民委员会,village,\n",
        )
        .expect("regions");
        let parts = AppParts {
            db: self.t.db.clone(),
            site,
            auth: Arc::new(Always(viewer)),
            nav: orders::nav(),
            regions,
            runner: None,
        };
        let panel = orders::Evidence(Arc::new(Told));
        let router = web::finish(orders::routes(), App::new(parts, vec![Arc::new(panel)]));
        let mut request = Request::builder().uri(path).header("idempotency-key", "api-1");
        let body = match form {
            None => Body::empty(),
            Some(f) => {
                let kind = if f.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
                request = request.method("POST").header(header::CONTENT_TYPE, kind);
                Body::from(f.to_string())
            }
        };
        let response = router.oneshot(request.body(body).expect("request")).await.expect("answers");
        let status = response.status();
        let to = response.headers().get(header::LOCATION).and_then(|v| v.to_str().ok()).unwrap_or("").to_string();
        let bytes = to_bytes(response.into_body(), 1 << 22).await.expect("a body");
        Answer { status, to, text: String::from_utf8_lossy(&bytes).into_owned() }
    }
    async fn see(&self, actor: &Actor, path: &str) -> String {
        let a = self.ask(actor, path, None).await;
        assert_eq!(a.status, StatusCode::OK, "{path}: {}", a.text);
        for inline in ["<script>", " style=", " onclick="] {
            assert!(!a.text.contains(inline), "{path} has {inline}");
        }
        a.text
    }
}

#[tokio::test]
async fn the_order_page_counts_the_cost_and_keeps_what_was_typed() {
    let s = Site2::new().await;
    let w = &s.w;
    let form = s.see(&w.clerk, &format!("/orders/new?elder={}", w.elder)).await;
    for part in ["代彭桂兰下单", "家政便民", "助洁", "¥40.00 / 时", "11-21", "重算", "name=\"key\""] {
        assert!(form.contains(part), "{part}");
    }
    let base = format!("elder={}&day=2026-11-24&time=14:00&quantity=2&channel=staff&key=k-77", w.elder);
    let with = format!("{base}&item={}", w.cleaning);
    let cost = s.ask(&w.clerk, "/orders/quote", Some(&with)).await;
    assert_eq!(cost.status, StatusCode::OK);
    assert!(
        cost.text.contains("¥80.00") && cost.text.contains("¥220.00") && cost.text.contains("id=\"cost\""),
        "{}",
        cost.text
    );
    let option = format!("<option value=\"{}\"", w.first.org);
    assert!(!form.contains(&option), "nobody is offered before a service is chosen");
    assert!(cost.text.contains("hx-swap-oob") && cost.text.contains(&option), "{}", cost.text);
    let made_for =
        cost.text.split("name=\"offered\" value=\"").nth(1).and_then(|t| t.split('"').next()).expect("named");
    let offered = format!("&offered={}", made_for.replace(' ', "+"));
    let same = s.ask(&w.clerk, "/orders/quote", Some(&format!("{with}{offered}"))).await;
    assert!(!same.text.contains("hx-swap-oob"), "the list stays while it holds: {}", same.text);
    let later = with.replace("2026-11-24", "2026-11-25");
    let later = s.ask(&w.clerk, "/orders/quote", Some(&format!("{later}{offered}&provider={}", w.first.org))).await;
    assert!(later.text.contains(&format!("{option} selected")), "another day, the choice is kept: {}", later.text);
    let nothing = s.ask(&w.clerk, "/orders/quote", Some(&base)).await;
    assert!(nothing.text.contains("选一项服务"), "{}", nothing.text);
    let recount = s.ask(&w.clerk, "/orders", Some(&format!("{with}&act=quote&note=%E8%85%B0%E4%B8%8D%E5%A5%BD"))).await;
    assert_eq!(recount.status, StatusCode::OK);
    assert!(recount.text.contains("¥220.00") && recount.text.contains("腰不好"), "the button without scripts");

    let past = with.replace("2026-11-24", "2026-11-19");
    let wrong = s.ask(&w.clerk, "/orders", Some(&past)).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("已经过了") && wrong.text.contains("href=\"#f-starts_at\""), "{}", wrong.text);

    let own = with.replace("quantity=2", "quantity=8");
    let untold = s.ask(&w.clerk, "/orders", Some(&own)).await;
    assert_eq!(untold.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(untold.text.contains("老人要自己付 ¥20.00"), "{}", untold.text);
    let less = s.ask(&w.clerk, "/orders", Some(&format!("{own}&told=1900"))).await;
    assert_eq!(less.status, StatusCode::UNPROCESSABLE_ENTITY, "the elder agreed to another amount");
    let placed = s.ask(&w.clerk, "/orders", Some(&format!("{own}&told=2000"))).await;
    assert_eq!(placed.status, StatusCode::SEE_OTHER, "{}", placed.text);
    let again = s.ask(&w.clerk, "/orders", Some(&format!("{own}&told=2000"))).await;
    assert!(again.to.ends_with("?done=same") && placed.to.ends_with("?done=placed"), "{} {}", again.to, placed.to);
    assert_eq!(w.money().await.1, Fen::yuan(300));
    let record = s.see(&w.clerk, &placed.to).await;
    for part in ["WO20261120-000001", "¥300.00", "¥20.00", "补贴先占住", "签到位置", "已下单", "温国辉"]
    {
        assert!(record.contains(part), "{part}");
    }
}

#[tokio::test]
async fn a_manager_sees_the_board_accepts_assigns_and_gives_back() {
    let s = Site2::new().await;
    let w = &s.w;
    let o = w.place(w.haircut, day("2026-11-20").at(14, 0), 1).await;
    let other = w.place(w.haircut, day("2026-11-20").at(16, 0), 1).await;
    let team = w.team_of(&o);
    let m = &team.manager;
    let board = s.see(m, "/orders/board").await;
    assert!(board.contains("未指派 1") && board.contains("彭桂兰") && board.contains("林玉芳"), "{board}");
    let accept = s.ask(m, &format!("/orders/{}/accept", o.id), Some("version=1&back=board")).await;
    assert_eq!((accept.status, accept.to.as_str()), (StatusCode::SEE_OTHER, "/orders/board?done=accepted"));
    let choose = s.see(m, &format!("/orders/{}/assign", o.id)).await;
    assert!(choose.contains("距离") && choose.contains("checked"), "the best is chosen already: {choose}");
    let none = s.ask(m, &format!("/orders/{}/assign", o.id), Some("version=2")).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(none.text.contains("选一位护理员"));
    let body = format!("version=2&worker={}", team.worker);
    let done = s.ask(m, &format!("/orders/{}/assign", o.id), Some(&body)).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let board = s.see(m, "/orders/board?day=2026-11-20").await;
    // 14:00 is seven hours, 84 steps, after the board begins; half an hour is six steps.
    assert!(board.contains("t-84 len-6") && board.contains("都排好了"), "{board}");
    let list = s.see(m, "/orders/board?view=list").await;
    assert!(list.contains("14:00–14:30") && !list.contains("board2"), "{list}");
    let hidden = s.ask(m, &format!("/orders/{}", other.id), None).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND, "the other provider's order");
    let back = s
        .ask(m, &format!("/orders/{}/refuse", o.id), Some("version=3&reason=%E4%BA%BA%E6%89%8B%E4%B8%8D%E5%A4%9F"))
        .await;
    assert_eq!(back.to, "/orders?done=refused");
    assert!(!s.see(m, "/orders").await.contains(&o.no));
}

#[tokio::test]
async fn staff_cancel_with_the_effects_shown_and_follow_up_by_phone() {
    let s = Site2::new().await;
    let w = &s.w;
    let o = w.place(w.haircut, day("2026-11-24").at(14, 0), 1).await;
    let confirm = s.see(&w.clerk, &format!("/orders/{}/cancel", o.id)).await;
    assert!(confirm.contains("退回额度") && confirm.contains("¥26.00") && confirm.contains("取消这一单"), "{confirm}");
    let stale = s.ask(&w.clerk, &format!("/orders/{}/cancel", o.id), Some("version=9&reason=x")).await;
    assert_eq!(stale.status, StatusCode::CONFLICT);
    let off = s.ask(&w.clerk, &format!("/orders/{}/cancel", o.id), Some("version=1&reason=")).await;
    assert!(off.to.ends_with("?done=cancelled"), "{}", off.text);

    let o = w.place(w.haircut, day("2026-11-25").at(14, 0), 1).await;
    let o = w.accept_and_assign(&o).await;
    let o = w.visit(&o).await;
    let call = format!("/orders/{}/follow-up", o.id);
    assert!(s.see(&w.clerk, &call).await.contains("补贴就扣给服务商"));
    let blank = s.ask(&w.clerk, &call, Some(&format!("version={}", o.version))).await;
    assert_eq!(blank.status, StatusCode::UNPROCESSABLE_ENTITY);
    let rated = s.ask(&w.clerk, &call, Some(&format!("version={}&rating=5", o.version))).await;
    assert!(rated.to.ends_with("?done=rated"), "{}", rated.text);
    assert_eq!(w.again(o.id).await.state, State::Rated);

    let dispute = format!("/orders/{}/dispute", o.id);
    assert_eq!(s.ask(&w.clerk, &dispute, Some("reason=")).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    s.ask(&w.clerk, &dispute, Some("reason=no")).await;
    let resolve = format!("/orders/{}/resolve", o.id);
    let unchosen = s.ask(&w.clerk, &resolve, Some("reason=seen")).await;
    assert!(unchosen.status == StatusCode::UNPROCESSABLE_ENTITY && unchosen.text.contains("选一个结果"));
    s.ask(&w.clerk, &resolve, Some("reason=seen&choice=void")).await;
    assert_eq!(w.again(o.id).await.state, State::Cancelled);
    let page = s.see(&w.clerk, &format!("/orders/{}", o.id)).await;
    assert!(page.contains("没有收钱") && page.contains("争议了结"), "{page}");
}

#[tokio::test]
async fn the_list_has_views_filters_search_and_no_way_around_the_scope() {
    let s = Site2::new().await;
    let w = &s.w;
    let soon = w.place(w.haircut, day("2026-11-20").at(10, 15), 1).await;
    let later = w.place(w.cleaning, day("2026-11-24").at(9, 0), 1).await;
    let town = person(Role::TownStaff, "陈嘉敏", scope(TOWN));
    let all = s.see(&town, "/orders").await;
    assert!(all.contains(&soon.no) && all.contains(&later.no) && all.contains("要迟到"), "{all}");
    let today = s.see(&town, "/orders?view=today").await;
    assert!(today.contains(&soon.no) && !today.contains(&later.no));
    let late = s.see(&town, "/orders?view=late").await;
    assert!(late.contains(&soon.no) && !late.contains(&later.no));
    let found = s.see(&town, &format!("/orders?q={}", later.no)).await;
    assert!(!found.contains(&soon.no));
    let odd = s.see(&town, "/orders?sort=o.no;DROP&dir=desc&state=nonsense").await;
    assert!(odd.contains(&soon.no), "an unknown sort is the default one");
    let elder = s.see(&town, &format!("/orders?elder={}", w.elder)).await;
    assert!(elder.contains(&soon.no));
    let foreign = person(Role::TownStaff, "别镇", scope(OTHER_TOWN));
    assert!(!s.see(&foreign, &format!("/orders?elder={}", w.elder)).await.contains(&soon.no));
    assert_eq!(s.ask(&foreign, &format!("/orders/{}", soon.id), None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(s.ask(&foreign, &format!("/orders/new?elder={}", w.elder), None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(s.ask(&town, "/orders/not-an-id", None).await.status, StatusCode::NOT_FOUND);
    assert!(s.see(&town, "/orders/new?q=%E5%BD%AD%E6%A1%82").await.contains("彭桂兰"));
    let sheet = s.ask(&town, "/orders?export=xlsx", None).await;
    assert_eq!(sheet.status, StatusCode::OK);
}

#[tokio::test]
async fn json_places_one_order_a_key_and_reads_it_back() {
    let s = Site2::new().await;
    let w = &s.w;
    let body = format!(
        "{{\"elder\":\"{}\",\"item\":\"{}\",\"starts_at\":\"2026-11-24T14:00\",\"quantity\":1}}",
        w.elder, w.haircut
    );
    let first = s.ask(&w.clerk, "/api/v1/orders", Some(&body)).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    let second = s.ask(&w.clerk, "/api/v1/orders", Some(&body)).await;
    assert_eq!(second.status, StatusCode::OK);
    let order: serde_json::Value = serde_json::from_str(&first.text).expect("json");
    assert_eq!(
        (order["gov"].as_i64(), order["state"].as_str(), order["channel"].as_str()),
        (Some(2600), Some("created"), Some("api"))
    );
    let one = s.ask(&w.clerk, &format!("/api/v1/orders/{}", order["id"].as_str().expect("id")), None).await;
    let one: serde_json::Value = serde_json::from_str(&one.text).expect("json");
    assert_eq!(one["events"][0]["step"], "create");
    let list = s.ask(&w.clerk, "/api/v1/orders?state=created", None).await;
    let list: serde_json::Value = serde_json::from_str(&list.text).expect("json");
    assert_eq!(list["total"], 1);
    let bad = s.ask(&w.clerk, "/api/v1/orders", Some("{\"elder\":1}")).await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_elders_page_shows_visits_and_costs() {
    let s = Site2::new().await;
    let w = &s.w;
    w.served(w.haircut, day("2026-11-23").at(9, 0), 1).await;
    let items = {
        let mut all = Vec::new();
        for p in orders::panels() {
            all.extend(p.timeline(&s.t.db, &scope(TOWN), w.elder).await.expect("timeline"));
        }
        all
    };
    assert_eq!(items.len(), 1);
    assert!(items[0].text.contains("理发 已完成") && !items[0].bad);
    let spent =
        service::spent(&s.t.db, &scope(TOWN), w.elder, "2026Q4".parse().expect("quarter")).await.expect("spent");
    assert_eq!((spent.orders, spent.gov), (1, Fen::yuan(26)));
    let elsewhere = service::spent(&s.t.db, &scope(OTHER_TOWN), w.elder, "2026Q4".parse().expect("quarter")).await;
    assert_eq!(elsewhere.expect("spent").orders, 0);
}

#[tokio::test]
async fn the_provider_takes_the_own_part_and_prints_the_receipt() {
    let s = Site2::new().await;
    let w = &s.w;
    let o = w.served(w.cleaning, day("2026-11-23").at(8, 0), 8).await;
    let manager = &w.team_of(&o).manager;
    let record = format!("/orders/{}", o.id);
    assert!(s.see(manager, &record).await.contains(&format!("{record}/own-payment")));
    assert!(!s.see(&w.clerk, &record).await.contains("own-payment"), "a clerk takes no money");
    let form = s.see(manager, &format!("{record}/own-payment")).await;
    assert!(form.contains("收到彭桂兰自付的 ¥20.00") && form.contains("现金") && form.contains("扫码"), "{form}");
    let none = s.ask(manager, &format!("{record}/own-payment"), Some("choice=")).await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(none.text.contains("选一种付法"));
    let empty = s.ask(manager, &format!("{record}/receipt"), None).await;
    assert!(empty.text.contains("还没有收过自付的钱"), "{}", empty.text);
    let taken = s.ask(manager, &format!("{record}/own-payment"), Some("choice=cash")).await;
    assert_eq!((taken.status, taken.to), (StatusCode::SEE_OTHER, format!("{record}?done=own_paid")));
    let after = s.see(manager, &record).await;
    assert!(after.contains("SJ20261123-000001") && after.contains("own-refund") && !after.contains("own-payment"));
    for paper in ["", "?seq=1&paper=small"] {
        let sheet = s.see(&w.clerk, &format!("{record}/receipt{paper}")).await;
        for part in ["自付收据", "SJ20261123-000001", "彭桂兰", "¥20.00", "人民币贰拾元整", "¥320.00", o.no.as_str()]
        {
            assert!(sheet.contains(part), "{paper}: {part}");
        }
        assert_eq!(sheet.contains("sheet slip"), !paper.is_empty());
    }
    assert_eq!(s.ask(manager, &format!("{record}/receipt?seq=9"), None).await.status, StatusCode::NOT_FOUND);
    let back = s.ask(manager, &format!("{record}/own-refund"), Some("reason=%E8%AE%B0%E9%94%99")).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.text);
    let sheet = s.see(manager, &format!("{record}/receipt")).await;
    assert!(sheet.contains("自付退款单") && sheet.contains("记错") && sheet.contains("TK20261123-000002"), "{sheet}");
}
