//! `yinian wire`: what the device protocols make of recorded messages, without a database.
use ::wire::Protocol;
use ::wire::vectors::Runner;
use clap::Subcommand;
use kernel::{Clock, Error, Result};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Wire {
    /// Decode recorded messages: one JSON object a line in, one out (id, records, reply as hex, error).
    ///
    /// A line has `id`, `protocol`, `input_format` (text, hex, command), `input`, and perhaps `context.device_model`
    /// and `session`; docs/devices.md tells more. Example: yinian wire decode --protocol watch messages.jsonl
    Decode {
        /// For lines that name no protocol: watch, trv, minifinder2, jt808, gt06.
        #[arg(long, value_name = "P", value_parser = protocol)]
        protocol: Option<Protocol>,
        /// Read messages whose length or checksum does not agree as if they did.
        #[arg(long)]
        lenient: bool,
        /// `-` reads standard input.
        #[arg(value_name = "FILE.jsonl")]
        file: PathBuf,
    },
}

fn protocol(code: &str) -> Result<Protocol, String> {
    let all = Protocol::ALL.map(Protocol::code).join(", ");
    Protocol::parse(code).ok_or_else(|| format!("one of {all}"))
}

pub fn run(what: Wire) -> Result<ExitCode> {
    let Wire::Decode { protocol, lenient, file } = what;
    let input: Box<dyn BufRead> = if file == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        let opened = std::fs::File::open(&file);
        Box::new(BufReader::new(opened.map_err(|e| Error::refused(format!("打不开 {}：{e}", file.display())))?))
    };
    let mut runner = Runner::new(protocol, lenient, Clock::System.now());
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in input.lines() {
        let line = line.map_err(Error::internal)?;
        if !line.trim().is_empty() {
            writeln!(out, "{}", runner.line(&line)).map_err(Error::internal)?;
        }
    }
    out.flush().map_err(Error::internal)?;
    Ok(ExitCode::SUCCESS)
}
