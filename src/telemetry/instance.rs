//! The name of this instance.

use std::{fs, process};

/// The instance: the names of its host and its process, as in `a.example.com:417`.
pub fn instance() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}:{}", host.trim(), process::id())
}
