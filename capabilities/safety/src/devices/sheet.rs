//! Lists of devices in Excel or CSV: the columns, and how a row is read and judged. Pure.
use super::model::{DeviceKind, NewDevice, Payer, Protocol};
use kernel::{Error, Fen, IdNumber, RegionBook, RegionCode, Tier};
use papers::ColumnSpec;
use people::model::{CellError, Cells};
use vigil::{DoorKind, Room};

store::words! {
    /// Where a row of a file stands.
    ImportRowState {
        Good "good" "可以写入",
        Bad "bad" "有错",
        /// Registered already; the row changes nothing.
        Known "known" "已登记过",
        Written "written" "已写入",
    }
}

/// The columns of a list of devices, in the template's order.
pub const COLUMNS: &[ColumnSpec] = &[
    ColumnSpec::required("identity", "设备号", &["IMEI", "终端号", "序列号", "设备编号", "SN", "编号"]),
    ColumnSpec::required("protocol", "协议", &["通信协议", "接入方式", "接入协议"]),
    ColumnSpec::required("kind", "类型", &["设备类型", "种类", "设备种类", "设备名称"]),
    ColumnSpec::required("payer", "谁出的钱", &["资金来源", "经费来源", "出资", "来源"]),
    ColumnSpec::optional("payer_note", "来源说明", &["项目", "项目名称", "说明", "备注"]),
    ColumnSpec::optional("cost", "金额", &["单价", "价格", "购置价", "购置金额"]),
    ColumnSpec::optional("model", "型号", &["规格型号", "设备型号", "规格"]),
    ColumnSpec::optional("firmware", "固件", &["固件版本", "版本"]),
    ColumnSpec::optional("region", "所属", &["镇（街道）", "村（社区）", "镇村", "所属镇村", "所在村", "区划代码"]),
    ColumnSpec::optional("room", "房间", &["安装房间", "安装位置", "位置"]),
    ColumnSpec::optional("door", "哪扇门", &["装在哪扇门", "门"]),
    ColumnSpec::optional("secret", "密码", &["接入密码", "MQTT密码"]),
    ColumnSpec::optional("elder", "老人证件号", &["证件号码", "身份证号", "身份证号码", "证件号", "老人身份证号"]),
    ColumnSpec::optional("lent", "借出", &["是否借出", "租借"]),
];

/// The title of a column of the template.
pub fn column_title(key: &str) -> &'static str {
    COLUMNS.iter().find(|c| c.key == key).map_or("", |c| c.title)
}

/// The words a column takes, where it takes only certain ones.
pub fn options(key: &str) -> Vec<&'static str> {
    match key {
        "protocol" => Protocol::ALL.iter().map(|p| p.zh()).collect(),
        "kind" => DeviceKind::ALL.iter().map(|k| k.zh()).collect(),
        "payer" => Payer::ALL.iter().map(|p| p.zh()).collect(),
        "room" => Room::ALL.iter().map(|r| r.zh()).collect(),
        "door" => DoorKind::ALL.iter().map(|d| d.zh()).collect(),
        "lent" => vec!["是", "否"],
        _ => Vec::new(),
    }
}

/// A row that can be written.
#[derive(Clone, Debug)]
pub(super) struct Good {
    pub new: NewDevice,
    pub cost: Option<Fen>,
    /// Whose it is at once.
    pub elder: Option<IdNumber>,
    pub lent: bool,
}

impl Good {
    /// What a row is known by in its file.
    pub fn key(&self) -> String {
        format!("{}:{}", self.new.protocol.code(), self.new.identity)
    }
}

fn wrong(column: &str, why: impl Into<String>, cure: Option<&str>) -> CellError {
    CellError { column: column.into(), why: why.into(), cure: cure.map(str::to_string) }
}

/// A word of a closed list, by its word or code; what people say instead is offered as a cure.
fn word<T: Copy + 'static>(
    column: &str,
    text: &str,
    all: &[T],
    names: impl Fn(T) -> (&'static str, &'static str),
    said: &[(&str, &'static str)],
    errors: &mut Vec<CellError>,
) -> Option<T> {
    let lower = text.to_lowercase();
    let found = all.iter().copied().find(|v| {
        let (code, zh) = names(*v);
        zh == text || code == lower || zh.to_lowercase() == lower
    });
    if found.is_none() {
        let words: Vec<&str> = all.iter().map(|v| names(*v).1).collect();
        let cure = said.iter().find(|(s, _)| lower.contains(s)).map(|(_, w)| *w);
        errors.push(wrong(column, format!("没有“{text}”这一项，可写：{}", words.join("、")), cure));
    }
    found
}

const SAID_KINDS: &[(&str, &str)] = &[
    ("手环", "手表"),
    ("腕", "手表"),
    ("watch", "手表"),
    ("挂坠", "吊坠"),
    ("呼叫", "呼叫按钮"),
    ("拉绳", "呼叫按钮"),
    ("sos", "呼叫按钮"),
    ("烟", "烟感"),
    ("燃气", "燃气报警器"),
    ("煤气", "燃气报警器"),
    ("水", "水浸传感器"),
    ("门磁", "门磁"),
    ("门锁", "门锁"),
    ("门禁", "门禁"),
    ("人体", "红外"),
    ("红外", "红外"),
    ("床", "床垫"),
    ("睡眠", "床垫"),
    ("血压", "体征仪"),
    ("血糖", "体征仪"),
    ("网关", "家庭网关"),
    ("机器", "机器人"),
];
const SAID_PROTOCOLS: &[(&str, &str)] = &[
    ("3g", "watch（手表）"),
    ("setracker", "watch（手表）"),
    ("808", "JT/T 808"),
    ("mqtt", "MQTT"),
    ("http", "接口推送"),
    ("接口", "接口推送"),
];
const SAID_PAYERS: &[(&str, &str)] = &[
    ("个人", "自费"),
    ("自购", "自费"),
    ("财政", "政府补贴"),
    ("政府", "政府补贴"),
    ("补", "政府补贴"),
    ("福彩", "项目配发"),
    ("项目", "项目配发"),
    ("捐", "捐赠"),
];

/// Reads one row. Every wrong cell is named, not only the first. `within` is the clerk's own region: devices that say no
/// place belong there.
pub(super) fn read(cells: &Cells, book: &RegionBook, within: RegionCode) -> Result<Good, Vec<CellError>> {
    let get = |key: &str| cells.get(key).map(|s| s.trim()).unwrap_or("");
    let mut errors = Vec::new();
    let needed = |key: &str, errors: &mut Vec<CellError>| {
        let text = get(key);
        if text.is_empty() {
            errors.push(wrong(key, format!("{}没有填", column_title(key)), None));
        }
        (!text.is_empty()).then(|| text.to_string())
    };
    let identity = needed("identity", &mut errors).unwrap_or_default();
    if identity.starts_with("示例") {
        errors.push(wrong("identity", "这是模板里的示例，删去这一行", None));
    }
    if scientific(&identity) {
        let why = "表格把长数字写成了科学记数，后几位没了。把这一列设成“文本”，照设备上的号重填";
        errors.push(wrong("identity", why, None));
    }
    let protocol = needed("protocol", &mut errors)
        .and_then(|t| word("protocol", &t, Protocol::ALL, |p| (p.code(), p.zh()), SAID_PROTOCOLS, &mut errors));
    let kind = needed("kind", &mut errors)
        .and_then(|t| word("kind", &t, DeviceKind::ALL, |k| (k.code(), k.zh()), SAID_KINDS, &mut errors));
    let payer = needed("payer", &mut errors)
        .and_then(|t| word("payer", &t, Payer::ALL, |p| (p.code(), p.zh()), SAID_PAYERS, &mut errors));
    let some = |key: &str| (!get(key).is_empty()).then(|| get(key));
    let room =
        some("room").and_then(|t| word("room", t, Room::ALL, |r| (r.code(), r.zh()), &[("厅", "客厅")], &mut errors));
    let door = some("door").and_then(|t| word("door", t, DoorKind::ALL, |d| (d.code(), d.zh()), &[], &mut errors));
    let region = place(get("region"), book, within).unwrap_or_else(|why| {
        errors.push(wrong("region", why, None));
        within
    });
    let cost = some("cost").and_then(|t| {
        let plain = t.trim_start_matches(['¥', '￥']).trim_end_matches('元').replace([',', '，'], "");
        let fen = Fen::parse_yuan(plain.trim());
        if fen.is_none() {
            errors.push(wrong("cost", "金额写成 398 或 398.00", None));
        }
        fen
    });
    let elder =
        some("elder").filter(|t| !matches!(*t, "无" | "没有" | "-" | "—")).and_then(|t| match t.parse::<IdNumber>() {
            Ok(n) => Some(n),
            Err(why) => {
                errors.push(wrong("elder", why, None));
                None
            }
        });
    let lent = match get("lent") {
        "" | "否" | "不" | "无" => false,
        "是" | "借" | "借出" => true,
        t => {
            errors.push(wrong("lent", format!("没有“{t}”这一项，写“是”或“否”"), None));
            false
        }
    };
    let checked = match (protocol, kind, payer) {
        (Some(protocol), Some(kind), Some(payer)) => {
            let new = NewDevice {
                protocol,
                identity,
                kind,
                model: get("model").into(),
                region,
                firmware: get("firmware").into(),
                payer,
                payer_note: get("payer_note").into(),
                secret: some("secret").map(str::to_string),
                room,
                door,
            };
            match new.checked() {
                Ok(new) => Some(new),
                Err(Error::Invalid(fields)) => {
                    // An empty identity was named above.
                    let fields = fields.into_iter().filter(|f| !errors.iter().any(|e| e.column == f.field));
                    errors.extend(fields.map(|f| wrong(&f.field, f.message, None)).collect::<Vec<_>>());
                    None
                }
                Err(other) => {
                    errors.push(wrong("identity", other.to_string(), None));
                    None
                }
            }
        }
        _ => None,
    };
    match checked {
        Some(new) if errors.is_empty() => Ok(Good { new, cost, elder, lent }),
        _ => Err(errors),
    }
}

/// `8.68000001E+14`: what a spreadsheet makes of a long number.
fn scientific(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    let Some((figure, power)) = upper.split_once("E+") else { return false };
    figure.contains('.')
        && figure.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && power.bytes().all(|b| b.is_ascii_digit())
}

/// A place by code or name, inside `within`.
fn place(text: &str, book: &RegionBook, within: RegionCode) -> Result<RegionCode, String> {
    if text.is_empty() {
        return Ok(within);
    }
    if text.bytes().all(|b| b.is_ascii_digit()) {
        let code = text.parse::<RegionCode>().map_err(|e| e.to_string())?;
        if !book.contains(&code) {
            return Err("没有这个区划代码".into());
        }
        return if within.contains(&code) { Ok(code) } else { Err(format!("{}不归你管", book.short(&code))) };
    }
    let parts: Vec<&str> = text.split([' ', '　', '/']).filter(|p| !p.is_empty()).collect();
    // 水唇镇墩塘村 in one word.
    let split =
        text.find('镇').map(|at| at + '镇'.len_utf8()).or_else(|| text.find("街道").map(|at| at + "街道".len()));
    let parts = match (parts.as_slice(), split) {
        ([one], Some(at)) if at < one.len() => vec![&one[..at], &one[at..]],
        _ => parts,
    };
    let mut here = within;
    for part in &parts {
        let found = [Tier::County, Tier::Town, Tier::Village]
            .into_iter()
            .filter(|t| *t > here.tier())
            .find_map(|t| book.find_by_name(&here, t, part));
        here = match found {
            Some(code) => code,
            // One's own town written out.
            None if book.name(&here) == *part => here,
            None => return Err(format!("你管的区域里没有“{part}”，或不止一个。写全名，或写 12 位区划代码")),
        };
    }
    Ok(here)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Region;

    fn book() -> RegionBook {
        let row = |code: &str, name: &str| Region { code: code.parse().expect("a code"), name: name.into() };
        RegionBook::new([
            row("441523000000", "陆河县"),
            row("441523101000", "水唇镇"),
            row("441523101204", "墩塘村"),
            row("441523103000", "河口镇"),
            row("441521000000", "海丰县"),
        ])
    }

    fn cells(pairs: &[(&str, &str)]) -> Cells {
        let mut all: Cells =
            [("identity", "868000000000001"), ("protocol", "watch"), ("kind", "手表"), ("payer", "项目配发")]
                .into_iter()
                .map(|(k, v)| (k.to_string(), v.to_string()))
                .collect();
        all.extend(pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())));
        all
    }

    fn judge(pairs: &[(&str, &str)]) -> Result<Good, Vec<CellError>> {
        read(&cells(pairs), &book(), "441523000000".parse().expect("a code"))
    }

    #[test]
    fn a_row_without_a_place_belongs_to_the_clerks() {
        let g = judge(&[("cost", "¥1,398.00"), ("lent", "是")]).expect("good");
        assert_eq!((g.new.region.as_str(), g.cost, g.lent), ("441523000000", Some(Fen(139_800)), true));
        assert_eq!(g.key(), "watch:868000000000001");
        for (text, code) in [
            ("水唇镇", "441523101000"),
            ("墩塘村", "441523101204"),
            ("水唇镇墩塘村", "441523101204"),
            ("水唇镇 墩塘村", "441523101204"),
            ("441523101204", "441523101204"),
        ] {
            assert_eq!(judge(&[("region", text)]).expect(text).new.region.as_str(), code, "{text}");
        }
    }

    #[test]
    fn every_wrong_cell_is_named_with_a_cure_where_there_is_one() {
        let wrongs = judge(&[
            ("identity", "8.68E+14"),
            ("kind", "智能手环"),
            ("payer", "县财政"),
            ("region", "441521000000"),
            ("cost", "三百"),
            ("elder", "4415"),
            ("room", "阁楼"),
            ("secret", "short"),
        ])
        .expect_err("wrong");
        let of = |c: &str| wrongs.iter().find(|w| w.column == c).unwrap_or_else(|| panic!("{c} is not named"));
        assert!(of("identity").why.contains("科学记数"));
        assert_eq!(of("kind").cure.as_deref(), Some("手表"));
        assert_eq!(of("payer").cure.as_deref(), Some("政府补贴"));
        assert!(of("region").why.contains("不归你管"));
        for column in ["cost", "elder", "room"] {
            of(column);
        }
        // What the device's own rules say is told once the words are right.
        let short = judge(&[("secret", "short")]).expect_err("too short");
        assert_eq!((short.len(), short[0].column.as_str()), (1, "secret"));
        let empty = judge(&[("identity", "")]).expect_err("empty");
        assert_eq!(empty.len(), 1, "said once: {empty:?}");
    }
}
