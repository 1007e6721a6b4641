//! The simulated scan server behaves as the reference's contract says. Each rule is one test.

#![expect(clippy::unwrap_used, reason = "a failed step of a test ends the test")]

mod common;

use std::io::Write as _;
use std::time::Duration;

use common::{SOON, client};
use fieldscan_tests::phpipam::{Address, Model, PhpIpam, SharedModel, address, subnet};
use fieldscan_tests::scan_server::{
    AUTODISCOVERED, BODY_LIMIT, HostWrite, ScanServer, Setup, Step, Trouble,
};
use fieldscan_tests::tls::Authority;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

const TOKEN: &str = "ExampleAuthToken";
const SEEN: &str = "2026-11-23 16:40:52";
const BEFORE: &str = "2026-11-01 00:00:00";

/// A scan server on a database with subnet 10 (10.77.9.0/28) and the addresses .1 to .5 (ids 100 to 104).
struct Site {
    model: SharedModel,
    server: ScanServer,
    client: Client,
}

impl Site {
    fn new() -> Site {
        let mut model = Model::with_agent();
        let id = model.add_subnet(subnet("10.77.9.0/28").agent(1).discover());
        for host in 1..=5 {
            let row = address(&format!("10.77.9.{host}"))
                .named("old")
                .mac("02:00:00:00:00:01")
                .seen(BEFORE);
            model.add_address(id, row);
        }
        let model = model.shared();
        let server = ScanServer::start(model.clone(), TOKEN).unwrap();
        Site {
            model,
            server,
            client: client(None).build().unwrap(),
        }
    }

    fn post(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        let authorization = format!("Bearer {TOKEN}");
        self.client
            .post(format!("{}/", self.server.url()))
            .header("authorization", authorization)
            .body(body)
    }

    /// Posts a report of the subnet's hosts, and checks that the answer says nothing.
    async fn report(&self, hosts: &[Value]) {
        self.report_json(&report(hosts)).await;
    }

    async fn report_json(&self, report: &Value) {
        let response = self.post(report.to_string()).send().await.unwrap();
        assert_eq!(
            response.status(),
            200,
            "whatever is JSON with the right token is 200"
        );
        assert_eq!(
            response.text().await.unwrap(),
            "",
            "the answer says nothing about success"
        );
    }

    /// [`Site::report`], worked off.
    async fn report_and_wait(&self, hosts: &[Value]) {
        self.report(hosts).await;
        self.wait();
    }

    #[track_caller]
    fn wait(&self) {
        assert!(
            self.server.wait_until_idle(SOON),
            "the queue must be worked off"
        );
    }

    fn row(&self, id: i64) -> Address {
        self.model.lock().unwrap().address(id).unwrap().clone()
    }

    fn last_seen(&self, id: i64) -> String {
        self.row(id).last_seen.unwrap()
    }

    fn last_discovery(&self) -> Option<String> {
        self.model.lock().unwrap().subnets[&10]
            .last_discovery
            .clone()
    }

    fn rows(&self) -> usize {
        self.model.lock().unwrap().addresses().len()
    }

    /// Which of the addresses 1 to 5 a report of all five has reached, when host 3 of it is replaced by `bad`.
    async fn reached_with_bad_third_host(bad: Value) -> (Vec<i64>, Vec<Step>) {
        let site = Site::new();
        let mut hosts: Vec<Value> = (1..=5).map(known).collect();
        hosts[2] = bad;
        site.report_and_wait(&hosts).await;
        let reached = (1..=5)
            .filter(|host| site.last_seen(99 + host) == SEEN)
            .collect();
        assert!(
            site.last_discovery().is_some(),
            "lastDiscovery is set at the beginning all the same"
        );
        (reached, site.server.journal())
    }
}

fn report(hosts: &[Value]) -> Value {
    json!({"code": Model::EXAMPLE_CODE, "scan": {"subnet": "10.77.9.0/28", "results": hosts, "tz": "+0000"}})
}

/// Host 1 to 5 as it is in the database.
fn known(host: i64) -> Value {
    json!({"id": 99 + host, "subnetId": "10", "ip": format!("10.77.9.{host}"), "lastSeen": SEEN})
}

fn with(mut host: Value, field: &str, value: impl Into<Value>) -> Value {
    host[field] = value.into();
    host
}

#[tokio::test]
async fn a_known_host_is_updated_by_its_id() {
    let site = Site::new();
    site.report_and_wait(&[with(
        with(known(1), "hostname", "gw"),
        "mac",
        "02:77:00:00:00:01",
    )])
    .await;
    let row = site.row(100);
    assert_eq!(row.last_seen.as_deref(), Some(SEEN));
    assert_eq!(
        (row.hostname.as_deref(), row.mac.as_deref()),
        (Some("gw"), Some("02:77:00:00:00:01"))
    );
    assert!(
        row.edit_date.is_some(),
        "the database notes when the row was changed"
    );
    assert!(site.last_discovery().is_some());
    assert!(
        site.model.lock().unwrap().scan_agents[0]
            .last_access
            .is_some()
    );
    let write = HostWrite::UpdatedById { address_id: 100 };
    let steps = [
        Step::Began {
            report: 0,
            subnet_id: 10,
        },
        Step::Host {
            report: 0,
            ip: "10.77.9.1".into(),
            write,
        },
        Step::Finished { report: 0 },
    ];
    assert_eq!(site.server.journal(), steps);
}

#[tokio::test]
async fn what_is_left_out_stays_and_null_erases() {
    let site = Site::new();
    site.report_and_wait(&[
        known(1),
        with(with(known(2), "hostname", Value::Null), "mac", Value::Null),
    ])
    .await;
    assert_eq!(
        site.row(100).hostname.as_deref(),
        Some("old"),
        "left out: phpIPAM keeps what it has"
    );
    assert_eq!(
        (site.row(101).hostname, site.row(101).mac),
        (None, None),
        "null: phpIPAM forgets what it had"
    );
}

#[tokio::test]
async fn an_unknown_host_is_inserted_as_autodiscovered() {
    let site = Site::new();
    let host = json!({"subnetId": "10", "ip": "10.77.9.9", "lastSeen": SEEN, "hostname": "new"});
    site.report_and_wait(&[host]).await;
    let row = site.row(105);
    assert_eq!((row.ip.as_str(), row.subnet_id), ("10.77.9.9", 10));
    assert_eq!(row.description.as_deref(), Some(AUTODISCOVERED));
    assert_eq!(
        (row.hostname.as_deref(), row.last_seen.as_deref()),
        (Some("new"), Some(SEEN))
    );
}

#[tokio::test]
async fn without_id_the_row_may_be_another_subnets() {
    let site = Site::new();
    let (other, row) = {
        let mut model = site.model.lock().unwrap();
        let other = model.add_subnet(subnet("10.77.9.0/24"));
        (
            other,
            model.add_address(other, address("10.77.9.9").seen(BEFORE)),
        )
    };
    site.report_and_wait(&[json!({"subnetId": "10", "ip": "10.77.9.9", "lastSeen": SEEN})])
        .await;
    assert_eq!(
        site.last_seen(row),
        SEEN,
        "the lookup goes by the address alone"
    );
    let write = HostWrite::UpdatedByIp {
        address_id: row,
        subnet_id: other,
    };
    assert!(site.server.journal().contains(&Step::Host {
        report: 0,
        ip: "10.77.9.9".into(),
        write
    }));
}

#[tokio::test]
async fn an_address_outside_the_subnet_is_inserted() {
    let site = Site::new();
    site.report_and_wait(&[json!({"subnetId": "10", "ip": "192.168.1.1", "lastSeen": SEEN})])
        .await;
    assert_eq!(
        (site.rows(), site.row(105).subnet_id),
        (6, 10),
        "which is why an agent must never send one"
    );
}

#[tokio::test]
async fn a_record_of_another_subnet_is_skipped() {
    let site = Site::new();
    site.report_and_wait(&[
        with(known(1), "subnetId", "11"),
        with(known(2), "subnetId", 10),
        known(3),
    ])
    .await;
    assert_eq!(
        (site.last_seen(100).as_str(), site.last_seen(101).as_str()),
        (BEFORE, BEFORE)
    );
    assert_eq!(
        site.last_seen(102),
        SEEN,
        "skipping is no failure: the next host is written"
    );
}

#[tokio::test]
async fn one_bad_host_spoils_every_later_one() {
    for (field, bad) in [
        ("hostname", json!("o'brien")),
        ("hostname", json!("trailing\\")),
        ("hostname", json!("x".repeat(256))),
        ("mac", json!("02:77:00:00:00:01:02:03")),
        ("lastSeen", json!("2026-11-23T16:40:52Z")),
        ("lastSeen", json!("2026-11-3 6:40:52")),
        ("lastSeen", json!("2026-13-40 16:40:52")),
        ("id", json!(104)),
        ("id", json!(9999)),
        ("ip", json!("10.77.9.300")),
    ] {
        let (reached, journal) =
            Site::reached_with_bad_third_host(with(known(3), field, bad.clone())).await;
        assert_eq!(
            reached,
            [1, 2],
            "{field} {bad}: the hosts before are written, it and those after are lost"
        );
        assert!(
            matches!(
                journal.last(),
                Some(Step::Spoiled {
                    report: 0,
                    ip: Some(_),
                    ..
                })
            ),
            "{field} {bad}: {journal:?}"
        );
    }
    let (reached, _) =
        Site::reached_with_bad_third_host(with(known(3), "hostname", "x".repeat(255))).await;
    assert_eq!(reached, [1, 2, 3, 4, 5], "255 characters are still good");
}

#[tokio::test]
async fn some_things_spoil_the_whole_report() {
    for (field, bad) in [
        ("ip", "fd00:77::1"),
        ("hostname", "printer-🖨"),
        ("hostname", "{{ unbalanced"),
    ] {
        let (reached, journal) =
            Site::reached_with_bad_third_host(with(known(3), field, bad)).await;
        assert_eq!(
            reached, [0; 0],
            "{bad}: not even the hosts before it are written"
        );
        assert!(
            matches!(
                journal.last(),
                Some(Step::Spoiled {
                    report: 0,
                    ip: None,
                    ..
                })
            ),
            "{bad}: {journal:?}"
        );
    }
}

#[tokio::test]
async fn a_template_in_a_host_name_is_executed_on_the_server() {
    let site = Site::new();
    site.report_and_wait(&[
        with(known(1), "hostname", "a{{ lookup('pipe', 'id') }}b"),
        known(2),
    ])
    .await;
    assert_eq!(
        site.server.executed(),
        ["lookup('pipe', 'id')"],
        "a hostile PTR record owns the server"
    );
    assert_eq!(site.last_seen(101), SEEN, "and nobody notices");
}

#[tokio::test]
async fn a_wrong_code_or_an_unassigned_subnet_is_200_and_nothing_happens() {
    let site = Site::new();
    let other_agents = site
        .model
        .lock()
        .unwrap()
        .add_subnet(subnet("10.77.10.0/28").agent(2));
    let wrong_code = {
        let mut report = report(&[known(1)]);
        report["code"] = "nobody's".into();
        report
    };
    let unassigned = |cidr: &str| {
        let mut report = report(&[known(1)]);
        report["scan"]["subnet"] = cidr.into();
        report
    };
    for report in [
        wrong_code,
        unassigned("10.77.10.0/28"),
        unassigned("10.77.9.0/24"),
        json!([]),
        json!("text"),
    ] {
        site.report_json(&report).await;
    }
    site.wait();
    assert_eq!(
        (site.last_seen(100).as_str(), site.last_discovery()),
        (BEFORE, None)
    );
    assert_eq!(
        site.model.lock().unwrap().subnets[&other_agents].last_discovery,
        None
    );
    let ignored = site
        .server
        .journal()
        .iter()
        .filter(|step| matches!(step, Step::Ignored { .. }))
        .count();
    assert_eq!(ignored, 5, "each was taken and ignored");
}

#[tokio::test]
async fn an_empty_report_only_sets_last_discovery() {
    let site = Site::new();
    site.report_and_wait(&[]).await;
    assert!(site.last_discovery().is_some());
    assert_eq!(site.last_seen(100), BEFORE);
}

#[tokio::test]
async fn only_plus_zero_is_stored_as_sent() {
    for (tz, updated) in [
        ("+0000", SEEN),
        ("+0200", "2026-11-23 14:40:52"),
        ("-0200", "2026-11-23 14:40:52"),
    ] {
        let site = Site::new();
        let unknown = json!({"subnetId": "10", "ip": "10.77.9.9", "lastSeen": SEEN});
        let mut report = report(&[known(1), unknown]);
        report["scan"]["tz"] = tz.into();
        site.report_json(&report).await;
        site.wait();
        assert_eq!(site.last_seen(100), updated, "{tz}: the sign is ignored");
        assert_eq!(
            site.last_seen(105),
            SEEN,
            "{tz}: new rows are stored unconverted"
        );
    }
}

#[tokio::test]
async fn an_older_report_sent_later_sets_last_seen_back() {
    let site = Site::new();
    site.report_and_wait(&[known(1)]).await;
    site.report_and_wait(&[known(1)]).await;
    assert_eq!(site.last_seen(100), SEEN, "an identical repeat is harmless");
    site.report_and_wait(&[with(known(1), "lastSeen", BEFORE)])
        .await;
    assert_eq!(site.last_seen(100), BEFORE);
}

#[tokio::test]
async fn last_discovery_is_set_first_and_last_seen_host_by_host() {
    let site = Site::new();
    site.server.hold();
    site.report(&[known(1), known(2), known(3)]).await;
    assert_eq!(
        (site.last_discovery(), site.server.waiting()),
        (None, 1),
        "held: taken, not begun"
    );
    site.server.release_hosts(2);
    let two_hosts = |steps: &[Step]| {
        steps
            .iter()
            .filter(|step| matches!(step, Step::Host { .. }))
            .count()
            == 2
    };
    assert!(
        site.server.wait_for_journal(SOON, two_hosts),
        "two hosts are let through"
    );
    assert!(site.last_discovery().is_some());
    let seen: Vec<_> = (100..103).map(|id| site.last_seen(id) == SEEN).collect();
    assert_eq!(
        seen,
        [true, true, false],
        "a reader sees a report that is half applied"
    );
    site.server.release();
    site.wait();
    assert_eq!(site.last_seen(102), SEEN);
}

#[tokio::test]
async fn reports_are_worked_off_one_at_a_time_in_order() {
    let site = Site::new();
    site.server.hold();
    for host in [3, 1, 2] {
        site.report(&[known(host), known(host)]).await;
    }
    assert_eq!(site.server.waiting(), 3);
    site.server.release();
    site.wait();
    let order: Vec<(usize, String)> = site
        .server
        .journal()
        .into_iter()
        .filter_map(|step| match step {
            Step::Host { report, ip, .. } => Some((report, ip)),
            Step::Ignored { .. }
            | Step::Began { .. }
            | Step::Spoiled { .. }
            | Step::Finished { .. } => None,
            Step::Restarted { .. } => None,
        })
        .collect();
    let expected = [(0, 3), (0, 3), (1, 1), (1, 1), (2, 2), (2, 2)];
    assert_eq!(
        order,
        expected.map(|(report, host)| (report, format!("10.77.9.{host}")))
    );
}

#[tokio::test]
async fn hosts_take_their_time() {
    let site = Site::new();
    site.server.set_time_per_host(Duration::from_millis(20));
    let begun = std::time::Instant::now();
    site.report(&[known(1), known(2), known(3)]).await;
    assert_ne!(
        site.server.waiting(),
        0,
        "the answer comes before the work is done"
    );
    site.wait();
    assert!(
        begun.elapsed() >= Duration::from_millis(60),
        "three hosts of 20 ms took {:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_restart_loses_what_was_taken_and_keeps_what_was_written() {
    let site = Site::new();
    site.server.hold();
    site.report(&[known(1), known(2)]).await;
    site.report(&[known(3)]).await;
    site.server.release_hosts(1);
    let one_host = |steps: &[Step]| steps.iter().any(|step| matches!(step, Step::Host { .. }));
    assert!(site.server.wait_for_journal(SOON, one_host));
    site.server.restart();
    site.server.release();
    // The restart cut the connection that the old client has kept.
    let site = Site {
        client: client(None).build().unwrap(),
        ..site
    };
    assert_eq!(
        site.server.journal().last(),
        Some(&Step::Restarted { lost: 2 })
    );
    site.report_and_wait(&[known(4)]).await;
    let seen: Vec<_> = (100..104).map(|id| site.last_seen(id) == SEEN).collect();
    assert_eq!(
        seen,
        [true, false, false, true],
        "the first host was written; the queue is gone; it works again"
    );
}

#[tokio::test]
async fn the_token_is_checked_to_the_letter() {
    let site = Site::new();
    for (header, words) in [
        (None, "401: Missing authorization token"),
        (Some("Basic abc".to_owned()), "Only Bearer type is accepted"),
        (
            Some(format!("bearer {TOKEN}")),
            "Only Bearer type is accepted",
        ),
        (
            Some("Bearer wrong".to_owned()),
            "Invalid authorization token",
        ),
        (
            Some(format!("Bearer {}", TOKEN.to_lowercase())),
            "Invalid authorization token",
        ),
        (Some("Bearer".to_owned()), "Invalid authorization token"),
    ] {
        let mut call = site.client.post(site.server.url()).body("not even JSON");
        if let Some(header) = &header {
            call = call.header("authorization", header);
        }
        let response = call.send().await.unwrap();
        assert_eq!(
            response.status(),
            401,
            "{header:?}: before the body is looked at"
        );
        assert_eq!(response.text().await.unwrap(), words, "{header:?}");
    }
    assert!(
        site.server
            .received()
            .iter()
            .all(|received| !received.authorized && !received.taken)
    );
    let log = format!("{:?}", site.server.received());
    assert!(!log.contains(TOKEN), "tokens are not kept");
}

#[tokio::test]
async fn what_is_no_json_is_refused() {
    let site = Site::new();
    let with_mark = format!("\u{feff}{}", report(&[]));
    for body in ["", "{", "{\"code\": }", with_mark.as_str()] {
        let response = site.post(body.to_owned()).send().await.unwrap();
        assert_eq!(response.status(), 400, "{body:?}");
        assert_eq!(response.text().await.unwrap(), "Invalid JSON payload");
    }
    let response = site
        .post(&b"{\"code\": \"\xff\"}"[..])
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 500, "not UTF-8");
}

#[tokio::test]
async fn a_get_is_a_connection_test_without_side_effects() {
    let site = Site::new();
    let get = |token: &str| {
        site.client
            .get(site.server.url())
            .header("authorization", format!("Bearer {token}"))
            .send()
    };
    assert_eq!(get(TOKEN).await.unwrap().status(), 405, "the token is good");
    assert_eq!(
        get("wrong").await.unwrap().status(),
        401,
        "the token is bad"
    );
    assert_eq!(
        (site.server.connection_tests(), site.server.received().len()),
        (2, 0)
    );
}

#[tokio::test]
async fn the_size_limit_counts_after_gunzip() {
    let site = Site::new();
    let sized = |size: usize| {
        let mut text = report(&[]).to_string();
        text.push_str(&" ".repeat(size - text.len()));
        text
    };
    let zipped = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    for (size, status) in [
        (BODY_LIMIT - 1, 200),
        (BODY_LIMIT, 413),
        (3 * BODY_LIMIT, 413),
    ] {
        let text = sized(size);
        let gzip = site
            .post(zipped(&text))
            .header("content-encoding", "gzip")
            .send()
            .await
            .unwrap();
        assert_eq!(gzip.status(), status, "{size} bytes after gunzip");
        assert_eq!(
            site.post(text).send().await.unwrap().status(),
            status,
            "{size} bytes"
        );
    }
    site.wait();
    let began = site
        .server
        .journal()
        .iter()
        .filter(|step| matches!(step, Step::Began { .. }))
        .count();
    assert_eq!(began, 2, "what is too large is not taken");
}

#[tokio::test]
async fn everything_received_is_kept_as_it_came() {
    let site = Site::new();
    let body = report(&[known(1)]).to_string();
    let response = site
        .post(body.clone())
        .header("user-agent", "test/1")
        .header("content-type", "application/json");
    assert_eq!(response.send().await.unwrap().status(), 200);
    let received = site.server.received().remove(0);
    assert_eq!(received.body, body.as_bytes());
    assert_eq!(received.json, Some(report(&[known(1)])));
    assert_eq!(
        (received.path.as_str(), received.user_agent.as_deref()),
        ("/", Some("test/1"))
    );
    assert!(received.authorized && received.taken);
    assert_eq!(received.status, Some(200));
}

#[tokio::test]
async fn troubles_follow_one_another() {
    let site = Site::new();
    let busy = Trouble::Status {
        status: 503,
        retry_after: Some(Duration::from_secs(120)),
    };
    site.server.trouble_times(1, busy);
    site.server.trouble_times(1, Trouble::HangUpBeforeTaking);
    site.server.trouble_times(1, Trouble::HangUpAfterTaking);
    site.server.trouble_times(1, Trouble::Swallow);
    let post = |host: i64| site.post(report(&[known(host)]).to_string()).send();

    let refused = post(1).await.unwrap();
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["retry-after"]),
        (503, &"120".parse().unwrap())
    );
    assert!(
        post(2).await.is_err() && post(3).await.is_err(),
        "both look the same to the client"
    );
    assert_eq!(post(4).await.unwrap().status(), 200);
    assert_eq!(post(5).await.unwrap().status(), 200);
    site.wait();
    let seen: Vec<_> = (100..105).map(|id| site.last_seen(id) == SEEN).collect();
    assert_eq!(
        seen,
        [false, false, true, false, true],
        "only the third (taken, then cut) and the last were applied"
    );
    let taken: Vec<_> = site
        .server
        .received()
        .iter()
        .map(|received| received.taken)
        .collect();
    assert_eq!(taken, [false, false, true, false, true]);
}

#[tokio::test]
async fn it_can_stall_or_refuse_and_comes_back_on_its_port() {
    let site = Site::new();
    let impatient = client(None)
        .timeout(Duration::from_millis(200))
        .build()
        .unwrap();
    site.server.trouble(Trouble::Stall);
    assert!(
        impatient
            .get(site.server.url())
            .send()
            .await
            .unwrap_err()
            .is_timeout()
    );
    site.server.refuse_connections();
    let refused = std::net::TcpStream::connect(site.server.address()).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    site.server.heal();
    site.report_and_wait(&[known(1)]).await;
    assert_eq!(site.last_seen(100), SEEN);
}

#[tokio::test]
async fn the_token_can_be_changed() {
    let site = Site::new();
    site.server.set_token("another");
    let response = site.post(report(&[]).to_string()).send().await.unwrap();
    assert_eq!(response.status(), 401);
}

#[tokio::test]
async fn it_speaks_tls_when_asked() {
    let authority = Authority::new("Scan server CA").unwrap();
    let setup = Setup {
        tls: Some(authority.server().unwrap()),
        ..Setup::default()
    };
    let server = ScanServer::start_with(Model::with_agent().shared(), TOKEN, setup).unwrap();
    assert!(server.url().starts_with("https://"));
    let response = client(Some(&authority.pem()))
        .build()
        .unwrap()
        .get(server.url())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 401, "no token");
}

#[tokio::test]
async fn phpipam_shows_what_a_report_has_changed() {
    let ipam = PhpIpam::start(Model::example()).unwrap();
    let server = ScanServer::start(ipam.shared_model(), TOKEN).unwrap();
    let report = json!({"code": Model::EXAMPLE_CODE, "scan": {"subnet": "10.77.0.0/24", "tz": "+0000", "results": [
        {"id": 100, "subnetId": "10", "ip": "10.77.0.1", "lastSeen": SEEN}]}});
    let post = client(None)
        .build()
        .unwrap()
        .post(server.url())
        .header("authorization", format!("Bearer {TOKEN}"));
    assert_eq!(
        post.body(report.to_string()).send().await.unwrap().status(),
        200
    );
    assert!(server.wait_until_idle(SOON));
    let url = format!(
        "{}/api/{}/subnets/10/addresses/",
        ipam.url(),
        Model::EXAMPLE_APP
    );
    let call = client(ipam.ca_pem())
        .build()
        .unwrap()
        .get(url)
        .header("token", Model::EXAMPLE_TOKEN);
    let rows: Value = call.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        rows["data"][0]["lastSeen"], SEEN,
        "a read-back is how an agent confirms"
    );
}
