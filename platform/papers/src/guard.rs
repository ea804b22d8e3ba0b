//! Looks through an archive before the spreadsheet library does: what it claims, and what it really inflates to.
use crate::error::PaperError;
use crate::table::Limits;
use std::io::{Cursor, Read};

/// Parts an honest workbook does not exceed: a workbook of 200 sheets has about 500.
const MAX_ENTRIES: usize = 2_000;
/// Parts other than sheets and shared strings (styles, relations) are held in memory as a tree.
const MAX_SMALL_PART: u64 = 32 << 20;
/// Shared strings are held in memory whole.
const MAX_SHARED: u64 = 160 << 20;
/// Bytes the shortest shared string takes: `<si><t/></si>`.
const SHORTEST_SHARED: u64 = 13;

/// Inflates every part once, counting, and refuses the archive as soon as a cap is passed. What a part's header claims is
/// not trusted.
pub(crate) fn inspect(bytes: &[u8], limits: &Limits) -> Result<(), PaperError> {
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| PaperError::Damaged)?;
    if zip.len() > MAX_ENTRIES {
        return Err(PaperError::Bomb);
    }
    if !zip.file_names().flatten().any(|n| n.to_ascii_lowercase().contains("workbook.xml")) {
        return Err(PaperError::NotATable);
    }
    let mut total = 0u64;
    let mut buffer = vec![0u8; 64 << 10];
    for index in 0..zip.len() {
        let mut part = zip.by_index(index).map_err(|_| PaperError::Damaged)?;
        let name = part.name().map_err(|_| PaperError::Damaged)?.to_ascii_lowercase();
        let shared = name.ends_with("sharedstrings.xml");
        let cap = match () {
            () if shared => MAX_SHARED,
            () if name.contains("sheet") || name.contains("media/") => limits.inflated,
            () => MAX_SMALL_PART,
        };
        let mut claim = Claim::default();
        let mut size = 0u64;
        loop {
            let n = part.read(&mut buffer).map_err(|_| PaperError::Damaged)?;
            if n == 0 {
                break;
            }
            size += n as u64;
            total += n as u64;
            if size > cap || total > limits.inflated {
                return Err(PaperError::Bomb);
            }
            if shared {
                claim.look(&buffer[..n]);
            }
        }
        // The library reserves room for as many strings as the part claims, before it reads one.
        if claim.largest > size / SHORTEST_SHARED + 1 {
            return Err(PaperError::Damaged);
        }
    }
    Ok(())
}

/// Finds `uniqueCount="…"` in a stream, also across the border of two pieces.
#[derive(Default)]
struct Claim {
    tail: Vec<u8>,
    largest: u64,
}

impl Claim {
    fn look(&mut self, piece: &[u8]) {
        const KEY: &[u8] = b"uniqueCount";
        /// Room for the key, the sign, blanks and the digits.
        const WINDOW: usize = 128;
        self.tail.extend_from_slice(piece);
        let mut at = 0;
        while let Some(found) = self.tail[at..].windows(KEY.len()).position(|w| w == KEY) {
            at += found + KEY.len();
            let digits = self.tail[at..]
                .iter()
                .skip_while(|b| b.is_ascii_whitespace() || matches!(b, b'=' | b'"' | b'\''))
                .take_while(|b| b.is_ascii_digit());
            let claimed = digits.fold(0u64, |n, b| n.saturating_mul(10).saturating_add(u64::from(b - b'0')));
            self.largest = self.largest.max(claimed);
        }
        let keep = self.tail.len().saturating_sub(WINDOW);
        self.tail.drain(..keep);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_found_across_the_border_of_two_pieces() {
        let whole = b"<sst count=\"9\" uniqueCount = '123456789'><si>";
        for cut in 0..whole.len() {
            let mut claim = Claim::default();
            claim.look(&whole[..cut]);
            claim.look(&whole[cut..]);
            assert_eq!(claim.largest, 123_456_789, "cut at {cut}");
        }
    }
}
