//! The sketch beside a case: the person, the home and who is near, drawn to one scale without map tiles.
use super::Fix;
use kernel::GeoPoint;

/// Size of the drawing.
pub const WIDTH: i64 = 388;
pub const HEIGHT: i64 = 300;
/// Room at the edges for marks and labels.
const EDGE: i64 = 46;
const LABEL_W: i64 = 124;
const LABEL_H: i64 = 36;

/// Something to be drawn.
#[derive(Clone, Debug)]
pub struct Spot {
    pub at: GeoPoint,
    pub look: Look,
    pub name: String,
    pub note: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Home,
    Worker,
    Neighbour,
}

/// A mark with its label card, in pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    pub x: i64,
    pub y: i64,
    pub look: Look,
    pub name: String,
    pub note: String,
    pub label_x: i64,
    pub label_y: i64,
}

impl Mark {
    pub fn class(&self) -> &'static str {
        match self.look {
            Look::Home => "mk-home",
            Look::Worker => "mk-worker",
            Look::Neighbour => "mk-near",
        }
    }
    /// As wide as its longer line, at most the card's room.
    pub fn width(&self) -> i64 {
        let room =
            |text: &str, a_letter: i64| text.chars().map(|c| if c.is_ascii() { 7 } else { a_letter }).sum::<i64>();
        (16 + room(&self.name, 13).max(room(&self.note, 12))).min(LABEL_W)
    }
}

/// A circle of a round distance; its words stand where no card covers them, else nowhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    pub r: i64,
    pub word: String,
    pub at: (i64, i64),
}

/// The whole drawing.
#[derive(Clone, Debug, PartialEq)]
pub struct Sketch {
    /// The person in trouble, with the radius of the circle the device is sure of.
    pub person: (i64, i64),
    pub radius: i64,
    /// No position came: the person is drawn at home.
    pub at_home: bool,
    pub marks: Vec<Mark>,
    /// Rings around the person.
    pub rings: Vec<Ring>,
    /// All of it in a sentence.
    pub say: String,
}

/// Draws. `None` when neither a position nor the home's place is known.
pub fn sketch(fix: Option<Fix>, home: Option<GeoPoint>, mut near: Vec<Spot>) -> Option<Sketch> {
    let centre = fix.map(|f| f.point).or(home)?;
    if let Some(h) = home {
        near.insert(0, Spot { at: h, look: Look::Home, name: "家".into(), note: String::new() });
    }
    near.retain(|s| s.at.distance_m(centre) <= 20_000.0);
    // The scale is that of the second nearest: what is farther stands at the edge, in its direction, and says how far.
    let mut distances: Vec<f64> = near.iter().map(|s| s.at.distance_m(centre)).collect();
    distances.sort_by(f64::total_cmp);
    let second = distances.get(1).or(distances.first()).copied().unwrap_or(0.0);
    let far = second.max(120.0).max(fix.map_or(0.0, |f| f.accuracy_m as f64));
    let half = (HEIGHT / 2 - EDGE) as f64;
    let scale = half / far;
    let (cx, cy) = (WIDTH / 2, HEIGHT / 2);
    let plane = super::plane::Plane { centre, x: cx, y: cy, scale };
    let (wide, high) = ((WIDTH / 2 - 24) as f64, (HEIGHT / 2 - 24) as f64);
    let px = |p: GeoPoint| {
        let (x, y) = plane.px(p);
        let (dx, dy) = ((x - cx) as f64, (y - cy) as f64);
        let length = dx.hypot(dy);
        // Not under the sign of the person either: a step aside, in its direction.
        let out =
            if length < 1.0 { (34.0, 0.0) } else { (dx / length * length.max(34.0), dy / length * length.max(34.0)) };
        let fit = (wide / out.0.abs().max(1.0)).min(high / out.1.abs().max(1.0)).min(1.0);
        (cx + (out.0 * fit).round() as i64, cy + (out.1 * fit).round() as i64)
    };
    let mut taken: Vec<(i64, i64)> = vec![(cx - 20, cy - 20)];
    let marks: Vec<Mark> = near
        .iter()
        .map(|s| {
            let (mut x, mut y) = px(s.at);
            // Two at one door stand side by side.
            while taken.iter().any(|(a, b)| (a - (x - 13)).abs() < 20 && (b - (y - 13)).abs() < 20) {
                x += 24;
                if x > WIDTH - 20 {
                    x -= 60;
                    y += 24;
                }
            }
            taken.push((x - 13, y - 13));
            Mark { x, y, look: s.look, name: s.name.clone(), note: s.note.clone(), label_x: 0, label_y: 0 }
        })
        .collect();
    let mut cards: Vec<(i64, i64)> = Vec::new();
    let centre_card = (cx - LABEL_W / 2, cy - LABEL_H / 2);
    let marks: Vec<Mark> = marks
        .into_iter()
        .map(|mut m| {
            let places = [
                (18, -18),
                (-18 - LABEL_W, -18),
                (-62, 18),
                (-62, -18 - LABEL_H),
                (18, 8),
                (-18 - LABEL_W, 8),
                (18, -48),
                (-18 - LABEL_W, -48),
                (-LABEL_W + 10, 18),
                (-10, 18),
                (-LABEL_W + 10, -18 - LABEL_H),
                (-10, -18 - LABEL_H),
                (-62, 58),
                (-62, -98),
            ];
            let fits = |(x, y): (i64, i64)| {
                let clear = |(a, b): &(i64, i64)| (a - x).abs() >= LABEL_W + 2 || (b - y).abs() >= LABEL_H + 2;
                let over = |(a, b): &(i64, i64)| {
                    let (a, b) = (a + 13, b + 13);
                    a > x - 12 && a < x + LABEL_W + 12 && b > y - 12 && b < y + LABEL_H + 12
                };
                cards.iter().all(clear)
                    && !taken.iter().skip(1).filter(|t| **t != (m.x - 13, m.y - 13)).any(over)
                    && ((centre_card.0 - x).abs() >= LABEL_W / 2 + 22 || (centre_card.1 - y).abs() >= LABEL_H / 2 + 22)
            };
            let inside = |(dx, dy): (i64, i64)| {
                ((m.x + dx).clamp(4, WIDTH - LABEL_W - 4), (m.y + dy).clamp(4, HEIGHT - LABEL_H - 4))
            };
            let card = places.into_iter().map(inside).find(|c| fits(*c)).unwrap_or_else(|| inside(places[0]));
            cards.push(card);
            (m.label_x, m.label_y) = card;
            m
        })
        .collect();
    let covered = |x: i64, y: i64| {
        marks.iter().any(|m: &Mark| {
            let card =
                x + 22 > m.label_x && x - 22 < m.label_x + LABEL_W && y + 4 > m.label_y && y - 12 < m.label_y + LABEL_H;
            card || ((x - m.x).abs() < 34 && (y - 4 - m.y).abs() < 20)
        })
    };
    let rings = [50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10_000.0]
        .into_iter()
        .filter(|r| r * scale >= 40.0 && r * scale <= half * 1.4)
        .take(3)
        .map(|r| {
            let px = (r * scale).round() as i64;
            // Under the ring, else over it, else beside it: where no card lies.
            let spots = [(cx, cy + px + 12), (cx, cy - px - 4), (cx + px - 22, cy - 6), (cx - px + 22, cy - 6)];
            let inside = |(x, y): &(i64, i64)| (24..WIDTH - 24).contains(x) && (12..HEIGHT - 4).contains(y);
            let at = spots.into_iter().filter(inside).find(|(x, y)| !covered(*x, *y));
            Ring { r: px, word: at.map(|_| metres_zh(r as i64)).unwrap_or_default(), at: at.unwrap_or((cx, cy)) }
        })
        .collect();
    let place = match (fix, home) {
        (Some(f), Some(h)) => {
            format!("位置误差约 {} 米，距家 {}", f.accuracy_m, metres_zh(f.point.distance_m(h).round() as i64))
        }
        (Some(f), None) => format!("位置误差约 {} 米", f.accuracy_m),
        (None, _) => "没有定位，按家里的位置画".into(),
    };
    let who: Vec<String> =
        near.iter().skip(usize::from(home.is_some())).map(|s| format!("{} {}", s.name, s.note)).collect();
    let say = if who.is_empty() { place } else { format!("{place}；附近：{}", who.join("，")) };
    Some(Sketch {
        person: (cx, cy),
        radius: fix.map_or(0, |f| ((f.accuracy_m as f64 * scale).round() as i64).max(24)),
        at_home: fix.is_none(),
        marks,
        rings,
        say,
    })
}

/// `60 米`, `1.2 公里`
pub fn metres_zh(m: i64) -> String {
    if m < 1000 { format!("{m} 米") } else { format!("{}.{} 公里", m / 1000, m % 1000 / 100) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Instant;

    fn p(lat: f64, lng: f64) -> GeoPoint {
        GeoPoint::from_degrees(lat, lng).expect("a point")
    }

    #[test]
    fn everything_stands_inside_the_drawing_and_labels_do_not_cover_each_other() {
        let home = p(23.30, 115.65);
        let fix = Fix { point: p(23.3005, 115.6504), accuracy_m: 25, at: Instant(0) };
        let near = (0..4)
            .map(|i| Spot {
                at: p(23.30 + 0.002 * f64::from(i), 115.65 - 0.001 * f64::from(i)),
                look: Look::Worker,
                name: format!("护理员{i}"),
                note: "620 米".into(),
            })
            .collect();
        let s = sketch(Some(fix), Some(home), near).expect("drawn");
        for m in &s.marks {
            assert!((0..WIDTH).contains(&m.x) && (0..HEIGHT).contains(&m.y), "{m:?}");
            assert!(m.label_x >= 0 && m.label_x + LABEL_W <= WIDTH && m.label_y >= 0 && m.label_y + LABEL_H <= HEIGHT);
        }
        for (i, a) in s.marks.iter().enumerate() {
            for b in &s.marks[i + 1..] {
                assert!((a.label_x, a.label_y) != (b.label_x, b.label_y), "two labels on one place");
            }
        }
        for r in s.rings.iter().filter(|r| !r.word.is_empty()) {
            let hit = |m: &&Mark| {
                (m.label_x..m.label_x + LABEL_W).contains(&r.at.0) && (m.label_y..m.label_y + LABEL_H).contains(&r.at.1)
            };
            assert!(!s.marks.iter().any(|m| hit(&m)), "a card covers {}", r.word);
        }
        assert!(s.say.contains("误差约 25 米"));
        assert!(sketch(None, None, Vec::new()).is_none());
        assert!(sketch(None, Some(home), Vec::new()).expect("drawn").at_home);
    }
}
