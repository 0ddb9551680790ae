//! Who is called: users with criteria of every kind.

use reqwest::Method;
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
/// Rejects some, by Selective Call Rejection.
pub const NO_SPAM: &str = "+3225550109";
/// Rejects calls that were forwarded.
pub const NOT_FORWARDED: &str = "+3225550110";
/// Rejects callers who withhold their number, by Anonymous Call Rejection.
pub const NAMED: &str = "+3225550111";
/// Accepts internal callers only.
pub const COLLEAGUES: &str = "+3225550112";
/// Accepts one caller; others get the treatment of the group: busy, with a Q.850 cause.
pub const BUSY: &str = "+3225550113";
/// Rejects all; they get the treatment of the group: another target.
pub const VOICEMAIL: &str = "+3225550114";
/// Rejects callers who withhold their number; they get the treatment of the group: an announcement.
pub const ANNOUNCED: &str = "+3225550115";
/// Rejects all; they get the treatment of the tenant.
pub const GONE: &str = "+3225550116";
/// Is the number of no user.
pub const NOBODY: &str = "+3225550199";
/// Is no subscriber's number.
pub const SHORT: &str = "100";

/// The tenants of the users.
pub const TENANT_IDS: [&str; 2] = ["foo", "bar"];

const TENANTS: &str = "/api/v1/tenants/";
const GROUPS: &str = "/api/v1/tenants/foo/groups/";
const GROUP: &str = "foogroup";
/// Has treatments and a protected caller.
const TREATED: &str = "treated";
/// A caller whom nobody of [`TREATED`] refuses.
pub const PROTECTED: &str = "+3225550999";

const ACCEPTANCE: &str = "Selective Call Acceptance";
const REJECTION: &str = "Selective Call Rejection";
const ANONYMOUS_REJECTION: &str = "Anonymous Call Rejection";

/// Creates all of them over the API of the server at `url`, which `token` opens.
pub async fn provision(url: &str, token: &str) {
    let server =
        Server { url, token, client: reqwest::Client::builder().no_proxy().build().expect("a client can be built") };
    server.post(TENANTS, json!({ "tenantId": "foo", "region": "BE", "timeZone": "Europe/Brussels" })).await;
    server.post(GROUPS, json!({ "groupId": GROUP })).await;
    server.post(GROUPS, json!({ "groupId": TREATED })).await;
    server.put(&format!("{GROUPS}{TREATED}/treatments/"), json!({ "treatments": treatments() })).await;
    let protected = json!({ "callers": [{ "pattern": PROTECTED, "note": "Alarm line" }] });
    server.put(&format!("{GROUPS}{TREATED}/protected_callers/"), protected).await;
    let gone = json!({ "service": REJECTION, "sipStatus": 410, "sipReason": "Gone", "q850Cause": 1 });
    server.post(TENANTS, json!({ "tenantId": "bar", "region": "BE" })).await;
    server.put("/api/v1/tenants/bar/treatments/", json!({ "treatments": [gone] })).await;
    server.post("/api/v1/tenants/bar/groups/", json!({ "groupId": GROUP })).await;
    server.user(NO_SERVICE).await;
    for (number, service, criteria) in criteria() {
        let services = server.user(number).await + "services/";
        server.post(&services, json!({ "services": [{ "name": service }] })).await;
        for criteria in criteria {
            if let Some(schedule) = criteria["timeSchedule"]["name"].as_str() {
                server.post(&services.replace("services/", "time_schedules/"), dates(schedule)).await;
            }
            let segment = service.to_lowercase().replace(' ', "_");
            server.post(&format!("{services}{segment}/criteria/"), criteria).await;
        }
    }
    for number in [NAMED, ANNOUNCED] {
        let services = server.user(number).await + "services/";
        server.post(&services, json!({ "services": [{ "name": ANONYMOUS_REJECTION }] })).await;
        server.put(&format!("{services}anonymous_call_rejection/"), json!({ "active": true })).await;
    }
}

struct Server<'a> {
    url: &'a str,
    token: &'a str,
    client: reqwest::Client,
}

impl Server<'_> {
    async fn post(&self, path: &str, body: Value) {
        self.write(Method::POST, path, body).await;
    }

    async fn put(&self, path: &str, body: Value) {
        self.write(Method::PUT, path, body).await;
    }

    async fn write(&self, method: Method, path: &str, body: Value) {
        let request = self.client.request(method, format!("{}{path}", self.url));
        let answer = request.bearer_auth(self.token).json(&body).send().await.expect("the server answers");
        let status = answer.status();
        assert!(status.is_success(), "{path} answers {status}: {}", answer.text().await.unwrap_or_default());
    }

    /// Creates the user with this number, and gives the path.
    async fn user(&self, number: &str) -> String {
        let (tenant, group) = match number {
            BUSY | VOICEMAIL | ANNOUNCED => ("foo", TREATED),
            GONE => ("bar", GROUP),
            _ => ("foo", GROUP),
        };
        let users = format!("/api/v1/tenants/{tenant}/groups/{group}/users/");
        self.post(&users, json!({ "userId": number, "phoneNumber": number })).await;
        format!("{users}{}/", number.replace('+', "%2B"))
    }
}

/// What refused callers of [`TREATED`] get.
fn treatments() -> Value {
    json!([
        { "service": ACCEPTANCE, "sipStatus": 486, "sipReason": "Busy Here", "q850Cause": 17 },
        {
            "service": REJECTION, "sipStatus": 302, "sipReason": "Gone Elsewhere", "q850Cause": 23,
            "redirectTo": "sip:voicemail@mail.example;user=phone"
        },
        { "service": ANONYMOUS_REJECTION, "announcement": "acc\u{e8}s+ \u{1f4f5}/refus%;" },
    ])
}

/// The users who have criteria of a service.
fn criteria() -> [(&'static str, &'static str, Vec<Value>); 13] {
    let any = || json!({ "selection": "Any" });
    let user = |name| json!({ "level": "User", "name": name });
    [
        (
            FRIENDS,
            ACCEPTANCE,
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
            ACCEPTANCE,
            vec![json!({ "name": "anonymous", "fromDnCriteria": {
                "selection": "Specified Only", "includeAnonymousCallers": true
            } })],
        ),
        (
            UNAVAILABLE,
            ACCEPTANCE,
            vec![json!({ "name": "unavailable", "fromDnCriteria": {
                "selection": "Specified Only", "includeUnavailableCallers": true
            } })],
        ),
        (
            NO_SALES,
            ACCEPTANCE,
            vec![
                json!({ "name": "everybody", "fromDnCriteria": any() }),
                json!({ "name": "sales", "doNotPerformAction": true, "fromDnCriteria": {
                    "selection": "Specified Only", "includeAnonymousCallers": true, "phoneNumbers": ["0900*", "+33*"]
                } }),
            ],
        ),
        (
            INACTIVE,
            ACCEPTANCE,
            vec![json!({ "name": "nobody", "active": false, "fromDnCriteria": { "selection": "Specified Only" } })],
        ),
        (OVER, ACCEPTANCE, vec![json!({ "name": "over", "timeSchedule": user("2020"), "fromDnCriteria": any() })]),
        (OPEN, ACCEPTANCE, vec![json!({ "name": "open", "timeSchedule": user("2020-2099"), "fromDnCriteria": any() })]),
        (
            BUSY,
            ACCEPTANCE,
            vec![json!({ "name": "family", "fromDnCriteria": {
                "selection": "Specified Only", "phoneNumbers": ["+3225126777"]
            } })],
        ),
        (VOICEMAIL, REJECTION, vec![json!({ "name": "all", "fromDnCriteria": any() })]),
        (GONE, REJECTION, vec![json!({ "name": "all", "fromDnCriteria": any() })]),
        (
            NO_SPAM,
            REJECTION,
            vec![json!({ "name": "spam", "fromDnCriteria": {
                "selection": "Specified Only", "phoneNumbers": ["+3278*"]
            } })],
        ),
        (
            NOT_FORWARDED,
            REJECTION,
            vec![json!({ "name": "forwarded", "fromDnCriteria": { "selection": "Forwarded" } })],
        ),
        (
            COLLEAGUES,
            ACCEPTANCE,
            vec![json!({ "name": "colleagues", "fromDnCriteria": {
                "selection": "Specified Only", "includeInternalCallers": true
            } })],
        ),
    ]
}

/// A schedule of whole years: `2020` or `2020-2099`.
fn dates(years: &str) -> Value {
    let (first, last) = years.split_once('-').unwrap_or((years, years));
    json!({ "name": years, "periods": [{
        "name": "years", "type": "Date", "startDate": format!("{first}-01-01"), "stopDate": format!("{last}-12-31")
    }] })
}
