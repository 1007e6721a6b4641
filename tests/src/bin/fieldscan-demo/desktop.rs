//! The tray application on the simulated site: on the desktop of whoever watches, or on one without a screen.

use std::{path::Path, process::ExitCode, sync::atomic::Ordering, time::Duration};

use anyhow::{Result, ensure};
use fieldscan_core::delivery::State;
use fieldscan_tests::{
    desktop::{Application, Browser, Desk, Keyring, SOON},
    site::{Site, wait_until},
};

use super::Demo;

/// Whether whoever watches has a desktop.
pub(crate) fn is_there() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// Opens it on the present desktop, until the person quits it or stops this.
pub(crate) fn open(demo: &Demo, site: &Site) -> Result<ExitCode> {
    demo.heading("The tray application");
    demo.say("  It is in your tray, and its window is open. Scan; look around; then quit it in its menu, or press Ctrl-C here.");
    let mut application = Application::on_this_desktop(site)?;
    let mut status = None;
    // There is no hurry: nothing ends this but the person.
    while status.is_none() && !demo.stopped.load(Ordering::SeqCst) {
        status = application.ended_within(Duration::from_secs(1))?;
    }
    let Some(status) = status else {
        application.stop()?;
        return demo.go_on().map(|()| ExitCode::SUCCESS);
    };
    ensure!(status.success(), "the tray application ended with {status}");
    Ok(ExitCode::SUCCESS)
}

/// Scans through the tray of a desktop without a screen, and leaves pictures in a folder.
pub(crate) fn scan(demo: &Demo, site: &Site, pictures: &Path) -> Result<ExitCode> {
    demo.heading("The tray application, on a desktop without a screen");
    let desk = Desk::start(Keyring::None)?;
    std::fs::create_dir_all(pictures)?;
    let mut application = Application::start_with_secrets(&desk, site, &[])?;
    let tray = application.tray(&desk)?;
    demo.say("  its menu, before:");
    demo.say(&indented(&tray.words()?));
    demo.say("  a click on “Scan now” …");
    tray.click(&["Scan now"], SOON)?;
    let subnets = site.expected().keys().filter(|cidr| !cidr.contains(':'));
    let wanted = subnets.count();
    let window = application.window()?;
    let mut began = false;
    let done = wait_until(SOON, || {
        if !began && window.text().is_ok_and(|text| text.contains("Stop")) {
            began = photograph(&window, pictures, "scanning").is_ok();
        }
        demo.stopped.load(Ordering::SeqCst)
            || site.reports().is_ok_and(|reports| {
                let confirmed = |state: &State| matches!(state, State::Confirmed { .. });
                reports.len() >= wanted && reports.iter().all(|report| confirmed(&report.state))
            })
    });
    demo.go_on()?;
    ensure!(
        done,
        "not all of {wanted} reports were confirmed within {SOON:?}; the menu:\n{}",
        tray.words()?
    );
    demo.say("  its menu, after:");
    demo.say(&indented(&tray.words()?));
    window.wait_for_text("All reports confirmed")?;
    for page in ["Overview", "Reports", "History"] {
        window.click(page)?;
        let came = wait_until(SOON, || {
            window.page().is_ok_and(|at| at == page.to_lowercase())
        });
        ensure!(came, "the window doesn't show {page}");
        photograph(&window, pictures, &page.to_lowercase())?;
    }
    drop(window);
    tray.click(&["Quit Fieldscan"], SOON)?;
    let status = application.wait()?;
    ensure!(
        status.success(),
        "it ended with {status}: {}",
        application.words()
    );
    demo.say(&format!(
        "  pictures of its window are in {}",
        pictures.display()
    ));
    demo.check(site, true)
}

fn photograph(window: &Browser, pictures: &Path, name: &str) -> Result<()> {
    std::fs::write(pictures.join(format!("{name}.png")), window.photograph()?)?;
    Ok(())
}

fn indented(words: &str) -> String {
    let lines: Vec<String> = words
        .trim_end()
        .lines()
        .map(|line| format!("    {line}"))
        .collect();
    lines.join("\n")
}
