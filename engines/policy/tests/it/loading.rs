//! Faults in documents are found when they are loaded, at their line and column.
#![allow(clippy::unwrap_used)]
use crate::common::{day, leaf, load, pack_text};
use policy::{Fact, Facts, Pack, Refusal, SHIPPED};

/// The line and column of `needle` in the document.
fn position(text: &str, needle: &str) -> (usize, usize) {
    let at = text.find(needle).unwrap();
    let line = text[..at].matches('\n').count() + 1;
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    (line, text[start..at].chars().count() + 1)
}

#[track_caller]
fn refused(conditions: &str, at: &str, says: &str) {
    let text = pack_text(conditions);
    let error = load(conditions).unwrap_err();
    assert_eq!((error.file.as_str(), (error.line, error.column)), ("trial.toml", position(&text, at)), "{error}");
    assert!(error.message.contains(says), "{error}");
}

#[test]
fn a_wrong_name_type_or_code_in_a_condition_is_shown_at_its_place() {
    refused(&leaf("alive && ages >= 75"), "ages >=", "没有“ages”");
    refused(&leaf("hukou == 'country'"), "'country'", "urban");
    refused(&leaf("alive && living in ['living_alone', 'alone']"), "['living_alone'", "alone");
    refused(&leaf("alive && age == '75'"), "== '75'", "不能这样比");
    refused(&leaf("birth_date < '1950-1-1'"), "'1950-1-1'", "日期要写成");
    refused(&leaf("hukou_region == '4415'"), "'4415'", "12 位");
    refused(&leaf("age + 1"), "age + 1", "是”或“否");
    refused(&leaf("age > 75.5"), "75.5", "小数");
    refused(&leaf("alive && matches(age)"), "(age)", "matches");
    refused(&leaf("hukou < 'rural'"), "< 'rural'", "不能这样比");
    refused(&leaf("strict && true"), "\"strict && true\"", "没有用到任何事实");
}

#[test]
fn what_is_not_cel_is_shown_at_its_place() {
    refused(&leaf("age >= >= 75"), ">= 75", "“>=”放错了地方");
    refused(&leaf("alive living"), "living", "“living”放错了地方");
    for (unfinished, says) in [("age >= 75 &&", "条件没写完"), ("(alive", "条件读不懂：少了“)”")] {
        // At the end of the condition: where its closing quote stands.
        let error = load(&leaf(unfinished)).unwrap_err();
        let (line, start) = position(&pack_text(&leaf(unfinished)), unfinished);
        assert_eq!((error.line, error.column, error.message.as_str()), (line, start + unfinished.len(), says));
    }
    let error =
        load("[[conditions]]\nname = \"who\"\nlabel = \"条件\"\ncel = '''\nage >= 75\n  && age ? 80'''\n").unwrap_err();
    let text = pack_text("[[conditions]]\nname = \"who\"\nlabel = \"条件\"\ncel = '''\nage >= 75\n  && age ? 80'''\n");
    assert_eq!(error.line, position(&text, "  && age").0, "{error}");
}

#[test]
fn hostile_conditions_are_refused_by_limits() {
    for cel in [
        format!("{}alive{}", "(".repeat(400), ")".repeat(400)),
        format!("{}alive", "!".repeat(900)),
        format!("age == {}1", "-".repeat(900)),
        format!("{}alive", "!(".repeat(300)),
        format!("alive{}", " && alive".repeat(400)),
        format!("age > 0{}", " + 1".repeat(200)),
        "[".repeat(900),
        "alive ? ".repeat(100),
    ] {
        assert!(load(&leaf(&cel)).is_err(), "{}", &cel[..20]);
    }
}

#[test]
fn faults_in_the_document_are_shown_at_their_place() {
    refused("[[conditions]]\nname = \"who\"\nlabel = \"条件\"\ncel = \"alive\"\ncolour = 1\n", "colour", "不认识");
    refused(
        "[[conditions]]\nname = \"who\"\nlabel = \"条件\"\nall = [\"alive_now\"]\n",
        "\"alive_now\"",
        "没有“alive_now”",
    );
    refused("[[conditions]]\nname = \"who\"\nlabel = \"{limits}\"\ncel = \"alive\"\n", "\"{limits}\"", "不是参数");
    refused("[[conditions]]\nname = \"who\"\nlabel = \"条件\"\narticle = \"b\"\ncel = \"alive\"\n", "\"b\"", "没有“b”");
    refused(
        "[[conditions]]\nname = \"who\"\nlabel = \"a\"\nall = [\"two\"]\n[[conditions]]\nname = \"two\"\nlabel = \"b\"\nany = [\"who\"]\n",
        "\"who\"\nlabel = \"a\"",
        "绕成了圈：who → two → who",
    );
    refused("[[conditions]]\nname = \"who\"\nlabel = \"条件\"\n", "\"who\"\nlabel", "只写 cel、all、any");
    let missing = pack_text(&leaf("alive")).replace("title = \"试验\"\n", "");
    assert!(Pack::load("f", &missing).unwrap_err().message.contains("少了“title”"));
    let not_toml = pack_text(&leaf("alive")).replace("place = \"4415\"", "place = 4415 5");
    assert_eq!(Pack::load("f", &not_toml).unwrap_err().line, 5);
}

#[test]
fn faulty_parameters_are_refused() {
    let good = pack_text(&leaf("age >= limit"));
    assert!(Pack::load("f", &good).is_ok());
    for (from, to, says) in [
        ("to = 2026-06-30", "to = 2026-07-01", "重叠"),
        ("value = 75, from = 2026-01-01", "value = 75, from = 2026-08-01", "晚于"),
        ("value = 75", "value = \"75\"", "整数"),
        ("value = 70, from = 2026-07-01, to = 2026-12-31, source = \"a\"", "value = 70, from = 2026-07-01", "choice"),
        ("from = 2026-07-01", "from = 2026-07-01T00:00:00", "日期"),
        ("name = \"limit\"", "name = \"age\"", "重名"),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good);
        let error = Pack::load("f", &text).unwrap_err();
        assert!(error.message.contains(says), "{error}");
        assert!((8..=17).contains(&error.line) && error.column > 1, "{error}");
    }
}

#[test]
fn a_pack_with_a_purse_must_say_which_months_count() {
    let (file, text) = SHIPPED[0];
    let error = Pack::load(file, &text.replace("end_month_after_death", "end_month_after_funeral")).unwrap_err();
    assert!(error.message.contains("end_month_after_death"), "{error}");
    let backwards = text.replacen("value = \"same\"", "value = \"previous\"", 1);
    assert!(Pack::load(file, &backwards).unwrap_err().message.contains("开始的月份"));
}

#[test]
fn nothing_is_decided_on_expired_parameters_or_outside_the_period() {
    let pack = load(&leaf("age >= limit")).unwrap();
    assert!(pack.at(day("2026-12-31")).is_ok());
    let Err(Refusal::ExpiredParameter { parameter, .. }) = pack.at(day("2027-01-01")) else { panic!("expired") };
    assert_eq!(parameter, "限");
    assert!(matches!(pack.at(day("2025-12-31")), Err(Refusal::NotInEffect { .. })));
}

#[test]
fn a_parameter_changes_on_its_day() {
    let pack = load(&leaf("age >= limit")).unwrap();
    let facts = Facts::new().with(Fact::BirthDate, "1954-01-01").unwrap();
    let verdict = |on: &str| pack.at(day(on)).unwrap().decide(&facts).verdict.code();
    assert_eq!((verdict("2026-06-30"), verdict("2026-07-01")), ("not_eligible", "eligible"));
}

#[test]
fn facts_are_checked_and_derived_ones_cannot_be_set() {
    let wrong = [(Fact::Hukou, "city"), (Fact::BirthDate, "1950"), (Fact::HukouRegion, "44152"), (Fact::Age, "76")];
    for (fact, text) in wrong {
        assert!(Facts::new().with(fact, text).is_err(), "{}", fact.name());
    }
    let unknown = serde_json::json!({ "huko": "rural" });
    assert!(Facts::from_json(unknown.as_object().unwrap()).unwrap_err().to_string().contains("huko"));
}
