//! Notifications beside the window: who has it in front is not told a second time.

use fieldscan_tests::{
    desktop::{Application, Desk, Keyring, SOON},
    network::Host,
    site::wait_until,
};

use super::{is_confirmed, on_a_desk, small_site, wait_for_reports};

#[test]
fn nothing_pops_up_while_the_window_is_in_front() {
    on_a_desk(
        "notices::nothing_pops_up_while_the_window_is_in_front",
        || {
            let desk = Desk::start(Keyring::None).unwrap();
            let site = small_site();
            let mut application =
                Application::start_with_secrets(&desk, &site, &["--autostart"]).unwrap();
            let tray = application.tray(&desk).unwrap();
            let scan_with = |host: [u8; 4], reports| {
                site.network().unwrap().site().set_host(Host::new(host));
                tray.click(&["Scan now"], SOON).unwrap();
                wait_for_reports(&site, reports, is_confirmed);
            };
            // A first scan is silent; this one brings nobody new.
            scan_with([10, 77, 0, 2], 2);
            tray.click(&["Open Fieldscan"], SOON).unwrap();
            let window = application.window().unwrap();
            let in_front = wait_until(SOON, || {
                window
                    .run("return document.hasFocus()", &[])
                    .is_ok_and(|has| has == true)
            });
            assert!(in_front, "a window that is asked for comes to the front");

            scan_with([10, 77, 0, 7], 4);
            window.click("Notices").unwrap();
            window.wait_for_text("10.77.0.7").unwrap();
            drop(window);
            desk.close_window("Fieldscan").unwrap();

            scan_with([10, 77, 0, 8], 6);
            desk.notifications
                .wait_for("the next new host", SOON, |shown| {
                    shown.text.contains("10.77.0.8")
                })
                .unwrap();
            let shown = desk.notifications.shown();
            assert_eq!(
                shown.len(),
                1,
                "the window has told of 10.77.0.7: {shown:?}"
            );
            assert!(application.stop().unwrap().success());
        },
    );
}
