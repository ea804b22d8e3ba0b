//! What grants come to, and what a purse keeps.
#![allow(clippy::unwrap_used)]
use crate::common::{day, leaf, pack_text};
use kernel::{Fen, Month};
use policy::{Amount, AmountError, Facts, Inputs, Pack, PackError, Verdict};

const PARAMETERS: &str = r#"
  { name = "sum", label = "金额", type = "money", values = [
    { value = "120.00", from = 2026-01-01, to = 2026-06-30, source = "a" },
    { value = "150.00", from = 2026-07-01, source = "a" },
  ] },
  { name = "most", label = "结转上限", type = "money", values = [{ value = "50.00", from = 2026-01-01, source = "a" }] },
  { name = "two", label = "次数", type = "int", values = [{ value = 2, from = 2026-01-01, source = "a" }] },
  { name = "part", label = "百分比", type = "int", values = [{ value = 55, from = 2026-01-01, source = "a" }] },
  { name = "start_month_after_birthday", label = "一", type = "month", values = [{ value = "same", from = 2026-01-01, choice = "c" }] },
  { name = "start_month_after_move", label = "二", type = "month", values = [{ value = "same", from = 2026-01-01, choice = "c" }] },
  { name = "end_month_after_age", label = "三", type = "month", values = [{ value = "same", from = 2026-01-01, choice = "c" }] },
  { name = "end_month_after_death", label = "四", type = "month", values = [{ value = "same", from = 2026-01-01, choice = "c" }] },
  { name = "end_month_after_move", label = "五", type = "month", values = [{ value = "same", from = 2026-01-01, choice = "c" }] },
  { name = "household_rule", label = "六", type = "household", values = [{ value = "highest", from = 2026-01-01, choice = "c" }] },
]
"#;

fn load(grant: &str) -> Result<Pack, PackError> {
    let grant = format!("grants = [{{ name = \"g\", label = \"待遇\", article = \"a\", {grant} }}]");
    let text = pack_text(&leaf("alive"))
        .replace("grants = []\n", &format!("{grant}\n"))
        .replace("grants = [] }", "grants = [\"g\"] }")
        .replacen("]\n[[conditions]]", &format!("{PARAMETERS}[[conditions]]"), 1);
    Pack::load("trial.toml", &text)
}

#[track_caller]
fn amount(grant: &str, inputs: Inputs) -> Result<Amount, AmountError> {
    let pack = load(grant).unwrap_or_else(|e| panic!("{e}"));
    pack.at(day("2026-03-01")).unwrap().amount_for(&pack.grants[0].kind, &inputs)
}

fn paid(granted: i64, own: i64) -> Result<Amount, AmountError> {
    Ok(Amount { granted: Fen(granted), own: Fen(own), times: None })
}

const PURSE: &str = "kind = \"person_purse\", amount = \"sum\", settlement = \"quarter\"";

#[test]
fn each_kind_comes_to_what_it_says() {
    let none = Inputs::default();
    assert_eq!(amount("kind = \"one_off\", amount = \"sum\"", none), paid(12_000, 0));
    assert_eq!(amount(&format!("{PURSE}, carry_over = false"), Inputs { periods: Some(3), ..none }), paid(36_000, 0));
    assert_eq!(amount("kind = \"yearly\", amount = \"sum\"", Inputs { periods: Some(2), ..none }), paid(24_000, 0));
    let beds = |n| Inputs { beds: Some(n), periods: Some(4), ..none };
    assert_eq!(amount("kind = \"per_bed\", amount = \"sum\", period = \"once\"", beds(10)), paid(120_000, 0));
    assert_eq!(amount("kind = \"per_bed\", amount = \"sum\", period = \"month\"", beds(10)), paid(480_000, 0));
    let meals = |n, days| Inputs { meals: Some(n), days, ..none };
    let per_meal = "kind = \"per_meal\", amount = \"sum\", per_day = \"two\"";
    assert_eq!(amount(per_meal, meals(3, Some(1))), paid(24_000, 0));
    assert_eq!(amount(per_meal, meals(3, Some(30))), paid(36_000, 0));
    assert_eq!(amount(per_meal, meals(3, None)), paid(36_000, 0));
    let visits = amount("kind = \"service_frequency\", times = \"two\", period = \"week\"", none).unwrap();
    assert_eq!((visits.times, visits.granted), (Some(2), Fen::ZERO));
    assert_eq!(amount("kind = \"priority_right\"", none), paid(0, 0));
    let total = |fen| Inputs { total: Some(Fen(fen)), ..none };
    assert_eq!(amount("kind = \"share_floor\", percent = \"part\"", total(10_000)), paid(5_500, 0));
    // A floor is rounded up: 55% of one fen is one fen.
    assert_eq!(amount("kind = \"share_floor\", percent = \"part\"", total(1)), paid(1, 0));
    let price = |fen| Inputs { price: Some(Fen(fen)), ..none };
    assert_eq!(amount("kind = \"pay_share\", percent = \"part\"", price(999)), paid(450, 549));
}

#[test]
fn a_reimbursement_pays_the_actual_cost_up_to_its_cap() {
    let cost = |basic, optional, done| Inputs {
        cost: Some(Fen(basic)),
        optional_cost: Some(Fen(optional)),
        basics_done: done,
        ..Inputs::default()
    };
    let basic = "kind = \"reimbursement\", cap = \"sum\", covers = \"basic\"";
    let both = "kind = \"reimbursement\", cap = \"sum\", covers = \"basic_then_optional\"";
    for (grant, inputs, granted, own) in [
        (basic, cost(11_999, 0, None), 11_999, 0),
        (basic, cost(12_000, 0, None), 12_000, 0),
        (basic, cost(12_001, 0, None), 12_000, 1),
        (basic, cost(8_000, 3_000, Some(true)), 8_000, 3_000),
        (both, cost(8_000, 3_000, Some(true)), 11_000, 0),
        (both, cost(8_000, 5_000, Some(true)), 12_000, 1_000),
        (both, cost(8_000, 3_000, Some(false)), 8_000, 3_000),
        (both, cost(8_000, 3_000, None), 8_000, 3_000),
        (both, cost(0, 0, None), 0, 0),
    ] {
        assert_eq!(amount(grant, inputs), paid(granted, own), "{grant} {inputs:?}");
    }
    assert_eq!(amount(basic, Inputs::default()), Err(AmountError::Missing("实际费用")));
    assert_eq!(amount(basic, cost(-1, 0, None)), Err(AmountError::Negative("实际费用")));
    assert_eq!(amount(basic, cost(i64::MAX, 1, None)), Err(AmountError::TooLarge));
}

#[test]
fn sums_out_of_range_are_refused() {
    let many = Inputs { beds: Some(i64::MAX), meals: Some(i64::MAX), days: Some(i64::MAX), ..Inputs::default() };
    assert_eq!(amount("kind = \"per_bed\", amount = \"sum\", period = \"once\"", many), Err(AmountError::TooLarge));
    let per_meal = "kind = \"per_meal\", amount = \"sum\", per_day = \"two\"";
    assert_eq!(amount(per_meal, many), Err(AmountError::TooLarge));
    let huge = Inputs { price: Some(Fen(i64::MAX)), total: Some(Fen(i64::MAX)), ..Inputs::default() };
    assert!(amount("kind = \"pay_share\", percent = \"part\"", huge).is_ok());
    assert!(amount("kind = \"share_floor\", percent = \"part\"", huge).is_ok());
}

#[test]
fn a_purse_keeps_what_its_rules_say() {
    let month = |m| Month { year: 2026, month: m };
    let kept = |rules: &str, m: i8| {
        let pack = load(&format!("{PURSE}, {rules}")).unwrap_or_else(|e| panic!("{e}"));
        let on = pack.at(day("2026-03-01")).unwrap();
        on.kept_after(&pack.grants[0].kind, month(m), Fen(8_000)).0
    };
    // Cleared at the end of the quarter, kept inside it.
    assert_eq!((kept("carry_over = false", 2), kept("carry_over = false", 3)), (8_000, 0));
    // Each month for itself.
    assert_eq!(kept("carry_over = false, accumulates = false", 2), 0);
    assert_eq!((kept("carry_over = true", 3), kept("carry_over = true", 2)), (8_000, 8_000));
    // No more than the limit moves into the next quarter.
    let limited = "carry_over = true, carry_limit = \"most\"";
    assert_eq!((kept(limited, 2), kept(limited, 3)), (8_000, 5_000));
}

#[test]
fn a_grant_says_its_amount_of_the_day() {
    let pack = load("kind = \"one_off\", amount = \"sum\"").unwrap();
    let facts = Facts::new().with(policy::Fact::Alive, "true").unwrap();
    for (on, fen) in [("2026-06-30", 12_000), ("2026-07-01", 15_000)] {
        let on = pack.at(day(on)).unwrap();
        let outcome = on.decide(&facts);
        assert_eq!(outcome.verdict, Verdict::Eligible);
        assert_eq!(on.grants(&outcome).map(|(_, amount)| amount.0).collect::<Vec<_>>(), [fen]);
        assert_eq!(on.monthly(&outcome), Fen::ZERO, "a single payment is not monthly");
    }
}

#[test]
fn a_kind_takes_its_own_items_and_no_others() {
    for (grant, says) in [
        ("kind = \"one_off\"", "还要写 amount"),
        ("kind = \"one_off\", amount = \"two\"", "money"),
        ("kind = \"one_off\", amount = \"sum\", cap = \"sum\"", "不用写 cap"),
        ("kind = \"gift\"", "household_purse"),
        ("kind = \"reimbursement\", cap = \"sum\"", "还要写 covers"),
        ("kind = \"reimbursement\", cap = \"sum\", covers = \"all\"", "basic_then_optional"),
        ("kind = \"per_bed\", amount = \"sum\", period = \"week\"", "once、month"),
        ("kind = \"service_frequency\", times = \"two\", period = \"once\"", "week、month"),
        ("kind = \"per_meal\", amount = \"sum\", per_day = \"part\"", "1 到 10"),
        (&format!("{PURSE}, carry_over = true, accumulates = false"), "每月清零"),
        (&format!("{PURSE}, carry_over = false, carry_limit = \"most\""), "不结转"),
        (PURSE, "还要写 carry_over"),
    ] {
        let error = load(grant).unwrap_err();
        assert!(error.message.contains(says), "{grant}: {error}");
        assert!(error.line > 1 && error.column > 1, "{error}");
    }
}
