//! The largest subnet that is swept, in the window: its map comes first, all of it arrives, and each of its addresses is found.

use fieldscan_tests::{
    desktop::{Application, Desk, Keyring, Pace, SOON},
    plant,
    site::{Site, wait_until},
};
use serde_json::{Value, json};

use super::on_a_desk;

#[test]
fn a_subnet_of_65536_addresses_arrives_whole() {
    on_a_desk("large::a_subnet_of_65536_addresses_arrives_whole", || {
        let desk = Desk::start(Keyring::None).unwrap();
        let site = Site::start(plant::plan(None)).unwrap();
        plant::fill(&site).unwrap();
        let mut application = Application::start_with_secrets(&desk, &site, &[]).unwrap();
        let window = application.window().unwrap();
        window.wait_for_text(plant::NAME).unwrap();

        let pace = Pace::of(&window).unwrap();
        let shown = "document.querySelectorAll('[role=gridcell][data-cell]').length === 256 && document.querySelector('[data-ip]')";
        let opened = pace.drawn("location.hash = '#/subnet/1'", shown).unwrap();
        println!(
            "opened after {opened:?}, the longest time without a turn {:?}",
            pace.longest().unwrap()
        );
        let rows = "return Number(document.querySelector('[role=grid][aria-rowcount]').getAttribute('aria-rowcount'))";
        let rows = window.run(rows, &[]).unwrap();
        assert!(
            rows.as_u64()
                .is_some_and(|rows| rows as usize >= plant::ADDRESSES),
            "every address has its row: {rows}"
        );

        // Those that came first and last are there in full, and are found.
        for (needle, ip) in [
            ("plc-1.", "10.40.0.0"),
            ("plc-2.", "10.40.0.1"),
            ("plc-65536.", "10.40.255.255"),
        ] {
            let find = "Find an address, name, MAC or vendor";
            window.fill(find, needle).unwrap();
            let listed =
                "return [...document.querySelectorAll('[data-ip]')].map((row) => row.dataset.ip)";
            let mut rows = Value::Null;
            let came = wait_until(SOON, || {
                rows = window.run(listed, &[]).unwrap();
                rows == json!([ip])
            });
            assert!(came, "{needle} finds {ip}: {rows}");
            window.click("Clear").unwrap();
        }
    });
}
