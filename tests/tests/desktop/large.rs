//! The largest subnet that is swept, in the window: it arrives whole, and the window stays at hand meanwhile.

use fieldscan_core::{
    ids::{AgentId, SubnetId},
    ipam::{Address, AddressBook, Assignment, Subnet},
};
use fieldscan_engine::store::Store;
use fieldscan_tests::{
    desktop::{Application, Desk, Keyring, SOON},
    ipam,
    phpipam::Model,
    site::{Plan, Site, wait_until},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::on_a_desk;

const PLANT: &str = "10.40.0.0/16";
const ADDRESSES: usize = 65_536;

fn plant() -> Subnet {
    Subnet {
        description: "Regional plant".to_owned(),
        ping: true,
        ..ipam::subnet(1, PLANT)
    }
}

/// What phpIPAM told a moment ago: every address of the plant is in it.
fn fill(site: &Site) {
    let now = Timestamp::now();
    let key = site.cache_key().unwrap();
    let mut store = Store::open(&site.data_folder(), now).unwrap().store;
    let assignment = Assignment {
        agent: AgentId(1),
        agent_name: "depot".into(),
        subnets: vec![plant()],
        fetched_at: now,
    };
    store.save_assignment(&key, &assignment).unwrap();
    let network = plant().network.unwrap();
    let addresses: Vec<Address> = (1..)
        .zip(network.iter())
        .map(|(id, ip)| Address {
            hostname: Some(format!("plc-{id}.example.com")),
            description: Some("a press in the hall".into()),
            ..ipam::address(id, SubnetId(1), ip)
        })
        .collect();
    assert_eq!(addresses.len(), ADDRESSES);
    let book = AddressBook {
        addresses,
        fetched_at: now,
    };
    store.save_addresses(&key, SubnetId(1), &book).unwrap();
}

#[test]
fn a_subnet_of_65536_addresses_arrives_whole() {
    on_a_desk("large::a_subnet_of_65536_addresses_arrives_whole", || {
        let desk = Desk::start(Keyring::None).unwrap();
        let site = Site::start(Plan {
            model: Model::with_agent(),
            layout: None,
            settings: vec![("allow_large", "true".into())],
            expected: Default::default(),
        })
        .unwrap();
        fill(&site);
        // What was told before is what is shown.
        site.ipam.refuse_connections();
        let mut application = Application::start_with_secrets(&desk, &site, &[]).unwrap();
        let window = application.window().unwrap();
        window.wait_for_text("Regional plant").unwrap();

        // The overview reads it, too. Noted is how long the page had no turn.
        let watch = "window.turns = { last: performance.now(), longest: 0 }; \
                     setInterval(() => { const now = performance.now(); turns.longest = Math.max(turns.longest, now - turns.last); turns.last = now; }, 5); \
                     turns.opened = null; const began = performance.now(); location.hash = '#/subnet/1'; \
                     const look = () => document.querySelector('[data-ip]') ? (turns.opened = performance.now() - began) : requestAnimationFrame(look); look();";
        window.run(watch, &[]).unwrap();
        let rows = "return Number(document.querySelector('[role=grid][aria-rowcount]')?.getAttribute('aria-rowcount') ?? 0)";
        let mut found = Value::Null;
        let whole = wait_until(SOON, || {
            found = window.run(rows, &[]).unwrap();
            found
                .as_u64()
                .is_some_and(|rows| rows as usize >= ADDRESSES)
        });
        assert!(whole, "every address has its row: {found}");
        let mut turns = Value::Null;
        let drawn = wait_until(SOON, || {
            turns = window.run("return turns", &[]).unwrap();
            !turns["opened"].is_null()
        });
        assert!(drawn, "the rows are drawn: {turns}");
        println!(
            "opened after {} ms, the longest time without a turn {} ms",
            turns["opened"], turns["longest"]
        );

        // Those that came first and last are there, and are found.
        for (needle, ip) in [("plc-1.", "10.40.0.0"), ("plc-65536.", "10.40.255.255")] {
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
