//! Ready-made databases: a small realistic site, and large ones for speed.

use std::net::Ipv4Addr;

use super::build::{address, folder, subnet};
use super::model::{Model, ScanAgent};

impl Model {
    /// The app id of the ready-made databases (the agent's `client_name`).
    pub const EXAMPLE_APP: &'static str = "fieldscan";
    /// The app's token (the agent's `client_token`).
    pub const EXAMPLE_TOKEN: &'static str = "ExampleClientToken-0123456789abc";
    /// The agent's code (the agent's `scanagent_code`).
    pub const EXAMPLE_CODE: &'static str = "ExampleAgentCode-0123456789abcde";
    /// An app with user tokens.
    pub const EXAMPLE_USER_APP: &'static str = "fieldscan-user";
    /// The account for [`Model::EXAMPLE_USER_APP`].
    pub const EXAMPLE_USER: &'static str = "depot";
    /// Its password.
    pub const EXAMPLE_PASSWORD: &'static str = "example password";

    /// Only the apps, the user and one agent (id 1): the start of most tests.
    #[must_use]
    pub fn with_agent() -> Model {
        let mut model = Model::new();
        model.add_app(Model::EXAMPLE_APP, Model::EXAMPLE_TOKEN);
        model.add_user_token_app(Model::EXAMPLE_USER_APP);
        model.add_user(Model::EXAMPLE_USER, Model::EXAMPLE_PASSWORD);
        model.add_scan_agent("depot", Model::EXAMPLE_CODE);
        model
    }

    /// A depot with an office, a warehouse and the odd things that grow in every IPAM.
    ///
    /// Agent 1 is ours. Scannable: the office and the warehouse (sweep), the cameras and the IPv6 subnet (known
    /// addresses only). Not scannable: a folder, and a parent whose child belongs to agent 2.
    #[must_use]
    pub fn example() -> Model {
        let mut model = Model::with_agent();
        model.scan_agents[0].description = Some("Büro – Zürich ✓".into());
        let other_agent = model.add_scan_agent("head office", "OtherAgentCode-0123456789abcdefg");
        model.scan_agents.push(ScanAgent {
            id: other_agent + 1,
            name: "localhost".into(),
            description: Some("Scanning from local machine".into()),
            kind: "direct",
            code: None,
            last_access: None,
        });
        let name_servers = model.add_name_servers("Depot DNS", "10.77.0.53;10.77.0.54");

        let office = model.add_subnet(
            subnet("10.77.0.0/24")
                .described("Depot – office")
                .agent(1)
                .discover()
                .ping()
                .resolve_with(name_servers)
                .custom("custom_Site", "Depot"),
        );
        let warehouse = model.add_subnet(
            subnet("10.77.4.0/22")
                .described("Depot – warehouse <b>hall 1 &amp; 2</b>")
                .agent(1)
                .discover(),
        );
        let cameras = model.add_subnet(
            subnet("10.77.2.0/24")
                .described("カメラ 📷 \"known only\"")
                .agent(1)
                .ping(),
        );
        let ipv6 = model.add_subnet(
            subnet("fd00:77::/64")
                .described("Depot IPv6")
                .agent(1)
                .ping(),
        );
        let attic = model.add_subnet(folder("Attic").agent(1));
        let parent = model.add_subnet(
            subnet("10.77.12.0/24")
                .described("Labs")
                .agent(1)
                .discover()
                .child_of(attic),
        );
        let child = model.add_subnet(
            subnet("10.77.12.0/25")
                .described("Lab A")
                .agent(other_agent)
                .discover()
                .child_of(parent),
        );
        model.add_subnet(subnet("10.79.0.0/24").described("nobody's"));

        for row in [
            address("10.77.0.1")
                .named("gw.depot.example")
                .mac("02:77:00:00:00:01")
                .seen("2026-11-01 08:00:00")
                .gateway(),
            address("10.77.0.2")
                .named("printer.depot.example")
                .mac("02-77-00-00-00-02")
                .described("Drucker Büro – 東京 🖨"),
            address("10.77.0.3").never_seen(),
            address("10.77.0.4")
                .named("")
                .mac("")
                .described("")
                .seen("0000-00-00 00:00:00"),
            address("10.77.0.5")
                .named("alarm.depot.example")
                .described("must not be touched")
                .excluded(),
            address("10.77.0.13")
                .mac("0277.0000.000d")
                .custom("custom_Rack unit", 7),
            address("10.77.0.53").named("ns1.depot.example"),
        ] {
            model.add_address(office, row);
        }
        model.add_address(
            warehouse,
            address("10.77.4.10")
                .named("scanner-1")
                .mac("02:77:00:00:04:0A"),
        );
        model.add_address(warehouse, address("10.77.5.10").named("scanner-2"));
        model.add_address(
            cameras,
            address("10.77.2.10")
                .named("camera-1")
                .seen("2026-11-20 10:00:00"),
        );
        model.add_address(cameras, address("10.77.2.11").named("camera-2"));
        model.add_address(
            ipv6,
            address("fd00:77::1").named("gw6.depot.example").gateway(),
        );
        model.add_address(ipv6, address("fd00:77::dead:beef"));
        model.add_address(child, address("10.77.12.5").named("child.lab.example"));
        model
    }

    /// `subnets` /24s of agent 1 from 10.0.0.0 on, each with `addresses_each` (at most 254) known addresses.
    #[must_use]
    pub fn large(subnets: u32, addresses_each: u32) -> Model {
        let mut model = Model::with_agent();
        for number in 0..subnets {
            let network = u32::from(Ipv4Addr::new(10, 0, 0, 0)) + number * 256;
            let id = model.add_subnet(
                subnet(&format!("{}/24", Ipv4Addr::from(network)))
                    .described(&format!("site {number}"))
                    .agent(1)
                    .discover(),
            );
            for host in 1..=addresses_each.min(254) {
                let row = address(&Ipv4Addr::from(network + host).to_string())
                    .named(&format!("host-{number}-{host}"))
                    .mac(&format!(
                        "02:00:{:02X}:{:02X}:{:02X}:{host:02X}",
                        number >> 16,
                        (number >> 8) & 255,
                        number & 255
                    ));
                model.add_address(id, row);
            }
        }
        model
    }

    /// One /16 of agent 1 (10.200.0.0) with `count` known addresses, at most 65,534.
    #[must_use]
    pub fn one_large_subnet(count: u32) -> Model {
        let mut model = Model::with_agent();
        let id = model.add_subnet(
            subnet("10.200.0.0/16")
                .described("one large subnet")
                .agent(1)
                .ping(),
        );
        for host in 1..=count.min(65_534) {
            let ip = Ipv4Addr::from(u32::from(Ipv4Addr::new(10, 200, 0, 0)) + host).to_string();
            model.add_address(id, address(&ip).named(&format!("host-{host}")));
        }
        model
    }
}
