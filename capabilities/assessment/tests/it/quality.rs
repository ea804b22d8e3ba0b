//! Samples that can be drawn again, and how far assessors agree.
#![allow(clippy::unwrap_used)]
use crate::common::*;
use assessment::model::{Purpose, State, draw};
use assessment::service::{self, NewSample};
use kernel::Error;
use store::testing::each_engine;

#[test]
fn a_seed_draws_the_same_places_and_every_place_comes_up() {
    assert_eq!(draw(42, 100, 10), draw(42, 100, 10));
    assert_ne!(draw(42, 100, 10), draw(43, 100, 10));
    let mut all = draw(7, 20, 50);
    all.sort_unstable();
    assert_eq!(all, (0..20).collect::<Vec<_>>(), "more than there are draws each once");
    let mut hits = [0u32; 10];
    for seed in 0..2_000 {
        draw(seed, 10, 3).into_iter().for_each(|i| hits[i] += 1);
    }
    assert!(hits.iter().all(|h| (500..700).contains(h)), "{hits:?}");
}

#[tokio::test]
async fn a_sample_is_assessed_again_by_others_and_changes_nothing_for_the_elder() {
    each_engine(&migrations(), |db| async move {
        let s = stage(&db).await;
        let scale = s.scale(GBT).await;
        let first = s.assessed(GBT, [&s.physician, &s.social], &filled(&scale, 100)).await;
        let ask = |from: &str, size| NewSample {
            region: region(COUNTY),
            scale: GBT.into(),
            from: day(from),
            to: day("2026-11-30"),
            size,
        };
        assert!(matches!(
            service::draw_sample(&db, &s.scales, &town(), ask("2026-11-01", 5)).await,
            Err(Error::Forbidden(_))
        ));
        let none = service::draw_sample(&db, &s.scales, &county(), ask("2026-11-21", 5)).await;
        assert!(matches!(none, Err(Error::Invalid(_))));
        let id = service::draw_sample(&db, &s.scales, &county(), ask("2026-11-01", 5)).await.unwrap();
        let (sample, pairs) = service::sample(&db, &scope(COUNTY), id).await.unwrap();
        assert_eq!((sample.population, sample.size, pairs.len()), (1, 1, 1));
        let recheck = pairs[0].1.id;
        assert_eq!((pairs[0].0.id, pairs[0].1.purpose), (first.id, Purpose::Quality));
        let elsewhere = service::sample(&db, &scope(OTHER_COUNTY), id).await;
        assert!(matches!(elsewhere, Err(Error::NotFound(_))));
        let same = s.appoint(recheck, s.at_home(&s.physician, Some(&s.nurse))).await;
        assert!(matches!(same, Err(Error::Invalid(_))), "not by those who assessed first");
        let before = people::service::card(&db, &scope(CITY), s.elder).await.unwrap();
        s.appoint(recheck, s.at_home(&s.nurse, Some(&s.other))).await.unwrap();
        let done = s.finish(recheck, [&s.nurse, &s.other], &filled(&scale, 50)).await;
        assert_eq!((done.state, done.valid_until), (State::Final, None));
        let after = people::service::card(&db, &scope(CITY), s.elder).await.unwrap();
        assert_eq!((after.care, after.version), (before.care, before.version), "quality decides nothing");
        let agreed = service::agreement(&db, &s.scales, &scope(COUNTY), s.physician.id).await.unwrap();
        assert_eq!((agreed[0].pairs, agreed[0].equal), (1, 0));
        assert!(service::agreement(&db, &s.scales, &scope(COUNTY), s.nurse.id).await.unwrap().is_empty());
    })
    .await;
}
