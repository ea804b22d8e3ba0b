//! What the words of a recording mean: rooms, kinds of sensors, states.
use crate::measure::{DoorKind, Measure, Room};

/// What a sensor of a recording is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sensor {
    Motion(Room),
    Door(DoorKind, Room),
    Bed,
    /// Something used: a tap, a flush, a stove, a lamp; as good as movement.
    Item(Room),
    /// Smoke, gas, a leak, a call for help: the measure of its beginning.
    Danger(Measure),
}

/// Kinds that mean danger, with what they say.
const DANGERS: [(&[&str], Measure); 6] = [
    (&["smoke", "烟"], Measure::Smoke(true)),
    (&["gas", "燃气", "煤气"], Measure::Gas(true)),
    (&["leak", "flood", "漏水", "水浸"], Measure::Water(true)),
    (&["carbon", "一氧化碳"], Measure::Co(true)),
    (&["sos", "emergency", "panic", "求助", "呼叫", "拉绳"], Measure::Sos { unverified: false }),
    (&["fall", "跌倒"], Measure::Fall { unverified: false }),
];

impl Sensor {
    pub(super) fn zh(self) -> String {
        match self {
            Sensor::Motion(room) => format!("{}红外", room.zh()),
            Sensor::Door(DoorKind::Entrance, _) => "大门".into(),
            Sensor::Door(door, room) => format!("{}{}", room.zh(), door.zh()),
            Sensor::Bed => "床".into(),
            Sensor::Item(room) => format!("{}用品", room.zh()),
            Sensor::Danger(what) => what.kind().zh().into(),
        }
    }
    /// What a state of it means; `None` for the end of a movement.
    pub(super) fn measure(self, on: bool) -> Option<Measure> {
        match self {
            Sensor::Motion(room) | Sensor::Item(room) => on.then_some(Measure::Motion { room }),
            Sensor::Door(door, room) => Some(Measure::Door { door, room, open: on }),
            Sensor::Bed => Some(Measure::Bed { occupied: on }),
            Sensor::Danger(what) => match what {
                Measure::Smoke(_) => Some(Measure::Smoke(on)),
                Measure::Gas(_) => Some(Measure::Gas(on)),
                Measure::Water(_) => Some(Measure::Water(on)),
                Measure::Co(_) => Some(Measure::Co(on)),
                call => on.then_some(call),
            },
        }
    }
}

fn has(text: &str, words: &[&str]) -> bool {
    words.iter().any(|w| text.contains(w))
}

/// The room by its name; `None` when the name says nothing.
fn room_of(name: &str) -> Option<Room> {
    let n = name;
    if has(
        n,
        &[
            "bath",
            "toilet",
            "wc",
            "shower",
            "lavatory",
            "restroom",
            "washroom",
            "ensuite",
            "en-suite",
            "lavabo",
            "卫生间",
            "厕所",
            "浴室",
            "洗手间",
        ],
    ) {
        Some(Room::Bathroom)
    } else if has(n, &["kitchen", "cook", "pantry", "厨房", "厨"]) {
        Some(Room::Kitchen)
    } else if has(n, &["bed", "sleep", "卧室", "寝室", "床"]) {
        Some(Room::Bedroom)
    } else if has(n, &["living", "lounge", "sitting", "dining", "tv", "客厅", "起居", "餐厅"]) {
        Some(Room::Living)
    } else if has(
        n,
        &[
            "hall", "entr", "corridor", "foyer", "front", "outside", "porch", "exit", "门厅", "玄关", "走廊", "门口",
            "大门", "入户",
        ],
    ) {
        Some(Room::Hall)
    } else {
        None
    }
}

/// What a sensor is, by its name, room and kind (any case). `None`: a kind this watch has no use for.
pub(super) fn sensor(name: &str, room: &str, kind: &str) -> Option<Sensor> {
    let (name, room_name, kind) = (name.to_lowercase(), room.to_lowercase(), kind.trim().to_lowercase());
    let room = room_of(&room_name).or_else(|| room_of(&name)).unwrap_or(Room::Other);
    if has(
        &kind,
        &[
            "temp",
            "humid",
            "lumin",
            "lux",
            "brightness",
            "battery",
            "signal",
            "lightsensor",
            "light_sensor",
            "light sensor",
            "illumin",
            "watt",
            "energy",
            "radio",
            "温",
            "湿",
            "光照",
            "照度",
            "电量",
        ],
    ) {
        return None;
    }
    if has(
        &kind,
        &["motion", "pir", "infrared", "presence", "occupancy", "movement", "radar", "红外", "移动", "活动", "人体"],
    ) {
        return Some(Sensor::Motion(room));
    }
    if has(&kind, &["bed", "mattress", "床"]) || (has(&kind, &["pressure", "压力"]) && room == Room::Bedroom) {
        return Some(Sensor::Bed);
    }
    if has(&kind, &["door", "contact", "magnetic", "reed", "window", "门", "窗"]) {
        return Some(door(&name, &room_name, &kind, room));
    }
    if let Some((_, what)) = DANGERS.iter().find(|(words, _)| has(&kind, words)) {
        return Some(Sensor::Danger(*what));
    }
    const ITEMS: &[&str] = &[
        "item",
        "flush",
        "toilet",
        "fridge",
        "freezer",
        "cupboard",
        "cabinet",
        "drawer",
        "stove",
        "burner",
        "oven",
        "microwave",
        "kettle",
        "tap",
        "water",
        "faucet",
        "appliance",
        "power",
        "plug",
        "switch",
        "light",
        "lamp",
        "tv",
        "phone",
        "chair",
        "sofa",
        "seat",
        "pressure",
        "object",
        "mercury",
        "electric",
        "vibration",
        "tilt",
        "float",
        "冰箱",
        "马桶",
        "水",
        "灶",
        "灯",
        "插座",
        "电视",
        "用品",
        "压力",
    ];
    if has(&kind, ITEMS) {
        return Some(Sensor::Item(match room {
            Room::Other => room_of(&kind).unwrap_or(Room::Other),
            known => known,
        }));
    }
    if !kind.is_empty() {
        return None;
    }
    // Without a kind, public recordings name motion sensors M… and doors D….
    let numbered = |letter: char| {
        let rest = name.strip_prefix(letter)?;
        let digits = rest.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then_some(())
    };
    if numbered('m').is_some() {
        Some(Sensor::Motion(room))
    } else if numbered('d').is_some() {
        Some(door(&name, &room_name, "door", room))
    } else {
        None
    }
}

fn door(name: &str, room_name: &str, kind: &str, room: Room) -> Sensor {
    const OUT: &[&str] = &[
        "front",
        "main",
        "entr",
        "exit",
        "outside",
        "outdoor",
        "back door",
        "backdoor",
        "garage",
        "大门",
        "入户",
        "前门",
        "后门",
        "外门",
    ];
    let said = |words: &[&str]| has(name, words) || has(room_name, words) || has(kind, words);
    let kind = if said(&["fridge", "freezer", "冰箱"]) {
        DoorKind::Fridge
    } else if said(&[
        "cupboard",
        "cabinet",
        "drawer",
        "wardrobe",
        "medicine",
        "dishwasher",
        "microwave",
        "柜",
        "抽屉",
        "药盒",
    ]) {
        DoorKind::Cupboard
    } else if has(name, &["window", "窗"]) || has(kind, &["window", "窗"]) {
        DoorKind::Window
    } else if said(OUT) {
        DoorKind::Entrance
    } else {
        match room {
            Room::Kitchen => DoorKind::Cupboard,
            Room::Bedroom | Room::Bathroom => DoorKind::Inner,
            // A door in the hall, in the living room or nowhere in particular leads out, unless it names a room.
            _ if has(name, &["inner", "inside", "room", "房门"]) => DoorKind::Inner,
            _ => DoorKind::Entrance,
        }
    };
    let room = match (kind, room) {
        (DoorKind::Entrance, _) => Room::Hall,
        (DoorKind::Fridge, Room::Other) => Room::Kitchen,
        (_, room) => room,
    };
    Sensor::Door(kind, room)
}

/// Whether a state is a figure other than 0 and 1: a level, of which only a mat's pressure says something.
pub(super) fn is_level(text: &str) -> bool {
    text.trim().parse::<f64>().is_ok_and(|v| v != 0.0 && v != 1.0)
}

/// Whether a state says on, open or present; `None` for words it does not know.
pub(super) fn state(text: &str) -> Option<bool> {
    let t = text.trim();
    let is = |words: &[&str]| words.iter().any(|w| t.eq_ignore_ascii_case(w));
    if is(&[
        "on", "open", "opened", "1", "1.0", "true", "yes", "active", "present", "presence", "occupied", "in", "start",
        "motion", "detected", "pressed", "used", "alarm", "有人", "打开", "开", "在床", "有", "触发",
    ]) {
        Some(true)
    } else if is(&[
        "off",
        "close",
        "closed",
        "0",
        "0.0",
        "false",
        "no",
        "inactive",
        "absent",
        "vacant",
        "unoccupied",
        "empty",
        "out",
        "end",
        "stop",
        "clear",
        "idle",
        "released",
        "no motion",
        "无人",
        "关上",
        "关",
        "离床",
        "无",
        "恢复",
    ]) {
        Some(false)
    } else {
        // Figures of pressure mats and meters: anything above zero is on.
        t.parse::<f64>().ok().filter(|v| v.is_finite()).map(|v| v > 0.0)
    }
}
