//! Rows of a recorded home: a header or none, commas, tabs, semicolons or blanks.
use super::time;
use kernel::Instant;

/// Longest row that is read, bytes.
const LONGEST_ROW: usize = 4096;

/// Where each column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Columns {
    time: usize,
    /// The date, when it stands in a column of its own.
    date: Option<usize>,
    sensor: Option<usize>,
    room: Option<usize>,
    kind: Option<usize>,
    state: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Between {
    Char(char),
    Blank,
}

pub(super) struct Row {
    pub at: Instant,
    pub sensor: String,
    pub room: String,
    pub kind: String,
    pub state: String,
}

/// Reads rows one by one: `Err` says in Chinese what is wrong with the row of that number (from 1, as an editor counts).
pub(super) struct Rows<'a> {
    lines: std::iter::Enumerate<std::str::Lines<'a>>,
    between: Between,
    columns: Option<Columns>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(text: &'a str) -> Rows<'a> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let first = text.lines().map(str::trim).find(|l| !l.is_empty() && !l.starts_with('#')).unwrap_or("");
        let between =
            [',', '\t', ';', '|'].into_iter().find(|c| first.contains(*c)).map_or(Between::Blank, Between::Char);
        Rows { lines: text.lines().enumerate(), between, columns: None }
    }
}

impl Iterator for Rows<'_> {
    type Item = (usize, Result<Row, String>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (n, line) = self.lines.next()?;
            let (number, line) = (n + 1, line.trim());
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line.len() > LONGEST_ROW {
                return Some((number, Err(format!("超过 {LONGEST_ROW} 字节"))));
            }
            let cells = split(line, self.between);
            let columns = match self.columns {
                Some(columns) => columns,
                None => match header(&cells) {
                    Some(Ok(columns)) => {
                        self.columns = Some(columns);
                        continue;
                    }
                    Some(Err(missing)) => return Some((number, Err(missing))),
                    None => {
                        let plain = positions(&cells, self.between);
                        self.columns = Some(plain);
                        plain
                    }
                },
            };
            return Some((number, row(&cells, columns)));
        }
    }
}

/// Columns of a file without a header: time, sensor, room, kind, state; with fewer columns, time, sensor, state.
fn positions(cells: &[String], between: Between) -> Columns {
    let dated = cells.len() > 1 && time::parse(&cells[0]).is_none();
    // Blanks also stand between date and clock.
    let first = usize::from(
        dated && (between == Between::Blank || time::parse(&format!("{} {}", cells[0], cells[1])).is_some()),
    );
    let date = (first == 1).then_some(0);
    let at = |n: usize| Some(first + n);
    if cells.len() >= first + 5 && between != Between::Blank {
        Columns { time: first, date, sensor: at(1), room: at(2), kind: at(3), state: first + 4 }
    } else {
        Columns { time: first, date, sensor: at(1), room: None, kind: None, state: first + 2 }
    }
}

/// The columns a header names; `None` when the row is no header but a reading.
fn header(cells: &[String]) -> Option<Result<Columns, String>> {
    let is_time = |c: &String| time::parse(c).is_some();
    let pair = cells.len() > 1 && time::parse(&format!("{} {}", cells[0], cells[1])).is_some();
    if cells.iter().take(2).any(is_time) || pair {
        return None;
    }
    let names: Vec<String> = cells.iter().map(|c| c.trim().to_lowercase().replace([' ', '-'], "_")).collect();
    let find = |exact: &[&str], part: &[&str]| {
        names
            .iter()
            .position(|n| exact.contains(&n.as_str()))
            .or_else(|| names.iter().position(|n| part.iter().any(|p| n.contains(p))))
    };
    let time = find(&["local_time", "time", "timestamp", "datetime", "时间"], &["time", "stamp", "时间", "start"]);
    let date = names.iter().position(|n| n == "date" || n == "day" || n == "日期");
    let sensor = find(
        &["sensor", "sensor_id", "device", "id", "name", "传感器", "设备"],
        &["sensor_name", "device", "设备", "传感"],
    );
    let room = find(&["room", "location", "place", "area", "zone", "房间", "位置"], &["room", "location", "房间"]);
    let kind = find(&["kind", "type", "sensor_type", "类型", "种类"], &["type", "kind", "类"]);
    let state = find(
        &["state", "value", "status", "message", "event", "reading", "状态", "值"],
        &["state", "value", "status", "状态"],
    );
    Some(match (time.or(date), state) {
        (Some(time), Some(state)) if sensor.is_some() || room.is_some() || kind.is_some() => {
            let date = date.filter(|d| *d != time);
            Ok(Columns { time, date, sensor, room, kind, state })
        }
        _ => Err("表头要有 时间（time）、传感器（sensor）、房间（room）、类型（kind）、状态（state）".into()),
    })
}

fn row(cells: &[String], columns: Columns) -> Result<Row, String> {
    let cell = |n: usize| cells.get(n).map(|c| c.trim());
    let time = cell(columns.time).ok_or("没有时间")?;
    let at = match columns.date.and_then(cell) {
        Some(date) => time::parse(&format!("{date} {time}")).or_else(|| time::parse(time)),
        None => time::parse(time),
    };
    let at = at.ok_or_else(|| format!("看不懂时间“{}”", shorten(time)))?;
    let state = cell(columns.state).filter(|s| !s.is_empty()).ok_or("没有状态")?;
    let text = |n: Option<usize>| n.and_then(cell).unwrap_or_default().to_string();
    Ok(Row {
        at,
        sensor: text(columns.sensor),
        room: text(columns.room),
        kind: text(columns.kind),
        state: state.into(),
    })
}

/// The beginning of a text that may be anything, for a message.
pub(super) fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Cells of a row; quotes as in CSV, two quotes for one inside.
fn split(line: &str, between: Between) -> Vec<String> {
    let Between::Char(between) = between else { return line.split_whitespace().map(str::to_string).collect() };
    let mut cells = vec![String::new()];
    let (mut quoted, mut chars) = (false, line.chars().peekable());
    while let Some(c) = chars.next() {
        if c == '"' && quoted && chars.peek() == Some(&'"') {
            chars.next();
            if let Some(cell) = cells.last_mut() {
                cell.push('"');
            }
        } else if c == '"' {
            quoted = !quoted;
        } else if c == between && !quoted {
            cells.push(String::new());
        } else if let Some(cell) = cells.last_mut() {
            cell.push(c);
        }
    }
    cells
}
