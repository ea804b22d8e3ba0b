//! The planning benches alone: `cargo run --release -p routebench --example routebench -- vrptw --instances DIR`.
use clap::Parser;

#[derive(Parser)]
struct Line {
    #[arg(value_enum)]
    family: routebench::Family,
    #[command(flatten)]
    args: routebench::Args,
}

fn main() -> Result<(), String> {
    let line = Line::parse();
    routebench::run(line.family, &line.args)
}
