//! Assessments of the last year, those that come due, and a day's work for the assessors.
use super::cast::Cast;
use super::names::Dice;
use crate::config::Config;
use crate::wire;
use assessment::Scales;
use assessment::model::{Place, Purpose, Reason, Sheet};
use assessment::service::{self, Application, Appointment, HistoryCase, NewSample, Submission};
use kernel::{CivilDate, Error, IdGen, Instant, PageAsk, Result, Scope};
use people::model::{Care, ElderCard};
use people::service::ElderAsk;
use scales::{Answer, AnswerKind, ConditionAnswer, ConditionKind, Scale};
use store::Db;

/// The scale of the demo.
const SCALE: &str = "gbt-42195-2022";
/// One in so many elders was assessed, and no more than so many.
const SHARE: usize = 15;
const MOST: usize = 400;
/// Of these so many were drawn for quality and assessed again.
const AGAIN: usize = 24;

/// Accepts the national scale, writes a year of assessments, calls those again whose result ends, and fills today.
pub async fn write(db: &Db, config: &Config, cast: &Cast, seed: u64, now: Instant) -> Result<()> {
    let ids = IdGen::new(seed ^ 0xA55E);
    let dice = Dice(&ids);
    let platform = wire::platform(config, "demo");
    let scales = Scales::shipped()?;
    let scale = scales.current(db, SCALE).await?;
    let started = db.now();
    let print = format!("{:016x}", scale.fingerprint);
    service::accept(db, &scales, &platform, SCALE, &print, "对照 GB/T 42195-2022 原文（演示）").await?;
    let people = in_need(db, cast, now.date()).await?;
    let all: Vec<HistoryCase> =
        people.iter().take((cast.elders / SHARE).clamp(12, MOST)).map(|e| past(&dice, cast, &scale, e, now)).collect();
    let mut made = Vec::with_capacity(all.len());
    let mut by_month = all.clone();
    by_month.sort_by_key(|h| h.at);
    for part in by_month.chunk_by(|a, b| a.at.date().month_of() == b.at.date().month_of()) {
        // Written down when it happened, or when the archives were opened.
        let last = part.last().map_or(now, |h| h.at.plus_minutes(120));
        db.clock().set(last.max(history(now)).min(now));
        let tx = db.begin().await?;
        let written = service::bulk_insert(&tx, db, &platform, &scale, part).await?;
        made.extend(written.into_iter().zip(part.iter().cloned()));
        tx.commit().await?;
    }
    db.clock().set(now);
    again(db, &platform, &dice, cast, &scale, &made, now).await?;
    service::call_again(db, &platform, now.date()).await?;
    today(db, &scales, &dice, cast, &scale, &people[all.len().min(people.len())..], now).await?;
    let from = now.date().plus_days(-120);
    let sample = NewSample { region: cast.county, scale: SCALE.into(), from, to: now.date(), size: 5 };
    match service::draw_sample(db, &scales, &cast.county_staff, sample).await {
        Ok(_) | Err(Error::Invalid(_)) => {}
        Err(e) => return Err(e),
    }
    db.clock().set(started.max(now));
    Ok(())
}

/// The first day archives are kept of.
fn history(now: Instant) -> Instant {
    super::history_start(now.date()).at(9, 0)
}

/// Those who need help, the oldest first.
async fn in_need(db: &Db, cast: &Cast, today: CivilDate) -> Result<Vec<ElderCard>> {
    let scope = Scope { region: cast.county, org: kernel::OrgScope::Any };
    let mut out = Vec::new();
    for care in [Care::Disabled, Care::SemiDisabled] {
        let ask = ElderAsk { care: Some(care), ..ElderAsk::default() };
        for page in 1..=4 {
            let page = PageAsk { page, rows: PageAsk::MAX_ROWS };
            let found = people::service::elders_list(db, &scope, &ask, page, "e.birth ASC, e.id").await?;
            out.extend(found.rows.into_iter().filter(|c| c.present(today)));
        }
    }
    out.sort_by_key(|c| (c.birth, c.id));
    Ok(out)
}

/// Answers that come to what the archive says the elder needs.
fn sheet(dice: &Dice, scale: &Scale, care: Option<Care>) -> Sheet {
    let part = match care {
        Some(Care::Disabled) => *dice.pick(&[0, 25, 25, 30]),
        Some(Care::SemiDisabled) => *dice.pick(&[50, 60, 75, 75]),
        Some(Care::Independent) | None => 100,
    };
    let mut out = Sheet::default();
    for item in scale.items() {
        let answer = match &item.answer {
            AnswerKind::Options(options) => {
                let mut by_score: Vec<_> = options.iter().collect();
                by_score.sort_by_key(|o| o.score);
                let at = (by_score.len() - 1) * part / 100;
                // Not everyone is equally bad at everything.
                let at = if part < 100 && dice.chance(150) { (at + 1).min(by_score.len() - 1) } else { at };
                Answer::Option(by_score[at].code.clone())
            }
            AnswerKind::Number(kind) => Answer::Number(kind.range.min),
        };
        out.answers.insert(item.id.to_string(), answer);
    }
    for c in &scale.conditions {
        let answer = match c.kind {
            ConditionKind::Flag => ConditionAnswer::Flag(false),
            ConditionKind::Count => ConditionAnswer::Count(0),
        };
        out.conditions.insert(c.id.to_string(), answer);
    }
    out
}

fn past(dice: &Dice, cast: &Cast, scale: &Scale, elder: &ElderCard, now: Instant) -> HistoryCase {
    // Most within the year, some about to end.
    let days = if dice.chance(120) { dice.range(340, 363) } else { dice.range(20, 330) };
    let at = now.date().plus_days(-days).at(*dice.pick(&[9, 10, 14, 15]), 30);
    let team = if dice.chance(500) { [0, 2] } else { [4, 3] };
    HistoryCase {
        elder: elder.clone(),
        purpose: Purpose::Regular,
        prior: None,
        place: Place::Home,
        at,
        first: cast.assessors[team[0]].0,
        second: Some(cast.assessors[team[1]].0),
        sheet: sheet(dice, scale, elder.care),
    }
}

/// Some are assessed again by others, most to the same level.
async fn again(
    db: &Db,
    platform: &kernel::Actor,
    dice: &Dice<'_>,
    cast: &Cast,
    scale: &Scale,
    made: &[(kernel::AssessmentId, HistoryCase)],
    now: Instant,
) -> Result<()> {
    let recent = made.iter().filter(|(_, h)| now.since(h.at) < 300 * Instant::DAY).take(AGAIN);
    let repeats: Vec<HistoryCase> = recent
        .map(|(id, h)| {
            let other = match h.elder.care {
                Some(Care::Disabled) if dice.chance(200) => Some(Care::SemiDisabled),
                care => care,
            };
            HistoryCase {
                purpose: Purpose::Quality,
                prior: Some(*id),
                at: h.at.plus_ms(7 * Instant::DAY),
                first: cast.assessors[5].0,
                second: Some(cast.assessors[1].0),
                sheet: if other == h.elder.care { h.sheet.clone() } else { sheet(dice, scale, other) },
                ..h.clone()
            }
        })
        .collect();
    let tx = db.begin().await?;
    service::bulk_insert(&tx, db, platform, scale, &repeats).await?;
    tx.commit().await
}

/// Today of the first team: one under way, two to come, one waiting for a signature; and applications nobody has
/// appointed yet.
async fn today(
    db: &Db,
    scales: &Scales,
    dice: &Dice<'_>,
    cast: &Cast,
    scale: &Scale,
    people: &[ElderCard],
    now: Instant,
) -> Result<()> {
    let (doctor, nurse) = (&cast.assessors[0], &cast.assessors[1]);
    let hours = [(0, 8, 30), (0, 9, 30), (0, 14, 30), (0, 16, 0), (1, 9, 0), (2, 9, 0)];
    for (n, elder) in people.iter().take(hours.len() + 6).enumerate() {
        let ask = Application {
            elder: elder.id,
            scale: SCALE.into(),
            reason: if n % 3 == 0 { Reason::Change } else { Reason::Application },
            org: None,
            note: if n % 3 == 0 { "上月摔过一次，起床要人扶".into() } else { String::new() },
        };
        let id = service::apply(db, scales, &cast.county_staff, ask).await?;
        let Some((days, hour, minute)) = hours.get(n) else { continue };
        let appointment = Appointment {
            place: Place::Home,
            starts_at: now.date().plus_days(*days).at(*hour, *minute),
            address: String::new(),
            first: doctor.0,
            second: Some(nurse.0),
        };
        service::appoint(db, scales, &cast.county_staff, id, 1, appointment).await?;
        if n > 1 {
            continue;
        }
        let mut answers = sheet(dice, scale, elder.care);
        if n == 1 {
            // Half done.
            answers.answers = answers.answers.into_iter().take(13).collect();
            answers.conditions.clear();
        }
        let sent = Submission { key: format!("demo-{id}"), base: 0, sheet: answers, device_at: None };
        service::save(db, scales, &doctor.1, id, sent).await?;
        if n == 0 {
            service::submit(db, scales, &doctor.1, id).await?;
        }
    }
    Ok(())
}
