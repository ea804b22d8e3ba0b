//! Who lives in the demo town. The make-up follows a community's published survey of 536 elders: 307 aged 60–69, 153 aged
//! 70–79, 50 aged 80–89, 8 aged 90–99 and 2 of 100 and over (those groups add up to 520; they are scaled to the number
//! asked for), 30 childless and alone, 18 destitute, 23 on subsistence, 24 empty nest.
use super::names::{Dice, Numbers, given, mobile, surname};
use kernel::{CivilDate, GeoPoint, HouseholdId, IdNumber, RegionBook, RegionCode, Sex};

/// (youngest, oldest, how many of 520)
const AGES: [(i16, i16, u64); 5] = [(60, 69, 307), (70, 79, 153), (80, 89, 50), (90, 99, 8), (100, 104, 2)];
const SURVEYED: u64 = 520;
/// Per mille of the survey's 536.
const CHILDLESS: u64 = 56;
const DESTITUTE: u64 = 34;
const SUBSISTENCE: u64 = 43;
const EMPTY_NEST: u64 = 45;
/// Households of someone childless and alone, per mille of households: they hold one person where others hold one and a
/// half, so that the share among persons comes out as surveyed.
const CHILDLESS_HOMES: u64 = 84;

const HAMLETS: [&str; 10] = ["上围", "中围", "下围", "新屋", "老屋下", "塘背", "大路下", "坝尾", "围里", "岭脚"];

/// How someone lives, before it is written into an archive.
#[derive(Clone, Debug)]
pub struct Person {
    pub household: HouseholdId,
    pub name: String,
    /// Birth date and sex are read from it.
    pub id_number: IdNumber,
    pub phone: Option<String>,
    pub rural: bool,
    pub region: RegionCode,
    pub address: String,
    pub place: GeoPoint,
    pub living: Living,
    pub income: Income,
    pub care: Care,
    pub contact: Option<Contact>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    Independent,
    SemiDisabled,
    Disabled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Living {
    WithChildren,
    WithSpouse,
    Alone,
    EmptyNest,
    LeftBehind,
    ChildlessAlone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Income {
    Ordinary,
    Subsistence,
    DestituteDispersed,
    LiftedPoverty,
}

#[derive(Clone, Debug)]
pub struct Contact {
    pub name: String,
    pub relation: &'static str,
    pub phone: String,
}

/// Where a village lies: a fixed offset from the town's centre, so that distances look right on a map.
pub fn village_centre(town_centre: GeoPoint, index: usize) -> GeoPoint {
    // Sunflower spiral: even spread without a random source. 0.9 km between neighbours.
    let n = index as f64 + 0.5;
    let (r, a) = (0.0085 * n.sqrt(), n * 2.399_963);
    GeoPoint {
        lat_e6: town_centre.lat_e6 + (r * a.sin() * 1e6) as i64,
        lng_e6: town_centre.lng_e6 + (r * a.cos() * 1e6) as i64,
    }
}

/// The town hall's place.
pub fn town_centre(index: usize) -> GeoPoint {
    GeoPoint { lat_e6: 23_372_000 + index as i64 * 70_000, lng_e6: 115_640_000 + index as i64 * 60_000 }
}

/// A town to fill.
#[derive(Clone, Copy, Debug)]
pub struct Town {
    pub code: RegionCode,
    /// Place of the town among the demo's towns; decides where it lies.
    pub index: usize,
    pub elders: usize,
}

/// Everyone of one town on `today`, in households of one or two.
pub fn people(d: &Dice, numbers: &mut Numbers, book: &RegionBook, town: Town, today: CivilDate) -> Vec<Person> {
    let Town { code: town, index: town_index, elders: count } = town;
    let villages = book.children(&town).to_vec();
    let centre = town_centre(town_index);
    let county = town.as_str()[..6].to_string();
    let mut out: Vec<Person> = Vec::with_capacity(count);
    while out.len() < count && !villages.is_empty() {
        let v = d.below(villages.len() as u64) as usize;
        let region = villages[v];
        // Neighbourhood committees carry 001–199; there the registration is mostly urban.
        let community = region.as_str()[9..].parse::<u32>().unwrap_or(201) < 200;
        let rural = if community { d.chance(250) } else { d.chance(960) };
        let middle = village_centre(centre, v);
        let place =
            GeoPoint { lat_e6: middle.lat_e6 + d.range(-4500, 4500), lng_e6: middle.lng_e6 + d.range(-4500, 4500) };
        let hamlet = d.pick(&HAMLETS);
        let address = format!("{hamlet} {} 号", d.range(1, 160));
        let household = HouseholdId(d.0.uuid(today.at(0, 0)));
        let first_age = age(d);
        let living = living(d, first_age);
        let income = income(d, living);
        let sex = if d.chance(460 + (70i64.saturating_sub(i64::from(first_age))).max(0) as u64 * 4) {
            Sex::Male
        } else {
            Sex::Female
        };
        let family = surname(d);
        let mut add = |name: String, sex: Sex, age_years: i16, out: &mut Vec<Person>| {
            let birth = birth(d, age_years, today);
            let Some(id_number) = numbers.next(&county, birth, sex) else { return };
            let contact = (living != Living::ChildlessAlone && d.chance(900)).then(|| Contact {
                name: format!("{family}{}", given(d, Sex::Male, 1975)),
                relation: if d.chance(600) { "儿子" } else { "女儿" },
                phone: mobile(d),
            });
            let phone = d.chance(820).then(|| mobile(d));
            out.push(Person {
                household,
                name,
                id_number,
                phone,
                rural,
                region,
                address: address.clone(),
                place,
                living,
                income,
                care: care(d, age_years),
                contact,
            });
        };
        let year = today.year() - first_age;
        add(format!("{family}{}", given(d, sex, year)), sex, first_age, &mut out);
        let couple =
            matches!(living, Living::WithSpouse | Living::EmptyNest | Living::WithChildren | Living::LeftBehind)
                && d.chance(620)
                && out.len() < count;
        if couple {
            let other = if sex == Sex::Male { Sex::Female } else { Sex::Male };
            let age2 = (first_age + d.range(-4, 4) as i16).clamp(60, 103);
            // Wives keep their own surname.
            add(format!("{}{}", surname(d), given(d, other, today.year() - age2)), other, age2, &mut out);
        }
    }
    out
}

fn age(d: &Dice) -> i16 {
    let mut n = d.below(SURVEYED);
    for (low, high, share) in AGES {
        if n < share {
            return d.range(i64::from(low), i64::from(high)) as i16;
        }
        n -= share;
    }
    60
}

fn birth(d: &Dice, age: i16, today: CivilDate) -> CivilDate {
    // Full age `age` today: born within the year that ends today.
    let latest = CivilDate::new(today.year() - age, today.month(), today.day())
        .unwrap_or_else(|| today.plus_days(-365 * i64::from(age)));
    latest.plus_days(-d.range(0, 364))
}

fn living(d: &Dice, age: i16) -> Living {
    let n = d.below(1000);
    let mut edge = CHILDLESS_HOMES;
    if n < edge {
        return Living::ChildlessAlone;
    }
    edge += EMPTY_NEST;
    if n < edge {
        return Living::EmptyNest;
    }
    edge += if age >= 80 { 220 } else { 90 };
    if n < edge {
        return Living::Alone;
    }
    edge += 60;
    if n < edge {
        return Living::LeftBehind;
    }
    if n < edge + 330 { Living::WithSpouse } else { Living::WithChildren }
}

/// The older, the more often someone needs help.
fn care(d: &Dice, age: i16) -> Care {
    let need = 20 + u64::from((age - 60).max(0).unsigned_abs()) * 8;
    match d.below(1000) {
        n if n < need / 3 => Care::Disabled,
        n if n < need => Care::SemiDisabled,
        _ => Care::Independent,
    }
}

fn income(d: &Dice, living: Living) -> Income {
    // The destitute are found among those without children.
    if living == Living::ChildlessAlone && d.chance(DESTITUTE * 1000 / CHILDLESS) {
        return Income::DestituteDispersed;
    }
    match d.below(1000) {
        n if n < SUBSISTENCE => Income::Subsistence,
        n if n < SUBSISTENCE + 70 => Income::LiftedPoverty,
        _ => Income::Ordinary,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::IdGen;

    #[test]
    fn the_make_up_follows_the_survey_and_the_seed_decides_all() {
        let book = RegionBook::from_csv(include_str!("../../../data/regions.csv")).unwrap();
        let town: RegionCode = "441523101".parse().unwrap();
        let today: CivilDate = "2026-11-20".parse().unwrap();
        let make = |seed| {
            let town = Town { code: town, index: 0, elders: 6000 };
            people(&Dice(&IdGen::new(seed)), &mut Numbers::default(), &book, town, today)
        };
        let all = make(1);
        assert_eq!(all.len(), 6000);
        let share = |low: i16, high: i16| {
            all.iter().filter(|p| (low..=high).contains(&p.id_number.birth().age_on(today))).count() as i64 * 520 / 6000
        };
        for (low, high, expected) in [(60, 69, 307), (70, 79, 153), (80, 89, 50), (90, 99, 8), (100, 110, 2)] {
            let got = share(low, high);
            assert!((got - expected).abs() <= 12, "{low}–{high}: {got} of 520, the survey has {expected}");
        }
        let part = |n: usize| n as i64 * 536 / 6000;
        let childless = part(all.iter().filter(|p| p.living == Living::ChildlessAlone).count());
        let subsistence = part(all.iter().filter(|p| p.income == Income::Subsistence).count());
        assert!((20..=40).contains(&childless) && (15..=32).contains(&subsistence), "{childless} {subsistence}");
        let mut ids: Vec<String> = all.iter().map(|p| p.id_number.as_str().to_string()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 6000, "identity numbers are unique");
        assert!(all.iter().all(|p| town.contains(&p.region) && p.id_number.birth().age_on(today) >= 60));
        let again = make(1);
        assert!(all.iter().zip(&again).all(|(a, b)| a.id_number == b.id_number && a.name == b.name));
        assert!(make(2).iter().zip(&all).any(|(a, b)| a.id_number != b.id_number));
    }
}
