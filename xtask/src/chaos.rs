//! `cargo xtask chaos safety`: the release build, killed again and again.
use crate::host::{cargo, commit, runs, target};
use std::path::Path;
use std::process::Command;

struct Ask {
    kills: usize,
    sqlite: bool,
    postgres: bool,
}

impl Ask {
    fn read(rest: &[String]) -> Result<Ask, String> {
        let Some(("safety", rest)) = rest.split_first().map(|(f, r)| (f.as_str(), r)) else {
            return Err("chaos safety [--kills N] [--db sqlite|postgres|both]".into());
        };
        let mut ask = Ask { kills: 200, sqlite: true, postgres: true };
        let mut words = rest.iter();
        while let Some(name) = words.next() {
            let value = words.next().ok_or_else(|| format!("{name} needs a value"))?;
            match (name.as_str(), value.as_str()) {
                ("--kills", n) => ask.kills = n.parse().map_err(|_| format!("--kills {n}: not a number"))?,
                ("--db", "both") => {}
                ("--db", "sqlite") => ask.postgres = false,
                ("--db", "postgres") => ask.sqlite = false,
                (other, value) => return Err(format!("{other} {value}: not --kills N or --db sqlite|postgres|both")),
            }
        }
        Ok(ask)
    }
}

/// Kills the program, half of the times over each database; `true` when nothing it promised was lost.
pub fn run(root: &Path, rest: &[String]) -> bool {
    let ask = match Ask::read(rest) {
        Ok(ask) => ask,
        Err(e) => {
            eprintln!("{e}");
            return false;
        }
    };
    if !runs(cargo(root).args(["build", "--release", "--package", "yinian"])) {
        return false;
    }
    let databases = usize::from(ask.sqlite) + usize::from(ask.postgres);
    let kills = ask.kills.div_ceil(databases.max(1)).to_string();
    let chaos = || {
        let mut c = Command::new(target(root).join("release/yinian"));
        c.args(["bench", "chaos", "--kills", &kills]).current_dir(root).env("YINIAN_COMMIT", commit(root));
        c
    };
    let mut fine = true;
    if ask.sqlite {
        fine &= runs(&mut chaos());
    }
    if ask.postgres {
        match crate::test::start_durable_postgres() {
            Ok(server) => {
                let mut c = chaos();
                c.env("YINIAN_DATABASE", server.url());
                c.envs(server.switch().map(|s| ("YINIAN_CHAOS_SWITCH", s)));
                fine &= runs(&mut c);
            }
            Err(e) => {
                eprintln!("PostgreSQL: {e}");
                fine = false;
            }
        }
    }
    fine
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_and_kills_are_chosen() {
        let read = |line: &str| Ask::read(&line.split_whitespace().map(String::from).collect::<Vec<_>>());
        let all = read("safety").unwrap();
        assert!(all.sqlite && all.postgres && all.kills == 200);
        let one = read("safety --db postgres --kills 12").unwrap();
        assert!(!one.sqlite && one.postgres && one.kills == 12);
        assert!(read("").is_err() && read("safety --kills").is_err() && read("safety --db oracle").is_err());
    }
}
