//! The simulated phpIPAM behaves as phpIPAM's rules say. Each rule is one test.

#![expect(clippy::unwrap_used, reason = "a failed step of a test ends the test")]

mod common;

use std::io::Read as _;
use std::time::{Duration, Instant};

use common::client;
use fieldscan_tests::phpipam::{
    App, Fault, Model, PhpIpam, Prefix, Security, Setup, TokenSeen, Version, address, folder,
    subnet,
};
use fieldscan_tests::tls::Authority;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

const APP: &str = Model::EXAMPLE_APP;

/// A phpIPAM and a client that knows how to ask it.
struct Site {
    ipam: PhpIpam,
    client: Client,
}

struct Told {
    status: u16,
    json: Value,
}

impl Site {
    fn new(model: Model) -> Site {
        let ipam = PhpIpam::start(model).unwrap();
        let client = client(ipam.ca_pem()).build().unwrap();
        Site { ipam, client }
    }

    fn example() -> Site {
        Site::new(Model::example())
    }

    fn call(&self, method: Method, app: &str, rest: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("{}/api/{app}/{rest}", self.ipam.url()))
            .header("content-type", "application/json")
    }

    fn ask(&self, rest: &str) -> reqwest::RequestBuilder {
        self.call(Method::GET, APP, rest)
            .header("token", Model::EXAMPLE_TOKEN)
    }

    async fn get(&self, rest: &str) -> Told {
        told(self.ask(rest).send().await.unwrap()).await
    }
}

async fn told(response: Response) -> Told {
    let status = response.status().as_u16();
    let json = response.json().await.unwrap();
    Told { status, json }
}

impl Told {
    #[track_caller]
    fn is_error(&self, status: u16, message: &str) {
        assert_eq!(
            self.json["message"], message,
            "phpIPAM's exact words, which agents tell cases apart by"
        );
        assert_eq!(
            (self.status, &self.json["code"]),
            (status, &json!(status)),
            "the status and its copy in the envelope"
        );
        assert_eq!(self.json["success"], false);
    }

    #[track_caller]
    fn ids(&self) -> Vec<i64> {
        assert_eq!(self.status, 200, "{}", self.json);
        self.json["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["id"].as_i64().unwrap())
            .collect()
    }
}

#[tokio::test]
async fn an_agent_finds_itself_by_its_code() {
    let site = Site::example();
    let found = site
        .get(&format!(
            "tools/scanagents/?filter_by=code&filter_value={}",
            Model::EXAMPLE_CODE
        ))
        .await;
    assert_eq!(found.ids(), [1], "one agent has the code");
    assert_eq!(found.json["data"][0]["name"], "depot");
    assert_eq!(
        site.get("tools/scanagents/").await.ids(),
        [1, 2, 3],
        "any app sees every agent"
    );
}

#[tokio::test]
async fn filter_values_are_case_sensitive() {
    let site = Site::example();
    let wrong_case = Model::EXAMPLE_CODE.to_lowercase();
    let answer = site
        .get(&format!(
            "tools/scanagents/?filter_by=code&filter_value={wrong_case}"
        ))
        .await;
    answer.is_error(404, "No results (filter applied)");
}

#[tokio::test]
async fn the_subnets_of_an_agent_come_without_those_of_others() {
    let site = Site::example();
    let answer = site
        .get("subnets/?filter_by=scanAgent&filter_value=1")
        .await;
    assert_eq!(
        answer.ids(),
        [10, 11, 12, 13, 15],
        "neither the folder 14 nor agent 2's 16 nor nobody's 17"
    );
    let office = &answer.json["data"][0];
    assert_eq!(office["mask"], "24", "mask is a string");
    assert_eq!(office["discoverSubnet"], 1, "flags are integers");
    assert_eq!(office["nameservers"]["namesrv1"], "10.77.0.53;10.77.0.54");
    assert_eq!(office["custom_Site"], "Depot");
    assert!(
        answer.json["data"][1].get("nameservers").is_none(),
        "`nameservers` is only there where one is set"
    );
}

#[tokio::test]
async fn agent_zero_is_not_no_agent() {
    let mut model = Model::with_agent();
    model.add_subnet(subnet("10.1.0.0/24").agent(0));
    model.add_subnet(subnet("10.2.0.0/24"));
    let site = Site::new(model);
    assert_eq!(
        site.get("subnets/?filter_by=scanAgent&filter_value=0")
            .await
            .ids(),
        [10],
        "NULL is not 0"
    );
}

#[tokio::test]
async fn a_subnet_in_the_list_and_alone_differ() {
    let site = Site::example();
    let list = site.get("subnets/").await.json["data"][0].clone();
    let alone = site.get("subnets/10/").await.json["data"].clone();
    assert!(list["permissions"].is_array() && alone["permissions"].is_string());
    assert_eq!(
        (&list["location"], &alone["location"]),
        (&json!([]), &Value::Null)
    );
    assert_eq!(
        alone["gateway"],
        json!({"ip_addr": "10.77.0.1", "id": 100}),
        "its own gateway, when asked alone"
    );
    assert!(list.get("gateway").is_none());
}

#[tokio::test]
async fn the_lists_gateway_can_be_another_subnets() {
    let mut model = Model::with_agent();
    let (first, second) = (
        model.add_subnet(subnet("10.1.0.0/24")),
        model.add_subnet(subnet("10.2.0.0/24")),
    );
    model.add_address(first, address("10.1.0.1").id(second).gateway());
    let answer = Site::new(model).get("subnets/").await;
    assert_eq!(
        answer.json["data"][1]["gateway"]["subnetId"], first,
        "phpIPAM joins the gateway by the wrong id"
    );
}

#[tokio::test]
async fn folders_are_no_subnets_unless_a_version_shows_them() {
    let mut model = Model::with_agent();
    let attic = model.add_subnet(folder("Attic").agent(1));
    model.add_subnet(subnet("10.1.0.0/24").agent(1));
    let site = Site::new(model);
    site.get(&format!("subnets/{attic}/"))
        .await
        .is_error(404, "No subnets found");
    assert_eq!(site.get("subnets/").await.ids(), [11]);
    site.ipam
        .behave(|behaviour| behaviour.folders_in_lists = true);
    let row = site.get("subnets/").await.json["data"][0].clone();
    assert_eq!(
        (&row["subnet"], &row["mask"], &row["isFolder"]),
        (&json!("0.0.0.0"), &json!(""), &json!(1))
    );
}

#[tokio::test]
async fn addresses_of_a_subnet_come_in_the_order_of_their_ip() {
    let mut model = Model::with_agent();
    let id = model.add_subnet(subnet("10.1.0.0/24"));
    for ip in ["10.1.0.10", "10.1.0.9", "10.1.0.100"] {
        model.add_address(id, address(ip));
    }
    let answer = Site::new(model).get("subnets/10/addresses/").await;
    assert_eq!(answer.ids(), [101, 100, 102], "by number, not by text");
}

#[tokio::test]
async fn nothing_there_is_never_an_empty_list() {
    let mut model = Model::with_agent();
    model.add_subnet(subnet("10.1.0.0/24").agent(1));
    let parent = model.add_subnet(subnet("10.2.0.0/24"));
    let child = model.add_subnet(subnet("10.2.0.0/25").child_of(parent));
    model.add_address(child, address("10.2.0.1"));
    let site = Site::new(model);
    site.get("subnets/10/addresses/")
        .await
        .is_error(404, "No addresses found");
    site.get("subnets/11/addresses/")
        .await
        .is_error(404, "No addresses found");
    site.get("subnets/?filter_by=scanAgent&filter_value=7")
        .await
        .is_error(404, "No results (filter applied)");
    site.get("addresses/?filter_by=subnetId&filter_value=10")
        .await
        .is_error(404, "No results (filter applied)");
    site.get("tools/nameservers/")
        .await
        .is_error(404, "No objects found");
}

#[tokio::test]
async fn a_subnet_that_is_gone_is_told_from_an_empty_one() {
    let site = Site::example();
    site.get("subnets/999/addresses/")
        .await
        .is_error(404, "Invalid subnet Id (999)");
    site.get("subnets/999/")
        .await
        .is_error(400, "Invalid subnet Id (999)");
    site.get("subnets/abc/").await.is_error(404, "Invalid Id");
}

#[tokio::test]
async fn an_empty_table_cannot_be_read() {
    let site = Site::new(Model::with_agent());
    site.get("subnets/?filter_by=scanAgent&filter_value=1")
        .await
        .is_error(500, "Unable to read subnets");
    site.get("addresses/")
        .await
        .is_error(500, "Unable to read addresses");
    site.ipam.model().scan_agents.clear();
    site.get("tools/scanagents/?filter_by=code&filter_value=x")
        .await
        .is_error(404, "No objects found");
}

#[tokio::test]
async fn the_slash_before_the_question_mark_is_needed() {
    let site = Site::example();
    let answer = site
        .get("tools/scanagents?filter_by=code&filter_value=x")
        .await;
    answer.is_error(400, "Invalid subcontroller");
    assert_eq!(
        site.get("tools/scanagents").await.ids().len(),
        3,
        "without a query it works"
    );
}

#[tokio::test]
async fn tokens_are_judged_as_phpipam_does() {
    let mut model = Model::example();
    model.add_app("other", "OtherAppToken");
    let site = Site::new(model);
    let with = |token: &str| {
        site.call(Method::GET, APP, "subnets/")
            .header("phpipam-token", token)
            .send()
    };
    let missing = site
        .call(Method::GET, APP, "subnets/")
        .send()
        .await
        .unwrap();
    told(missing).await.is_error(401, "Unauthorized");
    told(with("wrong").await.unwrap())
        .await
        .is_error(401, "Unauthorized");
    told(with("OtherAppToken").await.unwrap())
        .await
        .is_error(403, "Invalid token");
    assert_eq!(
        with(Model::EXAMPLE_TOKEN).await.unwrap().status(),
        200,
        "both header names work"
    );
    assert_eq!(
        with(&Model::EXAMPLE_TOKEN.to_uppercase())
            .await
            .unwrap()
            .status(),
        200,
        "case is ignored"
    );

    let seen: Vec<TokenSeen> = site
        .ipam
        .requests()
        .iter()
        .map(|request| request.token)
        .collect();
    use TokenSeen::{Missing, Right, Wrong};
    assert_eq!(seen, [Missing, Wrong, Wrong, Right, Right]);
    let log = format!("{:?}", site.ipam.requests());
    assert!(
        !log.contains(Model::EXAMPLE_TOKEN),
        "no token may stand in the log of requests"
    );
}

#[tokio::test]
async fn an_app_that_may_only_read_cannot_write() {
    let site = Site::example();
    for method in [Method::POST, Method::PATCH, Method::DELETE] {
        let call = site
            .call(method, APP, "addresses/100/")
            .header("token", Model::EXAMPLE_TOKEN);
        told(call.send().await.unwrap())
            .await
            .is_error(401, "invalid permissions");
    }
}

#[tokio::test]
async fn unknown_names_are_400() {
    let site = Site::example();
    let unknown_app = site
        .call(Method::GET, "nobody", "subnets/")
        .send()
        .await
        .unwrap();
    told(unknown_app)
        .await
        .is_error(400, "Invalid application id");
    site.get("nosuch/")
        .await
        .is_error(400, "Invalid controller");
    site.get("tools/nosuch/")
        .await
        .is_error(400, "Invalid subcontroller");
    site.get("subnets/?filter_by=nosuch&filter_value=1")
        .await
        .is_error(400, "Invalid filter_by");
    site.get("subnets/?filter_by=scanAgent")
        .await
        .is_error(400, "Missing filter_value");
    site.get("subnets/?filter_by=scanAgent&filter_value=")
        .await
        .is_error(400, "Empty filter_value");
}

#[tokio::test]
async fn what_is_switched_off_is_503() {
    let mut model = Model::example();
    for (id, security, disabled) in [
        ("off", Security::AppToken, true),
        ("crypt", Security::Encrypted, false),
        ("none", Security::None, false),
    ] {
        model.apps.push(App {
            id: id.into(),
            security,
            token: format!("token of {id}"),
            disabled,
        });
    }
    let site = Site::new(model);
    for (app, message) in [
        ("off", "Application disabled"),
        ("crypt", "Invalid enc_request"),
        ("none", "SSL connection is required for API"),
    ] {
        told(
            site.call(Method::GET, app, "subnets/")
                .send()
                .await
                .unwrap(),
        )
        .await
        .is_error(503, message);
    }
    site.ipam.fail("", Fault::ApiOff);
    site.get("subnets/")
        .await
        .is_error(503, "API server disabled");
}

#[tokio::test]
async fn plain_http_is_refused_unless_it_is_allowed() {
    let setup = Setup {
        plain_http: true,
        ..Setup::default()
    };
    let ipam = PhpIpam::start_with(Model::example().shared(), setup).unwrap();
    let site = Site {
        client: client(None).build().unwrap(),
        ipam,
    };
    site.get("subnets/")
        .await
        .is_error(503, "SSL connection is required for API");
    site.ipam
        .behave(|behaviour| behaviour.allow_plain_http = true);
    assert_eq!(site.get("subnets/").await.status, 200);
}

#[tokio::test]
async fn a_wrong_base_path_leads_to_the_login_page() {
    let setup = Setup {
        base_path: "/phpipam".into(),
        ..Setup::default()
    };
    let ipam = PhpIpam::start_with(Model::example().shared(), setup).unwrap();
    let site = Site {
        client: client(ipam.ca_pem()).build().unwrap(),
        ipam,
    };
    assert_eq!(
        site.get("subnets/").await.status,
        200,
        "the right path is in `url()`"
    );

    let host = site.ipam.url().trim_end_matches("/phpipam").to_owned();
    let response = site
        .client
        .get(format!("{host}/api/{APP}/subnets/"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 302);
    assert_eq!(
        response.headers()["location"],
        format!("{host}/phpipam/login/")
    );
    let login = site
        .client
        .get(format!("{host}/phpipam/login/"))
        .send()
        .await
        .unwrap();
    assert_eq!(
        login.status(),
        200,
        "following the redirect ends on a page with 200, which must not look like success"
    );
    let response = site
        .client
        .get(format!("{host}/phpipam/api"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 301);
}

#[tokio::test]
async fn version_1_6_insists_on_a_content_type() {
    let site = Site::example();
    let bare = || {
        site.client
            .get(format!("{}/api/{APP}/subnets/", site.ipam.url()))
            .header("token", Model::EXAMPLE_TOKEN)
    };
    assert_eq!(bare().send().await.unwrap().status(), 200, "1.8 doesn't");
    site.ipam
        .behave(|behaviour| behaviour.version = Version::V1_6_0);
    told(bare().send().await.unwrap())
        .await
        .is_error(415, "Invalid Content type ");
    told(
        bare()
            .header("content-type", "text/plain")
            .send()
            .await
            .unwrap(),
    )
    .await
    .is_error(415, "Invalid Content type text/plain");
}

#[tokio::test]
async fn a_user_token_app_logs_in_with_a_password() {
    let site = Site::example();
    let app = Model::EXAMPLE_USER_APP;
    let log_in = |password: &'static str| {
        site.call(Method::POST, app, "user/")
            .basic_auth(Model::EXAMPLE_USER, Some(password))
            .send()
    };
    let ask = |token: String| {
        site.call(Method::GET, app, "subnets/")
            .header("token", token)
            .send()
    };

    told(site.call(Method::POST, app, "user/").send().await.unwrap())
        .await
        .is_error(400, "Please provide username and password");
    told(log_in("wrong").await.unwrap())
        .await
        .is_error(500, "Invalid username or password");
    let first = told(log_in(Model::EXAMPLE_PASSWORD).await.unwrap())
        .await
        .json["data"]
        .clone();
    let token = first["token"].as_str().unwrap().to_owned();
    assert_eq!(
        first["expires"].as_str().unwrap().len(),
        19,
        "expires is Y-m-d H:i:s"
    );
    assert_eq!(ask(token.clone()).await.unwrap().status(), 200);
    let again = told(log_in(Model::EXAMPLE_PASSWORD).await.unwrap()).await;
    assert_eq!(
        again.json["data"], first,
        "a second login gives the same token while it is valid"
    );

    site.ipam.expire_user_tokens();
    told(ask(token.clone()).await.unwrap())
        .await
        .is_error(401, "Unauthorized");
    let user = site
        .call(Method::GET, app, "user/")
        .header("token", &token)
        .send()
        .await
        .unwrap();
    told(user).await.is_error(403, "Token expired");
    let fresh = told(log_in(Model::EXAMPLE_PASSWORD).await.unwrap())
        .await
        .json["data"]
        .clone();
    assert_ne!(
        fresh["token"], first["token"],
        "after the expiry a new token is given"
    );
}

#[tokio::test]
async fn too_many_failed_logins_block_every_app() {
    let site = Site::example();
    for _ in 0..11 {
        let call = site
            .call(Method::POST, Model::EXAMPLE_USER_APP, "user/")
            .basic_auth("x", Some("y"));
        told(call.send().await.unwrap())
            .await
            .is_error(500, "Invalid username or password");
    }
    let words = "Your IP has been blocked for 5 minutes because of excessive login failures";
    site.get("subnets/").await.is_error(500, words);
    site.ipam.heal();
    assert_eq!(site.get("subnets/").await.status, 200);
}

#[tokio::test]
async fn ping_writes_last_seen_and_is_counted() {
    let site = Site::example();
    let before = site.ipam.model().address(100).unwrap().last_seen.clone();
    assert_eq!(
        site.get("addresses/100/ping/").await.status,
        200,
        "even a read-only app may"
    );
    assert_ne!(
        site.ipam.model().address(100).unwrap().last_seen,
        before,
        "which is why an agent must never call it"
    );
    assert_eq!(site.ipam.pings(), 1);
}

#[tokio::test]
async fn numbers_can_come_as_strings() {
    let site = Site::example();
    let ints = site.get("subnets/10/addresses/").await.json["data"][0].clone();
    let asked = told(
        site.ask("subnets/10/addresses/")
            .header("api-stringify-results", "1")
            .send()
            .await
            .unwrap(),
    )
    .await;
    site.ipam.behave(|behaviour| behaviour.stringify = true);
    let always = site.get("subnets/10/addresses/").await.json["data"][0].clone();
    assert_eq!((&ints["id"], &always["id"]), (&json!(100), &json!("100")));
    assert_eq!(asked.json["data"][0], always, "by the header or always");
    let list = site.get("subnets/").await.json["data"][0].clone();
    assert_eq!(list["nameservers"]["id"], "1", "nested numbers too");
    assert_eq!(
        list["permissions"][0]["group_id"], 3,
        "but not those of the permissions"
    );
}

#[tokio::test]
async fn something_can_stand_before_the_json() {
    let site = Site::example();
    for (prefix, start) in [
        (Prefix::ByteOrderMark, "\u{feff}{"),
        (Prefix::Newline, "\n{"),
        (Prefix::DebugHtml, "<br />\n<b>Warning"),
    ] {
        site.ipam.behave(|behaviour| behaviour.prefix = prefix);
        let bytes = site
            .ask("subnets/")
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(text.starts_with(start), "{prefix:?}: {}", &text[..40]);
        assert!(
            text.contains("{\"code\":200"),
            "{prefix:?}: the JSON follows"
        );
    }
}

#[tokio::test]
async fn a_request_without_its_cookie_begins_a_session() {
    let site = Site::example();
    site.get("subnets/").await;
    site.get("subnets/").await;
    assert_eq!(
        site.ipam.sessions(),
        2,
        "each call without the cookie adds a session row"
    );
    let keeper = client(site.ipam.ca_pem())
        .cookie_store(true)
        .build()
        .unwrap();
    for _ in 0..3 {
        let call = keeper
            .get(format!("{}/api/{APP}/subnets/", site.ipam.url()))
            .header("token", Model::EXAMPLE_TOKEN);
        assert_eq!(call.send().await.unwrap().status(), 200);
    }
    assert_eq!(
        site.ipam.sessions(),
        3,
        "with the cookie kept, three calls are one session"
    );
    let had: Vec<bool> = site
        .ipam
        .requests()
        .iter()
        .map(|request| request.had_cookie)
        .collect();
    assert_eq!(had, [false, false, false, true, true]);
}

#[tokio::test]
async fn answers_are_compressed_when_asked() {
    let site = Site::new(Model::one_large_subnet(2_000));
    let plain = site
        .ask("subnets/10/addresses/")
        .send()
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let response = site
        .ask("subnets/10/addresses/")
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let zipped = response.bytes().await.unwrap();
    assert!(
        zipped.len() * 10 < plain.len(),
        "{} bytes became {}",
        plain.len(),
        zipped.len()
    );
    let mut unzipped = Vec::new();
    flate2::read::GzDecoder::new(&zipped[..])
        .read_to_end(&mut unzipped)
        .unwrap();
    assert_eq!(unzipped, plain);
}

#[tokio::test]
async fn the_clock_in_date_can_be_wrong() {
    let site = Site::example();
    site.ipam
        .behave(|behaviour| behaviour.date_skew_seconds = 3600);
    let response = site.ask("subnets/").send().await.unwrap();
    let dates: Vec<_> = response.headers().get_all("date").iter().collect();
    assert_eq!(dates.len(), 1, "one Date header");
    let date = jiff::fmt::rfc2822::parse(dates[0].to_str().unwrap())
        .unwrap()
        .timestamp();
    let ahead = date.duration_since(jiff::Timestamp::now()).as_secs();
    assert!(
        (3590..=3601).contains(&ahead),
        "an hour ahead, not {ahead} s"
    );
}

#[tokio::test]
async fn a_large_address_table_kills_php() {
    let site = Site::example();
    site.ipam
        .behave(|behaviour| behaviour.address_table_limit = 5);
    let response = site
        .ask("addresses/?filter_by=subnetId&filter_value=10")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 500);
    assert!(
        response.text().await.unwrap().is_empty(),
        "PHP died: there is no envelope"
    );
    assert_eq!(
        site.get("subnets/10/addresses/").await.status,
        200,
        "the call by subnet is not affected"
    );
}

#[tokio::test]
async fn faults_strike_where_and_as_often_as_told() {
    let site = Site::example();
    site.ipam
        .fail_times("subnets/*/addresses/", 1, Fault::EmptyError);
    site.ipam.fail("tools/", Fault::Unauthorized);
    assert_eq!(
        site.get("subnets/").await.status,
        200,
        "another path is not hit"
    );
    let hit = site.ask("subnets/10/addresses/").send().await.unwrap();
    assert_eq!(
        (hit.status().as_u16(), hit.text().await.unwrap().as_str()),
        (500, "")
    );
    assert_eq!(
        site.get("subnets/10/addresses/").await.status,
        200,
        "once was told"
    );
    site.get("tools/scanagents/")
        .await
        .is_error(401, "Unauthorized");
    site.ipam.heal();
    assert_eq!(site.get("tools/scanagents/").await.status, 200);
    assert_eq!(site.ipam.count("subnets/*/addresses/"), 2);
}

#[tokio::test]
async fn a_body_can_break_off_or_be_no_json() {
    let site = Site::example();
    site.ipam.fail_times("", 1, Fault::CutBody);
    let cut = site.ask("subnets/").send().await.unwrap();
    assert_eq!(cut.status(), 200, "the status has already been sent");
    assert!(
        cut.bytes().await.is_err(),
        "the body ends before its announced length"
    );
    for fault in [Fault::Garbage, Fault::Html] {
        site.ipam.fail_times("", 1, fault);
        let response = site.ask("subnets/").send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(serde_json::from_slice::<Value>(&response.bytes().await.unwrap()).is_err());
    }
    site.ipam.fail_times("", 1, Fault::HangUp);
    assert!(
        site.ask("subnets/").send().await.is_err(),
        "closed without an answer"
    );
}

#[tokio::test]
async fn a_body_can_be_slow_or_endless() {
    let site = Site::example();
    site.ipam.fail_times(
        "",
        1,
        Fault::SlowBody {
            size: 4096,
            pause: Duration::from_millis(5),
        },
    );
    assert_eq!(site.get("subnets/").await.ids().len(), 7, "slow, but whole");
    site.ipam.fail_times("", 1, Fault::EndlessBody);
    let mut response = site.ask("subnets/").send().await.unwrap();
    let mut read = 0;
    while read < 8_000_000 {
        read += response
            .chunk()
            .await
            .unwrap()
            .expect("it must not end")
            .len();
    }
}

#[tokio::test]
async fn a_server_can_refuse_and_come_back_on_its_port() {
    let site = Site::example();
    assert_eq!(site.get("subnets/").await.status, 200);
    for _ in 0..3 {
        site.ipam.refuse_connections();
        let refused = std::net::TcpStream::connect(site.ipam.address()).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        assert!(
            site.ask("subnets/").send().await.is_err(),
            "the kept connection is cut too"
        );
        site.ipam.heal();
        assert_eq!(site.get("subnets/").await.status, 200);
    }
}

#[tokio::test]
async fn a_server_can_accept_and_say_nothing() {
    let site = Site::example();
    let impatient = client(site.ipam.ca_pem())
        .timeout(Duration::from_millis(200))
        .build()
        .unwrap();
    let ask = || impatient.get(site.ipam.url()).send();
    site.ipam.mute_connections();
    assert!(
        ask().await.unwrap_err().is_timeout(),
        "not even TLS is spoken"
    );
    site.ipam.heal();
    site.ipam.fail("", Fault::Stall);
    assert!(
        ask().await.unwrap_err().is_timeout(),
        "the request is read and never answered"
    );
}

#[tokio::test]
async fn only_its_own_authority_is_trusted_and_only_while_it_is_valid() {
    let stranger = Authority::new("A stranger").unwrap();
    let site = Site::example();
    let with_stranger = client(Some(&stranger.pem())).build().unwrap();
    assert!(
        with_stranger
            .get(site.ipam.url())
            .send()
            .await
            .unwrap_err()
            .is_connect(),
        "another authority"
    );

    for tls in [
        stranger.expired_server().unwrap(),
        stranger.server_for("ipam.example").unwrap(),
    ] {
        let setup = Setup {
            tls: Some(tls),
            ..Setup::default()
        };
        let ipam = PhpIpam::start_with(Model::example().shared(), setup).unwrap();
        assert!(
            with_stranger
                .get(ipam.url())
                .send()
                .await
                .unwrap_err()
                .is_connect(),
            "expired, or another name"
        );
    }
    let setup = Setup {
        tls: Some(stranger.server().unwrap()),
        ..Setup::default()
    };
    let ipam = PhpIpam::start_with(Model::example().shared(), setup).unwrap();
    assert!(
        with_stranger.get(ipam.url()).send().await.is_ok(),
        "the same authority with a good certificate"
    );
}

#[tokio::test]
async fn nonsense_is_handed_out_as_it_is() {
    let mut model = Model::with_agent();
    for cidr in [
        "0.0.0.0/0",
        "10.0.0.0/8",
        "; rm -rf /",
        "10.1.0.0/24",
        "10.1.0.0/24",
        "255.255.255.255/33",
    ] {
        model.add_subnet(subnet(cidr).agent(1).discover());
    }
    let site = Site::new(model);
    let answer = site
        .get("subnets/?filter_by=scanAgent&filter_value=1")
        .await;
    assert_eq!(answer.ids().len(), 6);
    assert_eq!(
        (
            &answer.json["data"][2]["subnet"],
            &answer.json["data"][2]["mask"]
        ),
        (&json!("; rm -rf "), &json!(""))
    );
    for id in answer.ids() {
        assert_eq!(
            site.get(&format!("subnets/{id}/")).await.status,
            200,
            "alone too, without a panic"
        );
    }
}

#[tokio::test]
async fn large_installations_are_answered_quickly() {
    let begun = Instant::now();
    let site = Site::new(Model::large(1_000, 100));
    assert_eq!(
        site.get("subnets/?filter_by=scanAgent&filter_value=1")
            .await
            .ids()
            .len(),
        1_000
    );
    for id in [10, 509, 1_009] {
        assert_eq!(
            site.get(&format!("subnets/{id}/addresses/"))
                .await
                .ids()
                .len(),
            100
        );
    }
    let elapsed = begun.elapsed();
    println!("1,000 subnets and 100,000 addresses built and asked in {elapsed:?}");
    assert!(
        elapsed < Duration::from_secs(15),
        "took {elapsed:?}; tests with large models must stay fast"
    );
}

#[test]
fn a_blocking_test_can_use_it_without_a_runtime() {
    let ipam = PhpIpam::start(Model::example()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ca.pem");
    ipam.write_ca(&file).unwrap();
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .starts_with("-----BEGIN CERTIFICATE-----")
    );
    let address = ipam.address();
    drop(ipam);
    assert!(
        std::net::TcpStream::connect(address).is_err(),
        "dropping it closes the port"
    );
}
