//! Arrows between crates: a crate may depend only on those before it in the declared order.
use super::{File, Finding};

/// The declared order. An earlier crate never knows a later one; it tells it by events.
const ORDER: [&str; 21] = [
    "kernel",
    "store",
    "audit",
    "work",
    "papers",
    "web",
    "access",
    "people",
    "books",
    "entitlement",
    "catalogue",
    "providers",
    "orders",
    "assessment",
    "field",
    "safety",
    "gateway",
    "settlement",
    "desk",
    "routebench",
    "yinian",
];
/// Pure: these know `kernel` and nothing else of ours.
const ENGINES: [&str; 6] = ["policy", "ledger", "dispatch", "scales", "vigil", "wire"];

pub fn check(files: &[File]) -> Vec<Finding> {
    let manifests = files.iter().filter(|f| f.path.ends_with("/Cargo.toml") && !f.path.starts_with("fuzz/"));
    manifests.flat_map(check_one).collect()
}

fn check_one(file: &File) -> Vec<Finding> {
    let table: toml::Table = match file.text.parse() {
        Ok(table) => table,
        Err(e) => return vec![file.finding(0, format!("cannot be read: {e}"))],
    };
    let Some(name) = table.get("package").and_then(|p| p.get("name")).and_then(toml::Value::as_str) else {
        return vec![file.finding(0, "has no package name")];
    };
    if name == "xtask" {
        return dependencies(&table)
            .filter(|d| is_ours(d))
            .map(|d| arrow(file, name, &d, "xtask stands alone"))
            .collect();
    }
    let rank = ORDER.iter().position(|c| *c == name);
    let engine = ENGINES.contains(&name);
    let in_engines = file.path.starts_with("engines/");
    if engine != in_engines || (rank.is_none() && !engine) {
        return vec![
            file.finding(0, format!("`{name}` has no place in the declared order (xtask/src/tidy/crates.rs)")),
        ];
    }
    let offends = |on: &str| match (ORDER.iter().position(|c| *c == on), rank) {
        (Some(0), _) => None,
        (_, None) => Some("an engine depends on `kernel` alone".to_string()),
        (Some(theirs), Some(ours)) if theirs >= ours => {
            Some(format!("`{on}` comes after `{name}`; let `{name}` tell it by an event"))
        }
        (Some(_), Some(_)) => None,
        (None, Some(ours)) => (ours < 6).then(|| "the platform knows no engine".to_string()),
    };
    dependencies(&table)
        // A crate may name itself, to turn on its own features in tests.
        .filter(|d| is_ours(d) && d != name)
        .filter_map(|d| offends(&d).map(|why| arrow(file, name, &d, &why)))
        .collect()
}

fn is_ours(name: &str) -> bool {
    ORDER.contains(&name) || ENGINES.contains(&name)
}

fn arrow(file: &File, from: &str, to: &str, why: &str) -> Finding {
    let line = file.text.lines().position(|l| l.trim_start().starts_with(to)).map_or(0, |n| n + 1);
    file.finding(line, format!("wrong arrow {from} → {to}: {why}"))
}

/// Names in every kind of dependency table, also those for one target.
fn dependencies(table: &toml::Table) -> impl Iterator<Item = String> {
    const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let of = |t: &toml::Table| -> Vec<String> {
        let tables = KINDS.iter().filter_map(|k| t.get(*k).and_then(toml::Value::as_table));
        tables.flat_map(|d| d.iter().map(real_name)).collect()
    };
    let mut names = of(table);
    for target in table.get("target").and_then(toml::Value::as_table).into_iter().flatten() {
        names.extend(target.1.as_table().map(of).unwrap_or_default());
    }
    names.into_iter()
}

/// A dependency may be renamed: `people2 = { package = "people", … }`.
fn real_name((key, value): (&String, &toml::Value)) -> String {
    value.get("package").and_then(toml::Value::as_str).unwrap_or(key).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn manifest(path: &str, name: &str, rest: &str) -> Vec<String> {
        let text = format!("[package]\nname = \"{name}\"\n{rest}");
        check(&[file(path, &text)]).into_iter().map(|f| f.message).collect()
    }

    #[test]
    fn an_earlier_crate_may_be_used_and_a_later_one_not() {
        let path = "capabilities/people/Cargo.toml";
        assert!(
            manifest(path, "people", "[dependencies]\nkernel = {}\naccess = {}\npolicy = {}\nserde = \"1\"").is_empty()
        );
        for table in ["dependencies", "dev-dependencies", "build-dependencies", "target.'cfg(unix)'.dependencies"] {
            let found = manifest(path, "people", &format!("[{table}]\norders.workspace = true"));
            assert!(found.len() == 1 && found[0].contains("people → orders"), "{table}: {found:?}");
        }
    }

    #[test]
    fn a_new_name_does_not_hide_an_arrow() {
        let found =
            manifest("platform/web/Cargo.toml", "web", "[dependencies]\np = { package = \"people\", path = \"x\" }");
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn engines_know_the_kernel_alone_and_the_platform_knows_no_engine() {
        let engine = "engines/ledger/Cargo.toml";
        assert!(manifest(engine, "ledger", "[dependencies]\nkernel = {}").is_empty());
        assert_eq!(manifest(engine, "ledger", "[dependencies]\nstore = {}").len(), 1);
        assert_eq!(manifest(engine, "ledger", "[dependencies]\npolicy = {}").len(), 1);
        assert_eq!(manifest("platform/store/Cargo.toml", "store", "[dependencies]\nledger = {}").len(), 1);
    }

    #[test]
    fn an_undeclared_crate_is_refused() {
        assert_eq!(manifest("capabilities/karaoke/Cargo.toml", "karaoke", "").len(), 1);
        assert_eq!(manifest("capabilities/ledger/Cargo.toml", "ledger", "").len(), 1);
    }
}
