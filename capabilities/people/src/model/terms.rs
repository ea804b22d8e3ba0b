//! Under which terms an elder is found: every ending of the name (so that any part of it is a beginning), pinyin in full
//! and as initials, the last four digits of the phone, and neighbouring characters of the address.
use pinyin::ToPinyin;
use std::collections::HashMap;
use std::sync::OnceLock;

const SURNAMES: &str = include_str!("../../../../data/surname_pinyin.csv");
/// Marks of the kinds of terms that are neither name nor pinyin.
const PHONE_MARK: char = '#';
const ADDRESS_MARK: char = '@';

/// Usual readings of surnames whose first dictionary reading is another one.
fn surnames() -> &'static HashMap<&'static str, Vec<&'static str>> {
    static S: OnceLock<HashMap<&'static str, Vec<&'static str>>> = OnceLock::new();
    S.get_or_init(|| {
        SURNAMES
            .lines()
            .skip(1)
            .filter_map(|line| {
                let mut cells = line.split(',');
                let (name, usual, first) = (cells.next()?, cells.next()?, cells.next()?);
                Some((name, vec![usual, first]))
            })
            .collect()
    })
}

/// Letters and figures only, small, narrow: how names and questions are compared.
pub fn folded(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '０'..='９' => char::from_u32(c as u32 - '０' as u32 + '0' as u32),
            'Ａ'..='Ｚ' => char::from_u32(c as u32 - 'Ａ' as u32 + 'a' as u32),
            'ａ'..='ｚ' => char::from_u32(c as u32 - 'ａ' as u32 + 'a' as u32),
            'ü' | 'Ü' => Some('v'),
            c if c.is_alphanumeric() => Some(c.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}

fn syllable(c: char) -> Option<String> {
    if c.is_ascii_alphanumeric() {
        return Some(c.to_string());
    }
    c.to_pinyin().map(|p| p.plain().to_string())
}

/// The readings of a name as lists of syllables: the usual one of the surname first.
fn readings(name: &str) -> Vec<(Vec<String>, usize)> {
    let chars: Vec<char> = name.chars().collect();
    let compound: String = chars.iter().take(2).collect();
    let single: String = chars.iter().take(1).collect();
    let (length, options) = match (surnames().get(compound.as_str()), surnames().get(single.as_str())) {
        (Some(o), _) if chars.len() > 2 => (2, o.clone()),
        (_, Some(o)) => (1, o.clone()),
        _ => (0, Vec::new()),
    };
    let rest: Vec<String> = chars.iter().skip(length).filter_map(|c| syllable(*c)).collect();
    if length == 0 {
        let given_from = if chars.len() > 1 { 1 } else { 0 };
        return vec![(rest, given_from)];
    }
    options
        .iter()
        .map(|surname| {
            let mut all = split_surname(surname, length, &chars);
            let given_from = all.len();
            all.extend(rest.iter().cloned());
            (all, given_from)
        })
        .collect()
}

/// A surname of two characters is written as one word in the file; its initials need the border.
fn split_surname(reading: &str, length: usize, chars: &[char]) -> Vec<String> {
    if length < 2 {
        return vec![reading.to_string()];
    }
    let second = chars.get(1).and_then(|c| syllable(*c)).unwrap_or_default();
    match reading.strip_suffix(second.as_str()) {
        Some(first) if !first.is_empty() && !second.is_empty() => vec![first.to_string(), second],
        _ => vec![reading.to_string()],
    }
}

/// `zengyuehua`, for the hint under a name field.
pub fn pinyin_of(name: &str) -> String {
    readings(&folded(name)).first().map(|(s, _)| s.join(" ")).unwrap_or_default()
}

/// All terms of one elder. `place` is the village's name and the address.
pub fn terms(name: &str, phone_last4: &str, place: &str) -> Vec<String> {
    let name = folded(name);
    let mut out: Vec<String> = name.char_indices().map(|(i, _)| name[i..].to_string()).collect();
    for (syllables, given_from) in readings(&name) {
        let initials: String = syllables.iter().filter_map(|s| s.chars().next()).collect();
        let full: String = syllables.concat();
        let given: String = syllables.iter().skip(given_from).map(String::as_str).collect();
        for t in [full, given, initials] {
            if t.contains('ü') {
                out.push(t.replace('ü', "u"));
            }
            out.push(t.replace('ü', "v"));
        }
    }
    if phone_last4.len() == 4 {
        out.push(phone_term(phone_last4));
    }
    out.extend(address_terms(place));
    out.retain(|t| !t.is_empty());
    out.sort();
    out.dedup();
    out
}

pub fn phone_term(last4: &str) -> String {
    format!("{PHONE_MARK}{last4}")
}

/// Neighbouring characters of an address; a run of figures counts as one.
pub fn address_terms(text: &str) -> Vec<String> {
    let text = folded(text);
    let mut pieces: Vec<String> = Vec::new();
    for c in text.chars() {
        match pieces.last_mut() {
            Some(last) if c.is_ascii_digit() && last.ends_with(|l: char| l.is_ascii_digit()) => last.push(c),
            _ => pieces.push(c.to_string()),
        }
    }
    let mut out: Vec<String> = pieces.windows(2).map(|w| format!("{ADDRESS_MARK}{}{}", w[0], w[1])).collect();
    out.sort();
    out.dedup();
    out
}

/// What someone typed into a search box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    Empty,
    /// An identity number, normalised.
    IdNumber(String),
    /// A whole phone number, normalised.
    Phone(String),
    /// The last four figures of a phone.
    PhoneEnd(String),
    /// Beginning of a pinyin, full or initials.
    Letters(String),
    /// Part of a name, or of an address.
    Words {
        name: String,
        address: Vec<String>,
    },
}

/// Reads a question. What looks like an identity number or a phone is looked up as one.
pub fn question(text: &str) -> Question {
    let folded = folded(text);
    let digits = folded.bytes().filter(u8::is_ascii_digit).count();
    if folded.is_empty() {
        return Question::Empty;
    }
    if let Ok(id) = folded.to_ascii_uppercase().parse::<kernel::IdNumber>() {
        return Question::IdNumber(id.as_str().to_string());
    }
    if digits == folded.len() {
        return match folded.parse::<kernel::Phone>() {
            Ok(p) => Question::Phone(p.as_str().to_string()),
            Err(_) if digits == 4 => Question::PhoneEnd(folded),
            Err(_) => Question::Words { address: address_terms(&folded), name: folded },
        };
    }
    if folded.bytes().all(|b| b.is_ascii_lowercase()) {
        return Question::Letters(folded);
    }
    Question::Words { address: address_terms(&folded), name: folded }
}

/// The end of the range of texts that begin with `prefix`.
pub fn after_prefix(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
}
