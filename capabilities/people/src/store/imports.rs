//! Imported files and their rows.
