//! The rules about persons.
use super::{Answer, Dice, record};
use kernel::CivilDate;
use policy::{Fact, Facts};

pub struct Person {
    pub birth: CivilDate,
    pub died: Option<CivilDate>,
    pub hukou: &'static str,
    pub hukou_region: &'static str,
    pub lives_in: &'static str,
    pub income: &'static str,
    pub living: &'static str,
    pub groups: Vec<&'static str>,
    pub care: &'static str,
    pub cert: bool,
    pub in_institution: bool,
    /// Eat, dress, bed, toilet, walk, bathe: can do it alone.
    pub six: [bool; 6],
    pub recognised: bool,
    pub nursing_subsidy: bool,
    pub grade: &'static str,
    pub level: &'static str,
    pub standard: &'static str,
    pub assessed: CivilDate,
    pub valid_until: Option<CivilDate>,
    pub home: &'static str,
    pub safe: bool,
    pub demolition: bool,
    pub subsidised: bool,
    pub elsewhere: bool,
    pub basic_done: bool,
    pub basic_cost: i64,
    pub optional_cost: i64,
    pub stay: i64,
    pub meals: i64,
}

const REGIONS: [&str; 7] =
    ["441523102205", "441502001001", "440103001001", "500112101201", "420106101201", "330782001001", "441523000000"];

impl Person {
    pub fn random(dice: &mut Dice, on: CivilDate) -> Person {
        let years = dice.pick(&[58, 59, 60, 61, 70, 74, 75, 76, 79, 80, 81, 90]);
        // A third has the birthday within two days of the day decided for.
        let birth = match dice.below(3) {
            0 => on.plus_days(-(years * 365 + years / 4)).plus_days(dice.below(5) as i64 - 2),
            _ => on.plus_days(-(years * 365) - dice.below(365) as i64),
        };
        Person {
            birth,
            died: (dice.below(8) == 0).then(|| on.plus_days(dice.below(5) as i64 - 2)),
            hukou: dice.pick(&["rural", "urban"]),
            hukou_region: dice.pick(&REGIONS),
            lives_in: dice.pick(&REGIONS),
            income: dice.pick(&[
                "ordinary",
                "low_income",
                "subsistence",
                "lifted_poverty",
                "destitute_dispersed",
                "destitute_institution",
            ]),
            living: dice.pick(&[
                "with_family",
                "with_family",
                "living_alone",
                "empty_nest",
                "left_behind",
                "childless_alone",
                "institution",
            ]),
            groups: dice.some(&[
                "family_planning_special",
                "bereaved_of_only_child",
                "preferential_treatment",
                "dementia",
                "special_contribution",
            ]),
            care: dice.pick(&["independent", "semi_disabled", "disabled"]),
            cert: dice.coin(),
            in_institution: !dice.mostly(6),
            six: std::array::from_fn(|_| dice.coin()),
            recognised: dice.coin(),
            nursing_subsidy: dice.below(4) == 0,
            grade: dice.pick(&["none", "grade1", "grade2", "grade3", "grade4"]),
            level: dice.pick(&["intact", "mild", "moderate", "severe", "complete"]),
            standard: dice.pick(&["mzt039", "gbt42195", "gbt42195", "ltci", "six_indicators"]),
            assessed: on.plus_days(-(dice.pick(&[-1, 0, 1, 200, 363, 364, 365, 366, 367, 500]))),
            valid_until: (dice.below(3) == 0).then(|| on.plus_days(dice.below(5) as i64 - 2)),
            home: dice.pick(&["owned", "owned", "long_use", "rented", "none"]),
            safe: dice.mostly(6),
            demolition: !dice.mostly(6),
            subsidised: !dice.mostly(6),
            elsewhere: dice.mostly(4),
            basic_done: dice.coin(),
            basic_cost: dice.pick(&[0, 99_999, 150_050, 199_999, 200_000, 200_001, 350_000]),
            optional_cost: dice.pick(&[0, 0, 1, 40_000, 80_000]),
            stay: dice.pick(&[0, 1, 14, 15, 16, 90, 182, 183, 184, 365]),
            meals: dice.below(4) as i64,
        }
    }

    pub fn facts(&self) -> Facts {
        use Fact::*;
        let yes = |b: bool| b.to_string();
        let text = |s: &str| s.to_owned();
        let mut items = vec![
            (BirthDate, self.birth.to_string()),
            (Alive, yes(true)),
            (Hukou, text(self.hukou)),
            (HukouRegion, text(self.hukou_region)),
            (ResidenceRegion, text(self.lives_in)),
            (IncomeClass, text(self.income)),
            (Living, text(self.living)),
            (SpecialGroups, self.groups.join(",")),
            (CareDependence, text(self.care)),
            (DisabilityCert, yes(self.cert)),
            (InstitutionResident, yes(self.in_institution)),
            (IncapacityRecognised, yes(self.recognised)),
            (NursingSubsidy, yes(self.nursing_subsidy)),
            (DisabilityGrade, text(self.grade)),
            (AbilityLevel, text(self.level)),
            (AssessmentStandard, text(self.standard)),
            (AssessedOn, self.assessed.to_string()),
            (HomeRight, text(self.home)),
            (HomeSafe, yes(self.safe)),
            (DemolitionListed, yes(self.demolition)),
            (RenovationSubsidised, yes(self.subsidised)),
            (CanLiveElsewhere, yes(self.elsewhere)),
            (RenovationBasicDone, yes(self.basic_done)),
            (RenovationBasicCost, self.basic_cost.to_string()),
            (RenovationOptionalCost, self.optional_cost.to_string()),
            (StayDays, self.stay.to_string()),
            (MealsPerDay, self.meals.to_string()),
        ];
        let six = [EatUnaided, DressUnaided, BedTransferUnaided, ToiletUnaided, WalkIndoorsUnaided, BatheUnaided];
        items.extend(six.into_iter().zip(self.six).map(|(fact, can)| (fact, yes(can))));
        items.extend(self.died.map(|d| (DeathDate, d.to_string())));
        items.extend(self.valid_until.map(|d| (AssessmentValidUntil, d.to_string())));
        record(&items)
    }

    /// Full years: one is full when month and day of birth are reached, 29 February by 28 February where there is none.
    pub fn age(&self, on: CivilDate) -> i64 {
        let leap = on.year() % 4 == 0 && (on.year() % 100 != 0 || on.year() % 400 == 0);
        let born = match (self.birth.month(), self.birth.day()) {
            (2, 29) if !leap => (2, 28),
            other => other,
        };
        let years = i64::from(on.year()) - i64::from(self.birth.year());
        if (on.month(), on.day()) >= born { years } else { years - 1 }
    }

    fn alive(&self, on: CivilDate) -> bool {
        self.died.is_none_or(|died| on < died)
    }
    fn is_in(&self, list: &[&str], what: &str) -> bool {
        list.contains(&what)
    }
    fn family_planning(&self) -> bool {
        self.groups.contains(&"family_planning_special") || self.groups.contains(&"bereaved_of_only_child")
    }

    pub fn read(&self, pack: &str, on: CivilDate) -> Answer {
        if !self.alive(on) {
            return Answer::none();
        }
        match pack {
            "rural-home-care-75-79" => self.purse("rural", 75, Some(80), "rural_75_79", 10_000, on),
            "rural-home-care-80" => self.purse("rural", 80, None, "rural_80", 12_000, on),
            "urban-home-care" => self.purse("urban", 75, None, "urban_75", 10_000, on),
            "renovation-chongqing-2020" => self.renovation(on, true),
            "renovation-hubei" => self.renovation(on, false),
            "service-users" => self.user(on),
            "service-need-level" => self.need_level(on),
            "short-stay" => self.short_stay(on),
            "visits-monthly" => self.monthly(on),
            "visits-weekly" => self.weekly(on),
            "meal-help" => self.meal_help(on),
            "service-tiers-yiwu" => self.tier(on),
            other => panic!("no second reading of {other}"),
        }
    }

    fn purse(&self, hukou: &str, from: i64, below: Option<i64>, class: &str, fen: i64, on: CivilDate) -> Answer {
        let age = self.age(on);
        if self.hukou == hukou
            && self.hukou_region.starts_with("4415")
            && age >= from
            && below.is_none_or(|below| age < below)
        {
            Answer::of(class, &[("home_care", Some((fen, 0)))])
        } else {
            Answer::none()
        }
    }

    /// Chongqing and Hubei: destitute at home or lifted out of poverty, and 80+, unable, or with a certificate.
    fn renovation(&self, on: CivilDate, chongqing: bool) -> Answer {
        let dispersed = self.income == "destitute_dispersed";
        if !self.lives_in.starts_with(if chongqing { "50" } else { "42" }) || self.age(on) < 60 {
            return Answer::none();
        }
        if !dispersed && self.income != "lifted_poverty" {
            return Answer::none();
        }
        let unable = self.six.iter().filter(|can| !**can).count();
        let incapable = (dispersed && self.recognised) || (!chongqing && self.nursing_subsidy) || unable >= 4;
        if !(self.age(on) >= 80 || incapable || self.cert) {
            return Answer::none();
        }
        let house = (self.home == "owned" || self.home == "long_use") && self.safe && !self.demolition;
        if !house || self.subsidised || !(dispersed || self.elsewhere) {
            return Answer::none();
        }
        // 2,000 yuan a household; below it the actual cost; optional items inside it only in Chongqing, basics first.
        let all = self.basic_cost + self.optional_cost;
        let counted = if chongqing && self.basic_done { all } else { self.basic_cost };
        let paid = counted.min(200_000);
        Answer::of("household", &[("renovation", Some((paid, all - paid)))])
    }

    fn community(&self, on: CivilDate, place: &str) -> bool {
        self.lives_in.starts_with(place) && !self.in_institution && self.age(on) >= 60
    }

    fn user(&self, on: CivilDate) -> Answer {
        if self.community(on, "4415") {
            Answer::of("user", &[("home_care_user", Some((0, 0)))])
        } else {
            Answer::none()
        }
    }

    /// By an assessment of the last twelve months, the same day a year later included (民法典 art. 202), or as long as its report says if that is sooner.
    fn need_level(&self, on: CivilDate) -> Answer {
        let a = self.assessed;
        let last_day = CivilDate::new(a.year() + 1, a.month(), a.day())
            .unwrap_or_else(|| CivilDate::new(a.year() + 1, 2, 28).unwrap());
        let counts = (self.standard == "mzt039" || self.standard == "gbt42195")
            && a <= on
            && on <= last_day
            && self.valid_until.is_none_or(|last| on <= last);
        if !self.community(on, "4415") {
            return Answer::none();
        }
        if !counts {
            return Answer::open();
        }
        match self.level {
            "severe" | "complete" => Answer::of("severe", &[("by_severe", Some((0, 0)))]),
            "moderate" => Answer::of("moderate", &[("by_moderate", Some((0, 0)))]),
            "mild" => Answer::of("mild", &[("by_mild", Some((0, 0)))]),
            _ => Answer::of("intact", &[]),
        }
    }

    fn short_stay(&self, on: CivilDate) -> Answer {
        let need = self.care != "independent" || self.groups.contains(&"dementia") || self.cert || self.age(on) >= 80;
        let length = (15..=183).contains(&self.stay);
        if self.lives_in.starts_with("4415") && self.age(on) >= 60 && need && length {
            Answer::of("guest", &[("short_stay", Some((0, 0)))])
        } else {
            Answer::none()
        }
    }

    /// Empty nest, left behind, disabled, severely handicapped, one-child-special families: once a month.
    fn monthly(&self, on: CivilDate) -> Answer {
        let hard = self.is_in(&["empty_nest", "left_behind", "living_alone", "childless_alone"], self.living)
            || self.care == "disabled"
            || self.grade == "grade1"
            || self.grade == "grade2"
            || self.family_planning();
        if self.community(on, "4415") && hard {
            Answer::of("monthly", &[("visit", Some((0, 0)))])
        } else {
            Answer::none()
        }
    }

    /// 80+, poor, or one-child-special, and (semi-)disabled, empty nest or alone: once a week.
    fn weekly(&self, on: CivilDate) -> Answer {
        let who = self.age(on) >= 80 || self.income != "ordinary" || self.family_planning();
        let state = self.care == "disabled"
            || self.care == "semi_disabled"
            || self.is_in(&["empty_nest", "living_alone", "childless_alone"], self.living);
        if self.community(on, "4415") && who && state {
            Answer::of("weekly", &[("visit", Some((0, 0)))])
        } else {
            Answer::none()
        }
    }

    fn meal_help(&self, on: CivilDate) -> Answer {
        let need = self.is_in(&["childless_alone", "empty_nest", "living_alone"], self.living)
            || self.care == "disabled"
            || self.family_planning();
        if self.community(on, "4415") && need {
            Answer::of("meal", &[("meal", Some((self.meals.min(2) * 200, 0)))])
        } else {
            Answer::none()
        }
    }

    fn tier(&self, on: CivilDate) -> Answer {
        if !self.community(on, "330782") {
            return Answer::none();
        }
        let alone = self.living == "living_alone" || self.living == "childless_alone";
        if self.income.starts_with("destitute") {
            Answer::of("free", &[("free_service", None)])
        } else if self.groups.contains(&"special_contribution")
            || (self.age(on) >= 80 && alone)
            || self.income == "subsistence"
            || self.income == "low_income"
        {
            Answer::of("low_fee", &[("low_fee_service", None)])
        } else {
            Answer::of("paid", &[("paid_service", None)])
        }
    }
}
