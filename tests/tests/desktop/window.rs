//! The window comes when it is wanted and leaves nothing behind, and gives no secret away.

use fieldscan_tests::{
    desktop::{Application, Desk, Keyring, SOON},
    phpipam::Model,
    site::{Site, wait_until},
};
use serde_json::{Value, json};

use super::{is_confirmed, on_a_desk, small_site, wait_for_reports};

#[test]
fn a_closed_window_leaves_no_web_process() {
    on_a_desk("window::a_closed_window_leaves_no_web_process", || {
        let desk = Desk::start(Keyring::None).unwrap();
        let site = small_site();
        let mut application =
            Application::start_with_secrets(&desk, &site, &["--autostart"]).unwrap();
        let tray = application.tray(&desk).unwrap();
        assert!(
            application.web_processes().is_empty(),
            "nobody wanted a window yet"
        );
        for page in ["Overview", "Reports"] {
            tray.click(&["Open Fieldscan"], SOON).unwrap();
            let window = application.window().unwrap();
            window.click(page).unwrap();
            assert!(
                !application.web_processes().is_empty(),
                "a window has its process"
            );
            drop(window);
            desk.close_window("Fieldscan").unwrap();
            let gone = wait_until(SOON, || application.web_processes().is_empty());
            assert!(gone, "still there: {:?}", application.web_processes());
        }
        let kept = std::fs::read(site.data_folder().join("window.json")).unwrap();
        let kept: Value = serde_json::from_slice(&kept).unwrap();
        assert_eq!(kept["version"], 1, "its place is remembered: {kept}");

        tray.click(&["Scan now"], SOON).unwrap();
        wait_for_reports(&site, 2, is_confirmed);
        assert!(
            application.web_processes().is_empty(),
            "and the agent goes on without it"
        );
    });
}

#[test]
fn a_second_start_shows_the_window_of_the_first() {
    on_a_desk(
        "window::a_second_start_shows_the_window_of_the_first",
        || {
            let desk = Desk::start(Keyring::None).unwrap();
            let site = small_site();
            let mut first =
                Application::start_with_secrets(&desk, &site, &["--autostart"]).unwrap();
            let tray = first.tray(&desk).unwrap();
            tray.wait_for("it is at work", SOON, |words| words.contains("Scan now"))
                .unwrap();
            assert_eq!(desk.windows("Fieldscan").unwrap(), 0);

            let mut second =
                Application::start_with_secrets(&desk, &site, &["--page", "settings"]).unwrap();
            assert!(second.wait().unwrap().success(), "{}", second.words());
            let window = first.window().unwrap();
            let came = wait_until(SOON, || window.page().is_ok_and(|page| page == "settings"));
            assert!(came, "{:?}", window.page());

            // And once more, with the window open.
            let mut third =
                Application::start_with_secrets(&desk, &site, &["--page", "reports"]).unwrap();
            assert!(third.wait().unwrap().success(), "{}", third.words());
            let came = wait_until(SOON, || window.page().is_ok_and(|page| page == "reports"));
            assert!(came, "{:?}", window.page());
            assert_eq!(desk.windows("Fieldscan").unwrap(), 1, "one window for all");
        },
    );
}

#[test]
fn a_command_line_scan_is_done_by_the_running_application() {
    on_a_desk(
        "window::a_command_line_scan_is_done_by_the_running_application",
        || {
            let desk = Desk::start(Keyring::None).unwrap();
            let site = small_site();
            let mut application =
                Application::start_with_secrets(&desk, &site, &["--autostart"]).unwrap();
            let tray = application.tray(&desk).unwrap();
            tray.wait_for("it is at work", SOON, |words| words.contains("Scan now"))
                .unwrap();
            let ended = site.run(SOON, &["scan", "--wait-confirmed", "60"]).unwrap();
            assert_eq!(ended.code, Some(0), "{}", ended.words());
            wait_for_reports(&site, 2, is_confirmed);
            tray.activate().unwrap();
            let window = application.window().unwrap();
            window.wait_for_text("All reports confirmed").unwrap();
            drop(window);
            assert!(
                application.stop().unwrap().success(),
                "{}",
                application.words()
            );
        },
    );
}

#[test]
fn no_secret_can_be_read_back() {
    on_a_desk("window::no_secret_can_be_read_back", || {
        let desk = Desk::start(Keyring::Unlocked).unwrap();
        let site = small_site();
        let mut application = Application::start(&desk, &site, &[]).unwrap();
        let window = application.window().unwrap();
        let marker = "MARKER-0123456789";
        for name in ["client_token", "auth_token", "client_password"] {
            let set = window
                .invoke("set_secret", &json!({"name": name, "value": marker}))
                .unwrap();
            assert_eq!(set, Ok("keychain".into()), "{name}");
        }
        // Everything that the page may ask, with whatever it takes; a refusal is an answer, too.
        let asked = [
            ("snapshot", json!({})),
            ("settings", json!({})),
            (
                "check_settings",
                json!({"changes": [{"key": "client_token", "value": null}]}),
            ),
            ("runs", json!({"limit": 10})),
            ("reports", json!({})),
            ("notices", json!({})),
            ("test_everything", json!({"ended": "__CHANNEL__:1"})),
            (
                "addresses",
                json!({"subnet": 1, "advance": "__CHANNEL__:2"}),
            ),
            ("logs", json!({"level": "debug", "after": null})),
            ("privileges", json!({})),
            ("about", json!({})),
            ("set_secret", json!({"name": marker, "value": ""})),
            ("get_secret", json!({"name": "client_token"})),
            ("secret", json!({"name": "client_token"})),
            (
                "plugin:fs|read_text_file",
                json!({"path": site.settings_file()}),
            ),
            ("plugin:shell|execute", json!({"program": "secret-tool"})),
        ];
        let mut answers = 0;
        for (command, arguments) in asked {
            let answer = window.invoke(command, &arguments).unwrap();
            answers += usize::from(answer.is_ok());
            let said = format!("{answer:?}");
            if command != "set_secret" {
                assert!(
                    !said.contains(marker),
                    "{command} gave a secret away: {said}"
                );
            }
            if command.contains("secret") && command != "set_secret"
                || command.starts_with("plugin:")
            {
                assert!(answer.is_err(), "there is no {command}: {said}");
            }
        }
        assert!(answers >= 10, "the others answered: {answers}");
        let page = window
            .run("return document.documentElement.outerHTML", &[])
            .unwrap();
        assert!(!page.to_string().contains(marker), "nor is one in the page");
        drop(window);
        assert!(!application.words().contains(marker), "nor in the log");
        for secret in [Model::EXAMPLE_TOKEN, Site::AUTH_TOKEN] {
            assert!(!application.words().contains(secret));
        }
    });
}

#[test]
fn every_page_is_drawn_without_a_fault() {
    on_a_desk("window::every_page_is_drawn_without_a_fault", || {
        let desk = Desk::start(Keyring::None).unwrap();
        let site = small_site();
        let mut application =
            Application::start_with_secrets(&desk, &site, &["--autostart"]).unwrap();
        let tray = application.tray(&desk).unwrap();
        tray.click(&["Scan now"], SOON).unwrap();
        wait_for_reports(&site, 2, is_confirmed);
        tray.activate().unwrap();
        let window = application.window().unwrap();
        window.wait_for_text("All reports confirmed").unwrap();
        let listen = "window.faults = []; \
                      addEventListener('error', (event) => faults.push(String(event.error?.stack ?? event.message))); \
                      addEventListener('unhandledrejection', (event) => faults.push(String(event.reason?.stack ?? JSON.stringify(event.reason))));";
        window.run(listen, &[]).unwrap();
        for (page, words) in [
            (
                "Reports",
                "phpIPAM has been told: all reports are confirmed.",
            ),
            ("History", "5 hosts"),
            ("Notices", "Nothing had to be told yet."),
            ("Settings", "App id"),
            ("Overview", "1 of 2 known hosts"),
        ] {
            window.click(page).unwrap();
            let mut faults = json!([]);
            let drawn = wait_until(SOON, || {
                faults = window.run("return window.faults", &[]).unwrap();
                faults != json!([]) || window.text().is_ok_and(|text| text.contains(words))
            });
            assert_eq!(faults, json!([]), "on {page}");
            assert!(drawn, "{page} says {words:?}: {}", window.text().unwrap());
        }
    });
}
