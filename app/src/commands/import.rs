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
            let text =
                std::fs::read_to_string(&file).map_err(|e| Error::Internal(format!("{}: {e}", file.display())))?;
            let book = people::service::load_regions(&db, &actor, &text).await?;
            println!("区划已装入 {} 个", book.len());
            Ok(ExitCode::SUCCESS)
        }
        Import::Elders { file, dry_run, json } => {
            let bytes = std::fs::read(&file).map_err(|e| Error::Internal(format!("{}: {e}", file.display())))?;
            let dry = people::service::import_dry_run(&db, &actor, &bytes).await?;
            let t = &dry.tally;
            let mut text = format!(
                "共 {} 行：可以写入 {}，未变化 {}，有错 {}，像是重复 {}",
                t.total, t.good, t.unchanged, t.bad, t.twins
            );
            for e in dry.errors.iter().take(50) {
                text.push_str(&format!("\n  第 {} 行 {}：{}", e.row, e.column, e.why));
            }
            let mut value = serde_json::to_value(&dry).map_err(Error::internal)?;
            if dry_run {
                text.push_str("\n没有写入任何数据");
            } else {
                let name = file.file_name().map(|n| n.to_string_lossy().to_string()).unwrap_or_default();
                let done = people::service::import_now(&db, &actor, &name, bytes, |_, _| {}).await?;
                text.push_str(&format!("\n已写入 {} 人。有错和像是重复的，到“导入”页处理", done.tally.written));
                value["written"] = done.tally.written.into();
            }
            report(json, &value, text);
            Ok(if dry.tally.bad > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
        }
    }
}
