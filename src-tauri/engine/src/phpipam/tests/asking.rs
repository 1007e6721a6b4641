//! The client against a scripted phpIPAM on loopback.

use std::{
    io::Write,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use fieldscan_core::{
    ids::{AgentCode, AgentId, SubnetId},
    problem::Problem,
};
use jiff::Timestamp;
use secrecy::SecretString;
use url::Url;

use super::super::{Auth, Client, Connection};
use crate::http::{
    Limits, Now,
    scripted::{Act, Asked, Ca, Scripted, reply},
};

const TOKEN: &str = "MarkerTokenMarkerTokenMarkerToken";
const PASSWORD: &str = "MarkerPasswordMarkerPassword";
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(5),
    read: Duration::from_secs(5),
    total: Duration::from_secs(10),
    body: 1 << 20,
};

fn connection(api_url: Url) -> Connection {
    Connection {
        api_url,
        app: "agent".to_owned(),
        auth: Auth::Code(TOKEN.into()),
        ca_file: None,
        now: Now::default(),
        limits: LIMITS,
    }
}

fn client(site: &Scripted) -> Client {
    Client::new(connection(site.url("http", "127.0.0.1"))).unwrap()
}

fn user(site: &Scripted) -> Client {
    Client::new(Connection {
        auth: Auth::User {
            name: "scanner".to_owned(),
            password: PASSWORD.into(),
        },
        ..connection(site.url("http", "127.0.0.1"))
    })
    .unwrap()
}

fn data(json: &str) -> Act {
    reply(
        200,
        &[("Content-Type", "application/json; charset=utf-8")],
        format!(r#"{{"code":200,"success":true,"data":{json},"time":0.002}}"#),
    )
}

fn failure(status: u16, message: &str) -> Act {
    reply(
        status,
        &[],
        format!(r#"{{"code":{status},"success":false,"message":"{message}","time":0}}"#),
    )
}

fn now() -> Timestamp {
    "2026-11-23T16:43:48Z".parse().unwrap()
}

const AGENT: &str = r#"[{"id":5,"name":"north","code":"A b/ü&=?#%"}]"#;
const SUBNETS: &str = r#"[
    {"id":3,"subnet":"192.0.2.0","mask":"24","masterSubnetId":0,"scanAgent":5,"discoverSubnet":1},
    {"id":4,"subnet":"198.51.100.0","mask":"24","masterSubnetId":0,"scanAgent":5,"discoverSubnet":1}]"#;
const ALL: &str = r#"[{"id":3,"masterSubnetId":0},{"id":9,"masterSubnetId":4,"scanAgent":6}]"#;

fn site_of_three(asked: &Asked) -> Act {
    match asked.target() {
        target if target.starts_with("/api/agent/tools/scanagents/?") => data(AGENT),
        target if target.starts_with("/api/agent/subnets/?") => data(SUBNETS),
        "/api/agent/subnets/" => data(ALL),
        other => panic!("not in the plan: {other}"),
    }
}

#[tokio::test]
async fn the_assignment_takes_three_calls_as_phpipam_wants_them() {
    let site = Scripted::plain(site_of_three).await;
    let found = client(&site)
        .assignment(&AgentCode::new("A b/ü&=?#%"), now())
        .await
        .unwrap();
    assert_eq!((found.agent, &*found.agent_name), (AgentId(5), "north"));
    assert_eq!(found.fetched_at, now());
    let parents: Vec<(u64, bool)> = found
        .subnets
        .iter()
        .map(|subnet| (subnet.id.0, subnet.is_parent))
        .collect();
    assert_eq!(
        parents,
        [(3, false), (4, true)],
        "another agent's subnet lies inside the second"
    );
    let asked = site.asked();
    let targets: Vec<&str> = asked.iter().map(Asked::target).collect();
    assert_eq!(
        targets,
        [
            "/api/agent/tools/scanagents/?filter_by=code&filter_value=A+b%2F%C3%BC%26%3D%3F%23%25",
            "/api/agent/subnets/?filter_by=scanAgent&filter_value=5",
            "/api/agent/subnets/",
        ]
    );
    for asked in &asked {
        assert!(asked.head.starts_with("GET "), "{}", asked.head);
        assert_eq!(asked.header("token"), Some(TOKEN));
        assert_eq!(asked.header("content-type"), Some("application/json"));
        assert_eq!(asked.header("accept"), Some("application/json"));
        assert_eq!(asked.header("accept-encoding"), Some("gzip"));
    }
}

#[tokio::test]
async fn an_agent_without_subnets_has_an_empty_assignment() {
    let site = Scripted::plain(|asked| match asked.target() {
        target if target.contains("scanagents") => data(AGENT),
        _ => failure(404, "No results (filter applied)"),
    })
    .await;
    let found = client(&site)
        .assignment(&AgentCode::new("A b/ü&=?#%"), now())
        .await
        .unwrap();
    assert!(found.subnets.is_empty());
    assert_eq!(site.asked().len(), 2, "there are no parents to learn of");
}

#[tokio::test]
async fn an_assignment_whose_parents_are_unknown_is_none() {
    for (status, body) in [
        (500, ""),
        (403, r#"{"code":403,"success":false}"#),
        (
            404,
            r#"{"code":404,"success":false,"message":"No subnets found"}"#,
        ),
    ] {
        let site = Scripted::plain(move |asked| match asked.target() {
            "/api/agent/subnets/" => reply(status, &[], body),
            _ => site_of_three(asked),
        })
        .await;
        let found = client(&site)
            .assignment(&AgentCode::new("A b/ü&=?#%"), now())
            .await;
        assert!(
            found.is_err(),
            "a parent would be scanned as if it had no children: {found:?}"
        );
    }
}

#[tokio::test]
async fn an_empty_subnets_table_does_not_empty_the_assignment() {
    let site = Scripted::plain(|asked| match asked.target() {
        target if target.contains("scanagents") => data(AGENT),
        _ => failure(500, "Unable to read subnets"),
    })
    .await;
    let found = client(&site)
        .assignment(&AgentCode::new("A b/ü&=?#%"), now())
        .await;
    assert_eq!(
        found,
        Err(Problem::IpamFailing {
            status: 500,
            words: "Unable to read subnets".to_owned()
        })
    );
}

#[tokio::test]
async fn addresses_and_last_discovery_are_asked_for_by_subnet() {
    let site = Scripted::plain(|asked| match asked.target() {
        "/api/agent/subnets/3/addresses/" => data(r#"[{"id":1,"subnetId":3,"ip":"192.0.2.1"}]"#),
        "/api/agent/subnets/3/" => data(
            r#"{"id":3,"subnet":"192.0.2.0","mask":"24","lastDiscovery":"2026-01-02 03:04:05"}"#,
        ),
        "/api/agent/subnets/4/addresses/" => failure(404, "No addresses found"),
        other => panic!("not in the plan: {other}"),
    })
    .await;
    let client = client(&site);
    let book = client.addresses(SubnetId(3), now()).await.unwrap();
    assert_eq!((book.addresses.len(), book.fetched_at), (1, now()));
    assert!(
        client
            .addresses(SubnetId(4), now())
            .await
            .unwrap()
            .addresses
            .is_empty()
    );
    assert_eq!(
        client.last_discovery(SubnetId(3)).await.unwrap().as_deref(),
        Some("2026-01-02 03:04:05")
    );
}

#[test]
fn a_token_goes_over_plain_http_only_to_this_machine() {
    for (url, expected) in [
        ("http://ipam.example.com", Some(Problem::IpamInsecure)),
        ("http://10.0.0.1:8080", Some(Problem::IpamInsecure)),
        ("http://localhost.example.com", Some(Problem::IpamInsecure)),
        ("http://localhost:8080", None),
        ("http://127.0.0.2", None),
        ("http://[::1]", None),
    ] {
        let made = Client::new(connection(url.parse().unwrap()));
        assert_eq!(made.err(), expected, "{url}");
    }
}

#[test]
fn settings_without_which_nothing_works_are_named() {
    let url: Url = "http://127.0.0.1".parse().unwrap();
    let made = |change: &dyn Fn(&mut Connection)| {
        let mut connection = connection(url.clone());
        change(&mut connection);
        Client::new(connection).map(|_| ()).unwrap_err()
    };
    assert_eq!(
        made(&|c| c.app = " ".to_owned()),
        Problem::SettingMissing {
            key: "client_name".to_owned()
        }
    );
    assert!(matches!(
        made(&|c| c.app = "..".to_owned()),
        Problem::SettingsInvalid { .. }
    ));
    assert_eq!(
        made(&|c| c.auth = Auth::Code(SecretString::from(" \n"))),
        Problem::SecretMissing {
            name: "client_token".to_owned()
        }
    );
    assert_eq!(
        made(&|c| c.auth = Auth::User {
            name: "a".to_owned(),
            password: "".into()
        }),
        Problem::SecretMissing {
            name: "client_password".to_owned()
        }
    );
}

#[tokio::test]
async fn the_base_path_and_the_app_are_put_together_right() {
    for (suffix, app, expected) in [
        ("", "agent", "/api/agent/"),
        ("phpipam", "agent", "/phpipam/api/agent/"),
        ("phpipam/", "agent", "/phpipam/api/agent/"),
        ("phpipam/api/", "agent", "/phpipam/api/agent/"),
        ("api", "agent", "/api/agent/"),
        ("?x=1#y", "agent", "/api/agent/"),
        ("", "a/b ü?#%2F", "/api/a%2Fb%20%C3%BC%3F%23%252F/"),
    ] {
        let site = Scripted::plain(|_| failure(404, "No addresses found")).await;
        let api_url = site.url("http", "127.0.0.1").join(suffix).unwrap();
        let client = Client::new(Connection {
            app: app.to_owned(),
            ..connection(api_url)
        })
        .unwrap();
        client.addresses(SubnetId(3), now()).await.unwrap();
        assert_eq!(
            site.asked()[0].target(),
            format!("{expected}subnets/3/addresses/")
        );
    }
}

#[tokio::test]
async fn a_redirect_does_not_get_the_token() {
    let other = Scripted::plain(|_| failure(404, "No addresses found")).await;
    let to = other.url("http", "127.0.0.1").to_string();
    let site = Scripted::plain(move |_| reply(302, &[("Location", &to)], "")).await;
    let found = client(&site).addresses(SubnetId(3), now()).await;
    assert!(
        matches!(found, Err(Problem::IpamNotFound { .. })),
        "{found:?}"
    );
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn a_server_that_repeats_the_token_does_not_get_it_shown() {
    for status in [200, 400, 401, 403, 404, 500, 503] {
        let site = Scripted::plain(move |asked| {
            failure(
                status,
                &format!("bad token {}", asked.header("token").unwrap()),
            )
        })
        .await;
        let found = client(&site).addresses(SubnetId(3), now()).await;
        let shown = format!("{found:?}");
        assert!(found.is_err() && !shown.contains("Marker"), "{shown}");
    }
}

#[tokio::test]
async fn debug_output_holds_no_secret() {
    let site = Scripted::plain(|_| failure(404, "No addresses found")).await;
    let connection = Connection {
        auth: Auth::User {
            name: "scanner".to_owned(),
            password: PASSWORD.into(),
        },
        ..connection(site.url("http", "127.0.0.1"))
    };
    let shown = format!("{connection:?} {:?} {:?}", client(&site), user(&site));
    assert!(!shown.contains("Marker"), "{shown}");
}

/// phpIPAM with a user token app: takes `T<n>` after the n-th log-in until `good` of them were given.
fn with_log_in(log_ins: &'static AtomicUsize, asked: &Asked) -> Option<Act> {
    (asked.target() == "/api/agent/user/").then(|| {
        assert!(asked.head.starts_with("POST "), "{}", asked.head);
        // scanner:MarkerPasswordMarkerPassword
        assert_eq!(
            asked.header("authorization"),
            Some("Basic c2Nhbm5lcjpNYXJrZXJQYXNzd29yZE1hcmtlclBhc3N3b3Jk")
        );
        let number = log_ins.fetch_add(1, Ordering::SeqCst) + 1;
        data(&format!(
            r#"{{"token":"T{number}","expires":"2026-11-23 22:40:09"}}"#
        ))
    })
}

#[tokio::test]
async fn a_user_logs_in_once_for_all_calls() {
    static LOG_INS: AtomicUsize = AtomicUsize::new(0);
    let site = Scripted::plain(|asked| {
        with_log_in(&LOG_INS, asked).unwrap_or_else(|| match asked.header("token") {
            Some("T1") => failure(404, "No addresses found"),
            _ => failure(401, "Unauthorized"),
        })
    })
    .await;
    let client = user(&site);
    let (a, b, c) = tokio::join!(
        client.addresses(SubnetId(1), now()),
        client.addresses(SubnetId(2), now()),
        client.addresses(SubnetId(3), now()),
    );
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(LOG_INS.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_expired_token_is_renewed_once_for_all_calls() {
    static LOG_INS: AtomicUsize = AtomicUsize::new(0);
    for refusal in [(401, "Unauthorized"), (403, "Token expired")] {
        LOG_INS.store(0, Ordering::SeqCst);
        let site = Scripted::plain(move |asked| {
            with_log_in(&LOG_INS, asked).unwrap_or_else(|| match asked.header("token") {
                Some("T2") => failure(404, "No addresses found"),
                _ => failure(refusal.0, refusal.1),
            })
        })
        .await;
        let client = user(&site);
        let (a, b) = tokio::join!(
            client.addresses(SubnetId(1), now()),
            client.addresses(SubnetId(2), now()),
        );
        assert!(a.is_ok() && b.is_ok(), "{a:?} {b:?}");
        assert_eq!(LOG_INS.load(Ordering::SeqCst), 2, "{refusal:?}");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_when_new_is_told_and_not_tried_again() {
    static LOG_INS: AtomicUsize = AtomicUsize::new(0);
    let site = Scripted::plain(|asked| {
        with_log_in(&LOG_INS, asked).unwrap_or_else(|| failure(401, "Unauthorized"))
    })
    .await;
    let found = user(&site).addresses(SubnetId(1), now()).await;
    assert_eq!(
        found,
        Err(Problem::IpamTokenRejected {
            words: "Unauthorized".to_owned()
        })
    );
    assert_eq!(site.asked().len(), 4, "two log-ins and two calls, no more");
}

#[tokio::test]
async fn a_refused_password_and_a_block_are_not_tried_again() {
    for (message, blocked) in [
        ("Invalid username or password", false),
        (
            "Your IP has been blocked for 5 minutes because of excesive login failures",
            true,
        ),
    ] {
        let site = Scripted::plain(move |_| failure(500, message)).await;
        let client = user(&site);
        for _ in 0..5 {
            let found = client.addresses(SubnetId(1), now()).await.unwrap_err();
            let words = message.to_owned();
            let expected = if blocked {
                Problem::IpamBlocked { words }
            } else {
                Problem::IpamTokenRejected { words }
            };
            assert_eq!(found, expected);
        }
        assert_eq!(
            site.asked().len(),
            1,
            "every further try would prolong the block: {message}"
        );
    }
}

#[tokio::test]
async fn a_block_is_over_after_some_minutes_and_a_token_after_some_hours() {
    static LOG_INS: AtomicUsize = AtomicUsize::new(0);
    async fn pass(time: Duration) {
        tokio::time::pause();
        tokio::time::advance(time).await;
        tokio::time::resume();
    }
    let blocked = Scripted::plain(|_| failure(500, "Your IP has been blocked")).await;
    let client = user(&blocked);
    for (minutes, tries) in [(0, 1), (4, 1), (2, 2)] {
        pass(Duration::from_secs(minutes * 60)).await;
        assert!(client.addresses(SubnetId(1), now()).await.is_err());
        assert_eq!(blocked.asked().len(), tries);
    }
    let site = Scripted::plain(|asked| {
        with_log_in(&LOG_INS, asked).unwrap_or_else(|| failure(404, "No addresses found"))
    })
    .await;
    let client = user(&site);
    for (hours, log_ins) in [(0, 1), (5, 1), (1, 2)] {
        pass(Duration::from_secs(hours * 3600)).await;
        assert!(client.addresses(SubnetId(1), now()).await.is_ok());
        assert_eq!(LOG_INS.load(Ordering::SeqCst), log_ins);
    }
}

#[tokio::test]
async fn a_log_in_that_failed_otherwise_is_tried_again() {
    let site = Scripted::plain(|_| reply(500, &[], "")).await;
    let client = user(&site);
    for _ in 0..2 {
        let found = client.addresses(SubnetId(1), now()).await;
        assert!(matches!(found, Err(Problem::IpamFailing { .. })));
    }
    assert_eq!(site.asked().len(), 2);
}

#[tokio::test]
async fn an_app_code_is_not_renewed() {
    let site = Scripted::plain(|_| failure(401, "Unauthorized")).await;
    assert!(client(&site).addresses(SubnetId(1), now()).await.is_err());
    assert_eq!(site.asked().len(), 1);
}

#[tokio::test]
async fn the_steps_are_told_apart() {
    let ca = Ca::new("A site's own CA");
    let mut ca_file = tempfile::NamedTempFile::new().unwrap();
    ca_file.write_all(ca.pem().as_bytes()).unwrap();
    let secure = |site: &Scripted, trusted: bool| {
        Client::new(Connection {
            ca_file: trusted.then(|| ca_file.path().to_owned()),
            ..connection(site.url("https", "localhost"))
        })
    };
    let certificate = ca.issue(&["localhost"], 2099);
    let site = Scripted::tls(&certificate, |asked| match asked.header("token") {
        None => failure(401, "Unauthorized"),
        Some(_) if asked.target().ends_with("filter_by=code&filter_value=-") => {
            failure(404, "No results (filter applied)")
        }
        Some(_) => data(r#"[{"id":5,"name":"north","code":"CodeOfOurOwn"}]"#),
    })
    .await;
    let client = secure(&site, true).unwrap();
    let probe = client.probe().await;
    assert_eq!(
        (probe.reachable, probe.tls, probe.api),
        (Ok(()), Some(Ok(())), Some(Ok(())))
    );
    assert_eq!(client.check_token().await, Ok(()));
    assert_eq!(
        client.agent(&AgentCode::new("CodeOfOurOwn")).await,
        Ok((AgentId(5), "north".to_owned()))
    );
    assert_eq!(
        client.agent(&AgentCode::new("Another")).await,
        Err(Problem::AgentCodeUnknown)
    );

    match secure(&site, false) {
        Ok(client) => {
            let probe = client.probe().await;
            assert_eq!((probe.reachable, probe.api), (Ok(()), None));
            assert!(
                matches!(probe.tls, Some(Err(Problem::IpamCertificate { .. }))),
                "{:?}",
                probe.tls
            );
        }
        // A machine without a certificate store.
        Err(problem) => assert!(matches!(problem, Problem::SettingsInvalid { .. })),
    }

    let portal = Scripted::plain(|_| reply(200, &[], "<html><title>Wi-Fi</title></html>")).await;
    let probe = self::client(&portal).probe().await;
    assert_eq!((probe.reachable, probe.tls), (Ok(()), None));
    assert!(matches!(probe.api, Some(Err(Problem::IpamNotFound { .. }))));
    let url = portal.url("http", "127.0.0.1");
    drop(portal);
    let gone = Client::new(connection(url)).unwrap();
    // The listener is closed when its task has ended.
    let probe = loop {
        let probe = gone.probe().await;
        if probe.reachable.is_err() {
            break probe;
        }
        tokio::task::yield_now().await;
    };
    assert!(matches!(
        probe.reachable,
        Err(Problem::IpamUnreachable { .. })
    ));
    assert_eq!((probe.tls, probe.api), (None, None));
}

#[tokio::test]
async fn the_servers_clock_is_seen() {
    let site = Scripted::plain(|_| {
        reply(
            404,
            &[("Date", "Mon, 23 Nov 2026 16:43:48 GMT")],
            r#"{"code":404,"success":false,"message":"No addresses found"}"#,
        )
    })
    .await;
    let client = Client::new(Connection {
        now: Now::new(|| "2026-11-23T17:43:48.5Z".parse().unwrap()),
        ..connection(site.url("http", "127.0.0.1"))
    })
    .unwrap();
    assert_eq!(*client.clock().borrow(), None);
    client.addresses(SubnetId(3), now()).await.unwrap();
    assert_eq!(client.clock().borrow().unwrap().ahead, 3600);
}
