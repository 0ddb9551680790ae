//! The dialplans that docs/sip.md prints for other switches: the server understands the requests that they contain, and
//! answers what they expect. What a switch does to its variables is imitated here.

use std::{collections::HashMap, fs};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use regex::Regex;
use reqwest::{Method, RequestBuilder, Url};
use serde_json::{Value, json};

use crate::{
    database::{ADMIN, Kind},
    decisions::{NUMBER, create, with_number},
    harness::{App, USER, client},
};

const FRIEND: &str = "+3225126777";
const STRANGER: &str = "+3225126778";

/// The page's only block in a language, with the address and the token of this server.
fn dialplan(app: &App, language: &str) -> String {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sip.md");
    let page = fs::read_to_string(page).expect("the page can be read");
    let (_, rest) = page.split_once(&format!("```{language}\n")).expect("the page has the dialplan");
    let (block, _) = rest.split_once("```").expect("a block has an end");
    let (id, secret) = id_and_secret();
    let block = block.replace("http://127.0.0.1:8080/", &app.url("/"));
    // Where the credentials are in the URL.
    let block = block.replace("@127.0.0.1:8080/", &app.url("/").replace("http://", "@"));
    block.replace("<id>", &id).replace("<secret>", &secret)
}

fn id_and_secret() -> (String, String) {
    let token = ADMIN.text();
    let (id, secret) = token.trim_start_matches("ca_").split_once('_').expect("a token has two parts");
    (id.to_owned(), secret.to_owned())
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn captured(pattern: &str, text: &str) -> String {
    let pattern = Regex::new(pattern).expect("the pattern is right");
    pattern.captures(text).unwrap_or_else(|| panic!("{pattern} is not in {text}"))[1].to_owned()
}

async fn text(request: RequestBuilder) -> String {
    request.send().await.expect("the server answers").text().await.expect("the response is text")
}

/// A server whose user accepts one caller, and refuses forwarded calls.
async fn start() -> App {
    let app = with_number(App::start(Kind::Sqlite).await).await;
    create(&app, "friends", &[FRIEND]).await;
    let rejection = "Selective Call Rejection";
    app.post(&format!("{USER}services/"), json!({ "services": [{ "name": rejection }] })).await.expect(200);
    let forwarded = json!({ "name": "forwarded", "fromDnCriteria": { "selection": "Forwarded" } });
    app.post(&format!("{USER}services/selective_call_rejection/criteria/"), forwarded).await.expect(200);
    app
}

/// The request of the dialplan for Asterisk.
fn asterisk(app: &App, caller: &str, presentation: &str, forwarded: &str) -> RequestBuilder {
    let dialplan = dialplan(app, "asterisk");
    let mut query = String::new();
    for part in dialplan.lines().filter_map(|line| line.split_once("Set(QUERY=")).map(|(_, rest)| rest) {
        query = part.strip_suffix(')').expect("Set() has an end").replace("${QUERY}", &query);
    }
    let query = query
        .replace("${URIENCODE(${EXTEN})}", &encoded(NUMBER))
        .replace("${URIENCODE(${CALLERID(num)})}", &encoded(caller))
        .replace("${PRESENTATION}", presentation)
        .replace("${FORWARDED}", forwarded);
    let url = captured(r"\$\{CURL\((.*)\)\}\)", &dialplan).replace("${QUERY}", &query);
    assert!(!url.contains('$'), "{url} has variables that are not known here");
    let credentials = captured(r"CURLOPT\(userpwd\)=(.*)\)", &dialplan);
    let (user, password) = credentials.split_once(':').expect("user and password");
    let header = captured(r"CURLOPT\(httpheader\)=(.*)\)", &dialplan);
    let (name, value) = header.split_once(": ").expect("a header has a name");
    client().get(url).basic_auth(user, Some(password)).header(name, value)
}

#[tokio::test]
async fn the_dialplan_for_asterisk_gets_its_verdicts() {
    let app = start().await;
    for (caller, presentation, forwarded, verdict) in [
        (FRIEND, "allowed", "false", "accept"),
        (STRANGER, "allowed", "false", "reject 603 Decline"),
        (FRIEND, "restricted", "false", "reject 603 Decline"),
        (FRIEND, "allowed", "true", "reject 603 Decline"),
        ("", "allowed", "false", "reject 603 Decline"),
    ] {
        let answer = text(asterisk(&app, caller, presentation, forwarded)).await;
        assert_eq!(answer, verdict, "{caller} {presentation} {forwarded}");
    }
    // Asked with a method that is not that of the dialplan, the server has no verdict.
    let mut faulty = asterisk(&app, STRANGER, "allowed", "false").build().expect("the request is complete");
    *faulty.method_mut() = Method::DELETE;
    let answer = client().execute(faulty).await.expect("the server answers").text().await.expect("it is text");
    assert!(!answer.starts_with("reject"), "a call goes on without a verdict: {answer}");
}

/// The request of the dialplan for FreeSWITCH, as mod_curl reads it: words, of which the first is the URL.
fn freeswitch(app: &App, caller: &str, hidden: &str) -> RequestBuilder {
    let dialplan = dialplan(app, "xml").replace("&amp;", "&");
    let command = captured(r"\$\{curl\((.*)\)\}", &dialplan)
        .replace("${called}", &encoded(NUMBER))
        .replace("${caller}", &encoded(caller))
        .replace("${hidden}", hidden);
    assert!(!command.contains('$'), "{command} has variables that are not known here");
    let mut words = command.split(' ');
    let url = Url::parse(words.next().expect("there is a URL")).expect("it is one");
    let options: Vec<&str> = words.collect();
    let options: HashMap<&str, &str> = options.chunks(2).map(|pair| (pair[0], pair[1])).collect();
    let (name, value) = options["append_headers"].split_once(':').expect("a header has a name");
    client().request(Method::GET, url).header(name, value)
}

#[tokio::test]
async fn the_dialplan_for_freeswitch_gets_its_verdicts() {
    let app = start().await;
    let refused = captured(r#"expression="(\^reject \(.*)" break"#, &dialplan(&app, "xml"));
    for (caller, hidden, response) in [
        (FRIEND, "allowed", None),
        (STRANGER, "allowed", Some("603 Decline")),
        (FRIEND, "restricted", Some("603 Decline")),
    ] {
        let answer = text(freeswitch(&app, caller, hidden)).await;
        let refused = Regex::new(&refused).expect("the expression is right");
        let respond = refused.captures(&answer).map(|captures| captures[1].to_owned());
        assert_eq!(respond.as_deref(), response, "{caller} {hidden}: {answer}");
    }
}

/// The request of the script for OpenSIPS, for a call whose caller has one of these header fields or neither.
fn opensips(app: &App, caller: &str, header: &str) -> RequestBuilder {
    let script = dialplan(app, "opensips");
    let mut question = json!({});
    let assignment = Regex::new(r"\$json\(question/(\w+)\) :?= (.+);").expect("the pattern is right");
    for assigned in assignment.captures_iter(&script) {
        question[&assigned[1]] = match &assigned[2] {
            "$ru" => format!("sip:{NUMBER}@pbx.example.com;user=phone").into(),
            "$fu" => format!("sip:{caller}@caller.example.com").into(),
            "\"restricted\"" if header == "Privacy" => "restricted".into(),
            "\"true\"" if header == "Diversion" => Value::Bool(true),
            "\"restricted\"" | "\"true\"" => continue,
            other => panic!("{other} is not known here"),
        };
    }
    let token = captured(r#"Authorization: (Bearer [^"]+)""#, &script);
    let url = captured(r#"rest_post\("([^"]+)""#, &script);
    let content_type = captured(r#"rest_post\([^,]+, [^,]+, "([^"]+)""#, &script);
    client().post(url).header("Authorization", token).header("Content-Type", content_type).body(question.to_string())
}

#[tokio::test]
async fn the_script_for_opensips_gets_its_verdicts_in_members_that_it_reads() {
    let app = start().await;
    let read = Regex::new(r"\$json\(answer/(\w+)\)").expect("the pattern is right");
    let script = dialplan(&app, "opensips");
    let read: Vec<&str> = read.captures_iter(&script).map(|found| found.extract::<1>().1[0]).collect();
    assert_eq!(read, ["decision", "sipStatus", "sipReason"]);
    for (caller, header, verdict) in [
        (FRIEND, "", json!(["accept", null, null])),
        (STRANGER, "", json!(["reject", 603, "Decline"])),
        (FRIEND, "Diversion", json!(["reject", 603, "Decline"])),
        (FRIEND, "Privacy", json!(["reject", 603, "Decline"])),
    ] {
        let answer = text(opensips(&app, caller, header)).await;
        let answer: Value = serde_json::from_str(&answer).expect("the answer is JSON");
        let members: Value = read.iter().map(|member| answer[*member].clone()).collect();
        assert_eq!(members, verdict, "{caller} {header}");
    }
}
