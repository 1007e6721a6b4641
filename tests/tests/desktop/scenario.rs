//! A person's first days with it, from the first start to the second.

use std::time::Duration;

use fieldscan_tests::{
    desktop::{Application, Browser, Desk, Keyring, SOON},
    network::Host,
    phpipam::Model,
    site::{Site, wait_until},
};

use super::{OFFICE, is_confirmed, on_a_desk, small_site, wait_for_reports, waits};

/// What an administrator sends to the one who installs an agent.
pub(super) fn settings_sent(site: &Site) -> String {
    let settings = std::fs::read_to_string(site.settings_file()).unwrap();
    format!(
        "{settings}client_token: {}\nauth_token: {}\n",
        Model::EXAMPLE_TOKEN,
        Site::AUTH_TOKEN
    )
}

fn set_up(window: &Browser, sent: &str) {
    window.wait_for_text("Paste your agent settings").unwrap();
    window.fill("Text of scan_agent.yaml", sent).unwrap();
    window.click("Continue to the test").unwrap();
    window
        .wait_for("the test", |text| {
            text.contains("Every step passed.") || text.contains("It works, with a caution.")
        })
        .unwrap();
    window.click("Continue").unwrap();
    window
        .wait_for_text("phpIPAM has assigned 2 subnets to this scan agent.")
        .unwrap();
    // Every scan of this scenario is asked for.
    window.click("Then scan every 30 min").unwrap();
    window.click("Finish without scanning").unwrap();
    window.wait_for_text("Nothing was scanned yet.").unwrap();
}

#[test]
fn from_the_first_start_to_the_second() {
    on_a_desk("scenario::from_the_first_start_to_the_second", || {
        let desk = Desk::start(Keyring::Unlocked).unwrap();
        let site = small_site();
        let sent = settings_sent(&site);
        std::fs::remove_file(site.settings_file()).unwrap();

        // The first start opens the window by itself, on the page where one begins.
        let mut application = Application::start(&desk, &site, &["--autostart"]).unwrap();
        let tray = application.tray(&desk).unwrap();
        let window = application.window().unwrap();
        set_up(&window, &sent);
        for secret in [Model::EXAMPLE_TOKEN, Site::AUTH_TOKEN] {
            let written = std::fs::read_to_string(site.settings_file()).unwrap();
            assert!(
                !written.contains(secret),
                "secrets are in the keychain and nowhere else"
            );
        }

        // The first scan, from the tray; its results in the window.
        tray.click(&["Scan now"], SOON).unwrap();
        let first = wait_for_reports(&site, 2, is_confirmed);
        let text = window
            .wait_for("what the first scan found", |text| {
                text.contains("1 of 2 known hosts")
            })
            .unwrap();
        assert!(
            text.contains("4 unknown") || text.contains("unknown"),
            "{text}"
        );
        window.click("Reports").unwrap();
        window
            .wait_for_text("phpIPAM has been told: all reports are confirmed.")
            .unwrap();
        assert!(
            desk.notifications.shown().is_empty(),
            "what a first scan finds is no news: {:?}",
            desk.notifications.shown()
        );
        drop(window);
        desk.close_window("Fieldscan").unwrap();

        // phpIPAM and its scan server go away, and somebody plugs something in.
        site.ipam.refuse_connections();
        site.server.refuse_connections();
        site.network()
            .unwrap()
            .site()
            .set_host(Host::new([10, 77, 0, 7]));
        tray.click(&["Scan now"], SOON).unwrap();
        let all = wait_for_reports(&site, 4, |report| first.contains(report) || waits(report));
        let waiting: Vec<_> = all
            .iter()
            .filter(|report| waits(report))
            .map(|report| report.id)
            .collect();
        assert_eq!(waiting.len(), 2, "both wait");
        let words = tray
            .wait_for("reports wait", SOON, |words| words.contains("2"))
            .unwrap();
        assert!(words.contains("wait"), "{words}");
        let news = desk
            .notifications
            .wait_for("the new host", SOON, |shown| {
                shown.text.contains("10.77.0.7")
            })
            .unwrap();
        assert_eq!(news.title, "New unknown host");
        assert!(
            news.text.contains("By what phpIPAM told before"),
            "{news:?}"
        );

        // A click on the notification opens the window on what it speaks of.
        // It listens for a click only a moment after it has shown something, which no person is quick enough to notice.
        let opened = wait_until(SOON, || {
            desk.notifications.click(news.id).unwrap();
            wait_until(Duration::from_secs(2), || {
                desk.windows("Fieldscan").is_ok_and(|windows| windows > 0)
            })
        });
        assert!(
            opened,
            "a click on a notification opens the window; {}",
            application.words()
        );
        let window = application.window().unwrap();
        window.wait_for_text("10.77.0.7").unwrap();
        assert!(
            window.page().unwrap().ends_with("/10.77.0.7"),
            "{}",
            window.page().unwrap()
        );
        window.click("Reports").unwrap();
        window.wait_for_text("2 reports wait").unwrap();
        drop(window);
        desk.close_window("Fieldscan").unwrap();

        // Both are back.
        let before = site.server.received().len();
        site.ipam.heal();
        site.server.heal();
        tray.click(&["Send 2 waiting reports"], SOON).unwrap();
        let all = wait_for_reports(&site, 4, is_confirmed);
        let delivered: Vec<_> = site.server.received()[before..]
            .iter()
            .filter(|received| received.taken)
            .map(|received| {
                received.json.as_ref().unwrap()["scan"]["subnet"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        let queued: Vec<_> = all
            .iter()
            .filter(|report| waiting.contains(&report.id))
            .map(|report| report.cidr.clone())
            .collect();
        assert_eq!(
            delivered, queued,
            "in the order in which they were made, each once"
        );
        let model = site.ipam.model();
        assert!(
            model.addresses_with_ip("10.77.0.7").next().is_some(),
            "phpIPAM knows the new host now"
        );
        drop(model);

        // Quit, and start again.
        tray.click(&["Quit Fieldscan"], SOON).unwrap();
        assert!(application.wait().unwrap().success());
        let runs = site.runs().unwrap();
        let told = desk.notifications.shown().len();
        let mut application = Application::start(&desk, &site, &["--autostart"]).unwrap();
        let tray = application.tray(&desk).unwrap();
        let words = tray
            .wait_for("it is as before", SOON, |words| {
                words.contains("Scan subnet")
            })
            .unwrap();
        assert!(words.contains("Depot – office"), "{words}");
        assert_eq!(
            desk.windows("Fieldscan").unwrap(),
            0,
            "later starts are silent"
        );
        assert_eq!(site.reports().unwrap(), all, "every report is still there");
        assert_eq!(site.runs().unwrap(), runs, "and every run");
        tray.activate().unwrap();
        let window = application.window().unwrap();
        window.wait_for_text("All reports confirmed").unwrap();
        window.click("Notices").unwrap();
        window.wait_for_text("10.77.0.7").unwrap();
        drop(window);
        assert_eq!(
            desk.notifications.shown().len(),
            told,
            "nothing is told twice"
        );

        // The tokens are still in the keychain.
        tray.click(&["Scan subnet", &format!("Depot – office, {OFFICE}")], SOON)
            .unwrap();
        let scanned = wait_until(SOON, || {
            site.runs().is_ok_and(|all| {
                all.len() == runs.len() + 1 && all.iter().all(|run| run.finished_at.is_some())
            })
        });
        assert!(scanned, "{:#?}", site.runs());
        assert!(
            application.stop().unwrap().success(),
            "the end of the session is no failure"
        );
        for secret in [Model::EXAMPLE_TOKEN, Site::AUTH_TOKEN] {
            assert!(
                !application.words().contains(secret),
                "no secret in the log"
            );
        }
    });
}
