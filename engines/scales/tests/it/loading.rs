//! Faults in documents are found when they are loaded, at their line and column.
#![allow(clippy::unwrap_used)]
use scales::{MAX_DOCUMENT, MAX_ITEMS, MAX_LIST, SHIPPED, Scale};

const SMALL: &str = r#"format = 1
id = "small"
title = "小量表"
short_title = "小"
version = "1"
document = "自己编的"
licence = "自己的"
better = "lower"
grading = "bounds"
total = true

[[sections]]
id = "all"
title = "全部"

[[sections.items]]
id = "a"
title = "甲"
question = "甲怎样？"
options = [
    { code = "0", score = 0, label = "好", meaning = "好的意思。" },
    { code = "1", score = 2, label = "差", meaning = "差的意思。" },
]

[[sections.items]]
id = "b"
title = "乙"
question = "乙是多少？"
number = { min = 0, max = 99, unit = "次", ucum = "1" }
bands = [
    { when = { a = "0" }, scores = [{ max = 9, score = 0 }, { min = 10, score = 1 }] },
    { when = { a = "1" }, scores = [{ score = 3 }] },
]

[[levels]]
code = "good"
title = "好"
min = 0
max = 1

[[levels]]
code = "bad"
title = "差"
min = 2
max = 5

[[conditions]]
id = "ill"
question = "病了吗？"
kind = "flag"

[[adjustments]]
id = "illness"
reason = "病了，提高一级"
source = "自己编的"
raise = 1
any = [{ condition = "ill" }]
"#;

/// A small scale graded by combination.
const COMBINED: &str = r#"format = 1
id = "combined"
title = "组合"
short_title = "组合"
version = "1"
document = "自己编的"
licence = "自己的"
better = "lower"
grading = "combination"
total = false

[[sections]]
id = "s"
title = "一"
sum = false
grades = [{ code = "0", title = "好" }, { code = "1", title = "差" }]

[[sections.rules]]
level = "0"
words = "甲是 0。"
all = [{ of = ["a"], is = [0], at_least = 1 }]

[[sections.rules]]
level = "1"
words = "甲是 1。"
all = [{ of = ["a"], is = [1], at_least = 1 }]

[[sections.items]]
id = "a"
title = "甲"
question = "甲怎样？"
options = [
    { code = "0", score = 0, label = "好", meaning = "好的意思。" },
    { code = "1", score = 1, label = "差", meaning = "差的意思。" },
]

[[levels]]
code = "good"
title = "好"

[[levels]]
code = "bad"
title = "差"

[combination]
ambiguous = false

[[combination.rules]]
level = "good"
words = "一是 0 级。"
all = [{ of = ["s"], is = [0], at_least = 1 }]

[[combination.rules]]
level = "bad"
words = "一是 1 级。"
all = [{ of = ["s"], is = [1], at_least = 1 }]
"#;

fn position(text: &str, needle: &str) -> (usize, usize) {
    let at = text.find(needle).unwrap_or_else(|| panic!("no {needle} in the document"));
    let line = text[..at].matches('\n').count() + 1;
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    (line, text[start..at].chars().count() + 1)
}

#[track_caller]
fn refused_in(document: &str, from: &str, to: &str, at: &str, says: &str) {
    assert!(document.contains(from), "nothing to change: {from}");
    let text = document.replacen(from, to, 1);
    let error = Scale::load("place.toml", &text).unwrap_err();
    assert!(error.message.contains(says), "{error}");
    assert_eq!((error.file.as_str(), (error.line, error.column)), ("place.toml", position(&text, at)), "{error}");
    assert!(error.to_string().starts_with(&format!("place.toml:{}:{}: ", error.line, error.column)));
}

#[track_caller]
fn refused(from: &str, to: &str, at: &str, says: &str) {
    refused_in(SMALL, from, to, at, says);
}

#[test]
fn the_small_documents_are_good() {
    assert_eq!(Scale::load("small", SMALL).unwrap().items().count(), 2);
    assert_eq!(Scale::load("combined", COMBINED).unwrap().levels.len(), 2);
}

#[test]
fn faults_of_writing_are_shown_at_their_place() {
    refused("version = \"1\"", "version = 1", "1\ndocument", "TOML 写法不对");
    refused("better = \"lower\"", "better = \"lower\"\ncolour = \"red\"", "colour", "不认识的项“colour”");
    refused("title = \"甲\"\n", "", "[[sections.items]]", "少了“title”");
    refused("id = \"a\"", "id = \"a\"\nid = \"b\"", "id = \"b\"", "写了两次");
    refused("format = 1", "format = 2", "2", "format 现在只有 1");
    refused("better = \"lower\"", "better = \"down\"", "\"down\"", "higher 或 lower");
    refused("grading = \"bounds\"", "grading = \"guess\"", "\"guess\"", "不认识“guess”");
    refused("title = \"小量表\"", "title = \" \"", "\" \"", "不能空着");
    refused("id = \"small\"", "id = \"小\"", "\"小\"", "名字用字母");
    refused("meaning = \"差的意思。\"", "meaning = \"\"", "\"\" }", "不能空着");
}

#[test]
fn faults_of_items_are_shown_at_their_place() {
    refused("id = \"b\"", "id = \"a\"", "\"a\"\ntitle = \"乙\"", "写了两次");
    refused("code = \"1\"", "code = \"0\"", "\"0\", score = 2", "选项“0”写了两次");
    refused("score = 2", "score = 2000", "2000", "分值写");
    refused("options = [", "options_from = \"none\"\nnumbers = [", "numbers", "不认识的项");
    refused("{ code = \"1\", score = 2, label = \"差\", meaning = \"差的意思。\" },", "", "\"a\"", "至少要有两个选项");
    let from = "options = [\n    { code = \"0\", score = 0, label = \"好\", meaning = \"好的意思。\" },\n    { code = \"1\", score = 2, label = \"差\", meaning = \"差的意思。\" },\n]";
    refused(from, "options_from = \"none\"", "\"none\"", "没有“none”这组选项");
    refused(from, "", "\"a\"", "只写一个");
}

#[test]
fn faults_of_bands_are_shown_at_their_place() {
    refused("min = 10, score = 1", "min = 11, score = 1", "11", "空着一段：这一段应从 10 起");
    refused("min = 10, score = 1", "min = 9, score = 1", "9, score = 1", "和上一段重叠");
    refused("min = 10, score = 1", "min = 10, max = 50, score = 1", "10, max", "最后一段要到 99");
    refused("min = 0, max = 99", "min = 99, max = 0", "99, max", "min 要小于 max");
    refused("when = { a = \"1\" }", "when = { a = \"2\" }", "\"2\"", "“a”没有“2”这个选项");
    refused("when = { a = \"1\" }", "when = { c = \"1\" }", "c = \"1\"", "没有“c”这一项");
    refused("when = { a = \"1\" }", "when = { b = \"1\" }", "b = \"1\"", "只能写有选项的条目");
    refused("when = { a = \"1\" }, ", "", "\"b\"", "两组 bands");
    refused("    { when = { a = \"1\" }, scores = [{ score = 3 }] },\n", "", "\"b\"", "没有写 bands");
}

#[test]
fn faults_of_levels_are_shown_at_their_place() {
    refused("min = 2\nmax = 5", "min = 3\nmax = 5", "\"bad\"", "2 分没有归到");
    refused("min = 2\nmax = 5", "min = 1\nmax = 5", "\"bad\"", "重叠");
    refused("min = 2\nmax = 5", "min = 2\nmax = 4", "\"bad\"", "5 分没有归到");
    refused("min = 2\nmax = 5", "min = 2\nmax = 6", "\"bad\"", "超出了总分");
    refused("min = 2\nmax = 5", "min = 5\nmax = 2", "\"bad\"", "min 大于 max");
    refused("min = 2\nmax = 5", "min = 2", "\"bad\"", "要写 min 和 max");
    refused("better = \"lower\"", "better = \"higher\"", "\"bad\"", "先后不对");
    refused("total = true", "total = false", "\"bounds\"", "total 要写 true");
    refused("grading = \"bounds\"", "grading = \"none\"", "\"none\"", "不用 levels");
    refused("code = \"bad\"", "code = \"good\"", "\"good\"\ntitle = \"差\"", "写了两次");
    let local = "title = \"差\"\ncare_dependence = { code = \"disabled\", choice = \"差就是失能。\" }\nmin = 2";
    refused("title = \"差\"\nmin = 2", local, "\"disabled\"", "confidence");
    refused("title = \"差\"\nmin = 2", &local.replace("disabled", "ill"), "\"ill\", choice", "不认识“ill”");
    refused("title = \"差\"\nmin = 2", &local.replace("choice", "source = \"书\", choice"), "\"disabled\"", "只写一个");
}

#[test]
fn a_local_choice_that_is_flagged_loads() {
    let text = SMALL.replacen(
        "title = \"差\"\nmin = 2",
        "title = \"差\"\ncare_dependence = { code = \"disabled\", choice = \"差就是失能。\" }\nmin = 2",
        1,
    ) + "\n[[confidence]]\npart = \"care_dependence\"\nmark = \"to_confirm\"\nnote = \"本地定的。\"\n";
    let scale = Scale::load("place.toml", &text).unwrap();
    assert_eq!(scale.to_confirm().len(), 1);
    let marks = [
        ("part = \"care_dependence\"", "part = \"all\"", "\"all\"\nmark"),
        ("mark = \"to_confirm\"", "mark = \"sure\"", "\"sure\""),
    ];
    for (from, to, at) in marks {
        refused_in(&text, from, to, at, "不认识");
    }
}

#[test]
fn faults_of_adjustments_are_shown_at_their_place() {
    refused("any = [{ condition = \"ill\" }]", "any = [{ condition = \"sick\" }]", "\"sick\"", "没有“sick”这个情形");
    refused("kind = \"flag\"", "kind = \"count\"", "\"ill\" }]", "kind 要是 flag");
    refused("any = [{ condition = \"ill\" }]", "any_item_scores = 3", "\"ill\"\nquestion", "不要白问");
    refused("any = [{ condition = \"ill\" }]", "", "\"illness\"", "只写一种");
    refused("raise = 1", "raise = 0", "0\nany", "raise 至少写 1");
    refused("raise = 1", "set = \"worst\"", "\"worst\"", "没有“worst”这一级");
    refused("raise = 1", "raise = 1\nset = \"bad\"", "\"illness\"", "只写一个");
    let option = "any = [{ condition = \"ill\" }, { item = \"a\", option = \"7\" }]";
    refused("any = [{ condition = \"ill\" }]", option, "\"7\"", "“a”没有“7”这个选项");
    refused(
        "any = [{ condition = \"ill\" }]",
        "any = [{ condition = \"ill\", item = \"a\" }]",
        "\"illness\"",
        "any 里",
    );
}

#[test]
fn faults_of_combinations_are_shown_at_their_place() {
    let refused = |from: &str, to: &str, at: &str, says: &str| refused_in(COMBINED, from, to, at, says);
    refused("level = \"bad\"\n", "level = \"worse\"\n", "\"worse\"", "没有“worse”这一级");
    refused("of = [\"s\"], is = [1]", "of = [\"t\"], is = [1]", "\"t\"", "这里没有“t”");
    refused("of = [\"s\"], is = [1]", "of = [\"s\", \"s\"], is = [1]", "\"s\"], is = [1]", "写了两次");
    refused("of = [\"s\"], is = [1], at_least = 1", "of = [\"s\"], is = [1]", "[1] }]\n", "at_least 或 at_most");
    refused(
        "of = [\"s\"], is = [1], at_least = 1",
        "of = [\"s\"], is = [1], at_least = 2",
        "[1], at_least = 2",
        "不能多于",
    );
    refused("of = [\"s\"], is = [1]", "of = [\"s\"], is = [2]", "false\n\n[[comb", "[1] 没有等级");
    refused("of = [\"s\"], is = [1]", "of = [\"s\"], is = [0, 1]", "false\n\n[[comb", "[0] 有几个等级");
    refused("ambiguous = false", "ambiguous = true", "true", "没有缺口和重叠");
    refused("of = [\"a\"], is = [1]", "of = [\"a\"], is = [2]", "\"s\"\ntitle", "分值 [1] 没有规则管到");
    refused("sum = false\n", "sum = false\nbetter = \"up\"\n", "\"up\"", "higher 或 lower");
    refused(
        "code = \"bad\"\ntitle = \"差\"\n",
        "code = \"bad\"\ntitle = \"差\"\nmin = 1\nmax = 2\n",
        "\"bad\"",
        "不写 min 和 max",
    );
}

#[test]
fn limits_hold() {
    let fails = |text: &str, says: &str| {
        let error = Scale::load("big.toml", text).unwrap_err();
        assert!(error.message.contains(says), "{error}");
    };
    fails(&"#".repeat(MAX_DOCUMENT + 1), "文件太大");
    fails(&format!("{SMALL}\ndeep = {}{}", "[".repeat(5_000), "]".repeat(5_000)), "套得太深");
    fails(&format!("{SMALL}\ndeep = {}", "{a=".repeat(5_000)), "");
    let item = |n: usize| {
        format!("[[sections.items]]\nid = \"x{n}\"\ntitle = \"题\"\nquestion = \"问\"\noptions_from = \"yes\"\n")
    };
    let many: String = (0..=MAX_ITEMS).map(item).collect();
    let (head, tail) = SMALL.split_once("[[levels]]").unwrap();
    fails(&format!("{head}{many}\n[[levels]]{tail}"), &format!("条目太多，最多 {MAX_ITEMS} 个"));
    let option = |n: usize| format!("{{ code = \"{n}\", score = 1, label = \"项\", meaning = \"意思\" }},");
    let options: String = (0..=MAX_LIST).map(option).collect();
    fails(&SMALL.replacen("options = [", &format!("options = [{options}"), 1), "选项");
    fails(&SMALL.replacen("小量表", &"长".repeat(1_001), 1), "太长");
    fails(&SMALL.replacen("max = 99", "max = 2000000", 1), "min 要小于 max");
}

#[test]
fn cut_or_changed_shipped_documents_never_panic() {
    for (file, text) in SHIPPED {
        for at in (0..text.len()).step_by(997).filter(|i| text.is_char_boundary(*i)) {
            let mut changed = text.to_string();
            changed.insert_str(at, "\"]=");
            for broken in [&text[..at], &changed] {
                // A cut between two entries may still be a good document; a fault lies inside the text.
                if let Err(e) = Scale::load(file, broken) {
                    assert!((1..=broken.lines().count() + 1).contains(&e.line) && e.column >= 1, "{e}");
                }
            }
        }
    }
}
