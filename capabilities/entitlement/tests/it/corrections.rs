//! What is put right later: listed with its cause, told once, counted right (POL-4).
use crate::common::*;
use entitlement::model::{Cause, CorrectionKind, Told};
use entitlement::service::{self, Correction, CorrectionAsk};
use kernel::{Fen, PageAsk, Role};
use store::Db;
use store::testing::each_engine;

async fn listed(db: &Db) -> Vec<Correction> {
    let page = PageAsk { page: 1, rows: 50 };
    let ask = CorrectionAsk::default();
    service::corrections(db, &clerk(), &scope(CITY), &ask, "c.at, c.kind", page).await.expect("listed").rows
}

#[tokio::test]
async fn a_late_death_takes_a_month_back_and_says_what_was_spent() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        let (quiet, spent) = (open(&db, person("1949-03-08", 1)).await, open(&db, person("1949-05-08", 2)).await);
        run(&db, "2026-10-01").await;
        assert!(listed(&db).await.is_empty(), "purses that are filled are no corrections");
        let purse = purse_on(&db, home(&db, spent).await, "2026-10-20").await.expect("a purse");
        Spender::new(&db).spend(&db, &purse, yuan(250)).await;
        back(&db);
        died(&db, quiet, "2026-10-05").await;
        died(&db, spent, "2026-10-05").await;
        tell(&db).await;
        let all = listed(&db).await;
        assert_eq!(all.len(), 2, "{all:?}");
        let of = |elder| all.iter().find(|c| c.elder == Some(elder)).expect("a line");
        let first = of(quiet);
        assert_eq!(
            (first.kind(), first.cause(), first.since),
            (CorrectionKind::Clawback, Cause::Death, Some(day("2026-10-05")))
        );
        assert_eq!(
            (first.posted, first.outstanding, first.months_zh()),
            (yuan(200), Fen::ZERO, "2026 年 11、12 月".into())
        );
        let second = of(spent);
        assert_eq!((second.posted, second.outstanding, second.owed), (yuan(50), yuan(150), yuan(150)));
        let (sums, owed) = service::correction_sums(&db, &scope(TOWN)).await.expect("sums");
        assert_eq!((sums.n, sums.taken, sums.given, sums.untold, owed), (2, yuan(250), Fen::ZERO, 2, yuan(150)));
        let before = state(&db).await;
        run(&db, "2026-11-20").await;
        tell(&db).await;
        assert_eq!(listed(&db).await.len(), 2, "a second run finds nothing to put right");
        assert_eq!(state(&db).await.2, before.2);
        assert_eq!(service::tallies(&db, false).await.expect("counted"), 0);
        sound(&db).await;

        let wrong = service::tell(&db, &clerk(), first.id, Told::Visit, day("2026-11-19"), "儿子").await;
        assert!(wrong.is_err(), "nobody was told before it was known");
        service::tell(&db, &clerk(), first.id, Told::Visit, day("2026-11-20"), "儿子").await.expect("told");
        assert!(service::tell(&db, &clerk(), first.id, Told::Phone, day("2026-11-20"), "女儿").await.is_err());
        let now = listed(&db).await.into_iter().find(|c| c.id == first.id).expect("a line");
        assert_eq!((now.told_how(), now.told_whom.as_deref()), (Some(Told::Visit), Some("儿子")));
        assert_eq!(service::untold(&db, &scope(CITY)).await.expect("counted"), 1);
        let other = actor(Role::TownStaff, OTHER_TOWN);
        assert!(service::tell(&db, &other, second.id, Told::Visit, day("2026-11-20"), "儿子").await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_corrected_birth_date_makes_up_for_months_that_were_due() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-10-01");
        // Entitled from December by the date on file, from October by the right one.
        let elder = open(&db, person("1951-12-05", 1)).await;
        run(&db, "2026-10-01").await;
        back(&db);
        let seen = people::service::card(&db, &scope(CITY), elder).await.expect("card").version;
        let changes =
            people::service::Changes { id_number: Some(id_number(day("1951-09-05"), 1)), ..Default::default() };
        let always = people::model::Since::Always;
        let source = people::model::Source::Office;
        people::service::correct(&db, &clerk(), elder, seen, changes, always, source).await.expect("corrected");
        tell(&db).await;
        let all = listed(&db).await;
        assert_eq!(all.len(), 1, "{all:?}");
        assert_eq!((all[0].kind(), all[0].cause()), (CorrectionKind::TopUp, Cause::Birth));
        assert_eq!(all[0].months_zh(), "2026 年 10 月", "November and December are not late");
        assert_eq!(service::tallies(&db, false).await.expect("counted"), 0);
        sound(&db).await;
    })
    .await;
}
