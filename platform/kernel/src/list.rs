//! Paging: what is asked and what comes back.
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Dir {
    Asc,
    Desc,
}

/// One page of a list: 1-based page and rows per page (at most [`PageAsk::MAX_ROWS`], except exports).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageAsk {
    pub page: u32,
    pub rows: u32,
}

impl PageAsk {
    pub const ROWS: u32 = 50;
    pub const MAX_ROWS: u32 = 200;
    /// An export holds at most this many rows; more are asked to narrow the filter.
    pub const EXPORT_ROWS: u32 = 100_000;

    pub fn limit(self) -> i64 {
        i64::from(self.rows)
    }
    pub fn offset(self) -> i64 {
        i64::from(self.page.saturating_sub(1)) * i64::from(self.rows)
    }
}

/// Rows of one page with the count of all that match, exact up to [`Paged::COUNT_CAP`].
#[derive(Clone, Debug, Serialize)]
pub struct Paged<T> {
    pub rows: Vec<T>,
    pub total: i64,
    pub page: u32,
    pub per_page: u32,
}

impl<T> Paged<T> {
    /// Counting stops here: a page need not read a million rows to say "more than 10,000".
    pub const COUNT_CAP: i64 = 10_000;

    pub fn pages(&self) -> u32 {
        (self.total.max(1) as u32).div_ceil(self.per_page.max(1))
    }
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Paged<U> {
        Paged {
            rows: self.rows.into_iter().map(f).collect(),
            total: self.total,
            page: self.page,
            per_page: self.per_page,
        }
    }
}
