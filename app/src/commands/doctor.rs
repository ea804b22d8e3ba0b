//! `yinian doctor` and `yinian audit verify`.
use crate::commands::report;
use crate::config::Config;
use crate::{devices, shown, wire};
use clap::Subcommand;
use kernel::{Clock, Error, Result};
use serde::Serialize;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Audit {
    /// Walk the whole chain: one altered byte is found.
    Verify {
        #[arg(long)]
        json: bool,
    },
}

pub async fn audit(config: &Config, what: Audit) -> Result<ExitCode> {
    let Audit::Verify { json } = what;
    let db = wire::open(config, Clock::System, true).await?;
    let v = audit::verify(&db).await?;
    let text = match &v.broken {
        None => format!("审计记录完整，共 {} 条", v.rows),
        Some(b) => format!("审计记录在第 {} 条断开：{}", b.seq, b.what),
    };
    report(json, &serde_json::to_value(&v).map_err(Error::internal)?, text);
    Ok(if v.intact() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One thing looked at.
#[derive(Debug, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub ok: bool,
    /// What was found, and what to do if it is wrong.
    pub found: String,
}

pub fn lines(checks: &[Check]) -> String {
    checks
        .iter()
        .map(|c| format!("{} {}：{}", if c.ok { "✓" } else { "✗" }, c.name, c.found))
        .collect::<Vec<_>>()
        .join("\n")
}

pub async fn run(config: &Config, json: bool) -> Result<ExitCode> {
    let checks = check(config).await;
    let good = checks.iter().all(|c| c.ok);
    report(json, &serde_json::json!({ "ok": good, "checks": checks }), lines(&checks));
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The readings of devices: there, of this version, and of nobody the main database does not know.
async fn readings(config: &Config, db: &store::Db) -> Result<String, String> {
    let said = |e: Error| e.to_string();
    if config.database.is_none() && !config.data.join(devices::FILE).exists() {
        return match safety::devices::ever_heard(db).await.map_err(said)? {
            false => Ok("还没有设备上报过".into()),
            true => Err(format!("设备上报过，{} 却不在，从备份里取回来", devices::FILE)),
        };
    }
    let telemetry = devices::attach(config, db, true).await.map_err(said)?;
    let looked = async {
        let behind = store::pending(&telemetry, safety::readings::MIGRATIONS).await?.len();
        if behind > 0 {
            return Ok(Err(format!("还差 {behind} 步，启动时会补上")));
        }
        let fit = safety::devices::fit(db, &telemetry).await?;
        Ok(match fit.strays {
            0 => Ok(format!("{} 位老人的读数，都对得上人", fit.watched)),
            n => Err(format!("{n} 位老人的读数在主库里没有人，两个库不是同一次备份的")),
        })
    };
    let answer = looked.await.map_err(said);
    if config.database.is_none() {
        let _ = telemetry.close().await;
    }
    answer?
}

/// Looks at everything that can be looked at without changing it.
pub async fn check(config: &Config) -> Vec<Check> {
    let mut out = Vec::new();
    let mut add = |name, result: Result<String, String>| {
        let ok = result.is_ok();
        out.push(Check { name, ok, found: result.unwrap_or_else(|e| e) });
        ok
    };
    let folder = std::fs::metadata(&config.data);
    if !add(
        "数据文件夹",
        match folder {
            Ok(m) if m.permissions().readonly() => Err(format!("{} 不能写", shown(&config.data))),
            Ok(_) => Ok(shown(&config.data)),
            Err(_) => Err(format!("{} 不存在。先运行 yinian serve 或 yinian demo", shown(&config.data))),
        },
    ) {
        return out;
    }
    if config.database.is_none() && !config.sqlite_file().exists() {
        add("数据库", Err(format!("{} 不存在。先运行 yinian serve 或 yinian demo", shown(&config.sqlite_file()))));
        return out;
    }
    let db = match wire::open(config, Clock::System, true).await {
        Ok(db) => db,
        Err(e) => {
            add("数据库", Err(format!("打不开：{e}")));
            return out;
        }
    };
    add("数据库", Ok(db.engine().name().to_string()));
    add(
        "版本",
        match store::pending(&db, &wire::migrations()).await {
            Ok(p) if p.is_empty() => Ok("最新".into()),
            Ok(p) => Err(format!("还差 {} 步，运行 yinian migrate", p.len())),
            Err(e) => Err(e.to_string()),
        },
    );
    add(
        "密钥",
        people::service::keys_open(&db)
            .await
            .map(|n| format!("能打开加密内容（试了 {n} 条）"))
            .map_err(|e| e.to_string()),
    );
    add(
        "区划",
        match people::service::load_book(&db).await {
            Ok(b) if b.contains(&config.region) => Ok(format!("{} 个，本站 {}", b.len(), b.name(&config.region))),
            Ok(b) => Err(format!("{} 个里没有本站 {}。运行 yinian import regions", b.len(), config.region)),
            Err(e) => Err(e.to_string()),
        },
    );
    add(
        "政策包",
        entitlement::Packs::shipped().map(|p| format!("{} 个，例子都对", p.len())).map_err(|e| e.to_string()),
    );
    add(
        "账本",
        match books::service::recount(&db).await {
            Ok(r) if r.sound() => Ok(format!("{} 个账户、{} 笔，借贷相等", r.accounts, r.transfers)),
            Ok(r) => Err(format!("对不上：{}", r.faults.first().map(|f| f.zh()).unwrap_or_default())),
            Err(e) => Err(e.to_string()),
        },
    );
    add(
        "待遇计数",
        match entitlement::service::tallies(&db, false).await {
            Ok(0) => Ok("和逐条数的一样".into()),
            Ok(n) => Err(format!("{n} 处和逐条数的不一样，运行 yinian determine 会重数")),
            Err(e) => Err(e.to_string()),
        },
    );
    add(
        "审计记录",
        match audit::verify(&db).await {
            Ok(v) if v.intact() => Ok(format!("{} 条，没有改动", v.rows)),
            Ok(v) => Err(v.broken.map(|b| format!("第 {} 条断开：{}", b.seq, b.what)).unwrap_or_default()),
            Err(e) => Err(e.to_string()),
        },
    );
    add("读数", readings(config, &db).await);
    add(
        "后台工作",
        match work::backlog(&db).await {
            Ok(b) if b.failed == 0 => Ok(format!("等待 {}，没有失败的", b.waiting)),
            Ok(b) => Err(format!("{} 项没做成，到“后台工作”页看原因", b.failed)),
            Err(e) => Err(e.to_string()),
        },
    );
    // Nothing was written; a failing close changes no finding.
    let _ = db.close().await;
    out
}
