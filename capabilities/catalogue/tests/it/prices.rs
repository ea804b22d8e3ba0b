//! The price of the day of service: boundaries, overlaps, the past, the smallest region, and who may set it.
#![allow(clippy::unwrap_used)]
use crate::common::*;
use catalogue::model::{ItemDraft, PriceDraft};
use catalogue::service::{self, Seed};
use catalogue::{Category, Help, Skill, Unit};
use kernel::{Actor, Error, Fen, ItemId, Role};
use store::testing::each_engine;
use store::{Db, SqlExt};

fn haircut(code: &str, at: &str) -> ItemDraft {
    ItemDraft {
        code: code.into(),
        name: "理发".into(),
        summary: "上门剪发".into(),
        category: Category::DailyCare,
        help: None,
        unit: Unit::Visit,
        minutes: 30,
        skills: Skill::set(&[Skill::Haircut]),
        checklist: vec!["工具消毒".into()],
        photos: 1,
        region: region(at),
        active: true,
    }
}

fn price(at: &str, from: &str, to: Option<&str>, fen: i64) -> PriceDraft {
    PriceDraft {
        region: region(at),
        from: day(from),
        to: to.map(day),
        fen: Fen(fen),
        document: "陆发改价〔2026〕18 号".into(),
    }
}

async fn item(db: &Db, actor: &Actor, draft: ItemDraft) -> Result<ItemId, Error> {
    let tx = db.begin().await?;
    let id = service::create_item(&tx, db, actor, draft).await?;
    tx.commit().await?;
    Ok(id)
}

async fn set(db: &Db, actor: &Actor, id: ItemId, p: PriceDraft) -> Result<uuid::Uuid, Error> {
    let tx = db.begin().await?;
    let made = service::add_price(&tx, db, actor, id, p).await?;
    tx.commit().await?;
    Ok(made)
}

async fn fen_on(db: &Db, id: ItemId, at: &str, on: &str) -> Option<i64> {
    match service::priced(db, id, &region(at), day(on)).await {
        Ok(p) => Some(p.price.0),
        Err(Error::Refused(_)) => None,
        Err(other) => panic!("{other:?}"),
    }
}

fn field_of(e: Error) -> String {
    match e {
        Error::Invalid(f) => f[0].field.clone(),
        other => panic!("expected Invalid, got {other:?}"),
    }
}

#[tokio::test]
async fn the_price_changes_on_the_day_and_not_before() {
    each_engine(&migrations(), |db| async move {
        let county = staff(&db, Role::CountyStaff, COUNTY);
        let id = item(&db, &county, haircut("ZL01", COUNTY)).await.unwrap();
        set(&db, &county, id, price(COUNTY, "2026-01-01", None, 2600)).await.unwrap();
        set(&db, &county, id, price(COUNTY, "2026-12-01", Some("2026-12-31"), 3000)).await.unwrap();
        assert_eq!(fen_on(&db, id, VILLAGE, "2025-12-31").await, None, "no price before the first");
        assert_eq!(fen_on(&db, id, VILLAGE, "2026-01-01").await, Some(2600));
        assert_eq!(fen_on(&db, id, VILLAGE, "2026-11-30").await, Some(2600), "the old price's last day");
        assert_eq!(fen_on(&db, id, VILLAGE, "2026-12-01").await, Some(3000), "the new price's first day");
        assert_eq!(fen_on(&db, id, VILLAGE, "2026-12-31").await, Some(3000));
        assert_eq!(fen_on(&db, id, VILLAGE, "2027-01-01").await, None, "after the document's last day");
    })
    .await;
}

#[tokio::test]
async fn days_are_never_shared_and_the_past_is_never_changed() {
    each_engine(&migrations(), |db| async move {
        let county = staff(&db, Role::CountyStaff, COUNTY);
        let id = item(&db, &county, haircut("ZL01", COUNTY)).await.unwrap();
        set(&db, &county, id, price(COUNTY, "2026-01-01", None, 2600)).await.unwrap();
        // Today is 2026-11-20.
        for from in ["2026-06-01", "2026-11-20"] {
            let e = set(&db, &county, id, price(COUNTY, from, None, 2700)).await.unwrap_err();
            assert_eq!(field_of(e), "from", "{from} is not after today");
        }
        set(&db, &county, id, price(COUNTY, "2026-12-01", Some("2026-12-31"), 3000)).await.unwrap();
        for (from, to) in [("2026-12-31", None), ("2026-12-01", None), ("2026-11-25", Some("2026-12-01"))] {
            let e = set(&db, &county, id, price(COUNTY, from, to, 2700)).await.unwrap_err();
            assert_eq!(field_of(e), "from", "{from} shares a day");
        }
        set(&db, &county, id, price(COUNTY, "2027-01-01", None, 3100)).await.unwrap();
        assert_eq!(fen_on(&db, id, VILLAGE, "2026-11-30").await, Some(2600));
        assert_eq!(fen_on(&db, id, VILLAGE, "2027-01-01").await, Some(3100));
        let e = set(&db, &county, id, PriceDraft { document: " ".into(), ..price(COUNTY, "2028-01-01", None, 1) });
        assert_eq!(field_of(e.await.unwrap_err()), "document");
    })
    .await;
}

#[tokio::test]
async fn a_price_not_begun_can_be_taken_back_and_the_one_before_goes_on() {
    each_engine(&migrations(), |db| async move {
        let county = staff(&db, Role::CountyStaff, COUNTY);
        let id = item(&db, &county, haircut("ZL01", COUNTY)).await.unwrap();
        let first = set(&db, &county, id, price(COUNTY, "2026-01-01", None, 2600)).await.unwrap();
        let second = set(&db, &county, id, price(COUNTY, "2026-12-01", None, 3000)).await.unwrap();
        let tx = db.begin().await.unwrap();
        let e = service::withdraw_price(&tx, &county, id, first).await.unwrap_err();
        assert!(matches!(e, Error::Refused(_)), "{e:?}");
        service::withdraw_price(&tx, &county, id, second).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(fen_on(&db, id, VILLAGE, "2026-12-01").await, Some(2600));
        assert_eq!(service::price_history(&db, &scope(COUNTY), id).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_smallest_region_that_contains_the_place_wins() {
    each_engine(&migrations(), |db| async move {
        let city = staff(&db, Role::CityStaff, CITY);
        let county = staff(&db, Role::CountyStaff, COUNTY);
        let id = item(&db, &city, haircut("ZL01", CITY)).await.unwrap();
        set(&db, &city, id, price(CITY, "2026-01-01", None, 2600)).await.unwrap();
        set(&db, &county, id, price(COUNTY, "2026-01-01", None, 2400)).await.unwrap();
        set(&db, &county, id, price(TOWN, "2026-12-01", None, 2000)).await.unwrap();
        assert_eq!(fen_on(&db, id, OTHER_COUNTY, "2026-11-20").await, Some(2600));
        assert_eq!(fen_on(&db, id, VILLAGE, "2026-11-20").await, Some(2400));
        assert_eq!(fen_on(&db, id, VILLAGE, "2026-12-01").await, Some(2000));
        let menu = service::items(&db, &region(VILLAGE), day("2026-12-01")).await.unwrap();
        assert_eq!(menu.iter().map(|m| m.price.0).collect::<Vec<_>>(), [2000]);
        assert_eq!(menu[0].document, "陆发改价〔2026〕18 号");
    })
    .await;
}

#[tokio::test]
async fn nobody_sets_items_or_prices_beyond_their_region_or_role() {
    each_engine(&migrations(), |db| async move {
        let city = staff(&db, Role::CityStaff, CITY);
        let county = staff(&db, Role::CountyStaff, COUNTY);
        let clerk = staff(&db, Role::VillageStaff, VILLAGE);
        let id = item(&db, &city, haircut("ZL01", CITY)).await.unwrap();
        for (who, at) in [(&county, CITY), (&county, OTHER_COUNTY), (&clerk, VILLAGE)] {
            let e = set(&db, who, id, price(at, "2026-12-01", None, 1)).await.unwrap_err();
            assert!(matches!(e, Error::Forbidden(_)), "{at}: {e:?}");
        }
        let e = item(&db, &county, haircut("ZL02", CITY)).await.unwrap_err();
        assert!(matches!(e, Error::Forbidden(_)), "{e:?}");
        // An item of one county is not there for another.
        let own = item(&db, &county, haircut("ZL03", COUNTY)).await.unwrap();
        assert!(matches!(service::item(&db, &scope(OTHER_COUNTY), own).await, Err(Error::NotFound(_))));
        assert!(service::item(&db, &scope(VILLAGE), own).await.is_ok());
        assert!(matches!(
            service::priced(&db, own, &region(OTHER_COUNTY), day("2026-11-20")).await,
            Err(Error::NotFound(_))
        ));
    })
    .await;
}

#[tokio::test]
async fn a_change_is_audited_and_refused_when_somebody_was_faster() {
    each_engine(&migrations(), |db| async move {
        let county = staff(&db, Role::CountyStaff, COUNTY);
        let id = item(&db, &county, haircut("ZL01", COUNTY)).await.unwrap();
        let tx = db.begin().await.unwrap();
        let stopped = ItemDraft { active: false, ..haircut("ZL01", COUNTY) };
        service::update_item(&tx, &county, id, 1, stopped.clone()).await.unwrap();
        let e = service::update_item(&tx, &county, id, 1, stopped).await.unwrap_err();
        assert!(matches!(e, Error::Conflict(_)), "{e:?}");
        tx.commit().await.unwrap();
        set(&db, &county, id, price(COUNTY, "2026-01-01", None, 2600)).await.unwrap();
        let e = service::priced(&db, id, &region(VILLAGE), day("2026-11-20")).await.unwrap_err();
        assert_eq!(e.user_message(), "理发已停用，换一项");
        let acts: Vec<String> = db.read().column("SELECT action FROM audit_log ORDER BY seq", vec![]).await.unwrap();
        assert_eq!(acts, ["catalogue.item_created", "catalogue.item_changed", "catalogue.price_added"]);
        let e = item(&db, &county, haircut("ZL01", COUNTY)).await.unwrap_err();
        assert_eq!(field_of(e), "code");
    })
    .await;
}

#[tokio::test]
async fn the_shipped_menu_has_all_categories_and_helps_and_loads_once() {
    each_engine(&migrations(), |db| async move {
        let ask = Seed { region: region(COUNTY), document: "示例价目".into(), from: day("2026-01-01") };
        let tx = db.begin().await.unwrap();
        let first = service::seed(&tx, &db, &platform(), &ask).await.unwrap();
        let again = service::seed(&tx, &db, &platform(), &ask).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!((first, again), (49, 0));
        let menu = service::items(&db, &region(VILLAGE), day("2026-11-20")).await.unwrap();
        let counts: Vec<usize> = service::count_by_category(&menu).into_iter().map(|(_, n)| n).collect();
        assert_eq!(counts, [9, 14, 8, 3, 4, 6, 5]);
        for help in Help::ALL {
            assert!(menu.iter().any(|m| m.item.help == Some(*help)), "{} is offered", help.zh());
        }
        assert!(menu.iter().all(|m| m.price.0 > 0 && m.document == "示例价目"));
    })
    .await;
}
