//! The icon in a real panel: xfce4-panel's tray.

use std::path::PathBuf;

use fieldscan_tests::{
    desktop::{Application, Desk, Keyring, Panel, SOON, Screen, missing_panel},
    site::wait_until,
    skip::skip_named,
};

use super::{on_a_desk, small_site};

/// Where pictures are left for a person to look at.
fn pictures() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The height of the panel, in points.
const PANEL: usize = 32;

#[test]
fn a_real_panel_shows_the_icon() {
    const TEST: &str = "panel::a_real_panel_shows_the_icon";
    if let Some(reason) = missing_panel() {
        return skip_named(TEST, &reason);
    }
    on_a_desk(TEST, || {
        let desk = Desk::without_tray(Keyring::None).unwrap();
        let _panel = Panel::start(&desk).unwrap();
        // It is drawn in its own time: empty, it is the same twice in a row and not the bare screen.
        let mut empty = bar(&desk);
        let drawn = wait_until(SOON, || {
            let before = std::mem::replace(&mut empty, bar(&desk));
            empty == before && empty.iter().any(|point| *point != empty_screen(&desk))
        });
        assert!(drawn, "the panel is on the screen");

        let site = small_site();
        let mut application =
            Application::start_with_secrets(&desk, &site, &["--autostart"]).unwrap();
        application
            .wait_for_line(|line| line.contains("the tray is shown") || line.contains("tray ready"))
            .unwrap();
        let mut width = 0;
        let shown = wait_until(SOON, || {
            width = changed(&empty, &bar(&desk));
            (12..=48).contains(&width)
        });
        desk.screen
            .photograph(&pictures().join("panel.png"))
            .unwrap();
        assert!(shown, "an icon came into the panel, {width} points wide");

        assert!(application.stop().unwrap().success());
        let gone = wait_until(SOON, || changed(&empty, &bar(&desk)) == 0);
        assert!(gone, "and it leaves with the application");
    });
}

fn bar(desk: &Desk) -> Vec<[u8; 3]> {
    let mut points = desk.screen.points().unwrap();
    points.truncate(PANEL * Screen::WIDTH);
    points
}

/// The colour of the screen where nothing is.
fn empty_screen(desk: &Desk) -> [u8; 3] {
    *desk.screen.points().unwrap().last().unwrap()
}

/// How wide the part is in which two pictures of the panel differ, in points.
fn changed(before: &[[u8; 3]], after: &[[u8; 3]]) -> usize {
    let differ = |column: &usize| {
        let rows = 0..PANEL;
        rows.into_iter().any(|row| {
            let at = row * Screen::WIDTH + column;
            before[at] != after[at]
        })
    };
    let first = (0..Screen::WIDTH).find(differ);
    let last = (0..Screen::WIDTH).rfind(differ);
    first.zip(last).map_or(0, |(first, last)| last - first + 1)
}
