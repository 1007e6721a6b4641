//! The words: what is read is what was written, and every other spelling is refused.

use proptest::prelude::*;

use super::*;

fn words(text: &str) -> Vec<OsString> {
    text.split(' ').map(OsString::from).collect()
}

const GOOD: &str = "scan parent=42 profile=normal rate=2000 patience=1000 longest=10000 retries=3 \
    trace=on exclude=10.0.0.5,10.0.0.7 10.0.0.0/24 10.0.1.9/32";

#[test]
fn a_request_is_read_as_it_stands() {
    let asked = read(&words(GOOD)).unwrap();
    assert_eq!(asked.parent, 42);
    assert_eq!(
        asked.request,
        Request {
            networks: vec![
                "10.0.0.0/24".parse().unwrap(),
                "10.0.1.9/32".parse().unwrap()
            ],
            exclude: vec!["10.0.0.5".parse().unwrap(), "10.0.0.7".parse().unwrap()],
            trace: true,
            profile: Profile::Normal,
            pace: Pace {
                rate: 2_000,
                steady: Some(Steady {
                    patience: Duration::from_secs(1),
                    longest_wait: Duration::from_secs(10),
                    retries: 3
                })
            },
        }
    );
    let short = read(&words(
        "scan parent=1 profile=gentle rate=1 trace=off fd00::1/128",
    ))
    .unwrap();
    assert_eq!(short.request.pace.steady, None, "nmap's own timing");
    assert!(!short.request.trace);
}

#[test]
fn another_spelling_is_refused() {
    assert!(read(&words(GOOD)).is_ok(), "what the changes start from");
    for (from, to) in [
        ("scan", "Scan"),
        ("scan ", ""),
        ("scan", "-iL"),
        ("parent=42", "parent=042"),
        ("parent=42", "parent=+42"),
        ("parent=42", "parent=0"),
        ("parent=42", "parent=-1"),
        ("parent=42", "parent=4294967338"),
        (" parent=42", ""),
        ("profile=normal", "profile=Normal"),
        ("profile=normal", "profile=insane"),
        ("profile=normal", "normal"),
        ("profile=normal", "profile=gentle"), // the rate is too high for it
        ("rate=2000", "rate=2001"),
        ("rate=2000", "rate=0"),
        ("rate=2000", "rate=2e3"),
        ("rate=2000", "rate=٢"),
        ("patience=1000", "patience=99"),
        ("patience=1000", "patience=10001"),
        ("longest=10000", "longest=60001"),
        ("retries=3", "retries=11"),
        (" retries=3", ""),
        (" patience=1000", ""),
        ("trace=on", "trace="),
        ("trace=on", "trace=yes"),
        ("trace=on", "trace=on,off"),
        ("trace=on", "trace=off trace=on"),
        ("trace=on", "dns=10.9.9.1"),
        (" trace=on", ""),
        ("exclude=10.0.0.5,10.0.0.7", "exclude=10.0.0.5-7"),
        ("exclude=10.0.0.5,10.0.0.7", "exclude=10.0.0.4/30"),
        ("exclude=10.0.0.5,10.0.0.7", "exclude=10.0.0.7,10.0.0.5"),
        ("exclude=10.0.0.5,10.0.0.7", "exclude=10.0.0.5,10.0.0.5"),
        ("exclude=10.0.0.5,10.0.0.7", "exclude=fd00::1"),
        ("exclude=10.0.0.5,10.0.0.7", "exclude="),
        ("10.0.1.9/32", "10.0.1.9"),
        ("10.0.1.9/32", "10.0.1.9/32 "),
        ("10.0.1.9/32", "10.0.1.9/032"),
        ("10.0.1.9/32", "10.0.1.9/24"),
        ("10.0.1.9/32", "fd00::1/128"),
        ("10.0.1.9/32", "fd00::/128 10.0.0.1/32"),
        ("10.0.1.9/32", "host.example.com"),
        ("10.0.1.9/32", "--script=default"),
        ("10.0.1.9/32", "10.0.1.9/32 -oN /etc/passwd"),
        ("10.0.1.9/32", "10.0.1.9/32 trace=off"),
        (" 10.0.0.0/24 10.0.1.9/32", ""),
    ] {
        let text = GOOD.replacen(from, to, 1);
        assert!(read(&words(&text)).is_err(), "{text:?} is another spelling");
    }
    assert!(read(&[]).is_err());
}

#[test]
fn what_is_refused_is_not_repeated() {
    let error = read(&words("scan \u{1b}[31mparent")).unwrap_err();
    assert_eq!(error.to_string(), "word 2 is no parent= in its one form");
}

fn profile() -> impl Strategy<Value = Profile> {
    prop::sample::select(profiles().collect::<Vec<_>>())
}

fn pace(profile: Profile) -> impl Strategy<Value = Pace> {
    let steady = (WAIT_MS, WAIT_MS, RETRIES).prop_map(|(a, b, retries)| Steady {
        patience: Duration::from_millis(a.min(b).into()),
        longest_wait: Duration::from_millis(a.max(b).into()),
        retries: u8::try_from(retries).unwrap(),
    });
    (1..=crate::plan::limit(profile), prop::option::of(steady))
        .prop_map(|(rate, steady)| Pace { rate, steady })
}

fn networks() -> impl Strategy<Value = Vec<IpNetwork>> {
    let four = (any::<std::net::Ipv4Addr>(), 0u8..=32)
        .prop_map(|(ip, prefix)| canonical(IpNetwork::new(ip.into(), prefix).unwrap()));
    let six = (any::<std::net::Ipv6Addr>(), 0u8..=128)
        .prop_map(|(ip, prefix)| canonical(IpNetwork::new(ip.into(), prefix).unwrap()));
    prop_oneof![
        prop::collection::vec(four, 1..9),
        prop::collection::vec(six, 1..9)
    ]
}

proptest! {
    /// The two programs agree on every request.
    #[test]
    fn what_is_written_is_read(
        (profile, pace) in profile().prop_flat_map(|profile| (Just(profile), pace(profile))),
        networks in networks(),
        exclude in prop::collection::vec(any::<IpAddr>(), 0..9),
        trace in any::<bool>(),
        parent in PARENTS,
    ) {
        let request = Request { networks, exclude, trace, profile, pace };
        let asked = read(&request.for_helper(parent)).unwrap();
        prop_assert_eq!(asked.parent, parent);
        prop_assert_eq!(asked.request.for_nmap(true), request.for_nmap(true), "nmap is started alike");
        prop_assert_eq!(asked.request.for_helper(parent), request.for_helper(parent));
    }
}
