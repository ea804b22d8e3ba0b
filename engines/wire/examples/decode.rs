//! Vector lines in (file or standard input), one JSON line each out:
//! `cargo run -p wire --example decode -- [--lenient] [--protocol P] FILE.jsonl`
use std::io::{BufRead, Read, Write};

fn main() -> std::io::Result<()> {
    let mut lenient = false;
    let mut protocol = None;
    let mut file = None;
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--lenient" => lenient = true,
            "--protocol" => protocol = args.next().as_deref().and_then(wire::Protocol::parse),
            _ => file = Some(arg),
        }
    }
    let input: Box<dyn Read> = match file.as_deref() {
        None | Some("-") => Box::new(std::io::stdin()),
        Some(path) => Box::new(std::fs::File::open(path)?),
    };
    let mut runner = wire::vectors::Runner::new(protocol, lenient, kernel::Instant(1_795_000_000_000));
    let mut out = std::io::stdout().lock();
    for line in std::io::BufReader::new(input).lines() {
        let line = line?;
        if !line.trim().is_empty() {
            writeln!(out, "{}", runner.line(&line))?;
        }
    }
    Ok(())
}
