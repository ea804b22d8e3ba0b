//! How readings lie in bytes: variable-length integers, no field names. The first byte is the format.
use kernel::{Error, Instant, Result};
use vigil::{Encoded, Reading, Slot};

const FORMAT: u8 = 1;

/// One stored reading with its short numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    pub elder: i64,
    pub device: i64,
    pub slot: Slot,
    /// When it was so, by the device.
    pub at: Instant,
    /// When the platform took it in.
    pub received: Instant,
    pub what: Encoded,
}

impl Stored {
    /// As the watch reads it; `None` for a kind of a newer version.
    pub fn reading(&self) -> Option<Reading> {
        Some(Reading {
            at: self.at,
            received: self.received,
            device: self.slot,
            what: vigil::Measure::decode(self.what)?,
        })
    }
    /// The same thing said by the same device: what came twice.
    pub(crate) fn same(&self) -> (i64, i64, u8, i32, i32, i32) {
        (self.at.0, self.device, self.what.kind, self.what.a, self.what.b, self.what.c)
    }
}

fn put(out: &mut Vec<u8>, mut v: u64) {
    while v >= 0x80 {
        out.push((v as u8) | 0x80);
        v >>= 7;
    }
    out.push(v as u8);
}

fn put_signed(out: &mut Vec<u8>, v: i64) {
    put(out, ((v << 1) ^ (v >> 63)) as u64);
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }
    fn get(&mut self) -> Option<u64> {
        let mut v = 0u64;
        for shift in (0..64).step_by(7) {
            let b = self.byte()?;
            v |= u64::from(b & 0x7f) << shift;
            if b < 0x80 {
                return Some(v);
            }
        }
        None
    }
    fn signed(&mut self) -> Option<i64> {
        let v = self.get()?;
        Some(((v >> 1) as i64) ^ -((v & 1) as i64))
    }
    fn small(&mut self) -> Option<i32> {
        i32::try_from(self.signed()?).ok()
    }
}

/// Packs readings one after the other.
#[derive(Debug, Default)]
pub(crate) struct Packer {
    bytes: Vec<u8>,
    elder: i64,
    at: i64,
    n: usize,
}

impl Packer {
    pub(crate) fn push(&mut self, s: &Stored) {
        let out = &mut self.bytes;
        if out.is_empty() {
            out.push(FORMAT);
        }
        put_signed(out, s.elder - self.elder);
        put(out, s.device as u64);
        out.push(s.slot);
        put_signed(out, s.at.0 - self.at);
        put_signed(out, s.received.0 - s.at.0);
        out.push(s.what.kind);
        put_signed(out, i64::from(s.what.a));
        put_signed(out, i64::from(s.what.b));
        put_signed(out, i64::from(s.what.c));
        (self.elder, self.at) = (s.elder, s.at.0);
        self.n += 1;
    }
    pub(crate) fn len(&self) -> usize {
        self.n
    }
    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads what [`Packer`] wrote, one by one.
///
/// # Errors
/// `Internal` for bytes it never writes.
pub(crate) fn unpack(bytes: &[u8], mut each: impl FnMut(Stored)) -> Result<()> {
    let broken = || Error::Internal("stored readings cannot be read".into());
    let mut b = Bytes(bytes);
    match b.byte() {
        None => return Ok(()),
        Some(FORMAT) => {}
        Some(_) => return Err(broken()),
    }
    let (mut elder, mut at) = (0i64, 0i64);
    while !b.0.is_empty() {
        let mut one = || {
            elder = elder.checked_add(b.signed()?)?;
            let device = i64::try_from(b.get()?).ok()?;
            let slot = b.byte()?;
            at = at.checked_add(b.signed()?)?;
            let received = at.checked_add(b.signed()?)?;
            let what = Encoded { kind: b.byte()?, a: b.small()?, b: b.small()?, c: b.small()? };
            Some(Stored { elder, device, slot, at: Instant(at), received: Instant(received), what })
        };
        each(one().ok_or_else(broken)?);
    }
    Ok(())
}

/// All readings of one packed text.
pub(crate) fn all(bytes: &[u8]) -> Result<Vec<Stored>> {
    let mut out = Vec::new();
    unpack(bytes, |s| out.push(s))?;
    Ok(out)
}

/// Sorted by time, and what came twice once: the earliest receipt counts.
pub(crate) fn tidy(all: &mut Vec<Stored>) {
    all.sort_by_key(|s| (s.same(), s.received));
    all.dedup_by_key(|s| s.same());
}

/// One hour of one kind: how often, the bounds and the sum of the first figure, the sum of the second, and the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hour {
    pub at: Instant,
    pub kind: u8,
    pub n: i64,
    pub min: i32,
    pub max: i32,
    pub sum: i64,
    pub sum_b: i64,
    pub last: Encoded,
}

/// A day's readings as hours, in the order of hour and kind.
pub(crate) fn to_hours(all: &[Stored]) -> Vec<Hour> {
    let mut out: Vec<Hour> = Vec::new();
    for s in all {
        let at = Instant(s.at.0.div_euclid(Instant::HOUR) * Instant::HOUR);
        let w = s.what;
        match out.iter_mut().rev().take_while(|h| h.at == at).find(|h| h.kind == w.kind) {
            Some(h) => {
                h.n += 1;
                h.min = h.min.min(w.a);
                h.max = h.max.max(w.a);
                h.sum += i64::from(w.a);
                h.sum_b += i64::from(w.b);
                h.last = w;
            }
            None => out.push(Hour {
                at,
                kind: w.kind,
                n: 1,
                min: w.a,
                max: w.a,
                sum: i64::from(w.a),
                sum_b: i64::from(w.b),
                last: w,
            }),
        }
    }
    out.sort_by_key(|h| (h.at, h.kind));
    out
}

/// Hours of one day from two sources, added up. What is already there keeps its last value.
pub(crate) fn merge_hours(mut known: Vec<Hour>, new: Vec<Hour>) -> Vec<Hour> {
    for n in new {
        match known.iter_mut().find(|h| h.at == n.at && h.kind == n.kind) {
            Some(h) => {
                h.n += n.n;
                h.min = h.min.min(n.min);
                h.max = h.max.max(n.max);
                h.sum += n.sum;
                h.sum_b += n.sum_b;
            }
            None => known.push(n),
        }
    }
    known.sort_by_key(|h| (h.at, h.kind));
    known
}

pub(crate) fn pack_hours(all: &[Hour]) -> Vec<u8> {
    let mut out = vec![FORMAT];
    let mut before = 0;
    for h in all {
        put_signed(&mut out, h.at.0 - before);
        out.push(h.kind);
        put_signed(&mut out, h.n);
        for v in [h.min, h.max, h.last.a, h.last.b, h.last.c] {
            put_signed(&mut out, i64::from(v));
        }
        put_signed(&mut out, h.sum);
        put_signed(&mut out, h.sum_b);
        before = h.at.0;
    }
    out
}

pub(crate) fn unpack_hours(bytes: &[u8]) -> Result<Vec<Hour>> {
    let broken = || Error::Internal("stored hours cannot be read".into());
    let mut b = Bytes(bytes);
    if b.byte() != Some(FORMAT) {
        return Err(broken());
    }
    let (mut out, mut at) = (Vec::new(), 0i64);
    while !b.0.is_empty() {
        let mut one = || {
            at = at.checked_add(b.signed()?)?;
            let (kind, n) = (b.byte()?, b.signed()?);
            let (min, max) = (b.small()?, b.small()?);
            let last = Encoded { kind, a: b.small()?, b: b.small()?, c: b.small()? };
            Some(Hour { at: Instant(at), kind, n, min, max, last, sum: b.signed()?, sum_b: b.signed()? })
        };
        out.push(one().ok_or_else(broken)?);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vigil::Measure;

    fn some() -> Vec<Stored> {
        let t = Instant(1_795_140_000_000);
        let one = |n: i64, what: Measure| Stored {
            elder: 40 - n,
            device: 300_000 + n,
            slot: 31,
            at: t.plus_ms(-n * 1_000),
            received: t.plus_ms(n),
            what: what.encode(),
        };
        vec![
            one(0, Measure::HeartRate(72)),
            one(1, Measure::Temperature(-5)),
            one(2, Measure::BloodPressure { systolic: 182, diastolic: 95 }),
            one(-90_000, Measure::Steps(1 << 30)),
        ]
    }

    #[test]
    fn what_is_packed_is_read_again() {
        let mut p = Packer::default();
        some().iter().for_each(|s| p.push(s));
        assert_eq!(p.len(), 4);
        let bytes = p.finish();
        assert_eq!(all(&bytes).expect("reads"), some());
        assert!(all(&bytes[..bytes.len() - 1]).is_err(), "a cut text is noticed");
        assert!(all(&[9, 1]).is_err());
        assert!(all(&[]).expect("nothing is nothing").is_empty());
    }

    #[test]
    fn twice_is_once_and_hours_add_up() {
        let mut twice = [some(), some()].concat();
        tidy(&mut twice);
        assert_eq!(twice.len(), 4);
        let day: Vec<Stored> = (0..120)
            .map(|n| Stored {
                at: Instant(n * Instant::MINUTE),
                what: Measure::HeartRate(60 + (n % 60) as u16).encode(),
                ..some()[0]
            })
            .collect();
        let hours = to_hours(&day);
        assert_eq!(hours.len(), 2);
        assert_eq!((hours[1].n, hours[1].min, hours[1].max, hours[1].sum), (60, 60, 119, 5370));
        assert_eq!(unpack_hours(&pack_hours(&hours)).expect("reads"), hours);
        let (early, late) = day.split_at(40);
        assert_eq!(merge_hours(to_hours(early), to_hours(late))[0].n, 60, "two halves are the whole");
        assert_eq!(merge_hours(to_hours(early), to_hours(late))[1], hours[1]);
    }
}
