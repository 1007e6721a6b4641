//! The vault on a real Secret Service (gnome-keyring) with a session bus of its own.
//!
//! The bus's address is a process's, so each test runs itself again as a child inside its session.
#![cfg(all(unix, not(target_os = "macos")))]
#![expect(
    clippy::unwrap_used,
    reason = "a test's own functions, where clippy takes only those with the attribute for tests"
)]

use std::{
    ffi::OsString,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use fieldscan_core::problem::Problem;
use fieldscan_engine::vault::{Secret, Source, Vault};
use fieldscan_tests::{
    desktop::{self, Keyring, Session},
    skip::skip_named,
};
use secrecy::{ExposeSecret, SecretString};

const INSIDE: &str = "FIELDSCAN_TEST_INSIDE";

fn inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// A session, or `None` after saying why there is none.
fn session(test: &str, keyring: Keyring) -> Option<Session> {
    match desktop::missing() {
        Some(reason) => {
            skip_named(test, &reason);
            None
        }
        None => Some(Session::start(keyring).unwrap()),
    }
}

fn child(test: &str, env: Vec<(&'static str, OsString)>) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for secret in Secret::ALL {
        command.env_remove(secret.variable());
    }
    command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "1")
        .env_remove("CREDENTIALS_DIRECTORY")
        .envs(env);
    command
}

/// Runs the test's inner part, which must pass and say nothing of a value.
fn run(test: &str, env: Vec<(&'static str, OsString)>) {
    let output = child(test, env).output().unwrap();
    let words = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(
        output.status.success() && words.contains("1 passed"),
        "inside the session: {words}"
    );
    assert!(!words.contains("MARKER"), "a value was printed: {words}");
}

fn unavailable<T: std::fmt::Debug>(result: Result<T, Problem>) -> String {
    match result {
        Err(Problem::KeychainUnavailable { detail }) => {
            assert!(!detail.contains("MARKER"), "a value in a problem: {detail}");
            detail
        }
        other => panic!("expected KeychainUnavailable, got {other:?}"),
    }
}

fn value(text: &str) -> SecretString {
    SecretString::from(text)
}

#[test]
fn secrets_are_kept_and_deleted() {
    const TEST: &str = "secrets_are_kept_and_deleted";
    if !inside() {
        let Some(session) = session(TEST, Keyring::Unlocked) else {
            return;
        };
        return run(TEST, session.env());
    }
    let vault = Vault::open();
    for secret in Secret::ALL {
        assert!(
            vault.get(secret).unwrap().is_none(),
            "a new keyring is empty"
        );
        assert!(!vault.delete(secret).unwrap(), "nothing to delete");
    }
    vault.set(Secret::ClientToken, &value("MARKER-1")).unwrap();
    vault
        .set(Secret::AuthToken, &value("MARKER-ü-\u{1f512}"))
        .unwrap();
    vault.set(Secret::ClientToken, &value("MARKER-2")).unwrap();

    // Another vault: nothing is remembered in this process.
    let vault = Vault::open();
    let found = vault.get(Secret::ClientToken).unwrap().unwrap();
    assert_eq!(found.source, Source::Keychain);
    assert!(
        found.value.expose_secret() == "MARKER-2",
        "the newer one holds"
    );
    let found = vault.get(Secret::AuthToken).unwrap().unwrap();
    assert!(
        found.value.expose_secret() == "MARKER-ü-\u{1f512}",
        "kept as it was"
    );
    let status: Vec<_> = vault
        .status()
        .into_iter()
        .map(|(_, at)| at.unwrap())
        .collect();
    assert_eq!(
        status,
        [Some(Source::Keychain), Some(Source::Keychain), None]
    );

    assert!(vault.delete(Secret::ClientToken).unwrap());
    assert!(vault.get(Secret::ClientToken).unwrap().is_none());
    assert!(
        vault.get(Secret::AuthToken).unwrap().is_some(),
        "the other one stays"
    );
    assert!(matches!(
        vault.set(Secret::AuthToken, &value("")),
        Err(Problem::SecretUnreadable { .. })
    ));
}

#[test]
fn a_keyring_that_was_never_unlocked_is_told_as_such() {
    const TEST: &str = "a_keyring_that_was_never_unlocked_is_told_as_such";
    if !inside() {
        let Some(session) = session(TEST, Keyring::NeverUnlocked) else {
            return;
        };
        return run(TEST, session.env());
    }
    let vault = Vault::open();
    for detail in [
        unavailable(vault.get(Secret::ClientToken)),
        unavailable(vault.set(Secret::ClientToken, &value("MARKER"))),
        unavailable(vault.delete(Secret::ClientToken)),
    ] {
        assert!(detail.contains("never unlocked"), "{detail}");
    }
    for (secret, status) in vault.status() {
        assert!(status.is_err(), "{secret} can't be known to be missing");
    }
}

#[test]
fn a_locked_keyring_that_nobody_unlocks_is_told_as_such() {
    const TEST: &str = "a_locked_keyring_that_nobody_unlocks_is_told_as_such";
    if !inside() {
        let Some(session) = session(TEST, Keyring::Unlocked) else {
            return;
        };
        let mut first = session.env();
        first.push(("FIELDSCAN_TEST_STORE", "1".into()));
        run(TEST, first);
        session.lock_keyring().unwrap();
        return run(TEST, session.env());
    }
    let vault = Vault::open();
    if std::env::var_os("FIELDSCAN_TEST_STORE").is_some() {
        vault.set(Secret::ClientToken, &value("MARKER")).unwrap();
        return;
    }
    // Nobody is there to type the password, and no window can be opened.
    for detail in [
        unavailable(vault.get(Secret::ClientToken)),
        unavailable(vault.set(Secret::ClientToken, &value("MARKER"))),
    ] {
        assert!(
            detail.contains("denied") || detail.contains("locked"),
            "{detail}"
        );
    }
}

#[test]
fn no_service_and_no_bus_are_told_as_such() {
    const TEST: &str = "no_service_and_no_bus_are_told_as_such";
    if !inside() {
        let gone = tempfile::tempdir().unwrap();
        let address = format!("unix:path={}", gone.path().join("bus").display());
        run(TEST, vec![("DBUS_SESSION_BUS_ADDRESS", address.into())]);
        let nonsense = "nonsense".into();
        run(TEST, vec![("DBUS_SESSION_BUS_ADDRESS", nonsense)]);
        // A bus that nobody answers behind: the socket's file is still there.
        let dead = gone.path().join("dead");
        drop(std::os::unix::net::UnixListener::bind(&dead).unwrap());
        let address = format!("unix:path={}", dead.display());
        run(TEST, vec![("DBUS_SESSION_BUS_ADDRESS", address.into())]);
        if let Some(session) = session(TEST, Keyring::None) {
            run(TEST, session.env());
        }
        return;
    }
    let vault = Vault::open();
    let started = Instant::now();
    for detail in [
        unavailable(vault.get(Secret::ClientToken)),
        unavailable(vault.set(Secret::ClientToken, &value("MARKER"))),
        unavailable(vault.delete(Secret::ClientToken)),
    ] {
        assert!(detail.contains("no keychain service"), "{detail}");
    }
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "nobody waits for a bus that isn't there"
    );
}

#[test]
fn a_keychain_that_appears_later_is_used_by_the_same_process() {
    const TEST: &str = "a_keychain_that_appears_later_is_used_by_the_same_process";
    if inside() {
        let vault = Vault::open();
        unavailable(vault.get(Secret::ClientToken));
        println!("\nasked once");
        std::io::stdin().read_line(&mut String::new()).unwrap();
        vault.set(Secret::ClientToken, &value("MARKER")).unwrap();
        let found = vault.get(Secret::ClientToken).unwrap().unwrap();
        assert!(found.value.expose_secret() == "MARKER");
        return;
    }
    let Some(mut session) = session(TEST, Keyring::None) else {
        return;
    };
    let mut child = child(TEST, session.env())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(
        lines.any(|line| line.unwrap() == "asked once"),
        "the child must have failed once, without a keychain"
    );
    session.start_keyring(Keyring::Unlocked).unwrap();
    child.stdin.take().unwrap().write_all(b"\n").unwrap();
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(child.wait().unwrap().success(), "{rest:?}");
}

#[test]
fn with_the_environment_nothing_touches_the_bus() {
    const TEST: &str = "with_the_environment_nothing_touches_the_bus";
    if !inside() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("bus");
        let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        std::fs::write(folder.path().join("auth_token"), "MARKER-file\n").unwrap();
        run(
            TEST,
            vec![
                (
                    "DBUS_SESSION_BUS_ADDRESS",
                    format!("unix:path={}", socket.display()).into(),
                ),
                ("FIELDSCAN_CLIENT_TOKEN", "MARKER-env".into()),
                ("FIELDSCAN_CLIENT_PASSWORD", "MARKER-pw".into()),
                ("CREDENTIALS_DIRECTORY", folder.path().into()),
            ],
        );
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err(), "somebody connected to the bus");
        return;
    }
    let vault = Vault::open();
    let found = vault.get(Secret::ClientToken).unwrap().unwrap();
    assert_eq!(found.source, Source::Environment);
    assert!(found.value.expose_secret() == "MARKER-env");
    let status: Vec<_> = vault
        .status()
        .into_iter()
        .map(|(_, at)| at.unwrap())
        .collect();
    assert_eq!(
        status,
        [
            Some(Source::Environment),
            Some(Source::CredentialsDirectory),
            Some(Source::Environment)
        ]
    );
}

#[test]
fn the_environment_comes_before_the_keychain() {
    const TEST: &str = "the_environment_comes_before_the_keychain";
    if !inside() {
        let Some(session) = session(TEST, Keyring::Unlocked) else {
            return;
        };
        return run(TEST, session.env());
    }
    Vault::open()
        .set(Secret::ClientToken, &value("MARKER-keychain"))
        .unwrap();
    let vault = Vault::with_environment(|name| {
        (name == Secret::ClientToken.variable()).then(|| "MARKER-env".into())
    });
    let found = vault.get(Secret::ClientToken).unwrap().unwrap();
    assert!(found.value.expose_secret() == "MARKER-env" && found.source == Source::Environment);
    let found = Vault::open().get(Secret::ClientToken).unwrap().unwrap();
    assert!(
        found.value.expose_secret() == "MARKER-keychain",
        "it is still there"
    );
}
