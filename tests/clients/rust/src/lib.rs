//! The client that progenitor makes for Rust.

#![expect(unused_comparisons, reason = "generated")]

include!(concat!(env!("OUT_DIR"), "/client.rs"));
