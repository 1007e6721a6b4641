//! Ready-made plans: the depot, where everything of interest occurs once, and its poor relation on loopback.

use std::{collections::BTreeMap, net::IpAddr};

use super::{Expected, Plan};
use crate::{
    network::{Host, Layout, Mac, Name, NameServer},
    phpipam::{Model, address, folder, subnet},
};

/// The PTR name of the depot's rogue host. On the reference server it would be executed.
pub const HOSTILE_NAME: [&str; 2] = ["x'; {{ lookup('pipe','id') }}", "evil"];

/// The subnets of a plan while it is written down, with what is expected of them.
struct Draft {
    model: Model,
    layout: Layout,
    names: NameServer,
    expected: BTreeMap<String, BTreeMap<IpAddr, Expected>>,
}

impl Draft {
    /// A documented host that is there, named in the DNS.
    fn known(&mut self, subnet: i64, ip: &str, name: &str) {
        let at: IpAddr = parse(ip);
        let full = format!("{name}.depot.example");
        let mut row = address(ip).named(&full);
        if self.on_link(at) {
            row = row.mac(&Mac::of(at).to_string());
        }
        self.model.add_address(subnet, row);
        self.present(at);
        self.names.set_name(at, Name::from(full.as_str()));
        self.expect(subnet, ip, Expected::Known);
    }

    fn unknown(&mut self, subnet: i64, ip: &str) {
        self.present(parse(ip));
        self.expect(subnet, ip, Expected::Unknown);
    }

    fn absent(&mut self, subnet: i64, ip: &str, name: &str) {
        self.model.add_address(subnet, address(ip).named(name));
        self.expect(subnet, ip, Expected::Absent);
    }

    fn expect(&mut self, subnet: i64, ip: &str, expected: Expected) {
        let cidr = self.model.subnets[&subnet].cidr();
        let subnet = self.expected.entry(cidr).or_default();
        subnet.insert(parse(ip), expected);
    }

    fn present(&mut self, ip: IpAddr) {
        let layout = std::mem::take(&mut self.layout);
        self.layout = layout.host(Host::new(ip).open([22, 443]));
    }

    fn on_link(&self, ip: IpAddr) -> bool {
        ["10.77.0.0/24", "10.77.4.0/25", "fd00:77::/64"]
            .iter()
            .any(|network| parse::<ipnetwork::IpNetwork>(network).contains(ip))
    }
}

impl Plan {
    /// A depot with an office, a warehouse, labs behind a router, cameras, a kiosk and IPv6, assigned to one agent.
    ///
    /// phpIPAM is wrong about it in every way that a scan tells: hosts it doesn't know, hosts that are gone, another MAC,
    /// another name, an address that must not be touched, a folder, a parent, and a rogue host with a hostile PTR name.
    ///
    /// # Panics
    /// Never: it is made of constants.
    #[must_use]
    pub fn depot() -> Plan {
        let mut model = Model::with_agent();
        // The second one lies in no subnet of ours.
        let dns = model.add_name_servers("Depot DNS", "10.77.0.53;10.99.0.54");
        let swept = |cidr: &str, what: &str| {
            subnet(cidr)
                .described(what)
                .agent(1)
                .discover()
                .resolve_with(dns)
        };
        let office = model.add_subnet(swept("10.77.0.0/24", "Depot – office"));
        let warehouse = model.add_subnet(swept("10.77.4.0/25", "Depot – warehouse"));
        let labs = model.add_subnet(swept("10.77.8.0/24", "Depot – labs"));
        let kiosk = model.add_subnet(swept("10.77.9.0/28", "Kiosk"));
        let cameras = model.add_subnet(
            subnet("10.77.2.0/24")
                .described("Cameras (known only)")
                .agent(1)
                .ping()
                .resolve_with(dns),
        );
        let ipv6 = model.add_subnet(
            subnet("fd00:77::/64")
                .described("Depot IPv6")
                .agent(1)
                .ping(),
        );
        let attic = model.add_subnet(folder("Attic").agent(1));
        let halls = model.add_subnet(
            subnet("10.77.12.0/24")
                .described("Halls")
                .agent(1)
                .discover()
                .child_of(attic),
        );
        let other_agent = model.add_scan_agent("head office", "OtherAgentCode-0123456789abcdefg");
        model.add_subnet(
            subnet("10.77.12.0/25")
                .described("Hall A")
                .agent(other_agent)
                .discover()
                .child_of(halls),
        );

        let mut draft = Draft {
            model,
            layout: Layout::new()
                .on_link(parse("10.77.0.250/24"))
                .on_link(parse("10.77.4.126/25"))
                .on_link(parse("fd00:77::250/64"))
                .gateway([10, 77, 0, 1])
                .routed(parse("10.77.2.0/24"))
                .routed(parse("10.77.8.0/24"))
                .routed(parse("10.77.9.0/28"))
                .routed(parse("10.99.0.0/24")),
            names: NameServer::new(),
            expected: BTreeMap::new(),
        };
        draft.office(office);
        draft.elsewhere(warehouse, labs, kiosk, cameras, ipv6);
        let Draft {
            model,
            layout,
            names,
            expected,
        } = draft;
        Plan {
            model,
            layout: Some(
                layout
                    .name_server([10, 77, 0, 53], names.clone())
                    .name_server([10, 99, 0, 54], names),
            ),
            settings: Vec::new(),
            expected,
        }
    }

    /// What can be had without a network of its own: two subnets of loopback, all of whose addresses answer.
    ///
    /// # Panics
    /// Never: it is made of constants.
    #[must_use]
    pub fn loopback() -> Plan {
        let mut model = Model::with_agent();
        let mut expected = BTreeMap::<String, BTreeMap<IpAddr, Expected>>::new();
        for (cidr, what, known) in [
            ("127.77.0.0/28", "Loopback – documented in part", 1..=9),
            ("127.77.1.0/29", "Loopback – documented in full", 0..=7),
        ] {
            let network: ipnetwork::IpNetwork = parse(cidr);
            let id = model.add_subnet(subnet(cidr).described(what).agent(1).discover());
            for (number, ip) in network.iter().enumerate() {
                let mut state = Expected::Unknown;
                if known.contains(&number) {
                    let row = address(&ip.to_string());
                    let excluded = number == 5;
                    model.add_address(id, if excluded { row.excluded() } else { row });
                    state = if excluded {
                        Expected::Excluded
                    } else {
                        Expected::Known
                    };
                }
                expected
                    .entry(cidr.to_owned())
                    .or_default()
                    .insert(ip, state);
            }
        }
        Plan {
            model,
            layout: None,
            settings: Vec::new(),
            expected,
        }
    }

    /// The same with these settings beside, as key and YAML value.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: &str) -> Plan {
        self.settings.push((key, value.to_owned()));
        self
    }
}

impl Draft {
    fn office(&mut self, id: i64) {
        self.known(id, "10.77.0.1", "gw");
        self.known(id, "10.77.0.53", "ns1");
        // The scanner itself has no MAC that it could see.
        self.model
            .add_address(id, address("10.77.0.250").named("scanner.depot.example"));
        self.expect(id, "10.77.0.250", Expected::Known);
        for number in 10..38 {
            self.known(id, &format!("10.77.0.{number}"), &format!("pc-{number}"));
        }

        self.known(id, "10.77.0.40", "printer");
        self.layout = std::mem::take(&mut self.layout)
            .host(Host::new([10, 77, 0, 40]).mac(Mac([0x00, 0x1b, 0x17, 0xaa, 0xbb, 0xcc])));
        self.expect(id, "10.77.0.40", Expected::OtherMac);
        self.known(id, "10.77.0.41", "plotter");
        self.names
            .set_name(parse("10.77.0.41"), "plotter-2.depot.example".into());
        self.expect(id, "10.77.0.41", Expected::OtherName);

        self.unknown(id, "10.77.0.60");
        self.unknown(id, "10.77.0.61");
        self.unknown(id, "10.77.0.66");
        self.names
            .set_name(parse("10.77.0.66"), Name::of_labels(HOSTILE_NAME));
        self.absent(id, "10.77.0.70", "old-server");
        self.absent(id, "10.77.0.71", "old-laptop");

        let alarm = address("10.77.0.80")
            .named("alarm.depot.example")
            .described("must not be touched");
        self.model.add_address(id, alarm.excluded());
        self.present(parse("10.77.0.80"));
        self.expect(id, "10.77.0.80", Expected::Excluded);
    }

    fn elsewhere(&mut self, warehouse: i64, labs: i64, kiosk: i64, cameras: i64, ipv6: i64) {
        self.model.add_address(warehouse, address("10.77.4.126"));
        self.expect(warehouse, "10.77.4.126", Expected::Known);
        for number in 10..20 {
            self.known(
                warehouse,
                &format!("10.77.4.{number}"),
                &format!("scanner-{number}"),
            );
        }
        self.unknown(warehouse, "10.77.4.90");

        for number in 20..28 {
            self.known(labs, &format!("10.77.8.{number}"), &format!("rig-{number}"));
        }
        self.unknown(labs, "10.77.8.99");
        self.absent(labs, "10.77.8.30", "rig-30");

        self.known(kiosk, "10.77.9.5", "kiosk");

        self.known(cameras, "10.77.2.10", "camera-1");
        self.known(cameras, "10.77.2.11", "camera-2");
        self.absent(cameras, "10.77.2.12", "camera-3");
        // There, but only the known addresses are looked at.
        self.present(parse("10.77.2.77"));

        self.known(ipv6, "fd00:77::1", "gw6");
        self.known(ipv6, "fd00:77::dead:beef", "nas6");
        self.absent(ipv6, "fd00:77::404", "old6");
    }
}

fn parse<T: std::str::FromStr>(text: &str) -> T
where
    T::Err: std::fmt::Debug,
{
    text.parse().expect("a constant of this module is right")
}
