//! The rules about facilities and public money.
use super::{Answer, Dice, record};
use kernel::CivilDate;
use policy::{Fact, Facts};

pub struct Facility {
    region: &'static str,
    kind: &'static str,
    operator: &'static str,
    filed: bool,
    accepted: bool,
    accepted_on: CivilDate,
    demonstration: bool,
    urban: bool,
    area: i64,
    premises: i64,
    new_beds: i64,
    medical: Vec<&'static str>,
    received: Vec<&'static str>,
}

impl Facility {
    pub fn random(dice: &mut Dice) -> Facility {
        let day = |text: &str| text.parse::<CivilDate>().unwrap();
        Facility {
            region: dice.pick(&["441523102205", "441502001001", "511725100001", "350123100001", "440103001001"]),
            kind: dice.pick(&["institution", "institution", "town_centre", "community_station", "day_care", "canteen"]),
            operator: dice.pick(&["public", "public_private", "private_nonprofit", "private_profit"]),
            filed: dice.mostly(5),
            accepted: dice.mostly(5),
            accepted_on: day(dice.pick(&[
                "2021-12-31",
                "2022-01-01",
                "2023-06-30",
                "2024-12-31",
                "2023-02-28",
                "2025-01-01",
            ])),
            demonstration: dice.mostly(5),
            urban: dice.coin(),
            area: dice.pick(&[150, 199, 200, 201, 349, 350, 499, 500, 501, 1_200]),
            premises: dice.pick(&[5, 9, 10, 10, 20, 99]),
            new_beds: dice.pick(&[0, 1, 30, 120]),
            medical: dice.some(&["clinic", "nursing_station"]),
            received: match dice.coin() {
                true => Vec::new(),
                false => dice.some(&["beds", "clinic", "nursing_station", "demonstration", "canteen_this_year"]),
            },
        }
    }

    pub fn facts(&self) -> Facts {
        use Fact::*;
        record(&[
            (FacilityRegion, self.region.to_owned()),
            (FacilityKind, self.kind.to_owned()),
            (Operator, self.operator.to_owned()),
            (Filed, self.filed.to_string()),
            (Accepted, self.accepted.to_string()),
            (AcceptedOn, self.accepted_on.to_string()),
            (Demonstration, self.demonstration.to_string()),
            (UrbanSite, self.urban.to_string()),
            (FloorArea, self.area.to_string()),
            (PremisesYears, self.premises.to_string()),
            (NewBeds, self.new_beds.to_string()),
            (InnerMedical, self.medical.join(",")),
            (SubsidiesReceived, self.received.join(",")),
        ])
    }

    pub fn read(&self, pack: &str) -> Answer {
        let received = |what: &str| self.received.contains(&what);
        match pack {
            // 10,000 yuan for each new bed of an institution run by private people.
            "bed-subsidy-quxian" => {
                let ok = self.region.starts_with("511725")
                    && self.kind == "institution"
                    && self.operator.starts_with("private")
                    && self.filed
                    && self.accepted
                    && self.new_beds >= 1
                    && !received("beds");
                match ok {
                    true => Answer::of("new_beds", &[("bed", Some((self.new_beds * 1_000_000, 0)))]),
                    false => Answer::none(),
                }
            }
            "inner-medical-luoyuan" => {
                if !self.region.starts_with("350123") || self.kind != "institution" {
                    return Answer::none();
                }
                let due = |what: &str| self.medical.contains(&what) && !received(what);
                let (clinic, station) = (("clinic", Some((8_000_000, 0))), ("nursing_station", Some((10_000_000, 0))));
                match (due("clinic"), due("nursing_station")) {
                    (true, true) => Answer::of("both", &[clinic, station]),
                    (false, true) => Answer::of("nursing_station", &[station]),
                    (true, false) => Answer::of("clinic", &[clinic]),
                    (false, false) => Answer::none(),
                }
            }
            // Town centres 500,000, village and community stations 200,000, of the floor area the standard asks for.
            "demonstration-sites" => {
                let year = self.accepted_on.year();
                if !self.region.starts_with("4415")
                    || !self.demonstration
                    || !self.accepted
                    || !(2022..=2024).contains(&year)
                    || self.premises < 10
                    || received("demonstration")
                {
                    return Answer::none();
                }
                let least = if self.urban { 350 } else { 200 };
                match self.kind {
                    "town_centre" if self.area >= 500 => Answer::of("centre", &[("centre", Some((50_000_000, 0)))]),
                    "community_station" if self.area >= least => {
                        Answer::of("station", &[("station", Some((20_000_000, 0)))])
                    }
                    _ => Answer::none(),
                }
            }
            "canteen-subsidy" => {
                let ok = self.region.starts_with("4415")
                    && self.kind == "canteen"
                    && self.accepted
                    && !received("canteen_this_year");
                if ok { Answer::of("canteen", &[("canteen", Some((6_000_000, 0)))]) } else { Answer::none() }
            }
            other => panic!("no second reading of {other}"),
        }
    }
}

pub struct Fund {
    region: &'static str,
    total: i64,
    elderly: i64,
    purpose: &'static str,
    used: &'static str,
}

impl Fund {
    pub fn random(dice: &mut Dice) -> Fund {
        let total = dice.pick(&[0, 1, 100, 1_000_001, 99_999_999, 100_000_000]);
        let part = match dice.below(4) {
            0 => total * 55 / 100,
            1 => (total * 55 / 100 + 1).min(total),
            2 => (total * 55 / 100 - 1).max(0),
            _ => dice.below(total as u64 + 1) as i64,
        };
        Fund {
            region: dice.pick(&["441500000000", "441523000000", "441500000000", "440100000000"]),
            total,
            elderly: part,
            purpose: dice.pick(&[
                "loan_interest",
                "institution_operating",
                "centre_operating",
                "service_purchase",
                "other",
            ]),
            used: dice.pick(&[
                "equipment",
                "wages",
                "training",
                "liability_insurance",
                "building",
                "office",
                "vehicle",
                "other",
            ]),
        }
    }

    pub fn facts(&self) -> Facts {
        use Fact::*;
        record(&[
            (FundRegion, self.region.to_owned()),
            (LotteryTotal, self.total.to_string()),
            (LotteryElderly, self.elderly.to_string()),
            (FundPurpose, self.purpose.to_owned()),
            (FundUse, self.used.to_owned()),
        ])
    }

    pub fn read(&self, pack: &str) -> Answer {
        if !self.region.starts_with("4415") {
            return Answer::none();
        }
        match pack {
            "lottery-share" if self.elderly * 100 >= self.total * 55 => {
                let least = (self.total * 55 + 99) / 100;
                Answer::of("met", &[("floor", Some((least, 0)))])
            }
            "fund-uses" if self.purpose == "loan_interest" && self.used == "equipment" => {
                Answer::of("interest", &[("use_interest", Some((0, 0)))])
            }
            "fund-uses"
                if ["institution_operating", "centre_operating", "service_purchase"].contains(&self.purpose)
                    && ["equipment", "wages", "training", "liability_insurance"].contains(&self.used) =>
            {
                Answer::of("operating", &[("use_operating", Some((0, 0)))])
            }
            "lottery-share" | "fund-uses" => Answer::none(),
            other => panic!("no second reading of {other}"),
        }
    }
}
