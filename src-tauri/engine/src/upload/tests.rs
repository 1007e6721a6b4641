//! The scan server's contract, from the client's side.

use std::{env, time::Duration};

use super::*;
use crate::http::scripted::{Act, Scripted, reply};

const TOKEN: &str = "MarkerAuthTokenMarkerAuthToken";
const REPORT: ReportId = ReportId(12);
const BODY: &str = r#"{"code": "CodeA11", "scan": {"subnet": "10.77.9.0/28", "results": []}}"#;
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(5),
    read: Duration::from_millis(500),
    total: Duration::from_secs(5),
    body: 64 << 10,
};

fn connection(http_server: &str, http_port: u16, token: Option<&str>) -> ServerConnection {
    ServerConnection {
        http_server: http_server.parse().unwrap(),
        http_port,
        auth_token: token.map(SecretString::from),
        ca_file: None,
        now: Now::default(),
        limits: LIMITS,
    }
}

fn server(site: &Scripted, token: Option<&str>) -> Server {
    Server::new(connection("http://127.0.0.1", site.address.port(), token)).unwrap()
}

async fn answer(act: impl Fn() -> Act + Send + Sync + 'static) -> Answer {
    let site = Scripted::plain(move |_| act()).await;
    server(&site, Some(TOKEN)).send(REPORT, BODY).await
}

fn rejected(status: u16, words: &str) -> Answer {
    Answer::Refused {
        problem: Problem::ReportRejected {
            report: REPORT,
            status,
            words: words.to_owned(),
        },
    }
}

#[tokio::test]
async fn a_report_is_posted_as_the_contract_says() {
    let site = Scripted::plain(|_| reply(200, &[], "")).await;
    let answer = server(&site, Some(TOKEN)).send(REPORT, BODY).await;
    assert_eq!(
        answer,
        Answer::Taken {
            status: 200,
            baseline: None
        }
    );
    let asked = &site.asked()[0];
    assert!(
        asked.head.starts_with("POST / HTTP/1.1\r\n"),
        "{}",
        asked.head
    );
    assert_eq!(
        asked.header("authorization"),
        Some(&*format!("Bearer {TOKEN}"))
    );
    assert_eq!(asked.header("content-type"), Some("application/json"));
    assert_eq!(
        asked.header("user-agent"),
        Some(concat!("fieldscan/", env!("CARGO_PKG_VERSION")))
    );
    assert_eq!(
        asked.header("content-length"),
        Some(&*BODY.len().to_string())
    );
    assert_eq!(asked.body, BODY, "byte for byte");
}

#[tokio::test]
async fn without_a_token_the_server_hears_what_the_reference_sends() {
    for token in [None, Some(""), Some("  ")] {
        let site = Scripted::plain(|_| reply(200, &[], "")).await;
        server(&site, token).send(REPORT, BODY).await;
        assert_eq!(
            site.asked()[0].header("authorization"),
            Some("Bearer no-token-set")
        );
    }
}

#[tokio::test]
async fn a_2xx_is_taken_whatever_comes_with_it() {
    for status in [200, 201, 202, 204] {
        let answer =
            answer(move || reply(status, &[], if status == 204 { "" } else { "ok" })).await;
        assert_eq!(
            answer,
            Answer::Taken {
                status,
                baseline: None
            }
        );
    }
    let stalls =
        answer(|| Act::Stall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegins".to_vec()))
            .await;
    assert!(matches!(stalls, Answer::Taken { status: 200, .. }));
    let large = answer(|| reply(200, &[], vec![b'x'; 1 << 20])).await;
    assert!(matches!(large, Answer::Taken { status: 200, .. }));
}

#[tokio::test]
async fn a_wrong_token_is_refused_with_the_servers_words() {
    for words in [
        "Invalid authorization token",
        "Missing authorization token",
        "Only Bearer type is accepted",
    ] {
        let answer = answer(move || reply(401, &[], words)).await;
        assert_eq!(
            answer,
            Answer::Refused {
                problem: Problem::ServerTokenRejected {
                    words: words.to_owned()
                }
            }
        );
    }
}

#[tokio::test]
async fn other_refusals_keep_status_and_words() {
    assert_eq!(
        answer(|| reply(400, &[], "Invalid JSON payload")).await,
        rejected(400, "Invalid JSON payload")
    );
    assert_eq!(
        answer(|| reply(413, &[], "413: Request Entity\r\n\u{1b}[1mToo Large\0")).await,
        rejected(413, "413: Request Entity [1mToo Large")
    );
    assert_eq!(answer(|| reply(404, &[], "")).await, rejected(404, ""));
    let long = answer(|| reply(400, &[], "x".repeat(1 << 20))).await;
    assert_eq!(long, rejected(400, &"x".repeat(500)));
}

#[tokio::test]
async fn a_portal_is_not_taken_for_the_scan_server() {
    for page in ["<!DOCTYPE html><title>Log in</title>", "\n <html>"] {
        let answer = answer(move || reply(200, &[], page)).await;
        assert!(
            matches!(&answer, Answer::NotNow { problem: Problem::ServerUnreachable { detail }, .. } if detail.contains("a web page")),
            "a report that a portal swallowed must be sent again, not {answer:?}"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_report_waits() {
    let other = Scripted::plain(|_| reply(200, &[], "")).await;
    let to = other.url("http", "127.0.0.1").to_string();
    let told = to.clone();
    let answer = answer(move || reply(307, &[("Location", &to)], "")).await;
    assert!(
        matches!(&answer, Answer::NotNow { problem: Problem::ServerUnreachable { detail }, .. } if detail.contains(&format!("a redirect to {told}"))),
        "portals redirect, and are gone at the next place: {answer:?}"
    );
    assert!(
        other.asked().is_empty(),
        "neither the token nor the report goes elsewhere"
    );
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    for status in [408, 429, 500, 502, 503, 504] {
        let found = answer(move || reply(status, &[], "busy")).await;
        assert_eq!(
            found,
            Answer::NotNow {
                problem: Problem::ServerFailing {
                    status,
                    words: "busy".to_owned()
                },
                retry_after: None
            }
        );
    }
    let found = answer(|| reply(503, &[("Retry-After", "120")], "")).await;
    assert!(
        matches!(found, Answer::NotNow { retry_after: Some(wait), .. } if wait == Duration::from_secs(120))
    );
    let found = answer(|| reply(407, &[], "")).await;
    assert!(
        matches!(
            found,
            Answer::NotNow {
                problem: Problem::ServerUnreachable { .. },
                ..
            }
        ),
        "a proxy's refusal is not the server's: {found:?}"
    );
}

#[tokio::test]
async fn retry_after_as_a_date_counts_from_the_corrected_clock() {
    let site =
        Scripted::plain(|_| reply(503, &[("Retry-After", "Mon, 23 Nov 2026 16:44:00 GMT")], ""))
            .await;
    let server = Server::new(ServerConnection {
        now: Now::new(|| "2026-11-23T16:43:00Z".parse().unwrap()),
        ..connection("http://127.0.0.1", site.address.port(), None)
    })
    .unwrap();
    let found = server.send(REPORT, BODY).await;
    assert!(
        matches!(found, Answer::NotNow { retry_after: Some(wait), .. } if wait == Duration::from_secs(60)),
        "{found:?}"
    );
}

#[tokio::test]
async fn no_answer_is_tried_again() {
    for act in [
        (|| Act::Write(Vec::new())) as fn() -> Act,
        || Act::Write(b"HTTP/1.1 20".to_vec()),
        || Act::Stall(Vec::new()),
        || Act::Write(b"rubbish\r\n\r\n".to_vec()),
    ] {
        let found = answer(act).await;
        assert!(
            matches!(
                found,
                Answer::NotNow {
                    problem: Problem::ServerUnreachable { .. },
                    retry_after: None
                }
            ),
            "{found:?}"
        );
    }
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let server = Server::new(connection("http://127.0.0.1", closed.port(), None)).unwrap();
    assert!(matches!(
        server.send(REPORT, BODY).await,
        Answer::NotNow {
            problem: Problem::ServerUnreachable { .. },
            ..
        }
    ));
}

#[tokio::test]
async fn a_token_goes_over_plain_http_only_to_this_machine() {
    // An address that is reserved for documentation: a connection to it would take until the time-out.
    let insecure = Server::new(connection("http://192.0.2.1", 5000, Some(TOKEN))).unwrap();
    let begun = std::time::Instant::now();
    assert_eq!(
        insecure.send(REPORT, BODY).await,
        Answer::Refused {
            problem: Problem::ServerInsecure
        }
    );
    assert_eq!(insecure.test().await, Err(Problem::ServerInsecure));
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "refused before connecting"
    );
}

#[tokio::test]
async fn the_words_never_hold_the_token() {
    let site = Scripted::plain(|asked| {
        let said = asked.header("authorization").unwrap().to_owned();
        reply(400, &[], said)
    })
    .await;
    let server = server(&site, Some(TOKEN));
    let found = server.send(REPORT, BODY).await;
    assert_eq!(found, rejected(400, "Bearer …"));
    let shown = format!(
        "{server:?} {:?}",
        connection("http://127.0.0.1", 1, Some(TOKEN))
    );
    assert!(!shown.contains("Marker"), "{shown}");
}

#[tokio::test]
async fn a_token_that_cannot_be_sent_is_told() {
    let site = Scripted::plain(|_| reply(200, &[], "")).await;
    let found = server(&site, Some("a\nb")).send(REPORT, BODY).await;
    assert!(matches!(
        found,
        Answer::Refused {
            problem: Problem::ServerTokenRejected { .. }
        }
    ));
    assert!(site.asked().is_empty());
}

#[tokio::test]
async fn the_test_has_no_side_effect() {
    for (status, expected) in [
        (405, Ok(())),
        (
            401,
            Err(Problem::ServerTokenRejected {
                words: "words".to_owned(),
            }),
        ),
        (
            200,
            Err(Problem::ServerFailing {
                status: 200,
                words: "words".to_owned(),
            }),
        ),
        (
            404,
            Err(Problem::ServerFailing {
                status: 404,
                words: "words".to_owned(),
            }),
        ),
    ] {
        let site = Scripted::plain(move |_| reply(status, &[], "words")).await;
        assert_eq!(server(&site, Some(TOKEN)).test().await, expected);
        let asked = &site.asked()[0];
        assert!(asked.head.starts_with("GET / "), "{}", asked.head);
        assert!(asked.body.is_empty());
    }
}

#[tokio::test]
async fn port_and_path_are_the_settings_own() {
    let site = Scripted::plain(|_| reply(200, &[], "")).await;
    for written in [
        "http://127.0.0.1",
        "http://localhost/",
        "http://127.0.0.1:1/hook?x#y",
    ] {
        let server = Server::new(connection(written, site.address.port(), None)).unwrap();
        let found = server.send(REPORT, BODY).await;
        assert!(
            matches!(found, Answer::Taken { .. }),
            "{written}: {found:?}"
        );
    }
    assert!(site.asked().iter().all(|asked| asked.target() == "/"));
    assert!(matches!(
        Server::new(connection("ftp://127.0.0.1", 1, None)),
        Err(Problem::SettingsInvalid { .. })
    ));
}

/// The name under which the test below finds itself run as a child, with proxies in its environment.
const CHILD: &str = "FIELDSCAN_TEST_SITE_PORT";

#[tokio::test]
async fn the_systems_proxy_is_used_but_never_for_this_machine() {
    if let Ok(port) = env::var(CHILD) {
        let port = port.parse().unwrap();
        for (http_server, port, taken) in [
            ("http://127.0.0.1", port, true),
            ("http://localhost", port, true),
            ("http://scan.invalid", 5000, true),
            // Named in NO_PROXY, and in no DNS.
            ("http://direct.invalid", 5000, false),
        ] {
            let server = Server::new(connection(http_server, port, None)).unwrap();
            let found = server.send(REPORT, BODY).await;
            assert_eq!(
                matches!(found, Answer::Taken { .. }),
                taken,
                "{http_server}: {found:?}"
            );
            if let Answer::NotNow { problem, .. } = found {
                // A resolver that doesn't answer is as good a reason.
                let detail = format!("{problem:?}");
                assert!(
                    detail.contains("can't be resolved") || detail.contains("no connection within"),
                    "{detail}"
                );
            }
        }
        return;
    }
    let site = Scripted::plain(|_| reply(200, &[], "")).await;
    let proxy = Scripted::plain(|_| reply(200, &[], "")).await;
    let address = proxy.url("http", "127.0.0.1").to_string();
    let mut child = tokio::process::Command::new(env::current_exe().unwrap());
    for name in [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "REQUEST_METHOD",
    ] {
        child.env_remove(name).env_remove(name.to_ascii_lowercase());
    }
    let child = child
        .args([
            "--exact",
            "upload::tests::the_systems_proxy_is_used_but_never_for_this_machine",
        ])
        .env(CHILD, site.address.port().to_string())
        .env("HTTP_PROXY", &address)
        .env("http_proxy", &address)
        .env("NO_PROXY", "direct.invalid")
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && said.contains("1 passed"),
        "{said}"
    );
    assert_eq!(site.asked().len(), 2, "this machine is asked directly");
    let through: Vec<String> = proxy
        .asked()
        .iter()
        .map(|asked| asked.target().to_owned())
        .collect();
    assert_eq!(through, ["http://scan.invalid:5000/"]);
}
