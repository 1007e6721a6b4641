//! The set-up against servers that misbehave, on loopback.

use std::{io::Write, net::TcpListener};

use flate2::{Compression, write::GzEncoder};
use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    scripted::{Act, Ca, Scripted, ServerCertificate, reply, self_signed},
    *,
};

const SHORT: Limits = Limits {
    connect: Duration::from_secs(5),
    read: Duration::from_millis(300),
    total: Duration::from_secs(5),
    body: 1 << 20,
};

fn client(base: &Url, ca_file: Option<&Path>) -> Result<Http, Problem> {
    Http::new(base, ca_file, SHORT, Now::default())
}

async fn get(base: Url, ca_file: Option<&Path>, take: Take) -> Result<Reply, Fault> {
    let http = client(&base, ca_file).unwrap();
    http.send(http.request(Method::GET, base), take).await
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn gzip(plain: &[u8], times: usize) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..times {
        encoder.write_all(plain).unwrap();
    }
    encoder.finish().unwrap()
}

async fn tls_fault(server: &ServerCertificate, trusted: &str) -> Result<u16, Fault> {
    let site = Scripted::tls(server, |_| reply(200, &[], "hello")).await;
    let ca_file = file(trusted);
    get(
        site.url("https", "localhost"),
        Some(ca_file.path()),
        Take::Whole,
    )
    .await
    .map(|reply| reply.status)
}

#[tokio::test]
async fn a_private_ca_from_the_ca_file_is_trusted() {
    let ca = Ca::new("A site's own CA");
    let result = tls_fault(&ca.issue(&["localhost"], 2099), &ca.pem()).await;
    assert_eq!(result, Ok(200), "the CA stands in ca_file");
}

#[tokio::test]
async fn a_ca_file_holds_as_many_certificates_as_it_likes() {
    let ca = Ca::new("A site's own CA");
    let bundle = format!("# a comment\n{}\n{}", Ca::new("Another CA").pem(), ca.pem());
    let result = tls_fault(&ca.issue(&["localhost"], 2099), &bundle).await;
    assert_eq!(
        result,
        Ok(200),
        "the second certificate of the bundle is the issuer"
    );
}

#[tokio::test]
async fn an_unknown_issuer_is_told_in_words() {
    let result = tls_fault(
        &Ca::new("A site's own CA").issue(&["localhost"], 2099),
        &Ca::new("Another CA").pem(),
    )
    .await;
    let Err(Fault::Certificate(words)) = result else {
        panic!("expected a refused certificate, found {result:?}");
    };
    assert!(words.contains("issuer"), "{words}");
}

#[tokio::test]
async fn an_expired_certificate_is_told_with_its_day() {
    let ca = Ca::new("A site's own CA");
    let result = tls_fault(&ca.issue(&["localhost"], 2021), &ca.pem()).await;
    let Err(Fault::Certificate(words)) = result else {
        panic!("expected a refused certificate, found {result:?}");
    };
    assert!(words.contains("expired on 2021-01-01"), "{words}");
}

#[tokio::test]
async fn a_certificate_for_another_host_is_told_with_both_names() {
    let ca = Ca::new("A site's own CA");
    let result = tls_fault(&ca.issue(&["ipam.example.com"], 2099), &ca.pem()).await;
    let Err(Fault::Certificate(words)) = result else {
        panic!("expected a refused certificate, found {result:?}");
    };
    assert!(
        words.contains("localhost") && words.contains("ipam.example.com"),
        "{words}"
    );
}

#[tokio::test]
async fn a_self_signed_ca_as_server_is_refused_with_the_remedy() {
    let (server, pem) = self_signed("localhost");
    let result = tls_fault(&server, &pem).await;
    let Err(Fault::Certificate(words)) = result else {
        panic!("expected a refused certificate, found {result:?}");
    };
    assert!(words.contains("CA:FALSE"), "{words}");
}

#[tokio::test]
async fn another_ca_of_the_same_name_is_told() {
    let result = tls_fault(
        &Ca::new("A site's own CA").issue(&["localhost"], 2099),
        &Ca::new("A site's own CA").pem(),
    )
    .await;
    let Err(Fault::Certificate(words)) = result else {
        panic!("expected a refused certificate, found {result:?}");
    };
    assert!(words.contains("signature"), "{words}");
}

#[tokio::test]
async fn plain_http_on_a_tls_port_is_told() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: Url = format!("https://{}/", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let ca_file = file(&Ca::new("A site's own CA").pem());
    let answer = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_buf(&mut Vec::new()).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
        stream
    };
    let (found, _stream) = tokio::join!(get(url, Some(ca_file.path()), Take::Whole), answer);
    assert!(matches!(found, Err(Fault::Tls(_))), "{:?}", found.err());
}

#[test]
fn a_ca_file_that_cannot_be_used_is_told_with_its_name() {
    let base: Url = "https://ipam.example.com".parse().unwrap();
    let missing = Path::new("/nonexistent/ca.pem");
    let empty = file("no certificate in here\n");
    let rubbish = file("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    for (path, what) in [
        (missing, "ca.pem"),
        (empty.path(), "expected certificates in PEM"),
        (rubbish.path(), "certificate 1 can't be read"),
    ] {
        let Err(Problem::SettingsInvalid { detail }) = client(&base, Some(path)) else {
            panic!("a wrong ca_file must be a mistake in the settings: {path:?}");
        };
        assert!(
            detail.contains(what) && detail.contains(&*path.to_string_lossy()),
            "{detail}"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_told_without_its_query() {
    let other = Scripted::plain(|_| reply(200, &[], "")).await;
    let to = format!(
        "http://user:pass@127.0.0.1:{}/login?token=secret#x",
        other.address.port()
    );
    let site = Scripted::plain(move |_| reply(302, &[("Location", &to)], "")).await;
    let found = get(site.url("http", "127.0.0.1"), None, Take::Whole)
        .await
        .unwrap();
    assert_eq!(found.status, 302);
    assert_eq!(
        found.location.unwrap(),
        format!("http://127.0.0.1:{}/login", other.address.port())
    );
    assert!(
        other.asked().is_empty(),
        "a redirect must never be followed: the token would go with it"
    );
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_or_cut() {
    let site = Scripted::plain(|_| reply(200, &[], vec![b'x'; (1 << 20) + 1])).await;
    let url = site.url("http", "127.0.0.1");
    let whole = get(url.clone(), None, Take::Whole).await;
    assert_eq!(whole.err(), Some(Fault::TooLarge { limit: 1 << 20 }));
    let beginning = get(url, None, Take::Beginning).await.unwrap();
    assert_eq!(beginning.body.len(), 1 << 20);
}

#[tokio::test]
async fn a_body_of_exactly_the_limit_is_taken() {
    let site = Scripted::plain(|_| reply(200, &[], vec![b'x'; 1 << 20])).await;
    let found = get(site.url("http", "127.0.0.1"), None, Take::Whole).await;
    assert_eq!(found.unwrap().body.len(), 1 << 20);
}

#[tokio::test]
async fn gzip_is_asked_for_and_unpacked_within_the_limit() {
    let packed = gzip(b"hello", 1);
    let site = Scripted::plain(move |_| reply(200, &[("Content-Encoding", "gzip")], &packed)).await;
    let found = get(site.url("http", "127.0.0.1"), None, Take::Whole)
        .await
        .unwrap();
    assert_eq!(found.body, b"hello");
    assert_eq!(site.asked()[0].header("accept-encoding"), Some("gzip"));

    let bomb = gzip(&[0; 1 << 20], 64);
    assert!(bomb.len() < SHORT.body, "the bomb must look harmless");
    let site = Scripted::plain(move |_| reply(200, &[("Content-Encoding", "gzip")], &bomb)).await;
    let found = get(site.url("http", "127.0.0.1"), None, Take::Whole).await;
    assert_eq!(
        found.err(),
        Some(Fault::TooLarge { limit: 1 << 20 }),
        "the limit counts what comes out of the packing"
    );
}

#[tokio::test]
async fn broken_packing_is_told_as_such() {
    let site = Scripted::plain(|_| reply(200, &[("Content-Encoding", "gzip")], "no gzip")).await;
    let found = get(site.url("http", "127.0.0.1"), None, Take::Whole).await;
    assert_eq!(found.err(), Some(Fault::Broken));
}

#[tokio::test]
async fn a_body_that_stalls_ends_in_a_time_out() {
    let site = Scripted::plain(|_| {
        Act::Stall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegins".to_vec())
    })
    .await;
    let found = get(site.url("http", "127.0.0.1"), None, Take::Whole).await;
    assert!(
        matches!(found, Err(Fault::AnswerTimedOut { .. })),
        "{:?}",
        found.err()
    );
    let silent = Scripted::plain(|_| Act::Stall(Vec::new())).await;
    let found = get(silent.url("http", "127.0.0.1"), None, Take::Whole).await;
    assert!(
        matches!(found, Err(Fault::AnswerTimedOut { .. })),
        "{:?}",
        found.err()
    );
}

#[tokio::test]
async fn a_body_that_drips_ends_with_the_total_time() {
    // One byte now and then would satisfy the time between bytes for ever.
    let site =
        Scripted::plain(|_| Act::Stall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n".to_vec()))
            .await;
    let url = site.url("http", "127.0.0.1");
    let limits = Limits {
        read: Duration::from_secs(60),
        total: Duration::from_millis(300),
        ..SHORT
    };
    let http = Http::new(&url, None, limits, Now::default()).unwrap();
    let found = http.send(http.request(Method::GET, url), Take::Whole).await;
    assert!(
        matches!(found, Err(Fault::AnswerTimedOut { .. })),
        "{:?}",
        found.err()
    );
}

#[tokio::test]
async fn a_connection_that_breaks_off_is_told() {
    for begun in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegins",
    ] {
        let site = Scripted::plain(move |_| Act::Write(begun.as_bytes().to_vec())).await;
        let found = get(site.url("http", "127.0.0.1"), None, Take::Whole).await;
        assert_eq!(found.err(), Some(Fault::Reset), "after {begun:?}");
    }
}

#[tokio::test]
async fn nobody_there_is_told() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url: Url = format!("http://127.0.0.1:{port}/").parse().unwrap();
    assert_eq!(
        get(url, None, Take::Whole).await.err(),
        Some(Fault::Refused)
    );
}

#[tokio::test]
async fn what_is_shown_of_a_fault_holds_no_url() {
    let url: Url = "http://user:hidden@no-such-host.invalid/path?token=hidden"
        .parse()
        .unwrap();
    let fault = get(url, None, Take::Whole).await.err().unwrap();
    let shown = format!("{fault} {fault:?}");
    assert!(!shown.contains("hidden"), "{shown}");
}

#[tokio::test]
async fn the_cookie_is_kept_and_the_name_is_sent() {
    let site =
        Scripted::plain(|_| reply(200, &[("Set-Cookie", "phpipam=abc; path=/; HttpOnly")], ""))
            .await;
    let url = site.url("http", "127.0.0.1");
    let http = client(&url, None).unwrap();
    for _ in 0..2 {
        http.send(http.request(Method::GET, url.clone()), Take::Whole)
            .await
            .unwrap();
    }
    let asked = site.asked();
    assert_eq!(asked[0].header("cookie"), None);
    assert_eq!(
        asked[1].header("cookie"),
        Some("phpipam=abc"),
        "without the cookie every call leaves a session behind in phpIPAM"
    );
    assert_eq!(
        asked[0].header("user-agent"),
        Some(concat!("fieldscan/", env!("CARGO_PKG_VERSION")))
    );
    assert_eq!(asked[0].header("content-type"), Some("application/json"));
}

#[test]
fn the_clock_is_read_from_the_middle_of_the_round_trip() {
    let date = http_date("Mon, 23 Nov 2026 16:43:48 GMT").unwrap();
    let at = |millis| date + SignedDuration::from_millis(millis);
    assert_eq!(ahead(date, at(500), Duration::ZERO), 0);
    assert_eq!(ahead(date, at(999), Duration::ZERO), 0);
    assert_eq!(ahead(date, at(120_500), Duration::ZERO), 120);
    assert_eq!(ahead(date, at(-59_500), Duration::ZERO), -60);
    assert_eq!(
        ahead(date, at(10_500), Duration::from_secs(20)),
        0,
        "a slow answer is no wrong clock"
    );
    assert!(http_date("yesterday").is_none());
}

#[tokio::test]
async fn every_answer_gives_the_clock_but_a_cached_one() {
    let date = ("Date", "Mon, 23 Nov 2026 16:43:48 GMT");
    let now = || "2026-11-23T16:45:48.5Z".parse().unwrap();
    for (headers, expected) in [
        (vec![date], Some(ClockReading { ahead: 120 })),
        (vec![date, ("Age", "3600")], None),
        (vec![("Date", "rubbish")], None),
        (vec![], None),
    ] {
        let site = Scripted::plain(move |_| reply(500, &headers, "")).await;
        let url = site.url("http", "127.0.0.1");
        let http = Http::new(&url, None, SHORT, Now::new(now)).unwrap();
        let clock = http.clock();
        http.send(http.request(Method::GET, url), Take::Whole)
            .await
            .unwrap();
        assert_eq!(*clock.borrow(), expected);
    }
}

#[test]
fn retry_after_is_seconds_or_a_date_and_at_most_a_day() {
    let now = "2026-11-23T16:43:00Z".parse().unwrap();
    let day = Duration::from_secs(86_400);
    for (text, expected) in [
        ("120", Some(Duration::from_secs(120))),
        (" 0 ", Some(Duration::ZERO)),
        ("99999999999999999999999", Some(day)),
        (
            "Mon, 23 Nov 2026 16:43:48 GMT",
            Some(Duration::from_secs(48)),
        ),
        ("Mon, 23 Nov 2020 16:43:48 GMT", Some(Duration::ZERO)),
        ("Mon, 23 Nov 2099 16:43:48 GMT", Some(day)),
        ("-5", None),
        ("soon", None),
        ("", None),
    ] {
        assert_eq!(retry_after(text, now), expected, "{text:?}");
    }
}

#[test]
fn loopback_is_what_cannot_leave_this_machine() {
    for (url, expected) in [
        ("http://localhost", true),
        ("http://LOCALHOST:5000", true),
        ("http://127.0.0.1", true),
        ("http://127.255.3.4:80", true),
        ("http://[::1]:8080", true),
        ("http://localhost.example.com", false),
        ("http://127.0.0.1.example.com", false),
        ("http://10.0.0.1", false),
        ("http://0.0.0.0", false),
        ("http://[::2]", false),
    ] {
        assert_eq!(is_loopback(&url.parse().unwrap()), expected, "{url}");
    }
}

#[test]
fn words_are_one_harmless_line() {
    assert_eq!(
        words("\u{1b}[31mred\r\n\tand\0 more \u{202e}", &[]),
        "[31mred and more"
    );
    assert_eq!(
        words("token abc is wrong", &["abc", ""]),
        "token … is wrong"
    );
    assert_eq!(words(&"ü".repeat(1_000), &[]).chars().count(), 500);
}

#[test]
fn urls_that_hold_secrets_or_lead_nowhere_are_refused() {
    for (url, fits) in [
        ("https://ipam.example.com/phpipam", true),
        ("http://ipam.example.com", true),
        ("https://user:hidden@ipam.example.com", false),
        ("https://user@ipam.example.com", false),
        ("ftp://ipam.example.com", false),
        ("file:///etc/passwd", false),
    ] {
        let checked = check_url("api_url", &url.parse().unwrap());
        assert_eq!(checked.is_ok(), fits, "{url}");
        assert!(!format!("{checked:?}").contains("hidden"));
    }
}

/// The names under which the test below finds itself run as a child: the ports of three sites.
#[cfg(target_os = "linux")]
const CHILD: &str = "FIELDSCAN_TEST_TLS_PORTS";

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_oss_certificates_and_the_ca_file_count_together() {
    const NAME: &str = "http::tests::the_oss_certificates_and_the_ca_file_count_together";
    if let Ok(ports) = std::env::var(CHILD) {
        let ca_file = std::env::var_os("FIELDSCAN_TEST_CA_FILE").map(std::path::PathBuf::from);
        let mut found = Vec::new();
        for port in ports.split(',') {
            let url: Url = format!("https://localhost:{port}/").parse().unwrap();
            found.push(match client(&url, ca_file.as_deref()) {
                Ok(http) => match http.send(http.request(Method::GET, url), Take::Whole).await {
                    Ok(reply) => reply.status.to_string(),
                    Err(Fault::Certificate(_)) => "certificate".to_owned(),
                    Err(other) => format!("{other:?}"),
                },
                Err(Problem::SettingsInvalid { .. }) => "settings".to_owned(),
                Err(other) => format!("{other:?}"),
            });
        }
        let plain: Url = "http://127.0.0.1:9/".parse().unwrap();
        assert!(
            client(&plain, None).is_ok(),
            "plain HTTP needs no certificate store"
        );
        println!("FOUND {}", found.join(","));
        return;
    }
    let (os, site, stranger) = (
        Ca::new("The OS's CA"),
        Ca::new("A site's CA"),
        Ca::new("None"),
    );
    let mut sites = Vec::new();
    for ca in [&os, &site, &stranger] {
        let certificate = ca.issue(&["localhost"], 2099);
        sites.push(Scripted::tls(&certificate, |_| reply(200, &[], "")).await);
    }
    let ports: Vec<String> = sites
        .iter()
        .map(|site| site.address.port().to_string())
        .collect();
    let (os, site) = (file(&os.pem()), file(&site.pem()));
    let missing = Path::new("/nonexistent/store.pem");
    for (store, ca_file, expected) in [
        (os.path(), Some(site.path()), "200,200,certificate"),
        (os.path(), None, "200,certificate,certificate"),
        (missing, Some(site.path()), "certificate,200,certificate"),
        (missing, None, "settings,settings,settings"),
    ] {
        let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
        child
            .args(["--exact", NAME, "--nocapture"])
            .env(CHILD, ports.join(","))
            .env("SSL_CERT_FILE", store)
            .env_remove("SSL_CERT_DIR");
        if let Some(ca_file) = ca_file {
            child.env("FIELDSCAN_TEST_CA_FILE", ca_file);
        }
        let said = child.output().await.unwrap();
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(
            said.contains(&format!("FOUND {expected}\n")),
            "store {store:?}, ca_file {ca_file:?}: expected {expected}, found {said}"
        );
    }
}
