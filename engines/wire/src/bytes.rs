//! Bounded reading of bytes, checksums and number codes shared by the protocols.

/// The bytes ended before the field did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Short;

pub(crate) type Read<T> = Result<T, Short>;

/// A cursor that never reads past its slice. `tail` bytes at the end (checksum, delimiter) do not count as
/// content in [`Reader::left`], but a field may run into them: old devices send a frame shorter than their layout.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    data: &'a [u8],
    at: usize,
    tail: usize,
}

impl<'a> Reader<'a> {
    pub fn new(data: &'a [u8]) -> Reader<'a> {
        Reader { data, at: 0, tail: 0 }
    }
    pub fn with_tail(data: &'a [u8], tail: usize) -> Reader<'a> {
        Reader { data, at: 0, tail }
    }
    pub fn at(&self) -> usize {
        self.at
    }
    /// Content bytes not yet read.
    pub fn left(&self) -> usize {
        self.data.len().saturating_sub(self.tail).saturating_sub(self.at)
    }
    /// Position one past the last content byte.
    pub fn end(&self) -> usize {
        self.data.len().saturating_sub(self.tail)
    }
    /// Moves to an absolute position, at most to the end of the slice.
    pub fn seek(&mut self, to: usize) {
        self.at = to.min(self.data.len());
    }
    pub fn take(&mut self, n: usize) -> Read<&'a [u8]> {
        let part = self.at.checked_add(n).and_then(|end| self.data.get(self.at..end)).ok_or(Short)?;
        self.at += n;
        Ok(part)
    }
    pub fn skip(&mut self, n: usize) -> Read<()> {
        self.take(n).map(|_| ())
    }
    /// The remaining content, without the tail.
    pub fn rest(&mut self) -> &'a [u8] {
        let part = self.data.get(self.at..self.end()).unwrap_or(&[]);
        self.at += part.len();
        part
    }
    pub fn peek(&self, offset: usize) -> Option<u8> {
        self.data.get(self.at + offset).copied()
    }
    pub fn u8(&mut self) -> Read<u8> {
        Ok(self.take(1)?[0])
    }
    pub fn i8(&mut self) -> Read<i8> {
        Ok(self.u8()? as i8)
    }
    fn be(&mut self, n: usize) -> Read<u64> {
        Ok(self.take(n)?.iter().fold(0u64, |v, b| v << 8 | u64::from(*b)))
    }
    fn le(&mut self, n: usize) -> Read<u64> {
        Ok(self.take(n)?.iter().rev().fold(0u64, |v, b| v << 8 | u64::from(*b)))
    }
    pub fn u16(&mut self) -> Read<u16> {
        Ok(self.be(2)? as u16)
    }
    pub fn i16(&mut self) -> Read<i16> {
        Ok(self.be(2)? as u16 as i16)
    }
    pub fn u24(&mut self) -> Read<u32> {
        Ok(self.be(3)? as u32)
    }
    pub fn u32(&mut self) -> Read<u32> {
        Ok(self.be(4)? as u32)
    }
    pub fn i32(&mut self) -> Read<i32> {
        Ok(self.be(4)? as u32 as i32)
    }
    pub fn u64(&mut self) -> Read<u64> {
        self.be(8)
    }
    pub fn u16le(&mut self) -> Read<u16> {
        Ok(self.le(2)? as u16)
    }
    pub fn i16le(&mut self) -> Read<i16> {
        Ok(self.le(2)? as u16 as i16)
    }
    pub fn u32le(&mut self) -> Read<u32> {
        Ok(self.le(4)? as u32)
    }
    pub fn i32le(&mut self) -> Read<i32> {
        Ok(self.le(4)? as u32 as i32)
    }
    /// `n` bytes as text, one character a byte, ends at the first NUL, trimmed.
    pub fn text(&mut self, n: usize) -> Read<String> {
        Ok(trimmed(self.take(n)?))
    }
    pub fn hex(&mut self, n: usize) -> Read<String> {
        Ok(hex(self.take(n)?))
    }
    /// A MAC address as `xx:xx:xx:xx:xx:xx`.
    pub fn mac(&mut self) -> Read<String> {
        Ok(self.take(6)?.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":"))
    }
    /// One byte of binary coded decimal, 0–99 (digits above 9 count as they stand, then fail as a date).
    pub fn bcd(&mut self) -> Read<u32> {
        let b = u32::from(self.u8()?);
        Ok((b >> 4) * 10 + (b & 15))
    }
}

/// Bytes as text, one character a byte (Latin-1).
pub(crate) fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}

/// Text back to bytes, one byte a character; a character above U+00FF becomes `?`.
pub(crate) fn to_latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

/// Text up to the first NUL, without blanks and control characters at both ends.
pub(crate) fn trimmed(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    latin1(&bytes[..end]).trim_matches(|c: char| c <= ' ').to_string()
}

pub(crate) fn gbk(bytes: &[u8]) -> String {
    encoding_rs::GBK.decode_without_bom_handling(bytes).0.into_owned()
}

pub(crate) fn to_gbk(text: &str) -> Vec<u8> {
    encoding_rs::GBK.encode(text).0.into_owned()
}

pub(crate) fn utf16be(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|c| u16::from_be_bytes([c[0], c[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Text as the hex digits of its UTF-16BE form, as short messages to watches are written.
pub(crate) fn utf16be_hex(text: &str) -> String {
    text.encode_utf16().map(|u| format!("{u:04x}")).collect()
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut s, b| {
        let _ = write!(s, "{b:02x}");
        s
    })
}

/// Hex digits (either case, an even number) to bytes.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.trim().chars().map(|c| c.to_digit(16).map(|d| d as u8)).collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks_exact(2).map(|p| p[0] << 4 | p[1]).collect())
}

/// CRC-16/X-25 (reflected 0x1021, start and final 0xFFFF): check value of "123456789" is 0x906E.
pub(crate) fn crc16_x25(bytes: &[u8]) -> u16 {
    let mut crc = 0xFFFFu16;
    for b in bytes {
        crc ^= u16::from(*b);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x8408 } else { crc >> 1 };
        }
    }
    !crc
}

/// CRC-16/XMODEM (0x1021, start 0): check value of "123456789" is 0x31C3.
pub(crate) fn crc16_xmodem(bytes: &[u8]) -> u16 {
    let mut crc = 0u16;
    for b in bytes {
        crc ^= u16::from(*b) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 != 0 { crc << 1 ^ 0x1021 } else { crc << 1 };
        }
    }
    crc
}

pub(crate) fn xor(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |a, b| a ^ b)
}

/// The Luhn check digit that follows `number` (the 15th digit of an IMEI).
pub(crate) fn luhn(number: u64) -> u64 {
    let (mut sum, mut rest, mut double) = (0, number, true);
    while rest > 0 {
        let mut digit = rest % 10;
        rest /= 10;
        if double {
            digit *= 2;
            if digit > 9 {
                digit -= 9;
            }
        }
        double = !double;
        sum += digit;
    }
    (10 - sum % 10) % 10
}

/// Is bit `n` set?
pub(crate) fn bit(value: u32, n: u32) -> bool {
    value >> n & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values_of_the_checksums() {
        assert_eq!(crc16_x25(b"123456789"), 0x906E);
        assert_eq!(crc16_xmodem(b"123456789"), 0x31C3);
        assert_eq!(luhn(12_345_678_901_234), 7);
    }

    #[test]
    fn reading_stops_at_the_end() {
        let mut r = Reader::with_tail(&[1, 2, 3], 1);
        assert_eq!((r.left(), r.u16()), (2, Ok(0x0102)));
        assert_eq!((r.left(), r.u16(), r.u8()), (0, Err(Short), Ok(3)));
        assert_eq!(r.take(usize::MAX), Err(Short));
    }
}
