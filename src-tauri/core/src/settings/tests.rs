use std::time::Duration;

use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::*;
use crate::schedule::Schedule;

fn reference() -> String {
    r##"---
# Scanner
nofusscomputing_phpipam_scan_agent:

  api_url: https://ipam.example.com/api/   # with /api
  http_port: "8443"
  http_server: 'https://scan.example.com'
  auth_token: "MARKER-auth-1"  # of the server
  client_token: MARKER_client_2   # Mandatory
  client_name: probe7
  scanagent_code: 00123
  nfc_c_cache_expire_time: 600
  verbosity: 3
other: 1
"##
    .replace('\n', "\r\n")
    .replace("---", "\u{feff}---")
}

fn ok(text: &str) -> Settings {
    match parse(text) {
        Ok((settings, _)) => settings,
        Err(mistakes) => panic!("{text:?} should be taken, got {mistakes:?}"),
    }
}

fn mistakes(text: &str) -> Vec<String> {
    match parse(text) {
        Ok(read) => panic!("{text:?} should be refused, got {read:?}"),
        Err(mistakes) => mistakes.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn an_empty_file_means_the_defaults() {
    for text in [
        "",
        "\n",
        "# only a comment\n",
        "---\n",
        "---\n...\n",
        "~",
        "\u{feff}",
    ] {
        assert_eq!(ok(text), Settings::default(), "{text:?}");
    }
}

#[test]
fn every_key_of_the_reference_is_taken() {
    let settings = ok("api_url: https://ipam.example.com/phpipam/api/\n\
         http_port: 5001\nhttp_server: http://10.0.0.9/\nauth_token: ''\ncache_expire_time: 60\n\
         epoch_time_offset: -7200\nclient_token: ~\nclient_name: agent\nscanagent_code: 0123\n");
    assert_eq!(
        settings.api_url.unwrap().as_str(),
        "https://ipam.example.com/phpipam"
    );
    assert_eq!(settings.http_server.as_str(), "http://10.0.0.9/");
    assert_eq!(settings.http_port, 5001);
    assert_eq!(settings.cache_expire_time, Duration::from_secs(60));
    assert_eq!(settings.epoch_time_offset, -7200);
    assert_eq!(settings.client_name.as_deref(), Some("agent"));
    assert_eq!(
        settings.scanagent_code.unwrap().reveal(),
        "0123",
        "a code that looks like a number keeps its zeros"
    );
}

#[test]
fn all_mistakes_come_at_once_with_line_column_key_found_and_expected() {
    let found = mistakes(
        "http_port: 70000\nreport_ipv6: yes\n\nprofile: [fast]\nhttp_port: 1\nallow_public:\n  - 203.0.113.0/24\n  - 198.51.100.7/24\n",
    );
    assert_eq!(
        found,
        [
            "1:12: http_port: found \"70000\", expected a port from 1 to 65535",
            "2:14: report_ipv6: found \"yes\", expected true or false",
            "4:10: profile: found a list, expected gentle, normal or fast",
            "5:1: http_port: found it a second time (first on line 1), expected each key once",
            "8:5: allow_public: found \"198.51.100.7/24\", which has bits beside its mask, expected 198.51.100.0/24 or 198.51.100.7",
        ]
    );
}

#[test]
fn what_is_not_a_mapping_or_not_yaml_is_told_with_its_place() {
    for (text, start) in [
        ("- a\n", "1:1: found a list, expected"),
        ("just words\n", "1:1: found text, expected"),
        ("http_port: 1\n\tx: 2\n", "2:1: found text that is not YAML"),
        ("a: \"open\n", "1:4: found text that is not YAML"),
        ("a: 1\n---\nb: 2\n", "2:1: found a second document"),
        (
            "client_name: *nobody\n",
            "1:14: found text that is not YAML",
        ),
    ] {
        let found = mistakes(text);
        assert!(
            found[0].starts_with(start),
            "{text:?}: expected {start:?}…, got {found:?}"
        );
    }
}

#[test]
fn unknown_keys_warn_with_the_nearest_known_one() {
    let (_, warnings) =
        parse("api_ulr: https://x.example\nhttp-port: 1\nsomething: 1\nauthtoken: x\n").unwrap();
    let words: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "1:1: api_ulr: unknown key, not used; did you mean api_url?",
            "2:1: http-port: unknown key, not used; did you mean http_port?",
            "3:1: something: unknown key, not used",
            "4:1: authtoken: unknown key, not used; did you mean auth_token?",
        ]
    );
}

#[test]
fn a_secret_among_the_settings_is_refused_without_being_shown() {
    for name in SECRET_KEYS {
        for value in [
            "MARKER",
            "'MARKER'",
            "[MARKER]",
            "!vault MARKER",
            "{MARKER: MARKER}",
        ] {
            let found = mistakes(&format!("{name}: {value}\n")).join("\n");
            assert!(found.contains("fieldscan secret set"), "{found}");
            assert!(!found.contains("MARKER"), "shown: {found}");
        }
        let found = set("", name, "MARKER").unwrap_err();
        assert!(!format!("{found:?}").contains("MARKER"), "{found:?}");
    }
}

#[test]
fn urls() {
    for (text, want) in [
        ("https://ipam.example.com", "https://ipam.example.com"),
        ("https://ipam.example.com/api", "https://ipam.example.com"),
        ("http://127.0.0.1:8080/api/", "http://127.0.0.1:8080"),
        ("https://h.example/ipam/", "https://h.example/ipam"),
        ("https://h.example/myapi", "https://h.example/myapi"),
    ] {
        let url = ok(&format!("api_url: {text}\n")).api_url.unwrap();
        assert_eq!(super::values::url_text(&url), want, "{text}");
    }
    for text in [
        "ipam.example.com",
        "ftp://ipam.example.com",
        "https://",
        "https://MARKER:MARKER@ipam.example.com",
        "https://MARKER@ipam.example.com",
        "https://ipam.example.com/?q=1",
        "https://ipam.example.com/#a",
        "\"https://ipam example\"",
        "5",
    ] {
        let found = mistakes(&format!("api_url: {text}\n"));
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(!found[0].contains("MARKER"), "{found:?}");
    }
}

#[test]
fn the_scan_servers_port_stands_in_one_place() {
    assert_eq!(ok("http_server: http://h.example:8080\n").http_port, 8080);
    assert_eq!(
        ok("http_server: http://h.example:8080\n")
            .http_server
            .as_str(),
        "http://h.example/"
    );
    assert_eq!(
        ok("http_server: h.example:80\nhttp_port: 80\n").http_port,
        80
    );
    assert_eq!(ok("http_server: http://[2001:db8::5000]\n").http_port, 5000);
    for text in [
        "http_server: http://h.example:8080\nhttp_port: 5000\n",
        "http_port: 5000\nhttp_server: http://h.example:80\n",
        "http_server: http://h.example/path\n",
        "http_server: http://u:p@h.example\n",
        "http_server: http://h.example:99999\n",
    ] {
        let found = mistakes(text);
        assert!(found[0].contains("http_server"), "{text:?}: {found:?}");
    }
}

#[test]
fn schedules() {
    let every = |minutes: u64| Schedule::Every(Duration::from_secs(60 * minutes));
    for (text, want) in [
        ("off", Schedule::Off),
        ("\"off\"", Schedule::Off),
        ("false", Schedule::Off),
        ("30 min", every(30)),
        ("30", every(30)),
        ("1h", every(60)),
        ("1min", every(1)),
        (
            "\"*/10 * * * *\"",
            Schedule::Cron("*/10 * * * *".to_owned()),
        ),
        (
            "0  7-19 * * MON-FRI",
            Schedule::Cron("0 7-19 * * MON-FRI".to_owned()),
        ),
        ("30 0 4 * * *", Schedule::Cron("30 0 4 * * *".to_owned())),
        ("", every(60)),
    ] {
        assert_eq!(ok(&format!("schedule: {text}\n")).schedule, want, "{text}");
    }
    for text in [
        "0",
        "99999999999",
        "59s",
        "never",
        "\"* * * *\"",
        "\"61 * * * *\"",
        "\"* * * * * *\"",
        "\"*/5 * * * * *\"",
        "\"0 0 * * * * 2027\"",
        "[1h]",
        "\"false\"",
        "1500ms",
        "20 years",
        "0 0 30 2 *",
    ] {
        assert_eq!(mistakes(&format!("schedule: {text}\n")).len(), 1, "{text}");
    }
}

#[test]
fn durations_zones_and_lists() {
    assert_eq!(
        ok("cache_expire_time: 30 min\n").cache_expire_time,
        Duration::from_secs(1800)
    );
    assert_eq!(
        ok("cache_expire_time: 0\n").cache_expire_time,
        Duration::ZERO
    );
    assert_eq!(
        ok("ipam_time_zone: europe/vienna\n")
            .ipam_time_zone
            .iana_name(),
        Some("Europe/Vienna")
    );
    assert_eq!(ok("ipam_time_zone: UTC\n"), Settings::default());
    assert_eq!(
        ok("allow_public: 203.0.113.0/24, 198.51.100.7\n").guard,
        ok("allow_public:\n- 203.0.113.0/24\n- 198.51.100.7/32\n- 203.0.113.0/24\n").guard
    );
    assert_eq!(ok("epoch_time_offset: +60\n").epoch_time_offset, 60);
    for text in [
        "cache_expire_time: -1",
        "cache_expire_time: 99999999999",
        "keep_history: 90",
        "ipam_time_zone: Mars/Olympus",
        "ipam_time_zone: \"\\0\"",
        "ipam_time_zone: Etc/Unknown",
        "allow_public: [0.0.0.0/0]",
        "allow_public: [[10.0.0.0/8]]",
        "epoch_time_offset: 1.5",
        "epoch_time_offset: 9223372036854775807",
        "ca_file: site.pem",
        "client_name: a/b",
        "client_name: \"{{ name }}\"",
        "client_name: \"a\\nb\"",
        "log_level: trace",
        "misses_before_missing: 0",
        "client_name: &a x\nclient_user: *a",
    ] {
        assert_eq!(mistakes(&format!("{text}\n")).len(), 1, "{text}");
    }
}

#[test]
fn the_agents_code_is_not_shown_in_mistakes() {
    let found = mistakes("scanagent_code: \"MARKER\\nMARKER\"\n");
    assert_eq!(
        found,
        ["1:17: scanagent_code: found text, expected the agent's code on one line"]
    );
}

#[test]
fn a_reference_file_is_taken_as_it_is() {
    let import = import(&reference()).unwrap();
    assert_eq!(
        import.client_token.as_ref().unwrap().expose_secret(),
        "MARKER_client_2"
    );
    assert_eq!(
        import.auth_token.as_ref().unwrap().expose_secret(),
        "MARKER-auth-1"
    );
    assert!(import.client_password.is_none());
    let settings = &import.settings;
    assert_eq!(settings.http_server.as_str(), "https://scan.example.com/");
    assert_eq!(settings.http_port, 8443);
    assert_eq!(settings.scanagent_code.as_ref().unwrap().reveal(), "00123");
    assert_eq!(settings.cache_expire_time, Duration::from_secs(600));
    let unknown: Vec<&str> = import.warnings.iter().map(|w| w.key.as_str()).collect();
    assert_eq!(unknown, ["verbosity", "other"]);
    assert!(!format!("{import:?}").contains("MARKER"), "{import:?}");

    let flat = super::import("client_token: 123456\nclient_name: a\n").unwrap();
    assert_eq!(flat.client_token.unwrap().expose_secret(), "123456");
    let empty =
        super::import("---\nnofusscomputing_phpipam_scan_agent:\n  client_token:   # none\n")
            .unwrap();
    assert!(empty.client_token.is_none(), "an empty token is none");
}

#[test]
fn mistakes_in_a_reference_file_never_show_a_token() {
    for text in [
        "client_token: [MARKER]\n",
        "client_token: !vault |\n  MARKER\n",
        "client_token: MARKER MARKER\n",
        "client_token: \"{{ MARKER }}\"\n",
        "client_token: *MARKER\n",
        "client_token: \"MARKER\n",
        "client_token: {MARKER\n",
        "client_token: MARKER\nclient_token: MARKER\n",
        "client_token: MARKER: MARKER\n",
        "client_token: MARKER\n  MARKER: x\n",
        "nofusscomputing_phpipam_scan_agent: MARKER\n",
        "- MARKER\n",
        "MARKER",
        "auth_token: MARKER\nhttp_port: MARKER\n",
        "client_name: x\n  client_token:MARKER\n",
        "client_token: |\n MARKER\n\n MARKER\n",
    ] {
        let found = super::import(text).unwrap_err();
        assert!(
            !format!("{found:?}").contains("MARKER"),
            "{text:?}: {found:?}"
        );
    }
    let found = super::import("client_token: MARKER\nMARKER: 1\n").unwrap();
    assert!(!format!("{found:?}").contains("MARKER"), "{found:?}");
}

#[test]
fn only_the_tokens_are_blanked() {
    let blanked = blank_tokens(&reference(), &[]).unwrap();
    let want = reference()
        .replace("\"MARKER-auth-1\"", "")
        .replace("MARKER_client_2", "");
    assert_eq!(blanked, want);
    for (text, want) in [
        ("client_token: x # y\n", "client_token:  # y\n"),
        (
            "client_token:\n  x\nhttp_port: 1\n",
            "client_token:\nhttp_port: 1\n",
        ),
        (
            "client_token: >-\n  x\n\n# c\nhttp_port: 1\n",
            "client_token: \n\n# c\nhttp_port: 1\n",
        ),
        (
            "{client_token: x, http_port: 1}",
            "{client_token: , http_port: 1}",
        ),
        ("client_token: !!str &a 'x'\n", "client_token: \n"),
        ("\"client_token\" : x", "\"client_token\" : "),
        ("client_token:\n", "client_token:\n"),
        ("client_token: ~\n", "client_token: \n"),
        ("http_port: 1\n", "http_port: 1\n"),
    ] {
        let blanked = blank_tokens(text, &[]).unwrap();
        assert!(!blanked.contains('x'), "{text:?} → {blanked:?}");
        assert_eq!(blanked, want, "{text:?}");
    }
}

#[test]
fn setting_a_key_keeps_comments_and_order() {
    let text = "# mine\nhttp_port:    5000   # of the server\n# profile: normal\n\nallow_public:\n  - 203.0.113.0/24 # a\n  # b\n# end\n";
    for (key, value, want) in [
        ("http_port", "5001", text.replace("5000", "5001")),
        ("http_port", "", text.replace("    5000", "")),
        (
            "profile",
            "fast",
            text.replace("normal\n", "normal\nprofile: fast\n"),
        ),
        (
            "allow_public",
            "198.51.100.0/24",
            text.replace("\n  - 203.0.113.0/24 # a", " [198.51.100.0/24] # a"),
        ),
        (
            "schedule",
            "*/5 * * * *",
            format!("{text}schedule: \"*/5 * * * *\"\n"),
        ),
        ("client_name", "a # b: c", String::new()),
        (
            "client_user",
            "a # b: \"c\"",
            format!("{text}client_user: \"a # b: \\\"c\\\"\"\n"),
        ),
    ] {
        match set(text, key, value) {
            Ok(changed) => assert_eq!(changed, want, "{key} {value}"),
            Err(mistakes) => assert_eq!(want, "", "{key} {value}: {mistakes:?}"),
        }
    }
    assert_eq!(set("", "http_port", "1").unwrap(), "http_port: 1\n");
    assert_eq!(
        set("a: 1", "http_port", "1").unwrap(),
        "a: 1\nhttp_port: 1\n"
    );
    assert_eq!(
        set("---\na: 1\n...\n", "http_port", "1").unwrap(),
        "---\na: 1\nhttp_port: 1\n...\n"
    );
    assert_eq!(
        set("a: 1\r\n", "http_port", "1").unwrap(),
        "a: 1\r\nhttp_port: 1\r\n"
    );
    assert_eq!(
        set("\u{feff}  a: 1\n", "http_port", "1").unwrap(),
        "\u{feff}  a: 1\n  http_port: 1\n"
    );
    assert_eq!(
        set("", "http_server", "https://h.example:8443").unwrap(),
        "http_server: https://h.example\nhttp_port: 8443\n"
    );
    assert_eq!(
        set("http_port: 1", "api_ulr", "x").unwrap_err()[0].to_string(),
        "api_ulr: found a key that doesn't exist, expected a known key; did you mean api_url?"
    );
}

#[test]
fn a_broken_text_is_not_changed() {
    for text in [
        "http_port: x\n",
        "- a\n",
        "a: \"\n",
        "client_token: MARKER\n",
    ] {
        let found = set(text, "profile", "fast").unwrap_err();
        assert!(found[0].at.is_some(), "it names the place: {found:?}");
        assert!(update(text, &Settings::default()).is_err(), "{text}");
    }
}

/// What is absolute is another thing on Windows.
#[cfg(not(windows))]
const CA_FILES: [&str; 4] = ["/a b/c'd.pem", "/x: y#z", "/ü/\u{1f512}.pem", ""];
#[cfg(windows)]
const CA_FILES: [&str; 4] = [r"C:\a b\c'd.pem", r"D:\x: y#z", "C:/ü/\u{1f512}.pem", ""];

#[test]
fn the_example_is_the_defaults_and_names_every_key() {
    let example = to_yaml(&Settings::default());
    assert_eq!(ok(&example), Settings::default());
    assert_eq!(
        example,
        include_str!("../../settings.example.yaml").replace("\r\n", "\n"),
        "the file for readers says what the table of keys says; if the table is right, replace it with the left text"
    );
    let mut all = String::new();
    for line in example.lines() {
        let uncommented = line.strip_prefix('#').filter(|rest| !rest.starts_with(' '));
        all += &format!("{}\n", uncommented.unwrap_or(line));
    }
    if cfg!(windows) {
        // The example is one for all systems; its path is of those that it is most read on.
        all = all.replace("/etc/ssl/certs/site-ca.pem", CA_FILES[0]);
    }
    let read = parse(&all);
    assert!(
        read.as_ref().is_ok_and(|(_, warnings)| warnings.is_empty()),
        "{read:?}"
    );
    for key in &KEYS {
        assert!(
            all.contains(&format!("\n{}: ", key.name)),
            "{} is missing",
            key.name
        );
        let set = set(
            &example,
            key.name,
            &key.shown(&ok(&all)).unwrap().to_string(),
        )
        .unwrap();
        assert_eq!(parse(&set).unwrap().1, [], "{set}");
    }
}

#[test]
fn long_and_deep_texts_are_read_or_refused() {
    let keys: String = (0..10_000).map(|n| format!("key{n}: 1\n")).collect();
    assert_eq!(parse(&keys).unwrap().1.len(), 10_000);
    let comments = "# http_port: 1\n".repeat(10_000);
    assert!(set(&comments, "http_port", "2").is_ok());
    for deep in [
        "[".repeat(100_000),
        "- ".repeat(100_000),
        "a: ".repeat(100_000),
        "{a: ".repeat(100_000),
        format!("x: {}{}\n", "[".repeat(250), "]".repeat(250)),
        format!("client_token: {}\n", "- ".repeat(250)),
        "&a [*a, ".repeat(200),
    ] {
        let _ = parse(&deep);
        let _ = import(&deep);
        let _ = blank_tokens(&deep, &[]);
    }
}

#[test]
fn names_in_the_table_are_unique_and_no_secret_is_among_them() {
    for (place, key) in KEYS.iter().enumerate() {
        assert!(KEYS[place + 1..].iter().all(|other| other.name != key.name));
        assert!(!SECRET_KEYS.contains(&key.name));
        assert_eq!(super::key(key.name).map(|found| found.name), Some(key.name));
    }
}

fn good() -> impl Strategy<Value = (&'static str, String)> {
    let number = |name: &'static str, range: std::ops::Range<i64>| {
        range.prop_map(move |n| (name, n.to_string())).boxed()
    };
    let word = |name: &'static str, words: &'static [&'static str]| {
        proptest::sample::select(words)
            .prop_map(move |word| (name, word.to_owned()))
            .boxed()
    };
    prop_oneof![
        number("http_port", 1..65_536),
        number("misses_before_missing", 1..101),
        number("epoch_time_offset", -100_000..100_000),
        number("cache_expire_time", 0..10_000_000),
        word("report_ipv6", &["true", "false"]),
        word("allow_large", &["true", "false"]),
        number("battery_level", 0..101),
        word("right_place", &["true", "false"]),
        word("on_metered", &["wait", "scan"]),
        word("profile", &["gentle", "normal", "fast"]),
        word("log_level", &["error", "warn", "info", "debug"]),
        word(
            "ipam_time_zone",
            &["UTC", "Asia/Tokyo", "America/New_York", "Etc/GMT+5"]
        ),
        word(
            "schedule",
            &["off", "5 min", "1 h 30 min", "0 3 * * *", "*/7 * * * *"]
        ),
        word("schedule_jitter", &["0 s", "2 min"]),
        word("keep_history", &["1 day", "90 days", "2 days 3 h"]),
        word(
            "allow_public",
            &["203.0.113.0/24", "203.0.113.0/24,2001:db8::/32", ""]
        ),
        word(
            "api_url",
            &[
                "https://a.example",
                "http://[::1]:8/x",
                "https://a.example/~x/:y",
                ""
            ]
        ),
        word("http_server", &["https://a.example", "http://[::1]"]),
        word("ca_file", &CA_FILES),
        "[^/?#%\\\\{\\s\\p{C}]{1,12}"
            .prop_map(|text| ("client_name", text))
            .boxed(),
        "[^{\\p{C}]{0,30}"
            .prop_map(|text| ("client_user", text.trim().to_owned()))
            .boxed(),
        "[^{\\p{C}]{0,30}"
            .prop_map(|text| ("scanagent_code", text.trim().to_owned()))
            .boxed(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = parse(&text);
        let _ = import(&text);
        let _ = blank_tokens(&text, &[]);
        let _ = set(&text, "http_port", "1");
    }

    #[test]
    fn text_that_looks_like_yaml_is_read_or_refused(
        text in "(client_token|http_port|api_url|allow_public|schedule|x|'q'|\\? |- |: |:|\\n|\\n  |\\[|\\]|\\{|\\}|,|#|\\||>|&a |\\*a|!t |\"|'|---\\n|\\.\\.\\.\\n|\\t|\\r|é|\u{feff}|5){0,30}",
    ) {
        let _ = import(&text);
        let _ = blank_tokens(&text, &[]);
        if let Ok(changed) = set(&text, "http_port", "1") {
            prop_assert_eq!(parse(&changed).unwrap().0.http_port, 1);
        }
        if let (Ok((settings, _)), Ok(changed)) = (parse(&text), set(&text, "allow_public", "203.0.113.0/24")) {
            let mut new = parse(&changed).unwrap().0;
            prop_assert_eq!(new.guard.public.len(), 1);
            new.guard.public = settings.guard.public.clone();
            prop_assert_eq!(new, settings, "nothing else changes");
        }
    }

    #[test]
    fn what_is_set_is_what_is_read(changes in proptest::collection::vec(good(), 1..12)) {
        let mut text = String::from("# top\n\nhttp_port: 5000 # here\nunknown: [1, {a: b}]\n# end");
        for (name, value) in &changes {
            text = match set(&text, name, value) {
                Ok(text) => text,
                Err(mistakes) => return Err(TestCaseError::fail(format!("{name} = {value:?} in {text:?}: {mistakes:?}"))),
            };
            let one = if value.is_empty() { Settings::default() } else { ok(&set("", name, value).unwrap()) };
            let key = key(name).unwrap();
            prop_assert_eq!(key.shown(&ok(&text)), key.shown(&one), "{} = {:?}", name, value);
            prop_assert!(text.contains("# top") && text.contains("# here") && text.contains("# end"));
        }
        let settings = ok(&text);
        prop_assert_eq!(&ok(&to_yaml(&settings)), &settings, "a new file says the same");
        prop_assert_eq!(&ok(&update("# mine\n", &settings).unwrap()), &settings, "so does a changed one");
        prop_assert_eq!(ok(&update(&text, &Settings::default()).unwrap()), Settings::default());
    }

    #[test]
    fn an_import_never_shows_a_token(
        before in "(http_port: 1\\n|http_port: x\\n|  |- |\\[|\"|'|---\\n|a: b\\n|nofusscomputing_phpipam_scan_agent:\\n  ){0,3}",
        open in "(|'|\"|\\||>|!t |!vault |&a |\\*|\\[|\\{|\\? |- |\\n  |\\{\\{ )",
        close in "(|'|\"|\\]|\\}| \\}\\}|\\n|: x|, y|\\n  z\\n|\u{1}|é)",
        name in proptest::sample::select(&["client_token", "auth_token", "client_password"][..]),
    ) {
        // On a line of its own and with a colon behind it, it is a key like any other.
        prop_assume!(!(open.starts_with('\n') && close.starts_with(':')));
        let text = format!("{before}{name}: {open}MARKER7{close}\nclient_name: a b\n");
        let seen = match import(&text) {
            Ok(import) => format!("{import:?} {:?}", import.warnings.iter().map(ToString::to_string).collect::<Vec<_>>()),
            Err(mistakes) => format!("{mistakes:?} {:?}", mistakes.iter().map(ToString::to_string).collect::<Vec<_>>()),
        };
        prop_assert!(!seen.contains("MARKER7"), "{text:?} shows it: {seen}");
        let seen = match parse(&text) {
            Ok(read) => format!("{read:?}"),
            Err(mistakes) => format!("{mistakes:?}"),
        };
        prop_assert!(!seen.contains("MARKER7"), "{text:?} shows it: {seen}");
    }
}

#[test]
fn a_reference_file_is_no_settings_file() {
    let mistakes = parse("nofusscomputing_phpipam_scan_agent:\n  nfc_c_client_token: MARKER\n  auth_token:\n  client_name: a\n").unwrap_err();
    let words: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    assert!(
        words[0].starts_with("1:1: ") && words[0].contains("`fieldscan config import FILE`"),
        "it says what to do with the file: {words:?}"
    );
    assert!(
        words.len() == 2
            && words[1].starts_with("2:23: client_token")
            && !words[1].contains("MARKER"),
        "a token inside is told, not shown: {words:?}"
    );
}

#[test]
fn taking_over_changes_only_what_the_file_names() {
    let mine = "profile: gentle # ours\nhttp_port: 7000\nclient_name: old\n";
    let import =
        super::import("client_name: new\nschedule:\nhttp_server: http://h:6000\n").unwrap();
    assert_eq!(import.given, ["client_name", "http_server", "http_port"]);
    assert_eq!(
        take_over(mine, &import).unwrap(),
        "profile: gentle # ours\nhttp_port: 6000\nclient_name: new\nhttp_server: http://h\n",
        "the rest keeps its value, its comment and its place"
    );
    assert!(!import.is_empty());
    assert!(super::import("a: 1\n").unwrap().is_empty(), "nothing known");
}

#[test]
fn a_token_that_is_to_be_kept_is_not_blanked() {
    let text = "client_token: ONE\nauth_token: TWO # t\nhttp_port: 1\n";
    assert_eq!(
        blank_tokens(text, &["auth_token"]).unwrap(),
        text.replace("ONE", ""),
        "only its own name is spared"
    );
}

#[test]
fn a_tab_is_told_where_it_stands() {
    let mistakes = parse("http_port: 1\nprofile: fast\n\tlog_level: info\n").unwrap_err();
    assert!(
        mistakes[0]
            .to_string()
            .starts_with("3:1: found text that is not YAML"),
        "the line to mend is the one with the tab: {}",
        mistakes[0]
    );
}
