//! What is said of a statement: operations and tables, never its text or its values (semantic conventions for
//! databases, "Generating a summary of the query").

use opentelemetry::{
    KeyValue,
    trace::{SpanKind, Status},
};
use opentelemetry_sdk::trace::SpanData;

/// Maximum number of operations and tables in a summary.
const MAX_WORDS: usize = 16;
/// The operations that a summary names.
const OPERATIONS: [&str; 4] = ["SELECT", "INSERT", "UPDATE", "DELETE"];

/// The span as it is sent: that of a statement, which SeaORM makes, gets the attributes of the semantic conventions in
/// place of its own. Among those are the text, and an error's message, which may have values in it.
pub(super) fn described(mut span: SpanData) -> SpanData {
    if span.span_kind != SpanKind::Client {
        return span;
    }
    let value = |key: &str| {
        let attribute = span.attributes.iter().find(|attribute| attribute.key.as_str() == key)?;
        Some(attribute.value.as_str().into_owned())
    };
    // Without a text: BEGIN, COMMIT and ROLLBACK, which SeaORM names by its methods.
    let summary =
        value("db.statement").map_or_else(|| span.name.trim_start_matches("sea_orm.").to_uppercase(), summary);
    let operation = summary.split(' ').next().unwrap_or_default().to_owned();
    let system = value("db.system").unwrap_or_default();
    span.attributes = vec![
        KeyValue::new("db.system.name", system),
        KeyValue::new("db.operation.name", operation),
        KeyValue::new("db.query.summary", summary.clone()),
    ];
    span.name = summary.into();
    span.status = match span.status {
        Status::Error { .. } => Status::error(""),
        Status::Ok | Status::Unset => Status::Unset,
    };
    span
}

/// The operations of a statement, each followed by its tables, in the order of the text: `SELECT users groups`.
fn summary(sql: String) -> String {
    let mut words: Vec<&str> = Vec::new();
    let mut before = "";
    let mut is_table = false;
    for word in sql.split([' ', '\n', '(', ')', ',', ';']).filter(|word| !word.is_empty()) {
        let name = word.trim_matches('"');
        // `FOR UPDATE` locks, `DO UPDATE` and `ON DELETE` belong to another operation, as `EXTRACT(… FROM …)` does.
        let is_operation = OPERATIONS.contains(&word) && !["FOR", "DO", "KEY", "ON"].contains(&before);
        if is_operation {
            words.push(word);
        } else if is_table && is_identifier(name) && words.last() != Some(&name) {
            words.push(name);
        }
        is_table = match word {
            "FROM" | "JOIN" | "INTO" => true,
            _ => is_operation && word == "UPDATE",
        };
        before = word;
        if words.len() == MAX_WORDS {
            break;
        }
    }
    if words.is_empty() { "EXECUTE".to_owned() } else { words.join(" ") }
}

/// Whether the word is the name of a table, as all of them are written.
fn is_identifier(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_has_operations_and_tables_and_no_values() {
        for (sql, expected) in [
            (
                r#"SELECT "tenants"."name" FROM "tenants" WHERE "tenants"."tenant_id" = 'secret' LIMIT 1"#,
                "SELECT tenants",
            ),
            (
                r#"SELECT a FROM "users" LEFT JOIN "groups" ON a = b WHERE c IN (SELECT d FROM tokens) FOR UPDATE"#,
                "SELECT users groups SELECT tokens",
            ),
            (r#"INSERT INTO "changes" ("a") VALUES ($1) ON CONFLICT ("a") DO UPDATE SET "a" = 1"#, "INSERT changes"),
            (r#"UPDATE "user_services" SET "revision" = 2 WHERE "name" = 'FROM +3225550100'"#, "UPDATE user_services"),
            ("WITH new AS (DELETE FROM a RETURNING b) INSERT INTO c SELECT b FROM new", "DELETE a INSERT c SELECT new"),
            ("SELECT pg_is_in_recovery()", "SELECT"),
            ("BEGIN IMMEDIATE", "EXECUTE"),
            ("", "EXECUTE"),
        ] {
            assert_eq!(summary(sql.to_owned()), expected, "{sql}");
        }
    }
}
