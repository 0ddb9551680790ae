//! Answers are compressed for clients that ask for it, and pages are sent once.

use std::io::Read;

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::{
    database::{Kind, TestDatabase},
    harness::{App, Running, USER, client, config, stranger},
};

/// The bytes of an answer, decoded, and its header fields.
async fn fetch(app: &App, path: &str, headers: &[(&str, &str)]) -> (StatusCode, reqwest::header::HeaderMap, Vec<u8>) {
    let request =
        headers.iter().fold(client().get(app.url(path)), |request, (name, value)| request.header(*name, *value));
    let answer = request.send().await.expect("the server answers");
    let (status, headers) = (answer.status(), answer.headers().clone());
    let bytes = answer.bytes().await.expect("the answer arrives whole");
    let mut decoded = Vec::new();
    match headers.get("content-encoding").map(|value| value.to_str().expect("it is text")) {
        Some("gzip") => {
            flate2::read::GzDecoder::new(bytes.as_ref()).read_to_end(&mut decoded).expect("it is gzip");
        }
        Some("br") => brotli::BrotliDecompress(&mut bytes.as_ref(), &mut decoded).expect("it is Brotli"),
        Some(other) => panic!("nobody asked for {other}"),
        None => decoded = bytes.to_vec(),
    }
    (status, headers, decoded)
}

fn encoding(headers: &reqwest::header::HeaderMap) -> &str {
    headers.get("content-encoding").map_or("", |value| value.to_str().expect("it is text"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_compressed_as_asked_and_its_entity_tag_saves_the_next_transfer() {
    let app = App::start(Kind::Sqlite).await;
    for path in [
        "/docs/",
        "/reference/",
        "/openapi.json",
        "/openapi.yaml",
        "/problems/",
        "/problems/internal_error",
        "/try/",
        "/try/main.js",
        "/try/style.css",
    ] {
        let (status, _, plain) = fetch(&app, path, &[]).await;
        assert_eq!(status, 200, "{path}");
        let mut tags = Vec::new();
        for (asked, given) in
            [("", ""), ("gzip", "gzip"), ("gzip, br", "br"), ("gzip;q=1, br;q=0.5", "gzip"), ("br;q=0, zstd", "")]
        {
            let (_, headers, decoded) = fetch(&app, path, &[("accept-encoding", asked)]).await;
            assert!(decoded == plain, "{path} in {asked:?} is the same page");
            assert_eq!(encoding(&headers), given, "{path} for {asked:?}");
            assert_eq!(headers["cache-control"], "no-cache");
            let tag = headers["etag"].to_str().expect("it is text").to_owned();
            for known in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
                let (status, headers, body) =
                    fetch(&app, path, &[("accept-encoding", asked), ("if-none-match", &known)]).await;
                assert_eq!((status.as_u16(), body.len()), (304, 0), "{path} for {known}");
                assert_eq!(
                    (headers["etag"].to_str().ok(), &headers["vary"]),
                    (Some(&*tag), &"Accept-Encoding".parse().expect("it is a value"))
                );
            }
            let (status, ..) = fetch(&app, path, &[("accept-encoding", asked), ("if-none-match", "\"other\"")]).await;
            assert_eq!(status, 200);
            tags.push(tag);
        }
        tags.sort_unstable();
        tags.dedup();
        assert_eq!(tags.len(), 3, "each encoding has its tag: {tags:?}");
    }
    let (_, headers, _) = fetch(&app, "/docs/", &[("accept-encoding", "br")]).await;
    assert_eq!(headers["vary"], "Accept-Encoding");
    let length: usize = headers["content-length"].to_str().ok().and_then(|text| text.parse().ok()).expect("it has one");
    assert!(length < 700_000, "{length}");
}

async fn with_many_schedules() -> App {
    let app = App::start(Kind::Sqlite).await.with_user().await;
    for at in 0..50 {
        let schedule = json!({ "name": format!("Schedule number {at:02} with a long name") });
        app.post(&format!("{USER}time_schedules/"), schedule).await.expect(201);
    }
    app
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_answer_is_compressed_as_asked_and_a_short_one_never() {
    let app = with_many_schedules().await;
    let list = format!("{USER}time_schedules/");
    let (_, headers, plain) = fetch(&app, &list, &[]).await;
    assert_eq!((encoding(&headers), &headers["vary"]), ("", &"Accept-Encoding".parse().expect("it is a value")));
    for (asked, given) in [("gzip, br", "gzip"), ("br", "br"), ("identity", ""), ("*;q=0", "")] {
        let (status, headers, decoded) = fetch(&app, &list, &[("accept-encoding", asked)]).await;
        assert_eq!((status.as_u16(), encoding(&headers)), (200, given), "{asked}");
        assert!(decoded == plain, "{asked}");
    }
    for short in [USER, "/api/v1/tenants/none/", "/health/ready"] {
        let (_, headers, _) = fetch(&app, short, &[("accept-encoding", "gzip, br")]).await;
        assert_eq!(encoding(&headers), "", "{short}");
    }
    let call = json!({ "calledNumber": "+3225551234", "callingNumber": "+3225551235" });
    let decision = stranger().post(app.url("/api/v1/decisions/")).header("accept-encoding", "gzip, br");
    let decision = decision.bearer_auth(crate::database::ADMIN.text()).header("content-type", "application/json");
    let answer = decision.body(call.to_string()).send().await.expect("the server answers");
    assert!(!answer.headers().contains_key("content-encoding"));
    let head = client().request(Method::HEAD, app.url(&list)).header("accept-encoding", "gzip");
    let head = head.send().await.expect("the server answers");
    assert!(!head.headers().contains_key("content-encoding"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_differs_by_origin_and_encoding_says_so_to_caches() {
    let database = TestDatabase::create(Kind::Sqlite).await;
    let mut configuration = config(&database.url);
    configuration.cors_origins = vec!["https://portal.example.com".to_owned()];
    let app = App::on(database, Running::start(configuration).await);
    let request = client().get(app.url("/openapi.json")).header("origin", "https://portal.example.com");
    let answer = request.header("accept-encoding", "br").send().await.expect("the server answers");
    let vary: Vec<_> =
        answer.headers().get_all("vary").iter().map(|value| value.to_str().expect("it is text")).collect();
    assert_eq!(vary, ["Origin", "Accept-Encoding"]);
    assert_eq!(encoding(answer.headers()), "br");
}
