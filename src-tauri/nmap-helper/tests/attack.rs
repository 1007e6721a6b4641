//! Ten thousand hostile argument lists, and any list at all: nothing comes out but what may be scanned.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "a test that fails to set itself up fails"
)]

mod hostile;

use std::{ffi::OsString, os::unix::ffi::OsStringExt};

use fieldscan_nmap::build;
use hostile::{Dice, harmless};
use proptest::prelude::*;

fn text(args: Vec<OsString>) -> Vec<String> {
    args.into_iter()
        .map(|arg| arg.into_string().unwrap())
        .collect()
}

#[test]
fn ten_thousand_hostile_lists_bring_nothing_but_private_networks_to_nmap() {
    let mut dice = Dice::new(5);
    let mut passed = 0;
    for round in 0..10_000 {
        let words = dice.list(42);
        if let Ok(order) = build(&words, &[]) {
            passed += 1;
            let args = text(order.args);
            if let Err(why) = harmless(&args) {
                panic!("list {round}: {words:?} became {args:?}: {why}");
            }
        }
    }
    // A program that refuses everything, or a list that nothing could pass, would show nothing.
    assert!(
        (500..9_000).contains(&passed),
        "some lists are good: {passed}"
    );
}

#[test]
fn the_measure_itself_finds_what_must_not_be() {
    let start = "-sn -oX - --stats-every 1s --privileged -n --max-rate 100";
    let check = |rest: &str| {
        let line = format!("{start} {rest}");
        harmless(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    };
    assert_eq!(check("10.0.0.0/24 172.16.0.0/24"), Ok(()));
    assert_eq!(check("fd00::/120"), Ok(()));
    for bad in [
        "8.8.8.8/32",
        "10.0.0.1/24",
        "10.0.0.0/15",
        "10.0.0.0/16 10.1.0.0/32",
        "host.example.com",
        "10.0.0.0/24 -oN",
        "-iL 10.0.0.0/24",
        "--script=x 10.0.0.0/24",
        "-n 10.0.0.0/24",
        "--exclude -iL 10.0.0.0/24",
        "172.32.0.0/24",
        "2001:db8::/120",
        "fd00::/64",
        "",
    ] {
        assert!(check(bad).is_err(), "{bad:?} must be found");
    }
}

#[test]
fn all_networks_together_are_limited() {
    let list = |networks: &str| -> Vec<OsString> {
        format!("scan parent=1 profile=normal rate=1 trace=off {networks}")
            .split(' ')
            .map(OsString::from)
            .collect()
    };
    assert!(
        build(&list("10.0.0.0/16"), &[]).is_ok(),
        "65,536 are the most"
    );
    assert!(build(&list("10.0.0.0/17 10.0.128.0/17"), &[]).is_ok());
    assert!(build(&list("10.0.0.0/16 10.1.0.0/32"), &[]).is_err());
    assert!(
        build(&list("10.0.0.0/16 10.0.0.0/16"), &[]).is_err(),
        "twice the same is twice the packets"
    );
}

#[test]
fn a_public_network_passes_only_if_root_has_listed_it() {
    let words: Vec<OsString> = "scan parent=1 profile=normal rate=1 trace=off 203.0.113.0/25"
        .split(' ')
        .map(OsString::from)
        .collect();
    assert!(build(&words, &[]).is_err());
    assert!(build(&words, &["198.51.100.0/24".parse().unwrap()]).is_err());
    assert!(build(&words, &["203.0.113.0/24".parse().unwrap()]).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// Whatever the bytes are.
    #[test]
    fn whatever_comes_out_is_harmless(
        seed in any::<u64>(),
        bytes in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 0..4),
        at in any::<prop::sample::Index>(),
    ) {
        let mut words = Dice::new(seed).list(7);
        let at = at.index(words.len() + 1);
        words.splice(at..at, bytes.into_iter().map(OsString::from_vec));
        if let Ok(order) = build(&words, &[]) {
            prop_assert_eq!(harmless(&text(order.args)), Ok(()));
        }
    }
}
