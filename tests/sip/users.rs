//! Who is called: users with criteria of every kind.

use serde_json::{Value, json};

/// Accepts listed callers only.
pub const FRIENDS: &str = "+3225550101";
/// Accepts callers who withhold their number only.
pub const ANONYMOUS: &str = "+3225550102";
/// Accepts callers without a number only.
pub const UNAVAILABLE: &str = "+3225550103";
/// Accepts everybody but some, and nobody who withholds the number.
pub const NO_SALES: &str = "+3225550104";
/// Has criteria, none of which is active.
pub const INACTIVE: &str = "+3225550105";
/// Does not have the service.
pub const NO_SERVICE: &str = "+3225550106";
/// Accepts everybody, at a time that is over.
pub const OVER: &str = "+3225550107";
/// Accepts everybody, at a time that goes on.
pub const OPEN: &str = "+3225550108";
/// Is the number of no user.
pub const NOBODY: &str = "+3225550199";

const TENANTS: &str = "/api/v1/tenants/";
const GROUPS: &str = "/api/v1/tenants/foo/groups/";
const USERS: &str = "/api/v1/tenants/foo/groups/foogroup/users/";

/// Creates all of them over the API of the server at `url`, which `token` opens.
pub async fn provision(url: &str, token: &str) {
    let server =
        Server { url, token, client: reqwest::Client::builder().no_proxy().build().expect("a client can be built") };
    server.post(TENANTS, json!({ "tenantId": "foo", "region": "BE", "timeZone": "Europe/Brussels" })).await;
    server.post(GROUPS, json!({ "groupId": "foogroup" })).await;
    for number in [FRIENDS, ANONYMOUS, UNAVAILABLE, NO_SALES, INACTIVE, NO_SERVICE, OVER, OPEN] {
        server.post(USERS, json!({ "userId": number, "phoneNumber": number })).await;
    }
    for (number, criteria) in criteria() {
        let user = format!("{USERS}{}/", number.replace('+', "%2B"));
        server
            .post(&format!("{user}services/"), json!({ "services": [{ "name": "Selective Call Acceptance" }] }))
            .await;
        for criteria in criteria {
            if let Some(schedule) = criteria["timeSchedule"]["name"].as_str() {
                server.post(&format!("{user}time_schedules/"), dates(schedule)).await;
            }
            server.post(&format!("{user}services/selective_call_acceptance/criteria/"), criteria).await;
        }
    }
}

struct Server<'a> {
    url: &'a str,
    token: &'a str,
    client: reqwest::Client,
}

impl Server<'_> {
    async fn post(&self, path: &str, body: Value) {
        let url = format!("{}{path}", self.url);
        let answer =
            self.client.post(&url).bearer_auth(self.token).json(&body).send().await.expect("the server answers");
        let status = answer.status();
        assert!(status.is_success(), "{path} answers {status}: {}", answer.text().await.unwrap_or_default());
    }
}

fn criteria() -> [(&'static str, Vec<Value>); 7] {
    let any = || json!({ "selection": "Any" });
    let user = |name| json!({ "level": "User", "name": name });
    [
        (
            FRIENDS,
            vec![
                json!({ "name": "family", "fromDnCriteria": {
                    "selection": "Specified Only", "phoneNumbers": ["+3225126777", "024061234", "100"]
                } }),
                json!({ "name": "friends", "fromDnCriteria": {
                    "selection": "Specified Only", "phoneNumbers": ["+3247512????", "0486*", "003120*"]
                } }),
            ],
        ),
        (
            ANONYMOUS,
            vec![json!({ "name": "anonymous", "fromDnCriteria": {
                "selection": "Specified Only", "includeAnonymousCallers": true
            } })],
        ),
        (
            UNAVAILABLE,
            vec![json!({ "name": "unavailable", "fromDnCriteria": {
                "selection": "Specified Only", "includeUnavailableCallers": true
            } })],
        ),
        (
            NO_SALES,
            vec![
                json!({ "name": "everybody", "fromDnCriteria": any() }),
                json!({ "name": "sales", "doNotPerformAction": true, "fromDnCriteria": {
                    "selection": "Specified Only", "includeAnonymousCallers": true, "phoneNumbers": ["0900*", "+33*"]
                } }),
            ],
        ),
        (
            INACTIVE,
            vec![json!({ "name": "nobody", "active": false, "fromDnCriteria": { "selection": "Specified Only" } })],
        ),
        (OVER, vec![json!({ "name": "over", "timeSchedule": user("2020"), "fromDnCriteria": any() })]),
        (OPEN, vec![json!({ "name": "open", "timeSchedule": user("2020-2099"), "fromDnCriteria": any() })]),
    ]
}

/// A schedule of whole years: `2020` or `2020-2099`.
fn dates(years: &str) -> Value {
    let (first, last) = years.split_once('-').unwrap_or((years, years));
    json!({ "name": years, "periods": [{
        "name": "years", "type": "Date", "startDate": format!("{first}-01-01"), "stopDate": format!("{last}-12-31")
    }] })
}
