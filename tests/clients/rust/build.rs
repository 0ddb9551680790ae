//! Generates the client from the document.

use std::{env, error::Error, fs, path::Path};

use progenitor::{GenerationSettings, Generator, InterfaceStyle};
use serde_json::Value;

const DOCUMENT: &str = "../../../spec/openapi.json";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={DOCUMENT}");
    // Progenitor makes types of `application/json` alone.
    let text = fs::read_to_string(DOCUMENT)?.replace("application/problem+json", "application/json");
    let mut document = serde_json::from_str(&text)?;
    drop_other_bodies(&mut document);
    let mut settings = GenerationSettings::default();
    settings.with_interface(InterfaceStyle::Builder);
    let tokens = Generator::new(&settings).generate_tokens(&serde_json::from_value(document)?)?;
    let code = prettyplease::unparse(&syn::parse2(tokens)?);
    fs::write(Path::new(&env::var("OUT_DIR")?).join("client.rs"), code)?;
    Ok(())
}

/// Progenitor refuses a document with bodies of `text/calendar`, `text/csv` or lines of JSON.
fn drop_other_bodies(document: &mut Value) {
    let Some(paths) = document["paths"].as_object_mut() else { return };
    paths.retain(|path, _| !path.ends_with("/icalendar/"));
    for operations in paths.values_mut().filter_map(Value::as_object_mut) {
        operations.retain(|_, operation| {
            let content = operation["requestBody"]["content"].as_object();
            content.is_none_or(|content| content.keys().all(|media_type| media_type == "application/json"))
        });
    }
}
