//! Writes the test vectors as starting points for the fuzz targets: `cargo run --bin seeds` in this folder.
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> std::io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = here.join("../engines/wire/tests/vectors");
    let corpus = here.join("corpus");
    let mut count = 0;
    let mut put = |target: &str, bytes: Vec<u8>| -> std::io::Result<()> {
        let dir: PathBuf = corpus.join(format!("wire_{target}"));
        fs::create_dir_all(&dir)?;
        count += 1;
        fs::write(dir.join(format!("vector-{count:04}")), bytes)
    };
    for protocol in wire::Protocol::ALL {
        for row in rows(&vectors.join(format!("{}.jsonl", protocol.code())))? {
            let Some(input) = row["input"].as_str() else { continue };
            let bytes = match row["input_format"].as_str() {
                Some("text") => Some(input.chars().map(|c| c as u8).collect()),
                _ => wire::unhex(input),
            };
            // Lenient with a known device: the way that leads deepest.
            put(protocol.code(), [vec![0xF1], bytes.unwrap_or_default()].concat())?;
        }
    }
    for row in rows(&vectors.join("mqtt_samples.jsonl"))? {
        for topic in 0..8 {
            put("broker", [vec![topic], row["payload"].to_string().into_bytes()].concat())?;
        }
    }
    for row in rows(&vectors.join("scaip_samples.jsonl"))? {
        put("scaip", row["xml"].as_str().unwrap_or_default().as_bytes().to_vec())?;
    }
    println!("{count} seeds in {}", corpus.display());
    Ok(())
}

fn rows(path: &Path) -> std::io::Result<Vec<Value>> {
    Ok(fs::read_to_string(path)?.lines().filter_map(|l| serde_json::from_str(l).ok()).collect())
}
