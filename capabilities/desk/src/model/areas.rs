//! Figures of regions: one row for each part of the viewer's region.
use kernel::{Fen, RegionCode};
use std::collections::BTreeMap;

/// What is known of a village, or the sum over several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    pub elders: i64,
    /// Archives that lack something.
    pub lacking: i64,
    pub entitled: i64,
    /// Entitled since this month.
    pub newly: i64,
    /// Confirmed services of the quarter.
    pub orders: i64,
    /// Public money they took.
    pub gov: Fen,
    /// Public money granted for the quarter.
    pub granted: Fen,
}

impl Area {
    fn add(&mut self, o: &Area) {
        self.elders += o.elders;
        self.lacking += o.lacking;
        self.entitled += o.entitled;
        self.newly += o.newly;
        self.orders += o.orders;
        self.gov += o.gov;
        self.granted += o.granted;
    }
}

/// Villages by code.
pub type Villages = BTreeMap<RegionCode, Area>;

/// Everything inside a region.
pub fn total(villages: &Villages, region: &RegionCode) -> Area {
    let mut sum = Area::default();
    for (_, a) in villages.range(*region..).take_while(|(code, _)| region.contains(code)) {
        sum.add(a);
    }
    sum
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub code: RegionCode,
    pub name: String,
    pub area: Area,
}

/// A row for each of `parts` that is inhabited or a real place (not a statistical shell such as 市辖区), in the order
/// given; what lies in none of them stands in a last row of the region itself.
pub fn rows(villages: &Villages, region: &RegionCode, parts: &[(RegionCode, String)]) -> Vec<Row> {
    let mut out: Vec<Row> = parts
        .iter()
        .map(|(code, name)| Row { code: *code, name: name.clone(), area: total(villages, code) })
        .filter(|r| r.area != Area::default() || r.name != "市辖区")
        .collect();
    let mut rest = Area::default();
    for (code, a) in villages.range(*region..).take_while(|(code, _)| region.contains(code)) {
        if !parts.iter().any(|(part, _)| part.contains(code)) {
            rest.add(a);
        }
    }
    if rest != Area::default() {
        out.push(Row { code: *region, name: "其他".into(), area: rest });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> RegionCode {
        text.parse().expect("a code")
    }
    fn villages() -> Villages {
        let of = |elders, lacking| Area { elders, lacking, gov: Fen(elders * 10), ..Area::default() };
        [
            (code("441523101201"), of(10, 1)),
            (code("441523101202"), of(20, 0)),
            (code("441523102201"), of(5, 5)),
            (code("441502001001"), of(7, 0)),
        ]
        .into_iter()
        .collect()
    }

    #[test]
    fn a_region_is_the_sum_of_its_villages_and_no_others() {
        let v = villages();
        assert_eq!(total(&v, &code("441523101")).elders, 30);
        assert_eq!(total(&v, &code("441523")).elders, 35);
        assert_eq!(total(&v, &code("4415")).elders, 42);
        assert_eq!(total(&v, &code("441521")), Area::default());
        assert_eq!(total(&v, &code("441523101202")).gov, Fen(200));
    }

    #[test]
    fn rows_add_up_to_the_region_even_where_the_book_lacks_a_part() {
        let parts = [(code("441523101"), "水唇镇".to_string())];
        let rows = rows(&villages(), &code("441523"), &parts);
        assert_eq!(
            rows.iter().map(|r| (r.name.as_str(), r.area.elders)).collect::<Vec<_>>(),
            [("水唇镇", 30), ("其他", 5)]
        );
    }

    #[test]
    fn a_statistical_shell_is_left_out_and_an_empty_town_is_not() {
        let parts = [(code("441501"), "市辖区".to_string()), (code("441521"), "海丰县".to_string())];
        let rows = rows(&Villages::new(), &code("4415"), &parts);
        assert_eq!(rows.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["海丰县"]);
    }
}
