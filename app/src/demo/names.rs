//! Invented people. Surnames are those common in the hills of eastern Guangdong; given names follow the fashion of the
//! years of birth. Any likeness to a living person is chance.
use kernel::{CivilDate, IdGen, IdNumber, Sex};
use std::collections::HashMap;

const SURNAMES: &[&str] = &[
    "叶", "彭", "罗", "黄", "陈", "刘", "张", "李", "林", "朱", "邱", "范", "温", "曾", "余", "邹", "郑", "吴", "蔡",
    "丘", "谢", "钟", "何", "廖", "古", "江", "欧阳",
];

/// Given names by generation: born before 1945, before 1958, later.
const MEN: [&[&str]; 3] = [
    &[
        "木荣", "添福", "石生", "金水", "火旺", "亚二", "天德", "福来", "阿桂", "水生", "观娣", "日新", "林福", "运招",
        "石养", "添寿",
    ],
    &[
        "建国", "国强", "汉文", "志明", "国辉", "卫东", "伟雄", "锦堂", "锦荣", "学文", "振华", "德才", "永强", "庆祥",
        "德明", "新民",
    ],
    &[
        "建平", "建明", "志强", "文锋", "伟民", "国平", "嘉敏", "红卫", "跃进", "军", "永红", "爱民", "海涛", "志勇",
        "向东", "小明",
    ],
];
const WOMEN: [&[&str]; 3] = [
    &[
        "桂兰", "火娇", "娘妹", "金桂", "阿英", "细妹", "亚桂", "观娇", "月娥", "来娣", "招娣", "石妹", "添妹", "凤英",
        "娘招", "月嫦",
    ],
    &[
        "秀珍", "月华", "玉兰", "秀兰", "桂英", "玉珍", "惠珍", "瑞英", "秀英", "丽华", "美珍", "玉梅", "菊香", "素琴",
        "玉芳", "惠芳",
    ],
    &[
        "春梅", "小梅", "玉芳", "建英", "红英", "丽娟", "小红", "秋菊", "爱华", "海燕", "卫红", "小玲", "美玲", "冬梅",
        "晓燕", "敏",
    ],
];

/// Deterministic choices from one generator.
pub struct Dice<'a>(pub &'a IdGen);

impl Dice<'_> {
    /// 0 … n−1.
    pub fn below(&self, n: u64) -> u64 {
        if n == 0 { 0 } else { self.0.next_u64() % n }
    }
    pub fn pick<'t, T>(&self, from: &'t [T]) -> &'t T {
        &from[self.below(from.len() as u64) as usize]
    }
    /// True in `per_mille` of 1,000 throws.
    pub fn chance(&self, per_mille: u64) -> bool {
        self.below(1000) < per_mille
    }
    pub fn range(&self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1).max(1) as u64) as i64
    }
}

pub fn surname(d: &Dice) -> &'static str {
    // 欧阳 is rare: twice as seldom as the others.
    let s = d.pick(SURNAMES);
    if *s == "欧阳" && d.chance(500) { "叶" } else { s }
}

pub fn given(d: &Dice, sex: Sex, birth_year: i16) -> &'static str {
    let generation = match birth_year {
        ..1945 => 0,
        1945..1958 => 1,
        _ => 2,
    };
    let names = match sex {
        Sex::Male => MEN[generation],
        Sex::Female => WOMEN[generation],
    };
    let picked: &&'static str = d.pick(names);
    picked
}

/// Identity numbers already given out, by birthday.
#[derive(Debug, Default)]
pub struct Numbers(HashMap<CivilDate, u32>);

impl Numbers {
    /// A number that passes every check and nobody else has: the county's code, the birth date, the day's next sequence.
    /// `None` when a day's 998 sequences are used up.
    pub fn next(&mut self, county6: &str, birth: CivilDate, sex: Sex) -> Option<IdNumber> {
        let used = self.0.entry(birth).or_insert(0);
        let n = *used * 2 + if sex == Sex::Male { 1 } else { 2 };
        *used += 1;
        if n > 999 {
            return None;
        }
        let head = format!("{county6}{}{n:03}", birth.compact());
        let check = IdNumber::check_char(head.as_bytes())?;
        format!("{head}{check}").parse().ok()
    }
}

/// 13x, 15x, 18x mobiles that no operator gave out together: the last digits count up.
pub fn mobile(d: &Dice) -> String {
    let head = d.pick(&["135", "137", "138", "150", "158", "182", "187"]);
    format!("{head}{:08}", d.below(100_000_000))
}
