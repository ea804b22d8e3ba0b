//! A draft tried out over the archive: who gains, who loses, what it costs, and nothing written.
use crate::common::*;
use entitlement::service::{self, Effect, Quiet};
use kernel::{Error, Fen, Role};
use policy::Pack;
use store::testing::each_engine;
use store::{SqlExt, vals};

/// The shipped rural pack with other parameters and one example of its own.
fn draft(from: &str, to: &str, example: &str) -> Pack {
    let (_, text) = policy::SHIPPED.iter().find(|(file, _)| file.contains(RURAL)).expect("the rural pack is shipped");
    let rules = text.split("[[examples]]").next().expect("rules");
    assert!(rules.contains(from), "{from} stands in the pack");
    Pack::load("draft.toml", &format!("{}\n{example}", rules.replace(from, to))).expect("the draft loads")
}

const FROM_70: &str = r#"
[[examples]]
name = "满 70 周岁当天"
on = 2026-07-15
facts = { birth_date = 1956-07-15, hukou = "rural", hukou_region = "441523102205", alive = true }
expect = "eligible"
grant = "100.00"
"#;

#[tokio::test]
async fn seventy_instead_of_seventy_five_costs_what_the_new_households_get() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-11-20");
        let entitled = open(&db, person("1950-03-01", 1)).await;
        // One more under the same roof: a person more, a sum no higher.
        let spouse = join(&db, entitled, person("1955-03-01", 2)).await;
        let gains = open(&db, person("1956-11-20", 3)).await;
        open(&db, person("1956-12-01", 4)).await;
        let mut elsewhere = person("1954-01-01", 5);
        elsewhere.region = region("441523103201");
        elsewhere.hukou_region = Some(elsewhere.region);
        let elder = people::service::create(&db, &actor(Role::CountyStaff, COUNTY), elsewhere).await.expect("opens");
        let seventy = draft("value = 75, ", "value = 70, ", FROM_70);
        let rows = |table: &'static str| {
            let db = db.clone();
            async move { db.read().scalar::<i64>(&format!("SELECT COUNT(*) FROM {table}"), vals![]).await.expect("counts") }
        };
        let before = (rows("determination").await, rows("purse").await, rows("audit_log").await);

        let out = service::simulate(&db, &packs(), &seventy, &platform(), day("2026-11-20"), &Quiet).await.expect("runs");
        let total = Effect { people: 5, held: 1, will: 4, gains: 3, losses: 0, newly_unknown: 0, now: yuan(100), then: yuan(300) };
        assert_eq!(out.total, total);
        let town = |code: &str| out.by_town.get(&region(code)).copied().unwrap_or_default();
        assert_eq!((town(TOWN).gains, town(TOWN).then - town(TOWN).now), (2, yuan(100)), "two gain, one household");
        assert_eq!((town(OTHER_TOWN).gains, town(OTHER_TOWN).then), (1, yuan(100)));
        let class = format!("{RURAL}/rural_75_79");
        assert_eq!(out.by_class.get(&class), Some(&(1, 4)));
        let mut who: Vec<_> = out.affected.iter().map(|a| a.elder).collect();
        who.sort_unstable();
        let mut wanted = vec![spouse, gains, elder];
        wanted.sort_unstable();
        assert_eq!(who, wanted);
        assert!(out.affected.iter().all(|a| a.now.is_none() && a.then.as_ref() == Some(&class)));
        assert_eq!((rows("determination").await, rows("purse").await, rows("audit_log").await), before);

        let (packs, town) = (packs(), actor(Role::TownStaff, TOWN));
        match service::simulate(&db, &packs, &seventy, &town, day("2026-11-20"), &Quiet).await {
            Ok(town) => assert_eq!((town.total.people, town.total.gains), (4, 2), "only the actor's region"),
            Err(e) => assert!(matches!(e, Error::Forbidden(_)), "{e}"),
        }
        back(&db);
    })
    .await;
}

const NO_MONEY: &str = r#"
[[examples]]
name = "77 岁"
on = 2026-09-30
facts = { birth_date = 1949-03-08, hukou = "rural", hukou_region = "441523102205", alive = true }
expect = "not_eligible"
"#;

#[tokio::test]
async fn a_stricter_draft_shows_who_loses() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        at(&db, "2026-11-20");
        let loses = open(&db, person("1949-03-01", 1)).await;
        open(&db, person("1947-03-01", 2)).await;
        let later = draft("value = 75, ", "value = 79, ", NO_MONEY);
        let out = service::simulate(&db, &packs(), &later, &platform(), day("2026-11-20"), &Quiet).await.expect("runs");
        assert_eq!((out.total.gains, out.total.losses), (0, 1));
        assert_eq!((out.total.now, out.total.then), (yuan(200), yuan(100)));
        assert_eq!(out.affected.iter().map(|a| (a.elder, a.then.clone())).collect::<Vec<_>>(), [(loses, None)]);
        assert_eq!(out.total.then - out.total.now, Fen::ZERO - yuan(100));
        back(&db);
    })
    .await;
}
