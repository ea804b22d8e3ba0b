//! Fences of both shapes, their schedules, places to keep out of, and people who lose their way.
#![allow(clippy::unwrap_used)]
mod common;
use common::{Watch, cleared, east, fix, on, raised, raises};
use kernel::GeoPoint;
use vigil::*;

fn point(lat: f64, lng: f64) -> GeoPoint {
    GeoPoint::from_degrees(lat, lng).unwrap()
}

#[test]
fn a_circle_knows_its_rim_to_the_metre() {
    let circle = Shape::Circle { center: east(0.0), radius_m: 300 };
    assert_eq!(circle.side(east(299.0), 0), Side::Inside);
    assert_eq!(circle.side(east(301.5), 0), Side::Outside);
    assert_eq!(circle.side(east(340.0), 45), Side::Doubt);
    assert_eq!(circle.side(east(340.0), 35), Side::Outside);
}

#[test]
fn a_polygon_with_a_bay_knows_inside_from_outside() {
    // An L: the bay in the north-east is outside.
    let l = Shape::Polygon(vec![
        point(22.80, 115.30),
        point(22.80, 115.32),
        point(22.81, 115.32),
        point(22.81, 115.31),
        point(22.82, 115.31),
        point(22.82, 115.30),
    ]);
    assert_eq!(l.side(point(22.805, 115.315), 10), Side::Inside);
    assert_eq!(l.side(point(22.815, 115.305), 10), Side::Inside);
    assert_eq!(l.side(point(22.815, 115.315), 10), Side::Outside);
    // In the bay, 0.005° of longitude (512.5 m here) from one rim, 0.005° of latitude (556 m) from the other.
    let d = l.distance_outside_m(point(22.815, 115.315));
    assert!((d - 512.5).abs() < 1.0, "{d}");
    assert_eq!(l.side(point(22.815, 115.315), 600), Side::Doubt);
    assert!(l.distance_outside_m(point(22.805, 115.315)) < 0.0);
    // Too few corners hold nothing, and do not panic.
    assert_eq!(Shape::Polygon(vec![point(1.0, 1.0)]).side(point(1.0, 1.0), 500), Side::Outside);
}

#[test]
fn a_schedule_across_midnight_belongs_to_the_day_on_which_it_began() {
    // Monday evenings only, 22:00–06:00. The 2nd of March 2026 is a Monday.
    let monday = Schedule { weekdays: 1, span: Span::NIGHT };
    assert!(!monday.runs(on(2, 21, 59)));
    assert!(monday.runs(on(2, 22, 0)));
    assert!(monday.runs(on(3, 5, 59)));
    assert!(!monday.runs(on(3, 6, 0)));
    assert!(!monday.runs(on(3, 22, 0)));
    // The early Monday morning belongs to Sunday.
    assert!(!monday.runs(on(2, 3, 0)));
    assert_eq!(monday.next_start(on(3, 0, 0)), Some(on(9, 22, 0)));
    assert_eq!(Schedule { weekdays: 0, ..monday }.next_start(on(3, 0, 0)), None);
    assert!(Schedule::ALWAYS.runs(on(4, 0, 0)));
}

fn river(span: Span) -> Settings {
    let mut settings = Settings::default();
    settings.places.fences = vec![Fence {
        id: 7,
        name: "河边".into(),
        shape: Shape::Circle { center: east(1_000.0), radius_m: 100 },
        rule: FenceRule::KeepOut,
        schedule: Schedule { weekdays: 0x7f, span },
        grace: 0,
    }];
    settings
}

#[test]
fn coming_into_a_forbidden_place_is_told_at_the_first_fix() {
    let mut w = Watch::new(river(Span { from: 0, to: 0 }), on(2, 9, 0));
    w.hear(on(2, 9, 0), fix(0.0, 20));
    let told = w.hear(on(2, 9, 10), fix(950.0, 40));
    assert_eq!(raised(&told, AlarmKind::FenceEntered).unwrap().reason, "09:10 进入河边");
    assert!(w.hear(on(2, 9, 11), fix(960.0, 40)).is_empty());
    // Doubtful fixes do not end it, a clear one does; a person closes.
    assert!(w.hear(on(2, 9, 12), fix(880.0, 100)).is_empty());
    assert_eq!(cleared(&w.hear(on(2, 9, 13), fix(500.0, 20)), AlarmKind::FenceEntered), Some(false));
}

#[test]
fn a_place_that_becomes_forbidden_while_they_are_in_it_is_told_by_time() {
    let mut w = Watch::new(river(Span { from: 18 * 60, to: 6 * 60 }), on(2, 9, 0));
    assert!(w.hear(on(2, 17, 50), fix(1_000.0, 20)).is_empty());
    assert!(w.wait(on(2, 17, 59)).is_empty());
    assert!(raised(&w.wait(on(2, 18, 0)), AlarmKind::FenceEntered).unwrap().reason.contains("仍在河边"));
}

fn wanderer() -> Settings {
    let mut settings = Settings::default();
    settings.places.wandering = Some(WanderingMode { home: east(0.0), radius_m: 200, away: 45 });
    settings
}

#[test]
fn away_too_long_is_told_without_a_message() {
    let mut w = Watch::new(wanderer(), on(2, 9, 0));
    w.hear(on(2, 9, 0), fix(0.0, 20));
    assert!(w.hear(on(2, 9, 30), fix(600.0, 20)).is_empty());
    assert!(w.wait(on(2, 10, 14)).is_empty());
    assert!(raised(&w.wait(on(2, 10, 15)), AlarmKind::Wandering).unwrap().reason.contains("离家已 45 分钟"));
    assert_eq!(cleared(&w.hear(on(2, 10, 30), fix(100.0, 20)), AlarmKind::Wandering), Some(false));
}

#[test]
fn walking_to_and_fro_is_told_and_a_straight_walk_is_not() {
    let walk = |steps: &dyn Fn(u32) -> f64| {
        let mut w = Watch::new(wanderer(), on(2, 9, 0));
        for n in 0..14 {
            w.hear(on(2, 9, n * 2), fix(steps(n), 10));
        }
        raises(&w.told, AlarmKind::Wandering)
    };
    assert_eq!(walk(&|n| if n % 2 == 0 { 400.0 } else { 600.0 }), 1);
    assert_eq!(walk(&|n| 400.0 + f64::from(n) * 150.0), 0);
    // Standing still with a drifting fix is no way.
    assert_eq!(walk(&|n| 400.0 + f64::from(n % 2) * 15.0), 0);
}

#[test]
fn the_entrance_at_night_is_told_at_once_in_wandering_mode_only() {
    let open = Measure::Door { door: DoorKind::Entrance, room: Room::Hall, open: true };
    let mut w = Watch::new(wanderer(), on(2, 9, 0));
    assert!(raised(&w.hear(on(2, 15, 0), open), AlarmKind::Wandering).is_none());
    assert!(raised(&w.hear(on(3, 2, 0), open), AlarmKind::Wandering).unwrap().reason.contains("夜里 02:00 打开了大门"));
    let mut calm = Watch::new(Settings::default(), on(2, 9, 0));
    assert!(raised(&calm.hear(on(3, 2, 0), open), AlarmKind::Wandering).is_none());
}

#[test]
fn a_fence_that_was_edited_keeps_its_memory_and_a_new_one_starts_without() {
    let mut settings = river(Span { from: 0, to: 0 });
    let mut w = Watch::new(settings.clone(), on(2, 9, 0));
    w.hear(on(2, 9, 0), fix(1_000.0, 20));
    assert_eq!(raises(&w.told, AlarmKind::FenceEntered), 1);
    settings.places.fences.insert(0, Fence { id: 9, name: "车站".into(), ..settings.places.fences[0].clone() });
    w.settings = settings;
    w.state.settings_changed(on(2, 9, 1));
    // The new one covers the same place: it is entered as well, and counted in the open alarm.
    let told = w.hear(on(2, 9, 5), fix(1_000.0, 20));
    assert!(matches!(&told[..], [Outcome::Count { count: 2, .. }]), "{told:?}");
}
