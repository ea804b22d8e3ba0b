//! Days without a run: however often it ran, the same day ends in the same state.
use crate::common::*;
use kernel::{CivilDate, HouseholdId};
use people::model::{HouseholdOf, Hukou, Since, Source};
use people::service::Changes;
use proptest::prelude::*;
use store::{Db, testing};

const FIRST: &str = "2026-08-10";
const LAST: &str = "2026-11-20";

#[derive(Clone, Debug)]
enum Happens {
    Dies,
    TurnsUrban,
    HukouLeaves,
    MovesAway,
}

#[derive(Clone, Debug)]
struct Someone {
    /// Days after 1946-07-01 or 1951-07-01: around an 80th or 75th birthday within the time looked at.
    birth: i64,
    old: bool,
    urban: bool,
    unknown_hukou: bool,
    with_previous: bool,
    /// Days after the first run.
    event: Option<(i64, Happens)>,
}

fn someone() -> impl Strategy<Value = Someone> {
    let happens = prop_oneof![
        Just(Happens::Dies),
        Just(Happens::TurnsUrban),
        Just(Happens::HukouLeaves),
        Just(Happens::MovesAway),
    ];
    (
        0..160i64,
        any::<bool>(),
        any::<bool>(),
        prop::bool::weighted(0.1),
        any::<bool>(),
        prop::option::of((1..100i64, happens)),
    )
        .prop_map(|(birth, old, urban, unknown_hukou, with_previous, event)| Someone {
            birth,
            old,
            urban,
            unknown_hukou,
            with_previous,
            event,
        })
}

async fn settle_in(db: &Db, people: &[Someone]) -> Vec<kernel::ElderId> {
    seeded(db).await;
    at(db, FIRST);
    let mut out: Vec<kernel::ElderId> = Vec::new();
    for (n, p) in people.iter().enumerate() {
        let first = day(if p.old { "1946-07-01" } else { "1951-07-01" });
        let mut e = person(&first.plus_days(p.birth).to_string(), n as u32 + 1);
        if p.urban {
            e.hukou = Hukou::Urban;
        }
        if p.unknown_hukou {
            e.hukou_region = None;
        }
        if let Some(with) = out.last().filter(|_| p.with_previous) {
            e.household = HouseholdOf::Existing(home(db, *with).await);
        }
        out.push(open(db, e).await);
    }
    out
}

/// Each event is written down on its own day.
async fn live(db: &Db, people: &[Someone], ids: &[kernel::ElderId], on: CivilDate) {
    for (p, id) in people.iter().zip(ids) {
        let Some((after, what)) = &p.event else { continue };
        if day(FIRST).plus_days(*after) != on {
            continue;
        }
        let seen = people::service::card(db, &scope(CITY), *id).await.expect("card").version;
        let since = Since::Day(on);
        let change = |changes: Changes| people::service::correct(db, &CLERK, *id, seen, changes, since, Source::Office);
        match what {
            Happens::Dies => died(db, *id, &on.to_string()).await,
            Happens::TurnsUrban => {
                change(Changes { hukou: Some(Hukou::Urban), ..Changes::default() }).await.expect("recorded");
            }
            Happens::HukouLeaves => {
                let elsewhere = Some(Some(region("440103001001")));
                let _ = change(Changes { hukou_region: elsewhere, ..Changes::default() }).await;
            }
            Happens::MovesAway => {
                people::service::move_out(db, &CLERK, *id, seen, on, None, Source::Office, "").await.expect("moved");
            }
        }
    }
}

static CLERK: std::sync::LazyLock<kernel::Actor> = std::sync::LazyLock::new(clerk);

type State = (Vec<Row>, Vec<(HouseholdId, String, String)>);

/// What stands at the end when the determination ran on some of the days.
async fn ends(people: &[Someone], days: &[i64]) -> State {
    let kept = testing::sqlite(&migrations()).await;
    let db = kept.db.clone();
    let ids = settle_in(&db, people).await;
    run(&db, FIRST).await;
    let mut on = day(FIRST);
    while on < day(LAST) {
        on = on.plus_days(1);
        db.clock().set(on.at(8, 0));
        live(&db, people, &ids, on).await;
        if days.contains(&on.days_since(day(FIRST))) {
            run(&db, &on.to_string()).await;
        }
    }
    run(&db, LAST).await;
    assert!(run(&db, LAST).await.unchanged(), "a second run of the last day changes nothing");
    sound(&db).await;
    // A purse that was filled and emptied again leaves a trace in the books and nothing else.
    let left = lines(&db).await.into_iter().filter(|(.., lines)| !lines.is_empty()).collect();
    (rows(&db).await, left)
}

/// Only what differs.
fn told(a: &State, b: &State) -> String {
    let rows = |x: &State, y: &State| x.0.iter().filter(|r| !y.0.contains(r)).cloned().collect::<Vec<_>>();
    let purses = |x: &State, y: &State| x.1.iter().filter(|p| !y.1.contains(p)).cloned().collect::<Vec<_>>();
    format!("{:?}\n{:?}\n{:?}\n{:?}", rows(a, b), rows(b, a), purses(a, b), purses(b, a))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_days_run_end_in_the_same_state(
        people in prop::collection::vec(someone(), 1..6),
        days in prop::collection::vec(0..102i64, 0..25),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (often, once) = runtime.block_on(async { (ends(&people, &days).await, ends(&people, &[]).await) });
        prop_assert!(often == once, "{}", told(&often, &once));
    }
}

#[tokio::test]
async fn every_day_and_only_the_last_are_the_same() {
    let people: Vec<Someone> = [
        (30, false, None),
        (100, true, None),
        (60, false, Some((40, Happens::Dies))),
        (60, true, Some((75, Happens::HukouLeaves))),
        (10, false, Some((55, Happens::TurnsUrban))),
        (20, false, Some((51, Happens::MovesAway))),
    ]
    .into_iter()
    .enumerate()
    .map(|(i, (birth, old, event))| Someone {
        birth,
        old,
        urban: false,
        unknown_hukou: false,
        with_previous: i % 2 == 1,
        event,
    })
    .collect();
    let daily: Vec<i64> = (1..=102).collect();
    let (often, once) = (ends(&people, &daily).await, ends(&people, &[]).await);
    assert!(often == once, "{}", told(&often, &once));
    assert!(often.0.iter().any(|r| r.verdict == "eligible"));
}
