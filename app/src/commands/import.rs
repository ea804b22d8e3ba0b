//! `yinian import`.
use crate::commands::{ready_db, report};
use crate::config::Config;
use crate::wire;
use clap::Subcommand;
use kernel::{Error, Result};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Import {
    /// Elders from Excel or CSV. Rows with errors are listed and not written; the rest is.
    ///
    /// Example: yinian import elders 名册.xlsx --dry-run
    Elders {
        file: PathBuf,
        /// Check only, write nothing.
        #[arg(long)]
        dry_run: bool,
        #[arg(long)]
        json: bool,
    },
    /// Another city's regions: CSV with `code12,name,level,parent_code12`.
    Regions { file: PathBuf },
}

pub async fn run(config: &Config, what: Import) -> Result<ExitCode> {
    let db = ready_db(config, true).await?;
    let actor = wire::platform(config, "import");
    match what {
        Import::Regions { file } => {
            let text = std::fs::read_to_string(&file).map_err(|e| Error::Internal(format!("{}: {e}", file.display())))?;
            let n = people::service::seed_regions(&db, &actor, &text).await?;
            println!("区划已装入 {n} 个");
            Ok(ExitCode::SUCCESS)
        }
        Import::Elders { file, dry_run, json } => {
            let r = people::service::import_file(&db, &actor, &file, dry_run).await?;
            let mut text = format!("共 {} 行：可以写入 {}，有错 {}，像是重复 {}", r.rows, r.good, r.bad, r.duplicates);
            for e in r.errors.iter().take(50) {
                text.push_str(&format!("\n  第 {} 行 {}：{}", e.row, e.column, e.message));
            }
            text.push_str(if dry_run { "\n没有写入任何数据" } else { "\n" });
            if !dry_run {
                text.push_str(&format!("已写入 {} 人", r.written));
            }
            let value = serde_json::to_value(&r).map_err(Error::internal)?;
            report(json, &value, text);
            Ok(if r.bad > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
        }
    }
}
