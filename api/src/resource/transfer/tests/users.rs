//! Tables of users.

use super::{parse, tenant};
use crate::{
    document,
    resource::transfer::{line::Line, users_csv::UsersCsv},
    wire::problem::Failure,
};

const HEADER: &str = "group_id,user_id,first_name,last_name,email_address,phone_number,extension,time_zone,services,\
    accept_numbers,reject_numbers";

fn row(header: &str, row: &str) -> Result<Vec<Line>, Vec<String>> {
    let csv = UsersCsv::of(header.as_bytes()).expect("a right header");
    let lines = csv.row(row.as_bytes(), &tenant(), document::body_schemas()).map_err(Failure::into_refusal);
    lines.map_err(|refusal| refusal.faults.into_iter().map(|fault| fault.detail).collect())
}

fn lines(texts: &[&str]) -> Result<Vec<Line>, Vec<String>> {
    Ok(texts.iter().map(|text| parse(text).expect("a right line")).collect())
}

#[test]
fn a_row_says_the_same_as_lines() {
    let expected = lines(&[
        r#"{"kind":"user","groupId":"g","userId":"u@v","firstName":"Ann","lastName":"O'Neil, B","emailAddress":"u@v.w",
            "phoneNumber":"+3225550101","extension":"101","timeZone":"Europe/Brussels"}"#,
        r#"{"kind":"service","groupId":"g","userId":"u@v","service":"Selective Call Acceptance","criteria":[
            {"name":"imported","fromDnCriteria":{"selection":"Specified Only",
            "phoneNumbers":["+3225126777","0475*"]}}]}"#,
        r#"{"kind":"service","groupId":"g","userId":"u@v","service":"Selective Call Rejection","criteria":[]}"#,
        r#"{"kind":"service","groupId":"g","userId":"u@v","service":"Anonymous Call Rejection"}"#,
    ]);
    let cells = "g,u@v,Ann,\"O'Neil, B\",u@v.w,+3225550101,101,Europe/Brussels,\
        Anonymous Call Rejection; Selective Call Rejection,+3225126777;0475*;,\r\n";
    assert_eq!(row(&format!("\u{FEFF}{HEADER}\r\n"), cells), expected);
    let cells = "g;u@v;Ann;O'Neil, B;u@v.w;+3225550101;101;Europe/Brussels;\
        \"Anonymous Call Rejection;Selective Call Rejection\";\"+3225126777 ; 0475*\"";
    assert_eq!(row(&HEADER.replace(',', ";"), cells), expected);
}

#[test]
fn columns_may_be_left_out_and_cells_be_empty() {
    assert_eq!(row("user_id,group_id", "u,g"), lines(&[r#"{"kind":"user","groupId":"g","userId":"u"}"#]));
    assert_eq!(row(HEADER, "g,u,,\"\",, ,"), lines(&[r#"{"kind":"user","groupId":"g","userId":"u"}"#]));
    assert_eq!(row(HEADER, ",,,,,,,,,,"), Ok(Vec::new()));
}

#[test]
fn a_fault_names_its_column() {
    let faults = row(HEADER, "a/b,,,,x,2,,Mars,Selective Call Forwarding,1;x;1,y").expect_err("the row is faulty");
    let columns: Vec<_> = faults.iter().filter_map(|fault| fault.split_once(": ")).map(|(column, _)| column).collect();
    assert_eq!(
        columns,
        [
            "Column `group_id`",
            "Column `email_address`",
            "Column `phone_number`",
            "Column `time_zone`",
            "Column `user_id`",
            "Column `services`",
            "Column `accept_numbers`, number 2",
            "Column `accept_numbers`, number 3",
            "Column `reject_numbers`, number 1",
        ]
    );
    assert!(faults[5].contains("\"Selective Call Forwarding\" is not one of \"Selective Call Acceptance\""));
    let many: String = (0..501).map(|number| format!("{number};")).collect();
    assert_eq!(
        row(HEADER, &format!("g,u,,,,,,,,{many}")),
        Err(vec!["Column `accept_numbers`: The list has 501 items; at most 500 are allowed.".to_owned()])
    );
}

#[test]
fn a_row_that_cannot_be_split_is_refused() {
    for (cells, detail) in [
        ("g;u;a;b", "The line has 4 cells, and the header 3; write lists with `;` in quotes."),
        ("g;\"u", "A quote is not closed; a cell has no line break."),
    ] {
        assert_eq!(row("group_id;user_id;accept_numbers", cells), Err(vec![detail.to_owned()]));
    }
    let csv = UsersCsv::of(b"group_id,user_id").expect("a right header");
    assert!(csv.row(b"g,\xFF", &tenant(), document::body_schemas()).is_err());
}

#[test]
fn a_header_has_known_columns_once() {
    for (header, detail) in [
        ("", "The header has the column \"\"; known columns are `group_id`, "),
        ("group_id", "The header has no column `user_id`."),
        ("group_id,user_id,user_id", "The header has the column `user_id` twice."),
        ("group_id,user_id,comment", "The header has the column \"comment\"; known columns are `group_id`, "),
    ] {
        let refusal = UsersCsv::of(header.as_bytes()).map_err(Failure::into_refusal).expect_err("a wrong header");
        assert!(refusal.detail.starts_with(detail), "{}", refusal.detail);
    }
}
