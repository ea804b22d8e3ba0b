//! Taking a pack of another place over: the same rules under an own id, place and document.
use crate::error::PackError;
use crate::pack::Pack;
use kernel::RegionCode;

/// What becomes different in the copy.
#[derive(Clone, Debug)]
pub struct Adoption {
    pub id: String,
    pub title: String,
    /// The local document that puts the rules in force, with its number.
    pub document: String,
    pub document_note: String,
    pub place: RegionCode,
    pub place_note: String,
    /// Where the document is invented by way of example: what is invented.
    pub local_example: Option<String>,
    /// A village of the place, for the people of the examples.
    pub village: RegionCode,
}

/// A string of TOML.
fn quoted(text: &str) -> String {
    toml::Value::String(text.replace(['\n', '\r'], " ")).to_string()
}

/// The text of `pack` as `local` takes it over. The people of its examples live in the new place; comments, conditions and
/// parameters stay word for word.
///
/// # Errors
/// Where the copy does not load, which a document written in an unusual way may lead to: it is then to be written by hand.
pub fn adopt(pack: &Pack, local: &Adoption) -> Result<String, PackError> {
    let mut heads: Vec<(&str, String)> = vec![
        ("id", quoted(&local.id)),
        ("title", quoted(&local.title)),
        ("document", quoted(&local.document)),
        ("document_note", quoted(&local.document_note)),
        ("place", quoted(local.place.prefix())),
        ("place_note", quoted(&local.place_note)),
    ];
    if let Some(note) = &local.local_example {
        heads.push(("local_example", "true".into()));
        heads.push(("local_example_note", quoted(note)));
    }
    let dropped = ["local_example", "local_example_note", "excludes", "exclusive_with", "group"];
    let mut out = String::with_capacity(pack.text.len() + 400);
    let mut in_head = true;
    for line in pack.text.lines() {
        if in_head && line.trim_start().starts_with('[') {
            in_head = false;
            for (key, value) in heads.drain(..) {
                out.push_str(&format!("{key} = {value}\n"));
            }
            out.push('\n');
        }
        let key = line.split('=').next().map(str::trim).unwrap_or_default();
        if in_head && let Some(at) = heads.iter().position(|(k, _)| *k == key) {
            let (key, value) = heads.remove(at);
            out.push_str(&format!("{key} = {value}\n"));
            continue;
        }
        if in_head && dropped.contains(&key) {
            continue;
        }
        out.push_str(&moved(line, pack.place.prefix(), &local.village));
        out.push('\n');
    }
    Pack::load(&local.id, &out).map(|_| out)
}

/// The line with every quoted region code inside the old place replaced by the village.
fn moved(line: &str, old: &str, village: &RegionCode) -> String {
    let mut out = String::with_capacity(line.len());
    for (i, part) in line.split('"').enumerate() {
        if i > 0 {
            out.push('"');
        }
        let is_code = i % 2 == 1 && part.len() == 12 && part.bytes().all(|b| b.is_ascii_digit());
        match is_code && part.starts_with(old) {
            true => out.push_str(&village.to_string()),
            false => out.push_str(part),
        }
    }
    out
}
