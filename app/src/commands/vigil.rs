//! `yinian vigil`: the watch over devices, tried on recordings.
use crate::commands::report;
use clap::Subcommand;
use kernel::{CivilDate, Error, Result};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use vigil::rehearse::{Dice, Person, Plant, home, recording};
use vigil::{Replay, Settings};

#[derive(Subcommand)]
pub enum Vigil {
    /// Run the watch over a recorded home: the usual day it learns, and each departure with its words and score.
    ///
    /// Columns: local time, sensor, room, kind (motion, door, bed, items), state (ON/OFF, OPEN/CLOSE, 1/0). `-` reads
    /// standard input. Example: yinian vigil replay home.csv --json
    Replay {
        file: PathBuf,
        #[arg(long)]
        json: bool,
    },
    /// Write a made-up home of sixty days as a recording, with five departures planted: for trying `replay`.
    ///
    /// Example: yinian vigil rehearse 7 > home.csv
    Rehearse {
        /// The same seed makes the same home.
        #[arg(default_value_t = 1)]
        seed: u64,
    },
}

pub fn run(what: Vigil) -> Result<ExitCode> {
    match what {
        Vigil::Replay { file, json } => replay(&file, json),
        Vigil::Rehearse { seed } => {
            print!("{}", rehearsal(seed));
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn rehearsal(seed: u64) -> String {
    let person = Person::random(&mut Dice::new(seed));
    let plants = [
        (25, Plant::LateRise(180)),
        (31, Plant::NoMeals),
        (37, Plant::NightWandering(90)),
        (43, Plant::LongBathroom(90)),
        (49, Plant::StayingOut(300)),
    ];
    // The 2nd of March 2026.
    recording(&home(&person, seed, CivilDate::from_epoch_days(20_514), 60, &plants))
}

fn read(file: &Path) -> std::io::Result<String> {
    let bytes = if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin())?.into_bytes()
    } else {
        std::fs::read(file)?
    };
    // Names of sensors in another encoding are shown with marks in them; the rest is ASCII.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn replay(file: &Path, as_json: bool) -> Result<ExitCode> {
    let text = read(file).map_err(|e| Error::refused(format!("读不了 {}：{e}", file.display())))?;
    match vigil::replay(&text, &Settings::default()) {
        Ok(replay) => {
            let value = serde_json::to_value(&replay).map_err(Error::internal)?;
            report(as_json, &value, sentences(&replay));
            Ok(ExitCode::SUCCESS)
        }
        Err(e) if as_json => {
            println!("{}", json!({ "error": e.to_string() }));
            Ok(ExitCode::FAILURE)
        }
        Err(e) => Err(Error::refused(e.to_string())),
    }
}

fn sentences(r: &Replay) -> String {
    let mut out = format!("{} 行，用了 {} 行，{} 到 {}\n", r.rows, r.used, r.from, r.to);
    for fault in &r.faults {
        out.push_str(&format!("第 {} 行：{}\n", fault.row, fault.message));
    }
    if r.bad_rows > r.faults.len() {
        out.push_str(&format!("共 {} 行读不了\n", r.bad_rows));
    }
    for (kind, rows) in &r.unknown_kinds {
        out.push_str(&format!("没有用到的类型 {kind}：{rows} 行\n"));
    }
    let enough = if r.learnt.enough { "" } else { "，还不够判断" };
    out.push_str(&format!("\n学到的日常（{} 天{enough}）\n", r.learnt.days));
    for usual in &r.learnt.usual {
        out.push_str(&format!("  {}：{}\n", usual.zh, usual.words));
    }
    for (meal, percent, _) in &r.learnt.meals {
        out.push_str(&format!("  {meal}用厨房：{percent}% 的日子\n"));
    }
    out.push_str(&format!("  有外出的日子：{}%\n", r.learnt.outing_days));
    out.push_str(&format!("\n与日常不同（{} 次）\n", r.departures.len()));
    for d in &r.departures {
        out.push_str(&format!("  {}  {}：{}（{:.1}）\n", d.at, d.zh, d.words, d.score));
    }
    if !r.alarms.is_empty() {
        out.push_str(&format!("\n其他报警（{} 次）\n", r.alarms.len()));
        for a in &r.alarms {
            out.push_str(&format!("  {}  {}：{}\n", a.at, a.zh, a.words));
        }
    }
    out.trim_end().into()
}
