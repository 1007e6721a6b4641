//! All screens of the window in one walk, as a person goes through them: WebKit, the real agent, the simulated site. What the
//! site holds is hostile, and is shown as text.

use fieldscan_tests::{
    desktop::{Application, Browser, Desk, Key, Keyring, SOON},
    network::{Host, Layout},
    phpipam::{Model, address, subnet},
    site::{Plan, Site, wait_until},
};
use serde_json::{Value, json};

use super::{OFFICE, STORE, is_confirmed, on_a_desk, scenario::settings_sent, wait_for_reports};

/// What somebody has typed into phpIPAM.
const SUBNET: &str = "Depot <b>office</b>";
const DESCRIPTION: &str = "<img src=x onerror=document.title='owned'>";
const NAME: &str = "<script>document.title='owned'</script>";

const DETAIL: &str = "Selected address";

/// phpIPAM knows three hosts of the office: 10.77.0.1, 10.77.0.2 with hostile words, and 10.77.0.9 which isn't there. 10.77.0.3
/// and this computer, 10.77.0.14, answer and are unknown.
fn hostile_site() -> Site {
    let mut model = Model::with_agent();
    let office = model.add_subnet(subnet(OFFICE).described(SUBNET).agent(1).discover());
    model.add_address(office, address("10.77.0.1").named("gw"));
    model.add_address(
        office,
        address("10.77.0.2").named(NAME).described(DESCRIPTION),
    );
    model.add_address(office, address("10.77.0.9").named("gone"));
    model.add_subnet(subnet(STORE).described("Depot store").agent(1).discover());
    let layout = Layout::new()
        .on_link("10.77.0.14/28".parse().unwrap())
        .on_link("10.77.1.14/28".parse().unwrap())
        .host(Host::new([10, 77, 0, 1]))
        .host(Host::new([10, 77, 0, 2]))
        .host(Host::new([10, 77, 0, 3]))
        .host(Host::new([10, 77, 1, 1]));
    Site::start(Plan {
        model,
        layout: Some(layout),
        settings: vec![("misses_before_missing", "1".into())],
        expected: Default::default(),
    })
    .unwrap()
}

/// Notes from now on what goes wrong in the page.
fn watch_for_faults(window: &Browser) {
    let listen = "window.faults = []; \
                  const note = (what) => faults.push(String(what?.stack ?? what?.what ?? what)); \
                  addEventListener('error', (event) => note(event.error ?? event.message)); \
                  addEventListener('unhandledrejection', (event) => note(event.reason)); \
                  addEventListener('securitypolicyviolation', (event) => note(`${event.violatedDirective}: ${event.blockedURI}`));";
    window.run(listen, &[]).unwrap();
}

/// What every page keeps, whatever stands on it.
#[track_caller]
fn holds(window: &Browser, page: &str) {
    let script = "return { faults: window.faults, title: document.title, \
                  foreign: document.querySelectorAll('img, iframe, script:not([src])').length, \
                  wider: document.documentElement.scrollWidth - document.documentElement.clientWidth, \
                  secrets: [...arguments].filter((secret) => document.documentElement.outerHTML.includes(secret)).length }";
    let secrets = [Model::EXAMPLE_TOKEN, Site::AUTH_TOKEN].map(Value::from);
    let found = window.run(script, &secrets).unwrap();
    let wanted =
        json!({"faults": [], "title": "Fieldscan", "foreign": 0, "wider": 0, "secrets": 0});
    assert_eq!(
        found, wanted,
        "{page}: no fault, nothing of the site's words ran or became an element, nothing is wider than the window, no secret"
    );
}

/// What stands in the part of the page that CSS names; nothing while there is none.
fn text_of(window: &Browser, part: &str) -> String {
    let script = "return document.querySelector(arguments[0])?.innerText ?? ''";
    let text = window.run(script, &[part.into()]).unwrap();
    text.as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn wait_for_in(window: &Browser, part: &str, words: &[&str]) {
    let mut text = String::new();
    let came = wait_until(SOON, || {
        text = text_of(window, part);
        words.iter().all(|words| text.contains(words))
    });
    assert!(came, "{part} says {words:?}: {text}");
}

/// Waits until the list of hosts is just these.
#[track_caller]
fn wait_for_hosts(window: &Browser, wanted: &[&str]) {
    let script = "return [...document.querySelectorAll('[data-ip]')].map((row) => row.dataset.ip)";
    let mut listed = Value::Null;
    let came = wait_until(SOON, || {
        listed = window.run(script, &[]).unwrap();
        listed == json!(wanted)
    });
    assert!(came, "{wanted:?} are listed: {listed}");
}

#[track_caller]
fn wait_for_page(window: &Browser, wanted: impl Fn(&str) -> bool) {
    let mut page = String::new();
    let came = wait_until(SOON, || {
        page = window.page().unwrap();
        wanted(&page)
    });
    assert!(came, "not the page that was wanted: {page}");
}

#[test]
fn all_screens_are_walked() {
    on_a_desk("walk::all_screens_are_walked", || {
        let desk = Desk::start(Keyring::Unlocked).unwrap();
        let site = hostile_site();
        let sent = settings_sent(&site);
        std::fs::remove_file(site.settings_file()).unwrap();
        let mut application = Application::start(&desk, &site, &[]).unwrap();
        let window = application.window().unwrap();
        watch_for_faults(&window);

        set_up(&window, &sent);
        overview(&window, &site);
        one_subnet(&window);
        history(&window, &site);
        reports(&window);
        settings(&window, &site);
        notices(&window);

        drop(window);
        let ended = application.stop().unwrap();
        assert!(ended.success(), "{}", application.words());
    });
}

fn set_up(window: &Browser, sent: &str) {
    window.wait_for_text("Paste your agent settings").unwrap();
    holds(window, "the set-up");
    window.click("Fill in by hand").unwrap();
    window.wait_for_text("Connect to phpIPAM").unwrap();
    holds(window, "the set-up by hand");
    window.click("Paste or import").unwrap();
    window.fill("Text of scan_agent.yaml", sent).unwrap();
    window.wait_for_text("Will be put in the keychain").unwrap();
    window.click("Continue to the test").unwrap();
    window
        .wait_for("the test", |text| {
            text.contains("Every step passed.") || text.contains("It works, with a caution.")
        })
        .unwrap();
    holds(window, "the test of the set-up");
    window.click("Continue").unwrap();
    window
        .wait_for_text("phpIPAM has assigned 2 subnets to this scan agent.")
        .unwrap();
    window.wait_for_text(SUBNET).unwrap();
    holds(window, "the first scan of the set-up");
    // Every scan of this walk is asked for.
    window.click("Then scan every 30 min").unwrap();
    window.click("Finish without scanning").unwrap();
}

fn overview(window: &Browser, site: &Site) {
    window.wait_for_text("Nothing was scanned yet.").unwrap();
    holds(window, "the overview before the first scan");
    window.click("Scan now").unwrap();
    wait_for_reports(site, 2, is_confirmed);
    window.wait_for_text("2 of 3 known hosts are up.").unwrap();
    window.wait_for_text("All reports confirmed").unwrap();
    window.wait_for_text(SUBNET).unwrap();
    holds(window, "the overview");
}

fn one_subnet(window: &Browser) {
    window.click(SUBNET).unwrap();
    wait_for_page(window, |page| page.starts_with("subnet/"));
    window.wait_for_text("Needs a look").unwrap();
    holds(window, "a subnet");

    // The map, with the keyboard alone.
    let detail = format!("[aria-label='{DETAIL}']");
    window.tab_to("10.77.0.0, Reserved").unwrap();
    window.press(&[Key::Right]).unwrap();
    wait_for_in(window, &detail, &["10.77.0.1", "Known", "gw"]);
    assert_eq!(window.focused().unwrap(), "10.77.0.1, Known");
    window.press(&[Key::Right]).unwrap();
    wait_for_in(window, &detail, &["10.77.0.2", NAME, DESCRIPTION]);
    holds(window, "a host with hostile words");
    window.press(&[Key::End]).unwrap();
    wait_for_in(window, &detail, &["10.77.0.15", "Reserved"]);
    window.press(&[Key::Left]).unwrap();
    assert_eq!(window.focused().unwrap(), "10.77.0.14, Unknown");
    // The next that needs a look: the first one, after the last.
    window.press(&[Key::Char(']')]).unwrap();
    wait_for_in(
        window,
        &detail,
        &["10.77.0.3", "phpIPAM has no record of it"],
    );
    window.click_in(DETAIL, "History").unwrap();
    wait_for_in(window, &format!("{detail} ol"), &["Seen"]);
    window.press(&[Key::Char(']')]).unwrap();
    wait_for_in(window, &detail, &["10.77.0.9", "Missing, 1×", "gone"]);
    window.click_in(DETAIL, "History").unwrap();
    wait_for_in(window, &detail, &["No scan has seen this address yet."]);
    holds(window, "a host's history");

    // The list: by a filter, and by what is typed.
    window.click_in("Show only", "Missing 1").unwrap();
    wait_for_hosts(window, &["10.77.0.9"]);
    window.click_in("Show only", "Missing 1").unwrap();
    window.press(&[Key::Control, Key::Char('f')]).unwrap();
    assert_eq!(
        window.focused().unwrap(),
        "Find an address, name, MAC or vendor"
    );
    window.type_text("gw").unwrap();
    wait_for_hosts(window, &["10.77.0.1"]);
    window.press(&[Key::Escape]).unwrap();
    wait_for_hosts(
        window,
        &[
            "10.77.0.3",
            "10.77.0.14",
            "10.77.0.9",
            "10.77.0.1",
            "10.77.0.2",
        ],
    );
    holds(window, "the list of hosts");
}

fn history(window: &Browser, site: &Site) {
    // Somebody plugs something in.
    site.network()
        .unwrap()
        .site()
        .set_host(Host::new([10, 77, 0, 7]));
    window.click("Scan now").unwrap();
    wait_for_reports(site, 4, is_confirmed);
    window.click("History").unwrap();
    window.wait_for_text("What changed since").unwrap();
    window.wait_for_text("10.77.0.7").unwrap();
    window.wait_for_text("By subnet").unwrap();
    holds(window, "the history");

    let choose = "const label = [...document.querySelectorAll('label')].find((one) => one.textContent.trim().startsWith('Compare with')); \
                  label.control.value = [...label.control.options].at(-1).value; \
                  label.control.dispatchEvent(new Event('change', { bubbles: true }));";
    window.run(choose, &[]).unwrap();
    window.wait_for_text("Compared with").unwrap();
    window.wait_for_text("10.77.0.7").unwrap();
    holds(window, "two runs compared");
}

fn reports(window: &Browser) {
    window.click("Reports").unwrap();
    window
        .wait_for_text("phpIPAM has been told: all reports are confirmed.")
        .unwrap();
    holds(window, "the reports");
    let open = "const [first] = document.querySelectorAll('a[data-report]'); first?.click(); return first !== undefined";
    assert!(
        wait_until(SOON, || window.run(open, &[]).unwrap() == json!(true)),
        "there is a report to open: {}",
        window.text().unwrap()
    );
    wait_for_page(window, |page| page.starts_with("reports/"));
    wait_for_in(
        window,
        "pre[aria-label='What is sent']",
        &["\"scan\"", "\"subnet\"", "10.77."],
    );
    window
        .wait_for_text("Confirmed: all of it seen in phpIPAM")
        .unwrap();
    holds(window, "a report");
}

fn settings(window: &Browser, site: &Site) {
    window.click("Settings").unwrap();
    window.wait_for_text("App id").unwrap();
    holds(window, "the settings");
    for (title, section) in [
        ("Scan server", "server"),
        ("Schedule", "schedule"),
        ("Scanning", "scanning"),
        ("Cache", "cache"),
        ("Notifications", "notifications"),
        ("Startup", "startup"),
        ("Import", "import"),
        ("Logs", "logs"),
        ("phpIPAM", "phpipam"),
    ] {
        window.click_in("Sections of the settings", title).unwrap();
        wait_for_page(window, |page| page == format!("settings/{section}"));
        let shown = "const { top } = document.getElementById(arguments[0]).getBoundingClientRect(); \
                     return document.activeElement.id === arguments[0] && top < innerHeight";
        let section = format!("section-{section}");
        assert_eq!(
            window.run(shown, &[section.into()]).unwrap(),
            json!(true),
            "{title} is in view, and the keyboard is there"
        );
    }
    holds(window, "the sections of the settings");

    // A value: what it is, is in the field already.
    window.fill("Missing after", "2").unwrap();
    window.wait_for_text("1 change").unwrap();
    window.click("What would change").unwrap();
    window.wait_for_text("→").unwrap();
    window.click("Apply").unwrap();
    window.wait_for_text("Applied.").unwrap();
    let written = std::fs::read_to_string(site.settings_file()).unwrap();
    assert!(written.contains("misses_before_missing: 12"), "{written}");

    // A token, which is never shown.
    window.click("API token:\u{a0}Replace…").unwrap();
    window.fill("New API token", Model::EXAMPLE_TOKEN).unwrap();
    window.press(&[Key::Enter]).unwrap();
    window
        .wait_for_text("API token: stored in the keychain.")
        .unwrap();
    holds(window, "the settings after a token was replaced");

    window.click("Test everything").unwrap();
    window.wait_for_text("Test again").unwrap();
    let outcomes = "return [...document.querySelectorAll('[data-step]')].map((step) => [step.dataset.step, step.dataset.outcome])";
    let outcomes = window.run(outcomes, &[]).unwrap();
    let outcomes: Vec<[String; 2]> = serde_json::from_value(outcomes).unwrap();
    assert_eq!(outcomes.len(), 11, "every step is told: {outcomes:?}");
    for [step, outcome] in &outcomes {
        assert!(
            outcome == "ok" || outcome == "warning",
            "{step} works: {outcomes:?}"
        );
    }
    holds(window, "the test of everything");
}

fn notices(window: &Browser) {
    window.click("Notices").unwrap();
    window.wait_for_text("10.77.0.7").unwrap();
    holds(window, "the notices");
    window.click("New unknown host").unwrap();
    wait_for_page(window, |page| page.ends_with("/10.77.0.7"));
    wait_for_in(window, &format!("[aria-label='{DETAIL}']"), &["10.77.0.7"]);
    holds(window, "what a notice leads to");
}
