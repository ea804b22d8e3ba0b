//! `yinian policy`: the rules as documents, and decisions without and with the archive.
use crate::commands::{ready_db, report};
use crate::config::Config;
use crate::wire;
use clap::Subcommand;
use entitlement::Shelf;
use kernel::{CivilDate, Clock, ElderId, Error, Result};
use policy::{FACTS, Pack, PacksOn, check_set, decide_line, differences, facts_markdown};
use serde_json::json;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Policy {
    /// The packs that come with the product: title, place, period, examples.
    List {
        #[arg(long)]
        json: bool,
    },
    /// Load packs and run every example of each; faults are told with file, line and column.
    ///
    /// Without files the packs that come with the product. Example: yinian policy check draft.toml
    Check {
        files: Vec<PathBuf>,
        #[arg(long)]
        json: bool,
    },
    /// Every fact conditions may speak of: name, type, values, meaning.
    Facts {
        #[arg(long)]
        json: bool,
    },
    /// Decide people who are in no database: one JSON object of facts a line in, one line of outcomes out.
    ///
    /// Example: yinian policy decide --facts people.jsonl --on 2026-11-21 --json
    Decide {
        /// `-` reads standard input.
        #[arg(long, value_name = "FILE")]
        facts: PathBuf,
        /// The day decided for; today without it.
        #[arg(long, value_name = "DATE")]
        on: Option<CivilDate>,
        /// Decide under these packs instead of those that come with the product.
        #[arg(long, value_name = "FILE")]
        pack: Vec<PathBuf>,
        #[arg(long)]
        json: bool,
    },
    /// What an elder of the archive is entitled to, and why.
    Explain {
        elder: ElderId,
        #[arg(long)]
        json: bool,
    },
    /// What a draft would change over the whole archive: gains, losses, cost a month by town. Writes nothing.
    ///
    /// Example: yinian policy simulate rural-70.toml --json
    Simulate {
        file: PathBuf,
        #[arg(long, value_name = "DATE")]
        on: Option<CivilDate>,
        #[arg(long)]
        json: bool,
    },
    /// What differs between two texts of a pack: parameters, conditions, grants, articles.
    Diff {
        before: PathBuf,
        after: PathBuf,
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(config: &Config, what: Policy) -> Result<ExitCode> {
    match what {
        Policy::List { json } => list(json),
        Policy::Check { files, json } => check(&files, json),
        Policy::Facts { json } => facts(json),
        Policy::Decide { facts, on, pack, json } => decide(&facts, on, &pack, json),
        Policy::Explain { elder, json } => explain(config, elder, json).await,
        Policy::Simulate { file, on, json } => simulate(config, &file, on, json).await,
        Policy::Diff { before, after, json } => diff(&before, &after, json),
    }
}

fn today() -> CivilDate {
    Clock::System.today()
}

fn shipped() -> Result<Vec<Pack>> {
    policy::shipped().map_err(Error::internal)
}

fn load(path: &Path) -> Result<Pack> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::Internal(format!("{}: {e}", path.display())))?;
    Pack::load(&path.display().to_string(), &text).map_err(|e| Error::refused(e.to_string()))
}

fn list(json: bool) -> Result<ExitCode> {
    let packs = shipped()?;
    let value: Vec<serde_json::Value> = packs
        .iter()
        .map(|p| {
            json!({
                "id": p.id, "title": p.title, "subject": p.subject.code(), "place": p.place, "group": p.group,
                "effective_from": p.effective_from, "effective_to": p.effective_to, "document": p.document,
                "local_example": p.local_example, "examples": p.examples,
            })
        })
        .collect();
    let mut text = String::new();
    for p in &packs {
        let until = p.effective_to.map_or_else(String::new, |to| format!("到 {to}"));
        text.push_str(&format!(
            "{}\n  {}（{}），{} 起{until}，{} 个例子\n",
            p.id,
            p.title,
            p.subject.zh(),
            p.effective_from,
            p.examples
        ));
    }
    report(json, &value.into(), text.trim_end().into());
    Ok(ExitCode::SUCCESS)
}

fn check(files: &[PathBuf], json: bool) -> Result<ExitCode> {
    let (mut packs, mut faults) = (Vec::new(), Vec::new());
    if files.is_empty() {
        for (file, text) in policy::SHIPPED {
            match Pack::load(file, text) {
                Ok(pack) => packs.push(pack),
                Err(fault) => faults.push(fault),
            }
        }
    }
    for path in files {
        let text = std::fs::read_to_string(path).map_err(|e| Error::Internal(format!("{}: {e}", path.display())))?;
        match Pack::load(&path.display().to_string(), &text) {
            Ok(pack) => packs.push(pack),
            Err(fault) => faults.push(fault),
        }
    }
    // A draft alone may name packs that stand beside it in service.
    if files.is_empty() {
        faults.extend(check_set(&packs));
    }
    let today = today();
    let expired: Vec<serde_json::Value> = packs
        .iter()
        .filter(|p| p.in_effect(today))
        .flat_map(|p| p.expired(today).map(move |v| json!({ "pack": p.id, "parameter": v.name })))
        .collect();
    let examples: usize = packs.iter().map(|p| p.examples).sum();
    let mut text = format!("{} 个政策包，{examples} 个例子都对", packs.len());
    for fault in &faults {
        text.push_str(&format!("\n{fault}"));
    }
    for e in &expired {
        text.push_str(&format!("\n{} 的 {} 今天没有值", e["pack"], e["parameter"]));
    }
    let each: Vec<serde_json::Value> = packs.iter().map(|p| json!({ "id": p.id, "examples": p.examples })).collect();
    report(json, &json!({ "packs": each, "examples": examples, "faults": faults, "expired": expired }), text);
    Ok(if faults.is_empty() && expired.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn facts(json: bool) -> Result<ExitCode> {
    let value: Vec<serde_json::Value> = FACTS
        .iter()
        .map(|d| {
            let codes: serde_json::Map<String, serde_json::Value> =
                d.ty.codes().iter().map(|(code, zh)| ((*code).to_string(), (*zh).into())).collect();
            json!({
                "name": d.name, "subject": d.subject.code(), "type": d.ty.code(), "values": codes, "zh": d.zh,
                "meaning": d.meaning, "derived": d.derived,
            })
        })
        .collect();
    report(json, &value.into(), facts_markdown().trim_end().into());
    Ok(ExitCode::SUCCESS)
}

/// Lines that cannot be decided are told on standard error and do not stop the others.
fn decide(facts: &Path, on: Option<CivilDate>, files: &[PathBuf], json: bool) -> Result<ExitCode> {
    let packs =
        if files.is_empty() { shipped()? } else { files.iter().map(|f| load(f)).collect::<Result<Vec<_>>>()? };
    let day = PacksOn::new(&packs, on.unwrap_or_else(today));
    for refusal in &day.refused {
        eprintln!("{refusal}");
    }
    let input: Box<dyn BufRead> = if facts == Path::new("-") {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        let file = std::fs::File::open(facts).map_err(|e| Error::Internal(format!("{}: {e}", facts.display())))?;
        Box::new(BufReader::new(file))
    };
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut wrong = 0;
    for (n, line) in input.lines().enumerate() {
        let line = line.map_err(Error::internal)?;
        if line.trim().is_empty() {
            continue;
        }
        let answer = match decide_line(&day, &line) {
            Ok(answer) => answer,
            Err(e) => {
                wrong += 1;
                eprintln!("{}:{}: {e}", facts.display(), n + 1);
                continue;
            }
        };
        for pack in &answer.packs {
            if json {
                let mut value = serde_json::to_value(pack).map_err(Error::internal)?;
                value["id"] = answer.id.clone();
                value["on"] = json!(answer.on);
                writeln!(out, "{value}").map_err(Error::internal)?;
            } else {
                let grants: Vec<&str> = pack.grants.iter().map(|g| g.text.as_str()).collect();
                let rest = if grants.is_empty() { pack.missing.join("、") } else { grants.join("，") };
                writeln!(out, "{}\t{}\t{}\t{rest}", answer.id, pack.pack, pack.outcome.zh())
                    .map_err(Error::internal)?;
            }
        }
    }
    out.flush().map_err(Error::internal)?;
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The conditions, one a line, what stands under another further in.
fn tree(reason: &policy::Reason, depth: usize, out: &mut String) {
    let facts: Vec<String> = reason.facts.iter().map(|f| format!("{}：{}", f.zh, f.value)).collect();
    let article = reason.article.as_deref().map_or_else(String::new, |a| format!("（{a}）"));
    let indent = "  ".repeat(depth);
    out.push_str(&format!("{indent}{} {}{article} {}\n", reason.truth.zh(), reason.label, facts.join("，")));
    for child in &reason.children {
        tree(child, depth + 1, out);
    }
}

async fn explain(config: &Config, elder: ElderId, json: bool) -> Result<ExitCode> {
    let db = ready_db(config, true).await?;
    let packs = Shelf::shipped()?.packs(&db).await?;
    let actor = wire::platform(config, "policy");
    let views = entitlement::service::current(&db, &packs, actor.scope(), elder).await?;
    let mut text = String::new();
    for v in &views {
        text.push_str(&format!("{}：{}\n", v.title, v.verdict.zh()));
        tree(&v.explanation.root, 1, &mut text);
    }
    if views.is_empty() {
        text.push_str("还没有认定过，先运行 yinian determine");
    }
    report(json, &serde_json::to_value(&views).map_err(Error::internal)?, text.trim_end().into());
    Ok(ExitCode::SUCCESS)
}

/// Progress on standard error, so that the answer stays clean.
struct Told;

#[async_trait::async_trait]
impl entitlement::service::Progress for Told {
    async fn told(&self, done: i64, total: i64) -> Result<()> {
        eprint!("\r{done} / {total} 户");
        Ok(())
    }
}

async fn simulate(config: &Config, file: &Path, on: Option<CivilDate>, json: bool) -> Result<ExitCode> {
    let draft = load(file)?;
    let db = ready_db(config, true).await?;
    let packs = Shelf::shipped()?.packs(&db).await?;
    let actor = wire::platform(config, "policy");
    let day = on.unwrap_or_else(|| db.clock().today());
    let done = entitlement::service::simulate(&db, &packs, &draft, &actor, day, &Told).await?;
    eprintln!();
    let book = people::service::load_book(&db).await?;
    let t = &done.total;
    let mut text = format!(
        "{day}，{} 人：新符合 {} 人，不再符合 {} 人，新增缺事实 {} 人；每月 {} → {}",
        t.people, t.gains, t.losses, t.newly_unknown, t.now, t.then
    );
    for (town, e) in &done.by_town {
        text.push_str(&format!("\n  {}：+{} −{}，每月 {} → {}", book.short(town), e.gains, e.losses, e.now, e.then));
    }
    report(json, &serde_json::to_value(&done).map_err(Error::internal)?, text);
    Ok(ExitCode::SUCCESS)
}

fn diff(before: &Path, after: &Path, json: bool) -> Result<ExitCode> {
    let (a, b) = (load(before)?, load(after)?);
    let found = differences(&a, &b);
    let side = |t: &Option<String>| t.clone().unwrap_or_else(|| "（没有）".into());
    let lines: Vec<String> = found
        .iter()
        .map(|d| format!("{} {}\n  - {}\n  + {}", d.part, d.name, side(&d.before), side(&d.after)))
        .collect();
    let text = if lines.is_empty() { "没有差别".to_string() } else { lines.join("\n") };
    report(json, &serde_json::to_value(&found).map_err(Error::internal)?, text);
    Ok(if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
