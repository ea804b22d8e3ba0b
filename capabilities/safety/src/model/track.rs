//! The way somebody took: fixes on a sketch with the circle each is sure of, gaps as gaps, fences. Pure.
use super::plane::Plane;
use kernel::{GeoPoint, Instant};
use vigil::{Encoded, Fence, FenceRule, FixSource, Measure, MeasureKind, Shape};

/// Size of the drawing.
pub const WIDTH: i64 = 760;
pub const HEIGHT: i64 = 520;
const EDGE: i64 = 28;
/// Without a fix for longer, the way between is not known and not drawn as one.
pub const GAP_MS: i64 = 15 * Instant::MINUTE;
/// A fix that came later than this was stored on the device meanwhile.
const LATE_MS: i64 = 10 * Instant::MINUTE;
/// A device's clock this far ahead, or this far behind, is wrong (the watch judges alike).
const AHEAD_MS: i64 = 5 * Instant::MINUTE;
const BEHIND_MS: i64 = 7 * Instant::DAY;
/// Nobody moves faster than this, metres a second.
const FAST: f64 = 45.0;
/// Fixes nearer than this, and sooner after, than the one before are drawn as one.
const NEAR_M: f64 = 15.0;
const SOON_MS: i64 = 5 * Instant::MINUTE;
/// At most so many are drawn and listed.
pub const MOST: usize = 400;

/// One fix as it was stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct At {
    pub at: Instant,
    pub received: Instant,
    pub place: GeoPoint,
    pub accuracy_m: i64,
    pub source: FixSource,
    pub doubt: Option<Doubt>,
}

/// Why a fix is to be taken with care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Out of a damaged message.
    Damaged,
    /// The device's clock is wrong: the time of receipt counts.
    Clock,
    /// Too far from its neighbours to be true.
    Jump,
    /// Sent long after it was measured.
    Late,
}

impl Doubt {
    pub const fn zh(self) -> &'static str {
        match self {
            Doubt::Damaged => "报文不完整",
            Doubt::Clock => "设备时钟不准，按收到的时间",
            Doubt::Jump => "跳得太远，不可信",
            Doubt::Late => "补传",
        }
    }
    /// Whether the place itself is doubtful; late and clock are about the time only.
    pub const fn place(self) -> bool {
        matches!(self, Doubt::Damaged | Doubt::Jump)
    }
}

/// Fixes out of a day's readings, in order, each with what is to be said against it. `said` is kind, device time, time of
/// receipt and figures of every reading, so that a fix of a damaged call for help is known.
pub fn fixes(said: impl IntoIterator<Item = (Instant, Instant, Encoded)>) -> Vec<At> {
    let (mut out, mut damaged): (Vec<At>, Vec<(Instant, Instant)>) = (Vec::new(), Vec::new());
    for (at, received, what) in said {
        match Measure::decode(what) {
            Some(Measure::Fix { place, accuracy_m, source }) => {
                let wrong = at.since(received) > AHEAD_MS || received.since(at) > BEHIND_MS;
                let doubt = match (wrong, received.since(at) >= LATE_MS) {
                    (true, _) => Some(Doubt::Clock),
                    (_, true) => Some(Doubt::Late),
                    _ => None,
                };
                let at = if wrong { received } else { at };
                out.push(At { at, received, place, accuracy_m: i64::from(accuracy_m), source, doubt });
            }
            Some(Measure::Sos { unverified: true } | Measure::Fall { unverified: true }) => {
                damaged.push((at, received));
            }
            _ => {}
        }
    }
    for f in &mut out {
        if damaged.iter().any(|(_, r)| *r == f.received) {
            f.doubt = Some(Doubt::Damaged);
        }
    }
    out.sort_by_key(|f| (f.at, f.received));
    jumps(&mut out);
    out
}

/// Marks fixes that neither the one before nor the one after can be reached from.
fn jumps(all: &mut [At]) {
    let too_far = |a: &At, b: &At| {
        let seconds = (b.at.since(a.at).abs() as f64 / 1000.0).max(1.0);
        let far = a.place.distance_m(b.place) - (a.accuracy_m + b.accuracy_m) as f64;
        far > 300.0 && far / seconds > FAST
    };
    for i in 1..all.len() {
        let before = too_far(&all[i - 1], &all[i]) && all[i - 1].doubt != Some(Doubt::Jump);
        let after = all.get(i + 1).is_none_or(|next| too_far(&all[i], next));
        if before && after && all[i].doubt.is_none() {
            all[i].doubt = Some(Doubt::Jump);
        }
    }
}

/// Fixes worth a mark of their own: somebody moved, time passed, or there is something to be said.
pub fn thinned(all: &[At]) -> Vec<At> {
    let mut out: Vec<At> = Vec::new();
    for (i, f) in all.iter().enumerate() {
        let last = i + 1 == all.len();
        let keep = out.last().is_none_or(|o| {
            last || f.doubt != o.doubt || f.at.since(o.at) >= SOON_MS || f.place.distance_m(o.place) >= NEAR_M
        });
        if keep {
            out.push(*f);
        }
    }
    // A whole day of walking: every second, fourth … until it fits; the last always stays.
    while out.len() > MOST {
        let n = out.len();
        let mut i = 0;
        out.retain(|f| {
            i += 1;
            i % 2 == 0 || i == n || f.doubt.is_some_and(Doubt::place)
        });
        if out.len() == n {
            out.drain(..n - MOST);
        }
    }
    out
}

/// A mark on the drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub x: i64,
    pub y: i64,
    /// Radius of the circle it is sure of.
    pub r: i64,
    pub class: &'static str,
    pub say: String,
    /// Its place in the list, where it is numbered.
    pub n: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FenceMark {
    /// A path; circles are written as two arcs.
    pub d: String,
    pub class: &'static str,
    pub x: i64,
    pub y: i64,
    pub name: String,
}

/// Where the way is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    pub d: String,
    pub x: i64,
    pub y: i64,
    pub word: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Track {
    pub ways: Vec<String>,
    pub gaps: Vec<Gap>,
    pub marks: Vec<Mark>,
    pub fences: Vec<FenceMark>,
    pub home: Option<(i64, i64)>,
    /// Pixels and words of the scale.
    pub bar: (i64, String),
    pub say: String,
}

fn outline(plane: &Plane, shape: &Shape) -> Option<(String, (i64, i64))> {
    match shape {
        Shape::Circle { center, radius_m } => {
            let ((x, y), r) = (plane.px(*center), plane.length(f64::from(*radius_m)));
            let d = format!("M{} {y}a{r} {r} 0 1 0 {} 0a{r} {r} 0 1 0 -{} 0Z", x - r, 2 * r, 2 * r);
            Some((d, (x, y - r)))
        }
        Shape::Polygon(corners) => {
            let all: Vec<(i64, i64)> = corners.iter().map(|c| plane.px(*c)).collect();
            let top = *all.iter().min_by_key(|p| p.1)?;
            Some((format!("M{}Z", all.iter().map(|(x, y)| format!("{x} {y}")).collect::<Vec<_>>().join("L")), top))
        }
    }
}

/// What must be seen of a fence.
fn extent(shape: &Shape) -> Vec<(GeoPoint, f64)> {
    match shape {
        Shape::Circle { center, radius_m } => vec![(*center, f64::from(*radius_m))],
        Shape::Polygon(corners) => corners.iter().map(|c| (*c, 0.0)).collect(),
    }
}

/// The plane a way, home and fences are drawn on.
pub fn plane(all: &[At], home: Option<GeoPoint>, fences: &[Fence]) -> Option<Plane> {
    Plane::over(&spots(all, home, fences), WIDTH, HEIGHT, EDGE, 80.0)
}

fn good(f: &At) -> bool {
    !f.doubt.is_some_and(Doubt::place)
}

/// What lies in another town would make the way itself a dot.
fn near(p: GeoPoint, spots: &[(GeoPoint, f64)]) -> bool {
    spots.first().is_none_or(|(s, _)| s.distance_m(p) < 20_000.0)
}

fn spots(all: &[At], home: Option<GeoPoint>, fences: &[Fence]) -> Vec<(GeoPoint, f64)> {
    let mut spots: Vec<(GeoPoint, f64)> =
        all.iter().filter(|f| good(f)).map(|f| (f.place, f.accuracy_m.min(300) as f64)).collect();
    if spots.is_empty() {
        spots.extend(all.iter().map(|f| (f.place, 50.0)));
    }
    spots.extend(home.filter(|h| near(*h, &spots)).map(|h| (h, 20.0)));
    for f in fences {
        let seen = extent(&f.shape);
        if seen.first().is_some_and(|(p, _)| near(*p, &spots)) {
            spots.extend(seen);
        }
    }
    spots
}

/// Draws a way. `None` when there is nothing to draw: neither a fix nor a home nor a fence.
pub fn draw(all: &[At], home: Option<GeoPoint>, fences: &[Fence]) -> Option<Track> {
    let spots = spots(all, home, fences);
    let plane = Plane::over(&spots, WIDTH, HEIGHT, EDGE, 80.0)?;
    let here = home.filter(|h| near(*h, &spots));
    let mut out = Track { home: here.map(|h| plane.px(h)), ..Track::default() };
    let (m, px) = plane.bar(140);
    out.bar = (px, super::sketch::metres_zh(m));
    for f in fences {
        if let Some((d, (x, y))) = outline(&plane, &f.shape) {
            let class = match f.rule {
                FenceRule::StayInside => "fc-in",
                FenceRule::KeepOut => "fc-out",
            };
            out.fences.push(FenceMark { d, class, x, y: (y - 6).max(14), name: f.name.clone() });
        }
    }
    let walked: Vec<&At> = all.iter().filter(|f| good(f)).collect();
    for piece in walked.chunk_by(|a, b| b.at.since(a.at) <= GAP_MS) {
        let way: Vec<String> = piece.iter().map(|f| plane.px(f.place)).map(|(x, y)| format!("{x} {y}")).collect();
        if way.len() > 1 {
            out.ways.push(format!("M{}", way.join("L")));
        }
    }
    for w in walked.windows(2) {
        let silent = w[1].at.since(w[0].at);
        if silent > GAP_MS {
            let (a, b) = (plane.px(w[0].place), plane.px(w[1].place));
            out.gaps.push(Gap {
                d: format!("M{} {}L{} {}", a.0, a.1, b.0, b.1),
                x: (a.0 + b.0) / 2,
                y: (a.1 + b.1) / 2,
                word: format!("断 {}", minutes(silent)),
            });
        }
    }
    let last = all.iter().rposition(|f| !f.doubt.is_some_and(Doubt::place));
    for (i, f) in all.iter().enumerate() {
        let (x, y) = plane.px(f.place);
        out.marks.push(Mark {
            x,
            y,
            r: plane.length(f.accuracy_m as f64),
            class: match f.doubt {
                Some(d) if d.place() => "bad",
                Some(_) => "late",
                None if Some(i) == last => "last",
                None => "ok",
            },
            say: words(f),
            n: None,
        });
    }
    let doubtful = all.iter().filter(|f| f.doubt.is_some()).count();
    out.say = format!(
        "{} 个位置{}{}",
        all.len(),
        if out.gaps.is_empty() { String::new() } else { format!("，中间断了 {} 次", out.gaps.len()) },
        if doubtful == 0 { String::new() } else { format!("，{doubtful} 个要留意") },
    );
    Some(out)
}

/// `14:32:10 卫星，误差约 12 米`
pub fn words(f: &At) -> String {
    let time: String = f.at.stamp_seconds().chars().skip(11).collect();
    let doubt = f.doubt.map(|d| format!("，{}", d.zh())).unwrap_or_default();
    format!("{time} {}，误差约 {} 米{doubt}", f.source.zh(), f.accuracy_m)
}

/// `45 分`, `3 小时 5 分`
pub fn minutes(ms: i64) -> String {
    let m = ms / Instant::MINUTE;
    if m < 60 { format!("{m} 分") } else { format!("{} 小时 {} 分", m / 60, m % 60) }
}

/// Whether any of a day's readings is a position, cheaply.
pub fn is_fix(kind: u8) -> bool {
    kind == MeasureKind::Fix.number()
}

#[cfg(test)]
mod tests {
    use super::*;
    use vigil::Schedule;

    const T: Instant = Instant(1_795_140_000_000);

    fn said(minute: i64, late: i64, lat: f64, lng: f64) -> (Instant, Instant, Encoded) {
        let place = GeoPoint::from_degrees(lat, lng).expect("a point");
        let what = Measure::Fix { place, accuracy_m: 20, source: FixSource::Satellite };
        let at = T.plus_minutes(minute);
        (at, at.plus_minutes(late), what.encode())
    }

    #[test]
    fn doubts_are_told_and_do_not_bend_the_way() {
        let mut all = vec![said(0, 0, 23.3, 115.65), said(1, 0, 23.3002, 115.65), said(2, 0, 23.9, 115.65)];
        all.extend([said(3, 0, 23.3003, 115.65), said(4, 30, 23.3004, 115.65), said(60, -30, 23.3005, 115.65)]);
        let fixes = fixes(all);
        let doubts: Vec<Option<Doubt>> = fixes.iter().map(|f| f.doubt).collect();
        // The one with the wrong clock stands where it was received.
        assert_eq!(doubts, [None, None, Some(Doubt::Jump), None, Some(Doubt::Late), Some(Doubt::Clock)], "{fixes:#?}");
        let track = draw(&fixes, None, &[]).expect("drawn");
        assert_eq!(track.marks[2].class, "bad");
        assert_eq!(track.ways.len(), 1);
        assert_eq!(track.ways[0].matches('L').count(), 3, "the jump is no part of the way");
        assert!(track.marks[0].r > 5, "a far jump does not make everything else a dot: {:?}", track.marks[0]);
        assert_eq!(track.gaps.len(), 1, "26 minutes of silence are a gap");
        assert!(track.gaps[0].word.contains("26 分"));
    }

    #[test]
    fn a_fix_of_a_damaged_call_is_marked() {
        let mut all = vec![said(0, 0, 23.3, 115.65), said(5, 0, 23.3001, 115.65)];
        let at = T.plus_minutes(5);
        all.push((at, at, Measure::Sos { unverified: true }.encode()));
        let doubts: Vec<Option<Doubt>> = fixes(all).iter().map(|f| f.doubt).collect();
        assert_eq!(doubts, [None, Some(Doubt::Damaged)]);
    }

    #[test]
    fn standing_still_is_one_mark_and_a_long_day_fits() {
        let still: Vec<_> = (0..8).map(|s| said(0, 0, 23.3 + f64::from(s) * 1e-6, 115.65)).collect();
        assert_eq!(thinned(&fixes(still)).len(), 2, "first and last");
        let walk: Vec<_> = (0..2_000).map(|m| said(m, 0, 23.3 + m as f64 * 2e-4, 115.65)).collect();
        let walk = fixes(walk);
        let thin = thinned(&walk);
        assert!(thin.len() <= MOST && thin.len() > MOST / 4, "{}", thin.len());
        assert_eq!(thin.last(), walk.last());
    }

    #[test]
    fn fences_and_home_are_seen_whole() {
        let home = GeoPoint::from_degrees(23.3, 115.65).expect("a point");
        let fence =
            |shape, rule| Fence { id: 1, name: "家附近".into(), shape, rule, schedule: Schedule::ALWAYS, grace: 5 };
        let corners = [(23.301, 115.651), (23.302, 115.651), (23.302, 115.653)];
        let polygon = corners.iter().filter_map(|(a, b)| GeoPoint::from_degrees(*a, *b)).collect();
        let fences = [
            fence(Shape::Circle { center: home, radius_m: 500 }, FenceRule::StayInside),
            fence(Shape::Polygon(polygon), FenceRule::KeepOut),
        ];
        let t = draw(&[], Some(home), &fences).expect("drawn");
        assert_eq!(t.fences.len(), 2);
        assert!(t.fences[0].d.starts_with('M') && t.fences[1].d.ends_with('Z'));
        assert!(t.home.is_some() && t.marks.is_empty());
        assert!(draw(&[], None, &[]).is_none());
    }
}
