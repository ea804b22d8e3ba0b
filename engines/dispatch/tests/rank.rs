//! Who is sent, who is not, and the words for it.
use dispatch::{
    Certificate, Exclusion, GenderWish, Ground, Language, LanguageSet, Origin, Planned, Previous, REACH_MINUTES,
    Ranking, Skill, SkillSet, Visit, Vocabulary, Window, Worker, covered, rank, travel_minutes,
};
use kernel::{CivilDate, GeoPoint, IdGen, Instant, Sex, WorkerId};

/// A point of the town, in metres north and east of its centre.
fn place(north: i64, east: i64) -> GeoPoint {
    // A metre is 8.993 millionths of a degree of latitude and, at 22.8° north, 9.756 of longitude.
    GeoPoint { lat_e6: 22_800_000 + north * 8_993 / 1000, lng_e6: 115_300_000 + east * 9_756 / 1000 }
}
fn day(y: i16, m: i8, d: i8) -> CivilDate {
    CivilDate::new(y, m, d).expect("a day")
}
/// On Tuesday 2026-11-24.
fn at(hour: u32, minute: u32) -> Instant {
    day(2026, 11, 24).at(hour, minute)
}
fn worker_id(n: u64) -> WorkerId {
    IdGen::new(n).make(at(0, 0))
}
fn skill(n: u8) -> Skill {
    Skill::new(n).expect("below 64")
}
fn bath() -> SkillSet {
    SkillSet::EMPTY.with(skill(0))
}
fn hakka() -> Language {
    Language::new(0).expect("below 64")
}
fn words() -> Vocabulary {
    Vocabulary { skills: vec!["助浴".into(), "理发".into()], languages: vec!["客家话".into()] }
}
/// Bathing at the centre of the town, 14:00–15:00 on Tuesday.
fn visit<'a>() -> Visit<'a> {
    Visit {
        skills: bath(),
        place: place(0, 0),
        start: at(14, 0),
        minutes: 60,
        gender: None,
        language: None,
        previous: &[],
    }
}
/// Works 08:00–18:00 on all days, lives `north` metres away, may do everything asked.
fn worker(n: u64, north: i64) -> Worker {
    Worker {
        id: worker_id(n),
        org: IdGen::new(900).make(at(0, 0)),
        sex: Sex::Female,
        skills: bath(),
        languages: LanguageSet::EMPTY,
        hours: (0..7).filter_map(|d| Window::new(d, 8 * 60, 18 * 60)).collect(),
        certificates: vec![Certificate::of(skill(0), day(2027, 6, 30))],
        insured_until: Some(day(2027, 6, 30)),
        banned: false,
        home: place(north, 0),
        planned: vec![],
        load_minutes: 0,
        rotation_rank: 0,
    }
}
fn why_not(visit: &Visit<'_>, worker: Worker) -> Option<(Exclusion, String)> {
    let ranking = rank(visit, &[worker], 5);
    assert_eq!(ranking.suitable + ranking.excluded.len(), 1);
    assert_eq!(ranking.best.len(), ranking.suitable);
    ranking.excluded.first().map(|e| (e.reason, e.reason.zh(&words())))
}
fn refused(visit: &Visit<'_>, change: impl FnOnce(&mut Worker)) -> String {
    let mut w = worker(1, 500);
    assert_eq!(why_not(visit, w.clone()), None, "suitable before the change");
    change(&mut w);
    why_not(visit, w).expect("left out").1
}
fn order(ranking: &Ranking) -> Vec<WorkerId> {
    ranking.best.iter().map(|r| r.worker).collect()
}
fn busy(from: Instant, to: Instant, place: GeoPoint) -> Planned {
    Planned { start: from, end: to, place }
}

#[test]
fn everyone_left_out_has_a_reason_in_plain_words() {
    let v = visit();
    assert_eq!(refused(&v, |w| w.banned = true), "在禁入名单上");
    assert_eq!(refused(&v, |w| w.skills = SkillSet::EMPTY.with(skill(1))), "不会助浴");
    assert_eq!(refused(&v, |w| w.certificates[0].valid_until = day(2026, 10, 1)), "证书 2026-10-01 到期");
    assert_eq!(refused(&v, |w| w.insured_until = Some(day(2026, 11, 23))), "保险 2026-11-23 到期");
    assert_eq!(refused(&v, |w| w.insured_until = None), "没有保险");
    assert_eq!(refused(&v, |w| w.hours.clear()), "下班时间");
    assert_eq!(
        refused(&v, |w| w.planned = vec![busy(at(14, 30), at(15, 30), place(0, 0))]),
        "时间冲突：14:30–15:30 有单"
    );
    let across_town = place(6_000, 0);
    assert_eq!(
        refused(&v, |w| w.planned = vec![busy(at(13, 0), at(13, 50), across_town)]),
        "赶不到：上一户 13:50 结束，路上要 16 分钟"
    );
    assert_eq!(
        refused(&v, |w| w.planned = vec![busy(at(15, 10), at(16, 0), across_town)]),
        "赶不上 15:10 的下一户，路上要 16 分钟"
    );
    assert_eq!(refused(&v, |w| w.home = place(40_000, 0)), "太远：40.0 公里");
    let only_women = Visit { gender: Some(GenderWish::Require(Sex::Female)), ..v };
    assert_eq!(refused(&only_women, |w| w.sex = Sex::Male), "老人只要女护理员");
    let two = Visit { skills: bath().with(skill(1)), ..v };
    let mut w = worker(1, 0);
    w.skills = SkillSet::EMPTY;
    assert_eq!(why_not(&two, w).expect("left out").1, "不会助浴、理发");
}

#[test]
fn the_first_reason_is_given() {
    let mut w = worker(1, 0);
    w.hours.clear();
    w.insured_until = None;
    w.planned = vec![busy(at(14, 0), at(15, 0), place(0, 0))];
    assert_eq!(why_not(&visit(), w.clone()).expect("left out").0, Exclusion::Uninsured);
    w.banned = true;
    assert_eq!(why_not(&visit(), w).expect("left out").0, Exclusion::Banned);
}

#[test]
fn papers_are_valid_through_their_last_day() {
    let last = day(2026, 11, 24);
    let mut w = worker(1, 0);
    w.certificates[0].valid_until = last;
    w.insured_until = Some(last);
    assert_eq!(why_not(&visit(), w.clone()), None);
    let next_day = Visit { start: day(2026, 11, 25).at(14, 0), ..visit() };
    assert_eq!(why_not(&next_day, w).expect("left out").0, Exclusion::CertificateExpired(last));
}

#[test]
fn only_certificates_the_visit_needs_count_and_a_general_one_always() {
    let gone = day(2026, 1, 31);
    let mut w = worker(1, 0);
    w.skills = bath().with(skill(1));
    w.certificates.push(Certificate::of(skill(1), gone));
    assert_eq!(why_not(&visit(), w.clone()), None, "the hairdresser's certificate is not needed for a bath");
    w.certificates.push(Certificate { covers: SkillSet::EMPTY, valid_until: gone });
    assert_eq!(why_not(&visit(), w).expect("left out").0, Exclusion::CertificateExpired(gone));
}

#[test]
fn a_visit_fits_exactly_between_two_others() {
    // 2,000 m are 2,600 m of road: 5.2 minutes, counted as 6.
    let near = place(2_000, 0);
    let mut w = worker(1, 500);
    w.planned = vec![busy(at(15, 6), at(16, 0), near), busy(at(13, 0), at(13, 54), near)];
    let ranking = rank(&visit(), &[w.clone()], 1);
    let r = ranking.best.first().expect("fits");
    assert_eq!((r.origin, r.minutes, r.visits_that_day), (Origin::PreviousVisit, 6, 2));
    assert_eq!(r.parts.travel, 12, "there and back from one place");
    w.planned[1].end = at(13, 55);
    assert!(matches!(why_not(&visit(), w.clone()), Some((Exclusion::CannotArrive { minutes: 6, .. }, _))));
    w.planned[1].end = at(13, 54);
    w.planned[0].start = at(15, 5);
    assert!(matches!(why_not(&visit(), w), Some((Exclusion::CannotReachNext { minutes: 6, .. }, _))));
}

#[test]
fn visits_that_touch_do_not_overlap_and_a_long_gap_starts_from_home() {
    let mut w = worker(1, 1_500);
    w.planned = vec![busy(at(13, 0), at(14, 0), place(0, 0)), busy(at(15, 0), at(16, 0), place(0, 0))];
    let r = rank(&visit(), &[w.clone()], 1).best[0];
    assert_eq!((r.origin, r.metres, r.parts.travel), (Origin::PreviousVisit, 0, 0));
    w.planned = vec![busy(at(9, 0), at(10, 0), place(9_000, 0))];
    let r = rank(&visit(), &[w], 1).best[0];
    assert_eq!((r.origin, r.visits_that_day), (Origin::Home, 1));
    assert!((1_499..=1_501).contains(&r.metres), "{}", r.metres);
}

#[test]
fn nearer_is_better_and_ties_fall_to_the_smaller_id() {
    let workers: Vec<Worker> = [(3, 4_000), (1, 900), (2, 2_500)].map(|(n, m)| worker(n, m)).into();
    assert_eq!(order(&rank(&visit(), &workers, 10)), [1, 2, 3].map(worker_id));
    let mut same: Vec<Worker> = (1..=6).map(|n| worker(n, 700)).collect();
    let first = order(&rank(&visit(), &same, 10));
    assert!(first.is_sorted(), "ties by id");
    same.reverse();
    assert_eq!(order(&rank(&visit(), &same, 10)), first, "whatever the order of the input");
}

#[test]
fn continuity_language_wish_load_and_turn_move_a_worker() {
    let plain = || worker(1, 1_000);
    let other = |change: &dyn Fn(&mut Worker)| {
        let mut w = worker(2, 3_000);
        change(&mut w);
        [plain(), w]
    };
    let v = Visit { gender: Some(GenderWish::Prefer(Sex::Male)), language: Some(hakka()), ..visit() };
    let known = [Previous { worker: worker_id(2), times: 9 }];
    let best = |v: &Visit<'_>, workers: &[Worker]| rank(v, workers, 1).best[0].worker;
    assert_eq!(best(&v, &other(&|_| {})), worker_id(1), "the nearer one");
    assert_eq!(best(&Visit { previous: &known, ..v }, &other(&|_| {})), worker_id(2));
    assert_eq!(best(&v, &other(&|w| w.languages = LanguageSet::EMPTY.with(hakka()))), worker_id(2));
    assert_eq!(best(&v, &other(&|w| w.sex = Sex::Male)), worker_id(2));
    let mut tired = other(&|_| {});
    tired[0].load_minutes = 400;
    assert_eq!(best(&v, &tired), worker_id(2));
    let mut waits = other(&|_| {});
    waits[0].rotation_rank = 1;
    assert_eq!(best(&v, &waits), worker_id(2));
}

#[test]
fn reasons_say_why_in_plain_words() {
    let known = [Previous { worker: worker_id(1), times: 9 }];
    let v =
        Visit { gender: Some(GenderWish::Prefer(Sex::Female)), language: Some(hakka()), previous: &known, ..visit() };
    let mut w = worker(1, 1_200);
    w.languages = LanguageSet::EMPTY.with(hakka());
    w.planned = (7..10).map(|h| busy(at(h, 0), at(h, 20), place(0, 0))).collect();
    let zh = |w: &Worker| -> Vec<String> {
        rank(&v, std::slice::from_ref(w), 1).best[0].reasons().iter().map(|r| r.zh(&words())).collect()
    };
    assert_eq!(
        zh(&w),
        ["距离 1.2 公里", "来过 9 次", "会客家话", "女护理员，合老人的意思", "当天已排 3 户", "轮到这家"]
    );
    let mut plain = worker(2, 350);
    plain.sex = Sex::Male;
    plain.rotation_rank = 2;
    assert_eq!(zh(&plain), ["距离 350 米", "不会客家话", "老人想要女护理员", "当天还没有单", "前面还有 2 家"]);
    let ranked = rank(&v, &[w], 1).best[0];
    assert_eq!(ranked.cost, ranked.parts.total());
}

#[test]
fn the_best_are_kept_and_everyone_is_counted() {
    let mut workers: Vec<Worker> = (1..=40).map(|n| worker(n, 200 * ((n * 17) % 40) as i64)).collect();
    workers[3].banned = true;
    let all = rank(&visit(), &workers, 100);
    let some = rank(&visit(), &workers, 5);
    assert_eq!((all.best.len(), all.suitable, all.excluded.len()), (39, 39, 1));
    assert_eq!(some.best, all.best[..5]);
    assert_eq!((some.suitable, &some.excluded), (39, &all.excluded));
    assert!(all.best.is_sorted_by_key(|r| r.cost));
    let none = rank(&visit(), &workers, 0);
    assert_eq!((none.best.len(), none.suitable), (0, 39));
}

#[test]
fn hours_run_over_midnight_and_into_the_next_week() {
    let w = |d, from, to| Window::new(d, from, to).expect("in range");
    let night = [w(1, 22 * 60, 6 * 60)];
    assert!(covered(&night, at(22, 0), 480));
    assert!(!covered(&night, at(22, 0), 481));
    assert!(!covered(&night, at(21, 59), 30));
    assert!(covered(&night, day(2026, 11, 25).at(5, 0), 60), "Wednesday morning belongs to Tuesday's night");
    assert!(!covered(&night, at(5, 0), 60), "Tuesday morning does not");
    let sunday_night = [w(6, 22 * 60, 6 * 60)];
    assert!(covered(&sunday_night, day(2026, 11, 30).at(1, 0), 60), "into Monday");
    let split = [w(1, 13 * 60, 18 * 60), w(1, 8 * 60, 12 * 60)];
    assert!(!covered(&split, at(11, 30), 60), "over the lunch break");
    let joined = [w(1, 12 * 60, 18 * 60), w(1, 8 * 60, 12 * 60)];
    assert!(covered(&joined, at(11, 30), 60));
    assert!(covered(&[w(1, 0, 1440)], at(23, 0), 60), "to 24:00");
    assert!(Window::new(7, 0, 60).is_none() && Window::new(0, 1440, 60).is_none() && Window::new(0, 0, 1441).is_none());
}

#[test]
fn the_flat_map_agrees_with_the_great_circle() {
    let centre = place(0, 0);
    let ground = Ground::around(centre);
    for (north, east) in [(0, 0), (150, -80), (-4_000, 3_000), (30_000, 40_000), (-35_000, -35_000)] {
        let p = place(north, east);
        let (flat, round) = (f64::from(ground.metres(centre, p)), centre.distance_m(p));
        assert!((flat - round).abs() <= 1.0 + round * 0.01, "{flat} against {round}");
    }
    assert_eq!([0, 1, 384, 385, 5_000].map(travel_minutes), [0, 1, 1, 2, 13]);
}

#[test]
fn reach_is_a_limit_not_a_cliff_before_it() {
    // 23,000 m are 29,900 m of road, 59.8 minutes; 23,200 m are 60.3.
    assert_eq!(rank(&visit(), &[worker(1, 23_000)], 1).best[0].minutes, REACH_MINUTES);
    assert!(matches!(why_not(&visit(), worker(1, 23_200)), Some((Exclusion::TooFar { .. }, _))));
}
