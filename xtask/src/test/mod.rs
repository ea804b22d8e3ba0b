//! `cargo xtask test`: one command for everything that must be green.
mod needs;
mod postgres;
mod story;

use crate::host::{answers, cargo, runs};
use crate::tidy;
use postgres::Server;
use std::path::Path;
use std::time::Instant;

/// Name of the address tests find a PostgreSQL server under.
const PG_VARIABLE: &str = "YINIAN_TEST_PG";

/// One thing that must be green.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Tidy,
    Fmt,
    Clippy,
    Unit,
    Build,
    E2e,
}

impl Step {
    const ALL: [Step; 6] = [Step::Tidy, Step::Fmt, Step::Clippy, Step::Unit, Step::Build, Step::E2e];

    const fn name(self) -> &'static str {
        match self {
            Step::Tidy => "tidy",
            Step::Fmt => "fmt",
            Step::Clippy => "clippy",
            Step::Unit => "unit",
            Step::Build => "build",
            Step::E2e => "e2e",
        }
    }
}

/// What was asked for on the command line.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    steps: Vec<Step>,
    postgres: bool,
}

impl Options {
    pub fn parse(arguments: &[String]) -> Result<Options, String> {
        let mut only = Vec::new();
        let (mut e2e, mut postgres) = (true, true);
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--no-e2e" => e2e = false,
                "--no-pg" => postgres = false,
                "--only" => {
                    let name = rest.next().ok_or("--only needs the name of a step")?;
                    let step = Step::ALL.into_iter().find(|s| s.name() == name);
                    let names = Step::ALL.map(Step::name).join(", ");
                    only.push(step.ok_or_else(|| format!("no step `{name}`; there are {names}"))?);
                }
                other => return Err(format!("unknown argument `{other}`")),
            }
        }
        let asked = |s: &Step| only.contains(s) || only.is_empty() && (e2e || !matches!(s, Step::E2e | Step::Build));
        let steps = Step::ALL.into_iter().filter(asked).collect();
        Ok(Options { steps, postgres })
    }

    fn has(&self, step: Step) -> bool {
        self.steps.contains(&step)
    }
}

enum Outcome {
    Passed,
    Failed,
    /// With the reason; never silent.
    Skipped(String),
}

impl From<bool> for Outcome {
    fn from(passed: bool) -> Outcome {
        if passed { Outcome::Passed } else { Outcome::Failed }
    }
}

/// Runs the steps asked for, all of them even when one fails, and prints what became of each. `true` when none failed.
pub fn run(root: &Path, options: &Options) -> bool {
    let server = match options.postgres {
        _ if !options.has(Step::Unit) => Err(String::new()),
        true => start_postgres(),
        false => Err("--no-pg".into()),
    };
    match &server {
        Ok(server) => println!("PostgreSQL for this run: {}", server.url()),
        Err(why) if !why.is_empty() => println!("SKIPPED engine PostgreSQL: {why}"),
        Err(_) => {}
    }
    if options.has(Step::Unit)
        && let Err(why) = needs::brokers()
    {
        println!("SKIPPED tests with other makers' MQTT: {why}");
    }
    let mut results: Vec<(Step, Outcome, u64)> = Vec::new();
    let mut story = None;
    for step in &options.steps {
        println!("\n== {} ==", step.name());
        let started = Instant::now();
        let outcome = match step {
            Step::Tidy => tidy::run(root).into(),
            Step::Fmt => with_component(root, "fmt", &["fmt", "--all", "--", "--check"]),
            Step::Clippy => {
                with_component(root, "clippy", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
            }
            Step::Unit => unit(root, server.as_ref().ok().map(Server::url)),
            // The tests have built the program already, with other features of what it is made of: built once more by
            // itself, nearly everything would be compiled a second time.
            Step::Build if options.has(Step::Unit) => {
                runs(cargo(root).args(["test", "--workspace", "--no-run"])).into()
            }
            Step::Build => runs(cargo(root).args(["build", "--package", "yinian"])).into(),
            Step::E2e => {
                let unbuilt = results.iter().any(|(s, o, _)| *s == Step::Build && matches!(o, Outcome::Failed));
                if unbuilt {
                    println!("not run: the program does not build");
                    Outcome::Failed
                } else {
                    let told = story::run(root);
                    let passed = told.passed;
                    story = told.summary;
                    passed.into()
                }
            }
        };
        results.push((*step, outcome, started.elapsed().as_secs()));
    }
    let engines = match server {
        Ok(_) => "SQLite and PostgreSQL".to_string(),
        Err(why) => format!("SQLite; SKIPPED engine PostgreSQL: {why}"),
    };
    println!("\n== summary ==");
    for (step, outcome, seconds) in &results {
        match outcome {
            Outcome::Passed => println!("passed   {:<7} {seconds} s", step.name()),
            Outcome::Failed => println!("FAILED   {:<7} {seconds} s", step.name()),
            Outcome::Skipped(why) => println!("SKIPPED  {:<7} {why}", step.name()),
        }
    }
    if options.has(Step::Unit) {
        println!("engines  {engines}");
    }
    let failed = results.iter().any(|(_, o, _)| matches!(o, Outcome::Failed));
    if options.has(Step::E2e) {
        println!("{}", story.unwrap_or_else(|| "0 passed, 1 failed".into()));
    }
    !failed
}

fn unit(root: &Path, postgres: Option<&str>) -> Outcome {
    let mut command = cargo(root);
    if answers(cargo(root).args(["nextest", "--version"])) {
        command.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
    } else {
        command.args(["test", "--workspace", "--no-fail-fast", "--quiet"]);
    }
    if let Some(url) = postgres {
        command.env(PG_VARIABLE, url);
    }
    runs(&mut command).into()
}

/// Steps of parts of Rust that a machine may lack: fetched where rustup is, skipped aloud where not.
fn with_component(root: &Path, component: &str, arguments: &[&str]) -> Outcome {
    let (subcommand, part) = if component == "fmt" { ("fmt", "rustfmt") } else { (component, component) };
    let there = || answers(cargo(root).args([subcommand, "--version"]));
    if !there() {
        let fetched = runs(std::process::Command::new("rustup").args(["component", "add", part]));
        if !fetched || !there() {
            return Outcome::Skipped(format!("{part} is not installed: rustup component add {part}"));
        }
    }
    runs(cargo(root).args(arguments)).into()
}

/// A server named by the environment, or one of our own for this run; else why there is none.
pub fn start_postgres() -> Result<Server, String> {
    match std::env::var(PG_VARIABLE) {
        Ok(url) => Ok(Server::foreign(url)),
        Err(_) => Server::start(&needs::postgres()?, false),
    }
}

/// A server of our own whose commits wait for the disk, for what is measured or broken on purpose.
pub fn start_durable_postgres() -> Result<Server, String> {
    Server::start(&needs::postgres()?, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(&line.split_whitespace().map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn options_choose_the_steps() {
        assert_eq!(parse("").unwrap(), Options { steps: Step::ALL.to_vec(), postgres: true });
        let some = parse("--no-e2e --no-pg").unwrap();
        assert_eq!(some, Options { steps: vec![Step::Tidy, Step::Fmt, Step::Clippy, Step::Unit], postgres: false });
        assert_eq!(parse("--only unit --only tidy").unwrap().steps, [Step::Tidy, Step::Unit]);
        assert!(parse("--only").is_err() && parse("--only lunch").is_err() && parse("--fast").is_err());
    }
}
