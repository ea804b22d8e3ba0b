//! From an archive to the facts that policies speak of.
use kernel::{CivilDate, HouseholdId, Month, RegionCode};
use people::model::{
    DatedChange, DisabilityCert, ElderFacts, FactKind, HouseholdFacts, IncomeClass, Living, groups_text,
};
use policy::{Fact, Facts, Timeline, Value};

/// Stands for a hukou outside the installation while somebody has moved away and nobody wrote down where to. No region
/// has this code, so it lies in no pack's place.
pub const ELSEWHERE: &str = "990000000000";

fn elsewhere() -> Value {
    ELSEWHERE.parse().map_or(Value::Unknown, Value::Region)
}

fn code(fact: Fact, text: &str) -> Value {
    Value::parse(fact.ty(), text).unwrap_or(Value::Unknown)
}

fn region(code: Option<RegionCode>) -> Value {
    code.map_or(Value::Unknown, Value::Region)
}

/// The value a stored change gives a policy fact; `None` for parts of the archive no policy speaks of.
fn changed(kind: FactKind, text: &str) -> Option<(Fact, Value)> {
    let (fact, value) = match kind {
        FactKind::Hukou => (Fact::Hukou, code(Fact::Hukou, text)),
        FactKind::HukouRegion => (Fact::HukouRegion, code(Fact::HukouRegion, text)),
        FactKind::Region => (Fact::ResidenceRegion, code(Fact::ResidenceRegion, text)),
        FactKind::Living => {
            let living = Living::parse(text).and_then(Living::policy_code);
            (Fact::Living, living.map_or(Value::Unknown, |c| code(Fact::Living, c)))
        }
        FactKind::Income => {
            let income = IncomeClass::parse(text).and_then(IncomeClass::policy_code);
            (Fact::IncomeClass, income.map_or(Value::Unknown, |c| code(Fact::IncomeClass, c)))
        }
        FactKind::Specials => (Fact::SpecialGroups, code(Fact::SpecialGroups, text)),
        FactKind::Care if text.is_empty() => (Fact::CareDependence, Value::Unknown),
        FactKind::Care => (Fact::CareDependence, code(Fact::CareDependence, text)),
        FactKind::AbilityLevel => (Fact::AbilityLevel, code(Fact::AbilityLevel, text)),
        FactKind::AssessmentStandard => (Fact::AssessmentStandard, code(Fact::AssessmentStandard, text)),
        FactKind::AssessedOn => (Fact::AssessedOn, code(Fact::AssessedOn, text)),
        FactKind::AssessmentValidUntil => (Fact::AssessmentValidUntil, code(Fact::AssessmentValidUntil, text)),
        FactKind::EatUnaided => (Fact::EatUnaided, code(Fact::EatUnaided, text)),
        FactKind::DressUnaided => (Fact::DressUnaided, code(Fact::DressUnaided, text)),
        FactKind::BedTransferUnaided => (Fact::BedTransferUnaided, code(Fact::BedTransferUnaided, text)),
        FactKind::ToiletUnaided => (Fact::ToiletUnaided, code(Fact::ToiletUnaided, text)),
        FactKind::WalkIndoorsUnaided => (Fact::WalkIndoorsUnaided, code(Fact::WalkIndoorsUnaided, text)),
        FactKind::BatheUnaided => (Fact::BatheUnaided, code(Fact::BatheUnaided, text)),
        kind if FactKind::ASKED.contains(&kind) => {
            let fact = Fact::parse(kind.code())?;
            (fact, code(fact, text))
        }
        FactKind::Certificate => {
            let cert = DisabilityCert::parse(text);
            (Fact::DisabilityCert, cert.map_or(Value::Unknown, |c| Value::Bool(c.held())))
        }
        _ => return None,
    };
    Some((fact, value))
}

/// One person's facts over time. Values that changed on a known day held their old value before it; a value that was
/// corrected holds for every day.
pub fn timeline(elder: &ElderFacts, household: &HouseholdFacts) -> Timeline {
    let mut base = Facts::new();
    let mut put = |fact: Fact, value: Value| {
        // Every value here is made for its fact; a text nobody can read stays unknown.
        let _ = base.set(fact, value);
    };
    put(Fact::BirthDate, Value::Date(elder.birth));
    put(Fact::Sex, code(Fact::Sex, if elder.sex == kernel::Sex::Male { "male" } else { "female" }));
    put(Fact::Alive, Value::Bool(true));
    if let Some(day) = elder.died_on {
        put(Fact::DeathDate, Value::Date(day));
    }
    put(Fact::Hukou, code(Fact::Hukou, elder.hukou.code()));
    put(Fact::HukouRegion, region(elder.hukou_region));
    put(Fact::ResidenceRegion, Value::Region(elder.region));
    put(Fact::IncomeClass, elder.income.policy_code().map_or(Value::Unknown, |c| code(Fact::IncomeClass, c)));
    put(Fact::Living, elder.living.policy_code().map_or(Value::Unknown, |c| code(Fact::Living, c)));
    put(Fact::SpecialGroups, code(Fact::SpecialGroups, &groups_text(&elder.specials)));
    put(Fact::CareDependence, elder.care.map_or(Value::Unknown, |c| code(Fact::CareDependence, c.code())));
    put(Fact::DisabilityCert, elder.certificate.map_or(Value::Unknown, |c| Value::Bool(c.held())));
    // Whoever never had a certificate has no grade either; of those who have one the archive does not tell it.
    let none = elder.certificate == Some(DisabilityCert::None);
    if none && elder.changes.iter().all(|c| c.fact != FactKind::Certificate) {
        put(Fact::DisabilityGrade, code(Fact::DisabilityGrade, "none"));
    }
    put(Fact::InstitutionResident, Value::Bool(elder.institution_since.is_some() && elder.institution_until.is_none()));
    put(Fact::HouseholdSize, Value::Int(household.members.len() as i64));
    put(Fact::HouseholdElders, Value::Int(household.members.len() as i64));

    // Before its first change a fact held that change's old value.
    let mut seen = 0u64;
    for (fact, old, _, _) in elder.changes.iter().filter_map(steps) {
        if seen >> fact as u8 & 1 == 0 {
            seen |= 1 << fact as u8;
            let _ = base.set(fact, old);
        }
    }
    if elder.institution_since.is_some() {
        let _ = base.set(Fact::InstitutionResident, Value::Bool(false));
    }
    let arrived = elder.moved_in_on;
    let first_hukou = base.get(Fact::HukouRegion);
    if arrived.is_some() {
        let _ = base.set(Fact::HukouRegion, elsewhere());
    }
    let mut person = Timeline::new(base);
    let mut change = |on: CivilDate, fact: Fact, value: Value| {
        let _ = person.change(on, fact, value);
    };
    if let Some(day) = arrived {
        change(day, Fact::HukouRegion, first_hukou);
    }
    for (fact, _, new, on) in elder.changes.iter().filter_map(steps) {
        change(on, fact, new);
    }
    if let Some(day) = elder.institution_since {
        change(day, Fact::InstitutionResident, Value::Bool(true));
    }
    if let Some(day) = elder.institution_until {
        change(day, Fact::InstitutionResident, Value::Bool(false));
    }
    if let Some(day) = elder.moved_out_on {
        change(day, Fact::HukouRegion, elsewhere());
        change(day, Fact::ResidenceRegion, elsewhere());
    }
    person
}

fn steps(change: &DatedChange) -> Option<(Fact, Value, Value, CivilDate)> {
    let (fact, old) = changed(change.fact, &change.old)?;
    let (_, new) = changed(change.fact, &change.new)?;
    Some((fact, old, new, change.on))
}

/// The first month a member counts in this household: the one after the month of joining it from another household,
/// because the month of the passage stays with the household left.
pub fn stay(elder: &ElderFacts, household: HouseholdId) -> Option<Month> {
    let here = household.to_string();
    let joined = elder.changes.iter().rev().find(|c| c.fact == FactKind::Household && c.new == here)?;
    // A household that was only written down wrongly, or the first one of a new archive, is no passage.
    joined.old.parse::<HouseholdId>().ok().map(|_| joined.on.month_of().next())
}
