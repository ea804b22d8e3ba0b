//! A sketch of a village: where its elders live, from the coordinates in their archives. No streets: the list beside it
//! carries every fact.
use kernel::GeoPoint;

/// Size of the drawing in its own units.
pub const WIDTH: i64 = 560;
pub const HEIGHT: i64 = 372;
/// Room left at the edges, so that no mark is cut.
const EDGE: f64 = 36.0;
/// Metres of a degree of latitude.
const DEGREE_M: f64 = 111_320.0;
/// A village drawn smaller than this many metres across would spread two neighbours over the whole sketch.
const LEAST_M: f64 = 300.0;

/// What a mark stands for; the order of drawing, what matters last and on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Plain,
    /// Lives alone (独居、孤寡).
    Alone,
    /// Something has to be done today.
    Todo,
}

/// One home to draw.
#[derive(Clone, Debug)]
pub struct Home {
    pub place: GeoPoint,
    pub kind: Kind,
    /// Written beside the mark where there is room: name and age, and what has to be done.
    pub words: Option<(String, String)>,
}

/// A drawn mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub x: i64,
    pub y: i64,
    pub kind: Kind,
}

impl Mark {
    pub fn plain(&self) -> bool {
        self.kind == Kind::Plain
    }
    pub fn alone(&self) -> bool {
        self.kind == Kind::Alone
    }
}

/// A card with two lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub x: i64,
    pub y: i64,
    pub width: i64,
    pub name: String,
    pub what: String,
}

impl Label {
    pub const HEIGHT: i64 = 42;
    pub fn height(&self) -> i64 {
        Label::HEIGHT
    }
    pub fn text_x(&self) -> i64 {
        self.x + 9
    }
    pub fn first_y(&self) -> i64 {
        self.y + 17
    }
    pub fn second_y(&self) -> i64 {
        self.y + 34
    }
    /// A mark is about 20 units wide and high.
    fn covers(&self, m: &Mark) -> bool {
        (self.x - 10..=self.x + self.width + 10).contains(&m.x)
            && (self.y - 10..=self.y + Label::HEIGHT + 10).contains(&m.y)
    }
    fn meets(&self, other: &Label) -> bool {
        (self.x - other.x).abs() < self.width.max(other.width) && (self.y - other.y).abs() < Label::HEIGHT
    }
}

/// The drawing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sketch {
    pub marks: Vec<Mark>,
    pub labels: Vec<Label>,
    /// Length of the scale bar in the drawing's units, and what it says.
    pub scale: Option<(i64, String)>,
}

/// Most labels on one sketch.
const LABELS: usize = 3;

/// Draws homes; empty when there are none.
pub fn sketch(mut homes: Vec<Home>) -> Sketch {
    homes.sort_by_key(|h| h.kind);
    // Metres east and south of the first home; over a village the earth is flat enough.
    let Some((lat0, lng0)) = homes.first().map(|h| (h.place.lat(), h.place.lng())) else { return Sketch::default() };
    let squeeze = lat0.to_radians().cos();
    let flat: Vec<(f64, f64)> = homes
        .iter()
        .map(|h| ((h.place.lng() - lng0) * DEGREE_M * squeeze, (lat0 - h.place.lat()) * DEGREE_M))
        .collect();
    let (mut left, mut right, mut top, mut low) = (f64::MAX, f64::MIN, f64::MAX, f64::MIN);
    for (x, y) in &flat {
        (left, right) = (left.min(*x), right.max(*x));
        (top, low) = (top.min(*y), low.max(*y));
    }
    let (across, down) = ((right - left).max(LEAST_M), (low - top).max(LEAST_M));
    let scale = ((WIDTH as f64 - 2.0 * EDGE) / across).min((HEIGHT as f64 - 2.0 * EDGE) / down);
    let (mid_x, mid_y) = ((left + right) / 2.0, (top + low) / 2.0);
    let at = |x: f64, y: f64| {
        let px = (WIDTH as f64 / 2.0 + (x - mid_x) * scale).round() as i64;
        let py = (HEIGHT as f64 / 2.0 + (y - mid_y) * scale).round() as i64;
        (px.clamp(0, WIDTH), py.clamp(0, HEIGHT))
    };
    let marks: Vec<Mark> = homes
        .iter()
        .zip(&flat)
        .map(|(h, (x, y))| {
            let (x, y) = at(*x, *y);
            Mark { x, y, kind: h.kind }
        })
        .collect();
    Sketch { labels: labels(&homes, &marks), marks, scale: Some(scale_bar(scale)) }
}

/// Cards for the homes that have words, below or above their marks, as many as fit without covering one another or
/// another home where something has to be done.
fn labels(homes: &[Home], marks: &[Mark]) -> Vec<Label> {
    let mut out: Vec<Label> = Vec::new();
    for (i, (home, mark)) in homes.iter().zip(marks).enumerate() {
        let Some((name, what)) = home.words.as_ref().filter(|_| out.len() < LABELS) else { continue };
        let longest = name.chars().count().max(what.chars().count()) as i64;
        let width = (longest * 12 + 22).min(220);
        let fits = [mark.y + 14, mark.y - 14 - Label::HEIGHT].into_iter().find_map(|y| {
            let x = (mark.x - width / 2).clamp(6, WIDTH - width - 6);
            let label = Label { x, y, width, name: name.clone(), what: what.clone() };
            let inside = y >= 6 && y + Label::HEIGHT <= HEIGHT - 26;
            let hides = marks.iter().enumerate().any(|(j, m)| j != i && m.kind == Kind::Todo && label.covers(m));
            (inside && !hides && out.iter().all(|l| !l.meets(&label))).then_some(label)
        });
        out.extend(fits);
    }
    out
}

/// The longest round distance that is at most a third of the width.
fn scale_bar(per_metre: f64) -> (i64, String) {
    let room = WIDTH as f64 / 3.0;
    let metres = [20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50]
        .into_iter()
        .find(|m| f64::from(*m) * per_metre <= room)
        .unwrap_or(50);
    let word = if metres >= 1_000 { format!("{} 公里", metres / 1_000) } else { format!("{metres} 米") };
    ((f64::from(metres) * per_metre).round() as i64, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(lat: f64, lng: f64, kind: Kind) -> Home {
        Home { place: GeoPoint::from_degrees(lat, lng).expect("a point"), kind, words: None }
    }

    #[test]
    fn nobody_located_draws_nothing() {
        assert_eq!(sketch(Vec::new()), Sketch::default());
    }

    #[test]
    fn one_home_stands_in_the_middle() {
        let s = sketch(vec![home(23.3, 115.6, Kind::Plain)]);
        assert_eq!(s.marks, vec![Mark { x: WIDTH / 2, y: HEIGHT / 2, kind: Kind::Plain }]);
    }

    #[test]
    fn north_is_up_and_east_is_right_and_all_is_inside() {
        let s = sketch(vec![
            home(23.300, 115.600, Kind::Plain),
            home(23.310, 115.620, Kind::Alone),
            home(23.305, 115.610, Kind::Todo),
        ]);
        let of = |k| s.marks.iter().find(|m| m.kind == k).expect("drawn");
        let (sw, ne, mid) = (of(Kind::Plain), of(Kind::Alone), of(Kind::Todo));
        assert!(sw.x < mid.x && mid.x < ne.x, "east is right");
        assert!(ne.y < mid.y && mid.y < sw.y, "north is up");
        assert!(s.marks.iter().all(|m| m.x >= 30 && m.x <= WIDTH - 30 && m.y >= 30 && m.y <= HEIGHT - 30));
    }

    #[test]
    fn what_matters_is_drawn_last() {
        let s = sketch(vec![
            home(23.30, 115.60, Kind::Todo),
            home(23.31, 115.61, Kind::Plain),
            home(23.32, 115.62, Kind::Alone),
        ]);
        assert_eq!(s.marks.iter().map(|m| m.kind).collect::<Vec<_>>(), [Kind::Plain, Kind::Alone, Kind::Todo]);
    }

    #[test]
    fn a_kilometre_is_as_long_as_the_bar_says() {
        // 0.01 degrees of latitude are 1.113 km.
        let s = sketch(vec![home(23.30, 115.60, Kind::Plain), home(23.31, 115.60, Kind::Plain)]);
        let (length, word) = s.scale.expect("a bar");
        let drawn = (s.marks[0].y - s.marks[1].y).abs();
        assert_eq!(word, "500 米");
        let metres = drawn as f64 / length as f64 * 500.0;
        assert!((metres - 1_113.0).abs() < 12.0, "{metres}");
    }

    #[test]
    fn labels_never_cover_one_another_or_another_task() {
        let mut homes: Vec<Home> = (0..6).map(|i| home(23.30 + f64::from(i) * 2e-3, 115.60, Kind::Todo)).collect();
        homes.push(home(23.33, 115.63, Kind::Todo));
        for h in &mut homes {
            h.words = Some(("罗火娇 84 岁".into(), "待回访".into()));
        }
        let s = sketch(homes);
        assert!(!s.labels.is_empty() && s.labels.len() <= LABELS);
        for (i, a) in s.labels.iter().enumerate() {
            assert!(s.marks.iter().filter(|m| a.covers(m)).count() <= 1, "only its own mark may touch it");
            assert!(a.x >= 0 && a.x + a.width <= WIDTH && a.y >= 0 && a.y + Label::HEIGHT <= HEIGHT);
            assert!(s.labels[i + 1..].iter().all(|b| !a.meets(b)));
        }
    }
}
