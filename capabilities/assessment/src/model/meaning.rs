//! What a result means outside its scale: the words policies use, and the six indicators.
use people::model::{Care, FactKind};
use people::service::Indicator;
use scales::{CareDependence, Outcome};

/// The code policies know a standard by; other scales keep their own id.
pub fn standard_code(scale: &str) -> &str {
    match scale {
        "gbt-42195-2022" => "gbt42195",
        "mzt-039-2013" => "mzt039",
        "ltci-2021" => "ltci",
        "six-indicators" => "six_indicators",
        other => other,
    }
}

/// The code policies know a level of ability by. `None`: the scale has no levels of that kind. The three severe grades of
/// the long-term-care standard are one level there; its worst is no "complete" loss.
pub fn ability_code(scale: &str, level: &str) -> Option<&'static str> {
    match (scale, level) {
        ("gbt-42195-2022" | "mzt-039-2013", "intact") | ("ltci-2021", "0") => Some("intact"),
        ("gbt-42195-2022" | "mzt-039-2013", "mild") | ("ltci-2021", "1") => Some("mild"),
        ("gbt-42195-2022" | "mzt-039-2013", "moderate") | ("ltci-2021", "2") => Some("moderate"),
        ("gbt-42195-2022" | "mzt-039-2013", "severe") | ("ltci-2021", "3" | "4" | "5") => Some("severe"),
        ("gbt-42195-2022", "total") => Some("complete"),
        _ => None,
    }
}

/// The engine's word as the archive's.
pub const fn care_of(care: CareDependence) -> Care {
    match care {
        CareDependence::Independent => Care::Independent,
        CareDependence::SemiDisabled => Care::SemiDisabled,
        CareDependence::Disabled => Care::Disabled,
    }
}

/// Items that answer one of the six indicators, and the score from which it is done without another's hands.
type Source = (FactKind, &'static [&'static str], i32);

/// The six-indicator form asks them as they are: 0 points for "done".
const ASKED: [Source; 6] = [
    (FactKind::EatUnaided, &["eating"], 0),
    (FactKind::DressUnaided, &["dressing"], 0),
    (FactKind::BedTransferUnaided, &["bed"], 0),
    (FactKind::ToiletUnaided, &["toilet"], 0),
    (FactKind::WalkIndoorsUnaided, &["walking"], 0),
    (FactKind::BatheUnaided, &["bathing"], 0),
];

/// GB/T 42195-2022 asks the same six with 4 (alone) and 3 (reminded or with an aid) for "no other's hands", which is how
/// the six-indicator form words "done". The correspondence is ours, not the standard's; pages say so.
const NATIONAL: [Source; 6] = [
    (FactKind::EatUnaided, &["B.1.1"], 3),
    (FactKind::DressUnaided, &["B.1.4", "B.1.5"], 3),
    (FactKind::BedTransferUnaided, &["B.2.1", "B.2.2"], 3),
    (FactKind::ToiletUnaided, &["B.1.8"], 3),
    (FactKind::WalkIndoorsUnaided, &["B.2.3"], 3),
    (FactKind::BatheUnaided, &["B.1.3"], 3),
];

/// The six indicators as far as a result answers them; all six or none. An indicator that several items answer is done
/// when each of them is.
pub fn indicators(outcome: &Outcome) -> Vec<Indicator> {
    let (sources, fewer_is_done) = match outcome.scale.as_str() {
        "six-indicators" => (&ASKED, true),
        "gbt-42195-2022" => (&NATIONAL, false),
        _ => return Vec::new(),
    };
    let score = |id: &str| outcome.items.iter().find(|i| i.item.as_str() == id).map(|i| i.score);
    let done = |(fact, items, bound): &Source| -> Option<Indicator> {
        let scores: Option<Vec<i32>> = items.iter().map(|id| score(id)).collect();
        let unaided = scores?.iter().all(|s| if fewer_is_done { s <= bound } else { s >= bound });
        Some(Indicator { fact: *fact, unaided })
    };
    sources.iter().map(done).collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// Whether the six indicators of a scale follow from items that were made for something else.
pub fn indicators_by_correspondence(scale: &str) -> bool {
    scale == "gbt-42195-2022"
}
