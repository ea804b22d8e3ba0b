//! `yinian`: the whole platform as one program. The binary is one line; everything is here so that tests can reach the
//! wiring.
#![forbid(unsafe_code)]

mod bench;
mod channel;
pub mod commands;
pub mod config;
mod demo;
pub mod devices;
mod health;
mod machine;
pub mod wire;

use clap::{CommandFactory, Parser, Subcommand};
use config::{Config, Flags};
use std::path::PathBuf;
use std::process::ExitCode;

/// 颐年 Yinian: a city's elderly-care service platform.
///
/// First time? `yinian demo` builds a town with invented people and opens it at http://127.0.0.1:8080.
/// For real: `yinian serve` makes `./yinian-data`, prints the administrator's password once, and serves.
#[derive(Parser)]
#[command(name = "yinian", version, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the platform. The first run makes one administrator and prints the password once.
    ///
    /// Example: yinian serve --data /var/lib/yinian --listen 127.0.0.1:8080
    Serve(commands::serve::Args),
    /// Build a demo town on real region codes with invented people, six months of history, and serve it.
    ///
    /// Example: yinian demo --elders 6000 --port 8080
    Demo(commands::demo::Args),
    /// Bring the database to this version. `serve` does it by itself.
    Migrate {
        #[arg(long)]
        json: bool,
    },
    /// Bring files in.
    #[command(subcommand)]
    Import(commands::import::Import),
    /// Determine what everyone is entitled to on a day. Safe to run twice; catches up missed days.
    Determine(commands::jobs::Determine),
    /// Close a quarter: make the payment lists and clear the purses. Safe to run twice.
    ///
    /// Example: yinian settle --period 2026Q3
    Settle(commands::jobs::Settle),
    /// Copy the data folder to another place while the platform runs.
    Backup(commands::backup::Backup),
    /// Build a data folder from a backup and prove it.
    Restore(commands::backup::Restore),
    /// Check the installation: settings, database, keys, audit chain, ledger, policies, jobs.
    Doctor {
        #[arg(long)]
        json: bool,
    },
    /// The audit log.
    #[command(subcommand)]
    Audit(commands::doctor::Audit),
    /// The rules: list, check, explain, try out.
    ///
    /// Example: yinian policy decide --facts people.jsonl --on 2026-11-21 --json
    #[command(subcommand)]
    Policy(commands::policy::Policy),
    /// The watch over devices: run a recorded home.
    ///
    /// Example: yinian vigil replay home.csv --json
    #[command(subcommand)]
    Vigil(commands::vigil::Vigil),
    /// Device protocols: decode recorded messages.
    ///
    /// Example: yinian wire decode --protocol gt06 messages.jsonl
    #[command(subcommand)]
    Wire(commands::protocols::Wire),
    /// Emergencies.
    #[command(subcommand)]
    Safety(commands::safety::Safety),
    /// Measure: `search pages policy settle import start`. One JSON line each.
    Bench(bench::Args),
    /// Completions for a shell: bash, zsh, fish, powershell, elvish.
    ///
    /// Example: yinian completions bash > /etc/bash_completion.d/yinian
    Completions { shell: clap_complete::Shell },
    /// Print the authorisation table: every route and who may reach it.
    Routes {
        #[arg(long)]
        json: bool,
    },
}

/// The program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let config = match Config::load(&cli.flags) {
        Ok(c) => c,
        Err(e) => {
            eprintln!("yinian: {e}");
            return ExitCode::from(2);
        }
    };
    commands::init_log(&config);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(4 << 20).build() {
        Ok(r) => r,
        Err(e) => {
            eprintln!("yinian: cannot start: {e}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli.command, config)) {
        Ok(code) => code,
        Err(e) => {
            eprintln!("yinian: {e}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command, config: Config) -> kernel::Result<ExitCode> {
    match command {
        Command::Serve(a) => commands::serve::run(config, a).await,
        Command::Demo(a) => commands::demo::run(config, a).await,
        Command::Migrate { json } => commands::migrate(&config, json).await,
        Command::Import(a) => commands::import::run(&config, a).await,
        Command::Determine(a) => commands::jobs::determine(&config, a).await,
        Command::Settle(a) => commands::jobs::settle(&config, a).await,
        Command::Backup(a) => commands::backup::backup(&config, a).await,
        Command::Restore(a) => commands::backup::restore(&config, a).await,
        Command::Doctor { json } => commands::doctor::run(&config, json).await,
        Command::Audit(a) => commands::doctor::audit(&config, a).await,
        Command::Policy(a) => commands::policy::run(&config, a).await,
        Command::Vigil(a) => commands::vigil::run(a),
        Command::Wire(a) => commands::protocols::run(a),
        Command::Safety(a) => commands::safety::run(config, a).await,
        Command::Bench(a) => bench::run(&config, a).await,
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "yinian", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
        Command::Routes { json } => commands::routes(json),
    }
}

/// A folder given on the command line, made absolute for messages.
fn shown(path: &std::path::Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path)).display().to_string()
}
