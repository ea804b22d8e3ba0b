//! Lists of archives in Excel or CSV: the columns, and how a row is read and judged. Pure.
use super::elder::{HouseholdOf, NewContact, NewElder};
use super::words::{Care, ContactKind, DisabilityCert, Hukou, IncomeClass, Living, Source, SpecialGroup};
use kernel::{IdNumber, Phone, RegionBook, RegionCode, Tier};
use papers::ColumnSpec;
use std::collections::HashMap;

/// The columns of a list of archives, in the template's order.
pub const COLUMNS: &[ColumnSpec] = &[
    ColumnSpec::required("name", "姓名", &["老人姓名", "老年人姓名", "名字"]),
    ColumnSpec::required("id_number", "证件号码", &["身份证号", "身份证号码", "身份证", "证件号", "公民身份号码"]),
    ColumnSpec::required("hukou", "户籍", &["户籍性质", "户口性质", "户口类型", "户籍类型", "户籍(城镇/农村)", "户口"]),
    ColumnSpec::optional("town", "镇（街道）", &["镇", "街道", "乡镇", "镇街", "所在镇", "乡镇(街道)"]),
    ColumnSpec::required(
        "village",
        "村（社区）",
        &["村", "社区", "村居", "所在村", "行政村", "村(居)", "区划代码", "居住村"],
    ),
    ColumnSpec::optional(
        "address",
        "住址",
        &["门牌", "门牌号", "详细地址", "居住地址", "家庭住址", "家庭地址", "地址", "现住址"],
    ),
    ColumnSpec::optional("lat", "纬度", &["北纬"]),
    ColumnSpec::optional("lng", "经度", &["东经"]),
    ColumnSpec::optional("hukou_region", "户籍地", &["户籍所在村", "户籍所在地", "户籍地址", "户口所在地"]),
    ColumnSpec::optional(
        "phone",
        "联系电话",
        &["电话", "手机", "手机号", "手机号码", "联系方式", "本人电话", "老人电话"],
    ),
    ColumnSpec::optional("birth", "出生日期", &["出生年月", "出生年月日", "生日"]),
    ColumnSpec::optional("living", "居住情况", &["居住状况", "居住方式", "居住类型"]),
    ColumnSpec::optional("income", "经济状况", &["经济情况", "收入类别", "身份", "困难类型", "人员类别"]),
    ColumnSpec::optional("specials", "特殊群体", &["特殊人群", "特殊类别"]),
    ColumnSpec::optional("care", "能力", &["能力等级", "自理能力", "失能程度", "失能情况"]),
    ColumnSpec::optional("certificate", "残疾证", &["残疾人证", "是否残疾", "残疾"]),
    ColumnSpec::optional("chronic", "慢病", &["慢性病", "疾病", "患病情况"]),
    ColumnSpec::optional("household", "户号", &["户编号", "家庭编号", "户主编号", "同住人户号"]),
    ColumnSpec::optional("contact", "联系人", &["紧急联系人", "家属", "监护人", "联系人姓名", "家属姓名"]),
    ColumnSpec::optional("contact_phone", "联系人电话", &["紧急联系人电话", "家属电话", "监护人电话", "电话(家属)"]),
    ColumnSpec::optional("relation", "关系", &["与老人关系", "联系人关系", "与本人关系"]),
];

/// The title of a column of the template.
pub fn column_title(key: &str) -> &'static str {
    COLUMNS.iter().find(|c| c.key == key).map_or("", |c| c.title)
}

/// One thing wrong in a row, with the way out of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CellError {
    /// Column key.
    pub column: String,
    pub why: String,
    /// A value that would be right, offered as one tap; absent where only the clerk can know.
    pub cure: Option<String>,
}

/// The cells of one row by column key.
pub type Cells = HashMap<String, String>;

/// What rows are judged against: the regions, the part of them that is the clerk's, and village names already looked up.
pub struct Judge<'a> {
    book: &'a RegionBook,
    within: RegionCode,
    seen: HashMap<(String, String), Result<RegionCode, CellError>>,
}

impl<'a> Judge<'a> {
    pub fn new(book: &'a RegionBook, within: RegionCode) -> Judge<'a> {
        Judge { book, within, seen: HashMap::new() }
    }

    /// Reads one row. Every wrong cell is named, not only the first.
    ///
    /// # Errors
    /// The wrong cells.
    pub fn read(&mut self, cells: &Cells) -> Result<NewElder, Vec<CellError>> {
        let get = |key: &str| cells.get(key).map(|s| s.trim()).unwrap_or("");
        let mut errors = Vec::new();
        let name = get("name");
        if name.is_empty() {
            errors.push(wrong("name", "姓名没有填", None));
        } else if name.chars().count() > 40 {
            errors.push(wrong("name", "姓名太长，最多 40 字", None));
        } else if name.chars().any(|c| c.is_ascii_digit()) {
            errors.push(wrong("name", "姓名里有数字", None));
        }
        let number = read_number(get("id_number"), &mut errors);
        if let Some(n) = &number {
            check_birth(get("birth"), n, &mut errors);
        }
        let hukou = match get("hukou") {
            "" => {
                errors.push(wrong("hukou", "户籍没有填，它决定能享受哪些待遇", None));
                None
            }
            text => closed("hukou", "户籍只写“城镇”或“农村”", Hukou::parse_zh(text), &mut errors),
        };
        let region = match self.village(get("town"), get("village")) {
            Ok(r) => Some(r),
            Err(e) => {
                errors.push(e);
                None
            }
        };
        let hukou_region = match get("hukou_region") {
            "" => None,
            text => text.parse::<RegionCode>().ok().or_else(|| self.village("", text).ok()),
        };
        let phone = optional_phone("phone", get("phone"), &mut errors);
        let living = word("living", "居住情况", get("living"), Living::parse_zh, &Living::options(), &mut errors);
        let income =
            word("income", "经济状况", get("income"), IncomeClass::parse_zh, &IncomeClass::options(), &mut errors);
        let care = word("care", "能力", get("care"), Care::parse_zh, &Care::options(), &mut errors);
        let certificate = word(
            "certificate",
            "残疾证",
            get("certificate"),
            DisabilityCert::parse_zh,
            &DisabilityCert::options(),
            &mut errors,
        );
        let specials = groups(get("specials"), &mut errors);
        let contact_phone = optional_phone("contact_phone", get("contact_phone"), &mut errors);
        let place = position(get("lat"), get("lng"), &mut errors);
        let contact = get("contact");
        if contact.is_empty() && contact_phone.is_some() {
            errors.push(wrong("contact", "写了联系人电话，没写联系人", None));
        }
        for (key, max) in [("address", 120), ("household", 40), ("contact", 40), ("relation", 20), ("chronic", 200)] {
            if get(key).chars().count() > max {
                errors.push(wrong(key, &format!("{}最多 {max} 字", column_title(key)), None));
            }
        }
        let (Some(id_number), Some(hukou), Some(region), true) = (number, hukou, region, errors.is_empty()) else {
            return Err(errors);
        };
        let mut e = NewElder::new(name, id_number, region, hukou);
        e.phone = phone;
        e.address = get("address").to_string();
        e.place = place;
        e.hukou_region = hukou_region;
        e.living = living.unwrap_or(Living::Unknown);
        e.income = income.unwrap_or(IncomeClass::Unknown);
        e.specials = specials;
        e.care = care;
        e.certificate = certificate;
        e.chronic = get("chronic").to_string();
        e.source = Source::Import;
        if !get("household").is_empty() {
            e.household = HouseholdOf::Number(get("household").to_string());
        }
        if !contact.is_empty() {
            e.contacts.push(NewContact {
                kind: ContactKind::Emergency,
                name: contact.to_string(),
                relation: get("relation").to_string(),
                phone: contact_phone,
                lives: String::new(),
            });
        }
        Ok(e)
    }

    /// The village by its code or name; the town narrows it. Only inside the clerk's region.
    fn village(&mut self, town: &str, village: &str) -> Result<RegionCode, CellError> {
        let key = (town.to_string(), village.to_string());
        if let Some(known) = self.seen.get(&key) {
            return known.clone();
        }
        let found = self.look_up(town, village);
        self.seen.insert(key, found.clone());
        found
    }

    fn look_up(&self, town: &str, village: &str) -> Result<RegionCode, CellError> {
        if village.is_empty() {
            return Err(wrong("village", "村（社区）没有填", None));
        }
        if village.bytes().all(|b| b.is_ascii_digit()) {
            return match village.parse::<RegionCode>() {
                Ok(c) if !self.book.contains(&c) || c.tier() != Tier::Village => {
                    Err(wrong("village", "没有这个村（社区）的代码", None))
                }
                Ok(c) if !self.within.contains(&c) => {
                    Err(wrong("village", &format!("{}不归你管", self.book.short(&c)), None))
                }
                Ok(c) => Ok(c),
                Err(why) => Err(wrong("village", why, None)),
            };
        }
        // 水唇镇墩塘村 in one cell.
        let (town, village) = match village.find(['镇', '街']) {
            Some(at) if town.is_empty() && !village.starts_with("街") => {
                let border = village[at..].find(if village[at..].starts_with('街') { '道' } else { '镇' });
                let end = at + border.unwrap_or(0) + '镇'.len_utf8();
                if end < village.len() { (&village[..end], &village[end..]) } else { (town, village) }
            }
            _ => (town, village),
        };
        let mut within = self.within;
        if !town.is_empty() && self.within.tier() < Tier::Town {
            within = self
                .book
                .find_by_name(&self.within, Tier::Town, town)
                .ok_or_else(|| wrong("town", &format!("你管的区域里没有“{town}”"), None))?;
        }
        if let Some(code) = self.book.find_by_name(&within, Tier::Village, village) {
            return Ok(code);
        }
        let near = self.nearest(&within, village);
        let why = match &near {
            Some(n) => format!("没有叫“{village}”的村（社区），最像{n}"),
            None => format!("没有叫“{village}”的村（社区），或不止一个。写全名，或写 12 位区划代码"),
        };
        Err(wrong("village", &why, near))
    }

    /// The only village that shares a beginning of two characters, or contains the text.
    fn nearest(&self, within: &RegionCode, village: &str) -> Option<String> {
        let stem: String = village.chars().take(2).collect();
        let mut hits = self
            .book
            .iter()
            .filter(|(c, n)| within.contains(c) && c.tier() == Tier::Village && n.contains(&stem))
            .map(|(c, _)| self.book.name(&c));
        match (hits.next(), hits.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }
}

fn wrong(column: &str, why: &str, cure: Option<String>) -> CellError {
    CellError { column: column.into(), why: why.into(), cure }
}

fn read_number(text: &str, errors: &mut Vec<CellError>) -> Option<IdNumber> {
    if text.is_empty() {
        errors.push(wrong("id_number", "证件号码没有填", None));
        return None;
    }
    match text.parse::<IdNumber>() {
        Ok(n) => Some(n),
        Err(why) => {
            // O and I are the usual slips for 0 and 1.
            let mended: String = text
                .chars()
                .map(|c| match c {
                    'O' | 'o' => '0',
                    'I' | 'l' => '1',
                    c => c,
                })
                .collect();
            let cure = (mended != text).then(|| mended.parse::<IdNumber>().ok()).flatten();
            let why = match &cure {
                Some(_) => "里面的字母 O、I 应为数字 0、1".to_string(),
                None => why,
            };
            errors.push(wrong("id_number", &why, cure.map(|n| n.as_str().to_string())));
            None
        }
    }
}

fn check_birth(text: &str, number: &IdNumber, errors: &mut Vec<CellError>) {
    if text.is_empty() {
        return;
    }
    let own = number.birth();
    let same = match text.parse::<kernel::CivilDate>() {
        Ok(d) => d == own,
        // 1951-02 or 1951.02 says year and month only.
        Err(_) => text.replace(['.', '/', '年'], "-").trim_end_matches(['月', '-']) == own.month_of().to_string(),
    };
    if !same {
        let why = match text.parse::<kernel::CivilDate>() {
            Err(m) => format!("{m}；证件号里是 {own}"),
            Ok(_) => format!("和证件号对不上，证件号里是 {own}"),
        };
        errors.push(wrong("birth", &why, Some(own.to_string())));
    }
}

fn optional_phone(column: &str, text: &str, errors: &mut Vec<CellError>) -> Option<Phone> {
    if matches!(text, "" | "无" | "没有" | "-" | "—") {
        return None;
    }
    match text.parse::<Phone>() {
        Ok(p) => Some(p),
        Err(why) => {
            errors.push(wrong(column, &why, None));
            None
        }
    }
}

/// A position in degrees, WGS-84; both or neither.
fn position(lat: &str, lng: &str, errors: &mut Vec<CellError>) -> Option<kernel::GeoPoint> {
    if lat.is_empty() && lng.is_empty() {
        return None;
    }
    let point = lat.parse().ok().zip(lng.parse().ok()).and_then(|(a, b)| kernel::GeoPoint::from_degrees(a, b));
    if point.is_none() {
        errors.push(wrong("lat", "经纬度要成对，写成 23.2801 和 115.6512 这样的数", None));
    }
    point
}

fn closed<T>(column: &str, why: &str, found: Option<T>, errors: &mut Vec<CellError>) -> Option<T> {
    if found.is_none() {
        errors.push(wrong(column, why, None));
    }
    found
}

fn word<T>(
    column: &str,
    label: &str,
    text: &str,
    parse: impl Fn(&str) -> Option<T>,
    options: &[(&'static str, &'static str)],
    errors: &mut Vec<CellError>,
) -> Option<T> {
    if text.is_empty() {
        return None;
    }
    let words: Vec<&str> = options.iter().map(|(_, w)| *w).collect();
    closed(column, &format!("{label}没有“{text}”这一项，可写：{}", words.join("、")), parse(text), errors)
}

fn groups(text: &str, errors: &mut Vec<CellError>) -> Vec<SpecialGroup> {
    let mut out = Vec::new();
    for part in text.split(['、', ',', '，', ';', '；', '/', ' ']).map(str::trim) {
        if matches!(part, "" | "无" | "没有" | "否") {
            continue;
        }
        let words: Vec<&str> = SpecialGroup::ALL.iter().map(|g| g.zh()).collect();
        let why = format!("特殊群体没有“{part}”这一项，可写：{}", words.join("、"));
        out.extend(closed("specials", &why, SpecialGroup::parse_zh(part), errors));
    }
    out
}
