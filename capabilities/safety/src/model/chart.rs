//! A chart of one vital sign: the pixels of lines, bars, personal bands and axes. Pure; the page only writes them down.
use kernel::Instant;
use vigil::{Levels, MeasureKind};

/// Size of the drawing and of the plot in it.
pub const WIDTH: i64 = 860;
pub const HEIGHT: i64 = 190;
const LEFT: i64 = 52;
const RIGHT: i64 = 768;
const TOP: i64 = 10;
const BOTTOM: i64 = 162;

/// How much time a page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    Day,
    Week,
    Month,
}

impl Span {
    pub const ALL: [Span; 3] = [Span::Day, Span::Week, Span::Month];
    pub const fn code(self) -> &'static str {
        match self {
            Span::Day => "day",
            Span::Week => "week",
            Span::Month => "month",
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            Span::Day => "日",
            Span::Week => "周",
            Span::Month => "月",
        }
    }
    pub fn parse(code: &str) -> Option<Span> {
        Span::ALL.into_iter().find(|s| s.code() == code)
    }
    /// A line is broken where nothing was measured for longer.
    pub const fn gap_ms(self) -> i64 {
        match self {
            Span::Day => 90 * Instant::MINUTE,
            Span::Week => 5 * Instant::HOUR,
            Span::Month => 2 * Instant::DAY,
        }
    }
}

/// One moment (or hour, or day) of one figure: lowest, middle and highest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    pub at: Instant,
    pub lo: i32,
    pub mid: i32,
    pub hi: i32,
}

impl Point {
    pub fn one(at: Instant, v: i32) -> Point {
        Point { at, lo: v, mid: v, hi: v }
    }
}

/// A figure with its points in order, and the levels that hold for this person.
#[derive(Clone, Debug)]
pub struct Line {
    pub word: &'static str,
    pub points: Vec<Point>,
    pub levels: Levels,
}

/// What stands on one drawing.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub from: Instant,
    pub to: Instant,
    pub span: Span,
    pub unit: &'static str,
    /// Values are in tenths of the unit.
    pub tenths: bool,
}

/// How a value stands to the levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    Well,
    Watch,
    Urgent,
}

impl Standing {
    /// Of the worse end of what was measured.
    pub fn of(levels: &Levels, lo: i32, hi: i32) -> Standing {
        let below = |limit: Option<i32>| limit.is_some_and(|l| lo <= l);
        let above = |limit: Option<i32>| limit.is_some_and(|l| hi >= l);
        if below(levels.low_urgent) || above(levels.high_urgent) {
            Standing::Urgent
        } else if below(levels.low_watch) || above(levels.high_watch) {
            Standing::Watch
        } else {
            Standing::Well
        }
    }
    pub const fn class(self) -> &'static str {
        match self {
            Standing::Well => "well",
            Standing::Watch => "watch",
            Standing::Urgent => "urgent",
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            Standing::Well => "",
            Standing::Watch => "提醒",
            Standing::Urgent => "紧急",
        }
    }
}

/// A band beyond a level, with its words beside the plot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Band {
    pub y: i64,
    pub h: i64,
    pub class: &'static str,
    pub word: String,
    pub word_y: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dot {
    pub x: i64,
    pub y: i64,
    pub class: &'static str,
    pub say: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    pub x: i64,
    pub y: i64,
    pub w: i64,
    pub h: i64,
    /// Height of its darker part.
    pub deep: i64,
    pub say: String,
}

/// Everything of one drawing in pixels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chart {
    pub y_ticks: Vec<(i64, String)>,
    pub x_ticks: Vec<(i64, String)>,
    pub bands: Vec<Band>,
    /// From lowest to highest, where a point stands for many readings.
    pub ribbons: Vec<String>,
    pub paths: Vec<(usize, String)>,
    pub dots: Vec<Dot>,
    pub bars: Vec<Bar>,
    /// All of it in a sentence.
    pub say: String,
}

/// `72`, `36.8`
pub fn figure(v: i32, tenths: bool) -> String {
    if !tenths {
        return v.to_string();
    }
    let sign = if v < 0 { "-" } else { "" };
    format!("{sign}{}.{}", v.abs() / 10, v.abs() % 10)
}

/// `68–75`, or one figure where both are the same.
pub fn range(lo: i32, hi: i32, tenths: bool) -> String {
    if lo == hi { figure(lo, tenths) } else { format!("{}–{}", figure(lo, tenths), figure(hi, tenths)) }
}

/// The smallest of 1, 2, 5, 10, 20 … that cuts `range` into at most five.
fn tick_step(range: i32, unit: i32) -> i32 {
    let mut base = unit.max(1);
    loop {
        for factor in [1, 2, 5] {
            let step = base.saturating_mul(factor);
            if range / step <= 5 {
                return step;
            }
        }
        base = base.saturating_mul(10);
    }
}

struct Scale {
    frame: Frame,
    low: i32,
    high: i32,
}

impl Scale {
    fn x(&self, at: Instant) -> i64 {
        let all = self.frame.to.since(self.frame.from).max(1);
        LEFT + at.since(self.frame.from).clamp(0, all) * (RIGHT - LEFT) / all
    }
    fn y(&self, v: i32) -> i64 {
        let all = i64::from((self.high - self.low).max(1));
        BOTTOM - i64::from(v.clamp(self.low, self.high) - self.low) * (BOTTOM - TOP) / all
    }
    fn y_ticks(&self) -> Vec<(i64, String)> {
        let step = tick_step(self.high - self.low, if self.frame.tenths { 5 } else { 1 });
        let first = self.low.div_euclid(step) * step;
        let all = (0..12).map(|i| first + i * step).filter(|v| (self.low..=self.high).contains(v));
        all.map(|v| (self.y(v), figure(v, self.frame.tenths))).collect()
    }
    fn x_ticks(&self) -> Vec<(i64, String)> {
        let (from, day) = (self.frame.from, self.frame.from.date());
        match self.frame.span {
            Span::Day => {
                (0..=8).map(|i| (self.x(from.plus_ms(i * 3 * Instant::HOUR)), format!("{} 时", i * 3))).collect()
            }
            Span::Week => (0..7)
                .map(|i| {
                    let d = day.plus_days(i);
                    (self.x(d.at(12, 0)), format!("{} {}", short(d), d.weekday_zh()))
                })
                .collect(),
            Span::Month => {
                let days = self.frame.to.since(from) / Instant::DAY;
                (0..days).step_by(3).map(|i| (self.x(day.plus_days(i).at(12, 0)), short(day.plus_days(i)))).collect()
            }
        }
    }
}

/// `11-20`
fn short(d: kernel::CivilDate) -> String {
    d.to_string().chars().skip(5).collect()
}

/// Draws lines over their bands. Lines of one drawing share unit and axis; the bands are those of all of them.
pub fn lines(frame: Frame, all: &[Line]) -> Option<Chart> {
    let values = || all.iter().flat_map(|l| &l.points).flat_map(|p| [p.lo, p.hi]);
    let (seen_low, seen_high) = (values().min()?, values().max()?);
    let limits = |l: &Levels| [l.low_urgent, l.low_watch, l.high_watch, l.high_urgent].into_iter().flatten();
    let low = all.iter().flat_map(|l| limits(&l.levels)).fold(seen_low, i32::min);
    let high = all.iter().flat_map(|l| limits(&l.levels)).fold(seen_high, i32::max);
    let edge = ((high - low) / 10).max(if frame.tenths { 3 } else { 2 });
    let scale = Scale { frame, low: low.saturating_sub(edge), high: high.saturating_add(edge) };
    let mut out = Chart { y_ticks: scale.y_ticks(), x_ticks: scale.x_ticks(), ..Chart::default() };
    for l in all {
        out.bands.extend(bands(&scale, l, all.len() > 1));
    }
    spread(&mut out.bands);
    for (n, l) in all.iter().enumerate() {
        for piece in pieces(&l.points, frame.span.gap_ms()) {
            if piece.iter().any(|p| p.lo != p.hi) {
                let there = piece.iter().map(|p| format!("{} {}", scale.x(p.at), scale.y(p.hi)));
                let back = piece.iter().rev().map(|p| format!("{} {}", scale.x(p.at), scale.y(p.lo)));
                out.ribbons.push(format!("M{}Z", there.chain(back).collect::<Vec<_>>().join("L")));
            }
            let way: Vec<String> = piece.iter().map(|p| format!("{} {}", scale.x(p.at), scale.y(p.mid))).collect();
            out.paths.push((n, format!("M{}", way.join("L"))));
            for p in piece {
                let standing = Standing::of(&l.levels, p.lo, p.hi);
                // A lone point has no line, and what stands beyond a level must be seen.
                if standing == Standing::Well && piece.len() > 1 && l.points.len() > 60 {
                    continue;
                }
                let v = if standing == Standing::Well { p.mid } else { worse(&l.levels, p) };
                let when = if frame.span == Span::Month { p.at.date().to_string() } else { p.at.stamp() };
                let say = format!("{when} {} {} {}", l.word, range(p.lo, p.hi, frame.tenths), frame.unit);
                out.dots.push(Dot { x: scale.x(p.at), y: scale.y(v), class: standing.class(), say });
            }
        }
    }
    let beyond = out.dots.iter().filter(|d| d.class != "well").count();
    let words: Vec<&str> = all.iter().map(|l| l.word).collect();
    out.say = format!(
        "{}，最低 {}，最高 {} {}{}",
        words.join("和"),
        figure(seen_low, frame.tenths),
        figure(seen_high, frame.tenths),
        frame.unit,
        if beyond > 0 { format!("，{beyond} 处越界") } else { String::new() }
    );
    Some(out)
}

/// The end of a point that lies beyond a level.
fn worse(levels: &Levels, p: &Point) -> i32 {
    if Standing::of(levels, p.hi, p.hi) >= Standing::of(levels, p.lo, p.lo) { p.hi } else { p.lo }
}

fn pieces(points: &[Point], gap_ms: i64) -> Vec<&[Point]> {
    points.chunk_by(|a, b| b.at.since(a.at) <= gap_ms).collect()
}

fn bands(scale: &Scale, l: &Line, named: bool) -> Vec<Band> {
    let v = &l.levels;
    let who = if named { l.word } else { "" };
    let mut out = Vec::new();
    let mut put = |top: i64, bottom: i64, class, word: String, at: i64| {
        if bottom > top {
            out.push(Band { y: top, h: bottom - top, class, word, word_y: at });
        }
    };
    let figure = |x: i32| figure(x, scale.frame.tenths);
    let urgent_top = v.high_urgent.map_or(TOP, |x| scale.y(x));
    if let Some(x) = v.high_urgent {
        put(TOP, scale.y(x), "urgent", format!("{who}≥{} 紧急", figure(x)), scale.y(x));
    }
    if let Some(x) = v.high_watch {
        put(urgent_top, scale.y(x), "watch", format!("{who}≥{} 提醒", figure(x)), scale.y(x));
    }
    let urgent_bottom = v.low_urgent.map_or(BOTTOM, |x| scale.y(x));
    if let Some(x) = v.low_watch {
        put(scale.y(x), urgent_bottom, "watch", format!("{who}≤{} 提醒", figure(x)), scale.y(x) + 12);
    }
    if let Some(x) = v.low_urgent {
        put(scale.y(x), BOTTOM, "urgent", format!("{who}≤{} 紧急", figure(x)), scale.y(x) + 12);
    }
    out
}

/// The words of bands that lie close together are moved apart.
fn spread(bands: &mut [Band]) {
    const LINE: i64 = 14;
    bands.sort_by_key(|b| b.word_y);
    let mut last = TOP - LINE + 10;
    for b in bands.iter_mut() {
        b.word_y = b.word_y.max(last + LINE);
        last = b.word_y;
    }
    let mut next = BOTTOM + LINE;
    for b in bands.iter_mut().rev() {
        b.word_y = b.word_y.min(next - LINE).max(TOP + 10);
        next = b.word_y;
    }
}

/// Draws bars: steps an hour or a day, sleep a night. `deep` is the darker part.
pub fn bars(frame: Frame, word: &str, all: &[(Instant, i32, i32)]) -> Option<Chart> {
    let high = all.iter().map(|b| b.1).max().filter(|h| *h > 0)?;
    let scale = Scale { frame, low: 0, high: high + high / 10 + 1 };
    let slot = match frame.span {
        Span::Day => Instant::HOUR,
        Span::Week | Span::Month => Instant::DAY,
    };
    let mut out = Chart { y_ticks: scale.y_ticks(), x_ticks: scale.x_ticks(), ..Chart::default() };
    for (at, v, deep) in all {
        let start = (at.0 + Instant::ZONE_MS).div_euclid(slot) * slot - Instant::ZONE_MS;
        let (x, end) = (scale.x(Instant(start)), scale.x(Instant(start + slot)));
        let (y, deep_y) = (scale.y(*v), scale.y(*deep));
        let when = if slot == Instant::DAY { at.date().to_string() } else { at.stamp() };
        out.bars.push(Bar {
            x: x + (end - x) / 6,
            y,
            w: ((end - x) * 2 / 3).max(2),
            h: BOTTOM - y,
            deep: BOTTOM - deep_y,
            say: format!("{when} {word} {v} {}", frame.unit),
        });
    }
    let sum: i64 = all.iter().map(|b| i64::from(b.1)).sum();
    out.say = match frame.span {
        Span::Day => format!("{word}，合计 {sum} {}", frame.unit),
        _ => format!("{word}，平均 {} {}，最多 {high} {}", sum / all.len().max(1) as i64, frame.unit, frame.unit),
    };
    Some(out)
}

/// The frame of a kind of measure.
pub fn frame(kind: MeasureKind, span: Span, from: Instant, to: Instant) -> Frame {
    Frame { from, to, span, unit: kind.unit(), tenths: kind.tenths() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Instant = Instant(1_795_104_000_000);

    fn day() -> Frame {
        frame(MeasureKind::HeartRate, Span::Day, START, START.plus_ms(Instant::DAY))
    }
    fn pulse(points: &[(i64, i32)]) -> Line {
        let levels = vigil::Vitals::default().heart_rate;
        let points = points.iter().map(|(m, v)| Point::one(START.plus_minutes(*m), *v)).collect();
        Line { word: "心率", points, levels }
    }

    #[test]
    fn bands_lie_where_the_levels_are_and_words_do_not_cover_each_other() {
        let c = lines(day(), &[pulse(&[(0, 72), (10, 130), (20, 75)])]).expect("drawn");
        assert_eq!(c.bands.len(), 2);
        let high = c.bands.iter().find(|b| b.word == "≥121 提醒").expect("named");
        let beyond = c.dots.iter().find(|d| d.class == "watch").expect("marked");
        assert!(beyond.y > high.y && beyond.y < high.y + high.h, "the value lies in the band");
        assert!(c.say.contains("最高 130") && c.say.contains("1 处越界"), "{}", c.say);
        let pressure = vigil::Vitals::default();
        let two = [
            Line { word: "收缩压", points: pulse(&[(0, 150)]).points, levels: pressure.systolic },
            Line { word: "舒张压", points: pulse(&[(0, 88)]).points, levels: pressure.diastolic },
        ];
        let c = lines(day(), &two).expect("drawn");
        let mut at: Vec<i64> = c.bands.iter().map(|b| b.word_y).collect();
        at.sort_unstable();
        assert!(at.windows(2).all(|w| w[1] - w[0] >= 14), "{at:?}");
    }

    #[test]
    fn a_gap_breaks_the_line_and_nothing_leaves_the_plot() {
        let c = lines(day(), &[pulse(&[(0, 70), (30, 71), (300, 72), (330, 260)])]).expect("drawn");
        assert_eq!(c.paths.len(), 2, "{:?}", c.paths);
        assert!(c.dots.iter().all(|d| (LEFT..=RIGHT).contains(&d.x) && (TOP..=BOTTOM).contains(&d.y)));
        assert!(c.y_ticks.len() >= 3 && c.y_ticks.len() <= 7, "{:?}", c.y_ticks);
        assert!(lines(day(), &[pulse(&[])]).is_none());
    }

    #[test]
    fn ticks_are_round_and_few() {
        for range in [1, 4, 9, 13, 60, 140, 999, 12_345] {
            let step = tick_step(range, 1);
            assert!(range / step <= 5, "{range} by {step}");
            assert!(step.to_string().trim_start_matches(['1', '2', '5']).chars().all(|c| c == '0'), "{step}");
        }
        assert_eq!(figure(368, true), "36.8");
        assert_eq!(range(68, 75, false), "68–75");
    }

    #[test]
    fn a_bar_stands_over_its_hour() {
        let f = Frame { unit: "步", ..day() };
        let c = bars(f, "步数", &[(START.plus_minutes(65), 800, 0), (START.plus_minutes(125), 400, 0)]).expect("drawn");
        assert_eq!(c.bars.len(), 2);
        assert!(c.bars[0].h > c.bars[1].h && c.bars[0].x < c.bars[1].x);
        assert!(c.say.contains("1200"), "{}", c.say);
        assert!(bars(f, "步数", &[(START, 0, 0)]).is_none());
    }
}
