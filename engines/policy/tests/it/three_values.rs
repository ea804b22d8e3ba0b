//! Unknown facts, Kleene's logic, and native evaluation against the CEL interpreter.
#![allow(clippy::unwrap_used)]
use crate::common::{day, leaf, load, pack_text};
use policy::{FACTS, Fact, FactType, Facts, Pack, Truth, Value, Verdict};
use proptest::prelude::*;

const TREE: &str = r#"
[[conditions]]
name = "who"
label = "以下全部成立"
all = ["is_alive", "needy"]
[[conditions]]
name = "is_alive"
label = "在世"
cel = "alive"
[[conditions]]
name = "needy"
label = "以下任一成立"
any = ["poor", "alone", "old"]
[[conditions]]
name = "poor"
label = "低保或特困"
article = "a"
cel = "income_class in ['subsistence', 'destitute_dispersed']"
[[conditions]]
name = "alone"
label = "独居"
cel = "living == 'living_alone'"
[[conditions]]
name = "old"
label = "满 {limit} 周岁"
cel = "age >= limit"
"#;

fn facts(items: &[(Fact, &str)]) -> Facts {
    items.iter().fold(Facts::new(), |facts, (fact, text)| facts.with(*fact, text).unwrap())
}

#[test]
fn unknown_is_not_false_and_the_missing_fact_is_named() {
    let pack = load(TREE).unwrap();
    let on = pack.at(day("2026-03-01")).unwrap();
    use Fact::*;
    type Case<'a> = (&'a [(Fact, &'a str)], Verdict, &'a [Fact]);
    let cases: &[Case] = &[
        (&[], Verdict::Unknown, &[BirthDate, Alive, IncomeClass, Living]),
        (&[(Alive, "false")], Verdict::NotEligible, &[]),
        (&[(Alive, "true"), (Living, "living_alone")], Verdict::Eligible, &[]),
        (&[(Living, "living_alone")], Verdict::Unknown, &[Alive]),
        (&[(Alive, "true"), (Living, "empty_nest"), (BirthDate, "1960-01-01")], Verdict::Unknown, &[IncomeClass]),
        (
            &[(Alive, "true"), (Living, "empty_nest"), (BirthDate, "1960-01-01"), (IncomeClass, "ordinary")],
            Verdict::NotEligible,
            &[],
        ),
    ];
    for (given, verdict, missing) in cases {
        let outcome = on.decide(&facts(given));
        assert_eq!(outcome.verdict, *verdict, "{given:?}");
        assert_eq!(outcome.missing.iter().collect::<Vec<_>>(), *missing, "{given:?}");
    }
}

#[test]
fn the_tree_shows_what_is_open_and_why() {
    let pack = load(TREE).unwrap();
    let on = pack.at(day("2026-03-01")).unwrap();
    let facts = facts(&[(Fact::Alive, "true"), (Fact::Living, "empty_nest"), (Fact::BirthDate, "1960-01-01")]);
    let shown = on.explain(&on.decide(&facts), &facts);
    let needy = &shown.root.children[1];
    let states: Vec<_> = needy.children.iter().map(|r| (r.label.as_str(), r.truth)).collect();
    assert_eq!(states, [("低保或特困", Truth::Unknown), ("独居", Truth::Unmet), ("满 75 周岁", Truth::Unmet)]);
    assert_eq!(needy.children[0].facts[0].value, "不知道");
    assert_eq!(shown.missing[0].zh, "收入类别");
}

#[test]
fn the_first_class_met_decides_and_an_open_earlier_class_keeps_it_open() {
    let text = pack_text(TREE).replace(
        "classes = [{ name = \"one\", label = \"一类\", when = \"who\", grants = [] }]",
        "classes = [{ name = \"one\", label = \"一类\", when = \"poor\", grants = [] }, { name = \"two\", label = \"二类\", when = \"alone\", grants = [] }]",
    );
    let pack = Pack::load("f", &text).unwrap();
    let on = pack.at(day("2026-03-01")).unwrap();
    let alone = facts(&[(Fact::Living, "living_alone"), (Fact::IncomeClass, "ordinary")]);
    assert_eq!(on.decide(&alone).class, Some(1));
    let open = facts(&[(Fact::Living, "living_alone")]);
    assert_eq!((on.decide(&open).verdict, on.decide(&open).class), (Verdict::Unknown, Some(0)));
    let neither = facts(&[(Fact::Living, "empty_nest"), (Fact::IncomeClass, "ordinary")]);
    let shown = on.explain(&on.decide(&neither), &neither);
    assert_eq!((shown.root.children.len(), shown.root.truth), (2, Truth::Unmet));
}

#[test]
fn what_only_the_interpreter_can_do_is_decided_too() {
    for (cel, expect) in [
        ("special_groups.exists(g, g == 'dementia')", true),
        ("size(special_groups) > 2", false),
        ("age % 5 == 1", true),
        ("alive ? age > 80 : age > 70", false),
        ("hukou_region == residence_region", true),
    ] {
        let pack = load(&leaf(cel)).unwrap_or_else(|e| panic!("{e}"));
        assert!(!pack.conditions[0].is_native(), "{cel}");
        let facts = facts(&[
            (Fact::BirthDate, "1950-01-01"),
            (Fact::Alive, "true"),
            (Fact::SpecialGroups, "dementia,preferential_treatment"),
            (Fact::HukouRegion, "441523102205"),
            (Fact::ResidenceRegion, "441523102205"),
        ]);
        let verdict = pack.at(day("2026-03-01")).unwrap().decide(&facts).verdict;
        assert_eq!(verdict, if expect { Verdict::Eligible } else { Verdict::NotEligible }, "{cel}");
    }
    // A sum that cannot be worked out leaves the condition open rather than false.
    let pack = load(&leaf("100 / household_size > 1")).unwrap();
    let nobody = facts(&[(Fact::HouseholdSize, "0")]);
    assert_eq!(pack.at(day("2026-03-01")).unwrap().decide(&nobody).verdict, Verdict::Unknown);
}

fn value_of(ty: FactType) -> BoxedStrategy<Value> {
    let known = match ty {
        FactType::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        FactType::Int => (0i64..6).prop_map(Value::Int).boxed(),
        FactType::Date => {
            let text = (1930i16..1970, 1i8..=12, 1i8..=28);
            text.prop_map(|(y, m, d)| Value::Date(kernel::CivilDate::new(y, m, d).unwrap())).boxed()
        }
        FactType::Region => prop::sample::select(vec!["441523102205", "441502001001", "440103001001"])
            .prop_map(|code| Value::Region(code.parse().unwrap()))
            .boxed(),
        FactType::Code(codes) => (0..codes.len() as u8).prop_map(Value::Code).boxed(),
        FactType::Set(codes) => (0u32..1 << codes.len()).prop_map(Value::Set).boxed(),
    };
    prop_oneof![1 => Just(Value::Unknown), 5 => known].boxed()
}

fn any_facts() -> impl Strategy<Value = Facts> {
    let settable: Vec<_> = FACTS.iter().filter(|d| !d.derived).collect();
    let values: Vec<_> = settable.iter().map(|d| value_of(d.ty)).collect();
    values.prop_map(move |values| {
        let mut facts = Facts::new();
        for (def, value) in settable.iter().zip(values) {
            facts.set(def.fact, value).unwrap();
        }
        facts
    })
}

/// A condition in the part of CEL that is decided natively.
fn native_cel() -> impl Strategy<Value = String> {
    let op = || prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let same = || prop::sample::select(vec!["==", "!="]);
    let simple = prop_oneof![
        Just("alive".to_owned()),
        Just("strict".to_owned()),
        Just("in_local_hukou".to_owned()),
        Just("true".to_owned()),
        (op(), 55i64..95).prop_map(|(op, n)| format!("age {op} {n}")),
        op().prop_map(|op| format!("limit {op} age")),
        (op(), -2i64..6).prop_map(|(op, n)| format!("household_size {op} {n}")),
        op().prop_map(|op| format!("household_size {op} household_elders")),
        (op(), 1935u16..1965).prop_map(|(op, y)| format!("birth_date {op} '{y}-06-15'")),
        op().prop_map(|op| format!("'1950-01-01' {op} birth_date")),
        same().prop_map(|op| format!("hukou {op} 'rural'")),
        same().prop_map(|op| format!("'low_income' {op} income_class")),
        same().prop_map(|op| format!("hukou_region {op} '441523102205'")),
        Just("living in ['living_alone', 'empty_nest']".to_owned()),
        Just("care_dependence in []".to_owned()),
        Just("'dementia' in special_groups".to_owned()),
        prop::sample::select(vec!["44", "4415", "441523", ""])
            .prop_map(|p| format!("residence_region.startsWith('{p}')")),
    ];
    simple.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|a| format!("!({a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a} || {b})")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// The fast way and the interpreter give the same outcome, and the same every time.
    #[test]
    fn native_agrees_with_cel(cel in native_cel(), people in prop::collection::vec(any_facts(), 8), month in 1i8..=12) {
        let cel = format!("{cel} && household_size >= 0");
        let pack = load(&leaf(&cel)).unwrap();
        prop_assert!(pack.conditions[0].is_native(), "{}", cel);
        let on = pack.at(kernel::CivilDate::new(2026, month, 15).unwrap()).unwrap();
        for facts in &people {
            let outcome = on.decide(facts);
            prop_assert_eq!(outcome, on.decide_by_cel(facts), "{} {:?}", cel, facts.to_json());
            prop_assert_eq!(outcome, on.decide(facts));
        }
    }

    /// Learning a fact never turns a decided result round.
    #[test]
    fn more_knowledge_never_contradicts_a_decision(facts in any_facts(), blank in prop::sample::select(vec![
        Fact::Alive, Fact::BirthDate, Fact::IncomeClass, Fact::Living,
    ])) {
        let pack = load(TREE).unwrap();
        let on = pack.at(day("2026-03-01")).unwrap();
        let mut less = facts.clone();
        less.set(blank, Value::Unknown).unwrap();
        let (before, after) = (on.decide(&less).verdict, on.decide(&facts).verdict);
        prop_assert!(before == Verdict::Unknown || before == after, "{:?} then {:?}", before, after);
    }

    /// Any text is loaded or refused, never more.
    #[test]
    fn no_text_of_a_condition_panics(cel in "[ a-z_<>=!&|()'0-9\\[\\],.+?:-]{0,60}") {
        let _ = load(&leaf(&cel));
    }
}
