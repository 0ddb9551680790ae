//! Records requests and responses of the tests for an independent validator.
//!
//! `make test-contract` enables it and runs the validator, `tests/contract/recorded.mjs`, over the recording.

use std::{env, fs, io::Write, path::PathBuf};

use reqwest::{Request, header::HeaderMap};
use serde_json::{Map, Value, json};

use crate::harness::Answer;

/// Records an exchange, if enabled.
#[expect(clippy::disallowed_methods, reason = "the test run says by its environment what it wants")]
pub fn record(request: &Request, answer: &Answer) {
    let Some(folder) = env::var_os("API_EXCHANGES_DIR").map(PathBuf::from) else { return };
    let body = request.body().and_then(|body| body.as_bytes()).map(String::from_utf8_lossy);
    let exchange = json!({
        "test": env::var("NEXTEST_TEST_NAME").ok(),
        "request": {
            "method": request.method().as_str(),
            "url": request.url().as_str(),
            "headers": object(request.headers()),
            "body": body,
        },
        "answer": { "status": answer.status.as_u16(), "headers": object(&answer.headers), "body": answer.text },
    });
    let file = folder.join(format!("{}.ndjson", std::process::id()));
    fs::create_dir_all(folder).expect("the folder of exchanges can be made");
    let mut file = fs::File::options().create(true).append(true).open(file).expect("the file of exchanges opens");
    // In a single write, so that concurrent ones do not mix.
    file.write_all(format!("{exchange}\n").as_bytes()).expect("an exchange can be noted");
}

fn object(headers: &HeaderMap) -> Map<String, Value> {
    let value = |bytes| Value::from(String::from_utf8_lossy(bytes));
    headers.iter().map(|(name, header)| (name.to_string(), value(header.as_bytes()))).collect()
}
