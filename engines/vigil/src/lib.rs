//! The streaming watch over readings.
#![forbid(unsafe_code)]
