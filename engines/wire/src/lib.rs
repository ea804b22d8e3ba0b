//! Device protocols without IO.
#![forbid(unsafe_code)]
