//! What can go wrong around it: keychains that are absent, locked or refuse, its own sudden death, and desktops without a
//! tray.

use std::collections::BTreeSet;

use fieldscan_core::{delivery::Report, run::Outcome};
use fieldscan_tests::{
    desktop::{Application, Desk, Keyring, SOON, Session},
    site::{Site, processes, wait_until},
};

use super::{is_confirmed, on_a_desk, small_site, wait_for_reports, waits};

/// A site whose addresses the agent has in its cache, from a scan with all secrets at hand.
fn known_site(desk: &Desk) -> (Site, Vec<Report>) {
    let site = small_site();
    let mut application = Application::start_with_secrets(desk, &site, &["--autostart"]).unwrap();
    let tray = application.tray(desk).unwrap();
    tray.click(&["Scan now"], SOON).unwrap();
    let reports = wait_for_reports(&site, 2, is_confirmed);
    tray.click(&["Quit Fieldscan"], SOON).unwrap();
    assert!(
        application.wait().unwrap().success(),
        "{}",
        application.words()
    );
    (site, reports)
}

/// Without its secrets the application says so, scans what it has in its cache, and keeps what it can't send.
fn scans_without_secrets(desk: &Desk, said: &str) {
    let (site, before) = known_site(desk);
    let mut application = Application::start(desk, &site, &["--autostart"]).unwrap();
    let tray = application.tray(desk).unwrap();
    tray.click(&["Scan now"], SOON).unwrap();
    let all = wait_for_reports(&site, 4, |report| before.contains(report) || waits(report));
    let words = tray
        .wait_for(said, SOON, |words| words.contains(said))
        .unwrap();
    let attention = wait_until(SOON, || {
        tray.status().is_ok_and(|status| status == "NeedsAttention")
    });
    assert!(
        attention,
        "the icon asks for the person: {:?}\n{words}",
        tray.status()
    );
    assert!(
        tray.tooltip().unwrap().starts_with("Fieldscan\n"),
        "{:?}",
        tray.tooltip()
    );
    let run = site.runs().unwrap().pop().unwrap();
    for subnet in &run.subnets {
        assert!(
            matches!(subnet.outcome, Outcome::Scanned { .. }),
            "scanned from the cache: {subnet:?}"
        );
    }

    // The remedy's item opens the page where it is mended.
    let remedy = words
        .lines()
        .find(|line| line.trim().ends_with('…') && !line.contains("Settings"));
    let remedy = remedy.unwrap_or_else(|| panic!("no remedy in the menu:\n{words}"));
    tray.click(&[remedy.trim()], SOON).unwrap();
    let window = application.window().unwrap();
    window
        .wait_for("the settings of phpIPAM", |text| text.contains("keychain"))
        .unwrap();
    assert!(
        window.page().unwrap().starts_with("settings"),
        "{:?}",
        window.page()
    );
    drop(window);
    assert!(
        application.stop().unwrap().success(),
        "{}",
        application.words()
    );
    assert_eq!(
        site.reports().unwrap().len(),
        all.len(),
        "what waits is kept"
    );
}

#[test]
fn without_a_keychain_it_scans_what_it_knows() {
    on_a_desk(
        "troubles::without_a_keychain_it_scans_what_it_knows",
        || {
            let desk = Desk::start(Keyring::None).unwrap();
            scans_without_secrets(&desk, "keychain can't be used");
        },
    );
}

#[test]
fn with_a_keychain_that_was_never_unlocked_it_scans_what_it_knows() {
    on_a_desk(
        "troubles::with_a_keychain_that_was_never_unlocked_it_scans_what_it_knows",
        || {
            let desk = Desk::start(Keyring::NeverUnlocked).unwrap();
            scans_without_secrets(&desk, "keychain can't be used");
        },
    );
}

#[test]
fn with_a_locked_keychain_it_scans_what_it_knows() {
    on_a_desk(
        "troubles::with_a_locked_keychain_it_scans_what_it_knows",
        || {
            let desk = Desk::start(Keyring::Unlocked).unwrap();
            store_a_token(&desk.session);
            desk.session.lock_keyring().unwrap();
            scans_without_secrets(&desk, "keychain can't be used");
        },
    );
}

/// Stores a token as the application would, by the command line.
fn store_a_token(session: &Session) {
    let program = fieldscan_tests::site::built_program().unwrap();
    for name in ["client_token", "auth_token"] {
        let mut command = std::process::Command::new(&program);
        command.args(["secret", "set", name]).envs(session.env());
        let ended = fieldscan_tests::site::run_to_end(command, b"a-token\n", SOON).unwrap();
        assert_eq!(ended.code, Some(0), "{}", ended.words());
    }
}

#[test]
fn killed_in_a_scan_it_goes_on_where_it_was() {
    on_a_desk("troubles::killed_in_a_scan_it_goes_on_where_it_was", || {
        let desk = Desk::start(Keyring::None).unwrap();
        let site = small_site();
        site.server.hold();
        let mut application =
            Application::start_with_secrets(&desk, &site, &["--autostart"]).unwrap();
        let tray = application.tray(&desk).unwrap();
        tray.click(&["Scan now"], SOON).unwrap();
        let scanning = wait_until(SOON, || !processes("nmap").is_empty());
        assert!(scanning, "{}", tray.words().unwrap());
        application.kill().unwrap();
        drop(tray);
        let written = site.reports().unwrap_or_default();
        let alone = wait_until(SOON, || processes("nmap").is_empty());
        assert!(alone, "no scan outlives it: {:?}", processes("nmap"));

        let mut application =
            Application::start_with_secrets(&desk, &site, &["--autostart"]).unwrap();
        let tray = application.tray(&desk).unwrap();
        let kept: BTreeSet<_> = site
            .reports()
            .unwrap()
            .into_iter()
            .map(|report| report.id)
            .collect();
        assert!(
            written.iter().all(|report| kept.contains(&report.id)),
            "no report is lost"
        );
        site.server.release();
        // An interrupted scan goes on by itself, or is begun again by the person; in the end both subnets are told.
        tray.wait_for("it is ready", SOON, |words| {
            words.contains("Scan now") || words.contains("Stop the scan")
        })
        .unwrap();
        let told = || -> BTreeSet<String> {
            let reports = site.reports().unwrap_or_default();
            reports
                .iter()
                .filter(|report| is_confirmed(report))
                .map(|report| report.cidr.clone())
                .collect()
        };
        if told().len() < 2 && tray.words().unwrap().contains("Scan now") {
            tray.click(&["Scan now"], SOON).unwrap();
        }
        assert!(
            wait_until(SOON, || told().len() == 2),
            "{:#?}",
            site.reports()
        );
        let mut sent = BTreeSet::new();
        for received in site
            .server
            .received()
            .into_iter()
            .filter(|received| received.taken)
        {
            assert!(sent.insert(received.body), "no report is sent twice");
        }
        assert!(
            application.stop().unwrap().success(),
            "{}",
            application.words()
        );
    });
}

#[test]
fn without_a_tray_a_second_start_opens_the_window() {
    on_a_desk(
        "troubles::without_a_tray_a_second_start_opens_the_window",
        || {
            let desk = Desk::without_tray(Keyring::None).unwrap();
            let site = small_site();
            let mut first =
                Application::start_with_secrets(&desk, &site, &["--autostart"]).unwrap();
            first
                .wait_for_line(|line| line.contains("tray ready"))
                .unwrap();
            let told = desk
                .notifications
                .wait_for("that there is no tray", SOON, |shown| {
                    shown.title == "Fieldscan is at work"
                })
                .unwrap();
            assert!(told.text.contains("start Fieldscan again"), "{told:?}");
            assert_eq!(
                desk.windows("Fieldscan").unwrap(),
                0,
                "it doesn't get in the way"
            );

            let mut second = Application::start_with_secrets(&desk, &site, &[]).unwrap();
            assert!(second.wait().unwrap().success(), "{}", second.words());
            let window = first.window().unwrap();
            window.wait_for_text("Nothing was scanned yet.").unwrap();
            drop(window);
            assert!(first.stop().unwrap().success());

            let mut again =
                Application::start_with_secrets(&desk, &site, &["--autostart"]).unwrap();
            again
                .wait_for_line(|line| line.contains("nobody shows the tray"))
                .unwrap();
            assert!(
                site.data_folder().join("no-tray.told").exists(),
                "so it is said once"
            );
            let window = desk.windows("Fieldscan").unwrap();
            assert_eq!(window, 0, "later starts are silent");
            assert!(again.stop().unwrap().success());
            let told = desk.notifications.shown();
            assert_eq!(
                told.iter()
                    .filter(|shown| shown.title == "Fieldscan is at work")
                    .count(),
                1,
                "{told:#?}"
            );
        },
    );
}
