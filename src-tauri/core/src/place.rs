//! Where this machine is and how it is powered, as far as its system says; and at which site a subnet can be scanned.
//!
//! What is not known never holds anything back: on a server nobody says anything, and all goes on as if there were no
//! sites. Nothing here asks the system: the engine does, and gives a [`Surroundings`] whenever it changed.

use std::net::IpAddr;

use ipnetwork::IpNetwork;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    host::{Mac, SeenBy},
    ids::SubnetId,
    settings::{OnMetered, Settings},
};

/// What the system says of network and power. `None` throughout: not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Whether there is any network at all.
    pub online: Option<bool>,
    /// The links with a default route, the one that packets take first.
    pub networks: Vec<Link>,
    /// Whether the connection is paid for by what it carries.
    pub metered: Option<bool>,
    /// The battery, where there is one.
    pub battery: Option<Battery>,
}

/// An interface that leads out of its own network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The system's name for it.
    pub interface: String,
    /// The networks that are directly on it.
    pub prefixes: Vec<IpNetwork>,
    /// The gateway of its default route.
    pub gateway: Option<IpAddr>,
    /// The gateway's MAC. A tunnel's gateway has none.
    pub gateway_mac: Option<Mac>,
}

/// A battery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Battery {
    /// How full it is, 0 to 100.
    pub percent: u8,
    /// Whether the machine lives on it now.
    pub discharging: bool,
}

/// What tells one place from another: the gateway's MAC and the network that it is in.
///
/// The network alone is no proof (half the world's is 192.168.1.0/24), nor is the MAC (one router may serve many networks,
/// and routers that stand in for each other share one MAC at every site).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Spot {
    /// The gateway's MAC.
    pub gateway_mac: Mac,
    /// The network of the link that leads to it.
    pub prefix: IpNetwork,
}

/// A place with its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// What tells it from others.
    #[serde(flatten)]
    pub spot: Spot,
    /// What people call it.
    pub name: String,
}

/// At which site a subnet can be scanned, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The site.
    pub site: Site,
    /// Whether a person chose it. If not it was learned, and a scan that a person asks for elsewhere may change it.
    pub chosen: bool,
    /// Since when it holds.
    pub since: Timestamp,
}

/// What a person says about a subnet's site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlaceChange {
    /// It can be scanned here. Nothing changes where the present place is not known.
    Here,
    /// It is no longer bound to any site; the next good scan binds it again.
    Forget,
    /// Its site has this name. Other subnets of that site follow.
    Name(String),
}

/// Why scheduled runs don't begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case", tag = "reason")]
#[ts(rename = "HeldReason")]
pub enum Held {
    /// There is no network, or the machine has just woken up and the network is not yet there.
    Network,
    /// The battery is below `battery_level`.
    Battery {
        /// How full it is.
        percent: u8,
    },
    /// The connection is metered, and `on_metered` says to wait.
    Metered,
    /// All subnets belong to other sites.
    Elsewhere {
        /// The names of those sites.
        sites: Vec<String>,
    },
}

impl Surroundings {
    /// Where this machine is, by the route that packets take first.
    pub fn here(&self) -> Option<Spot> {
        self.networks.first().and_then(Link::spot)
    }

    /// Whether this machine is at a place: by any of its links, since a laptop may be on two networks at once.
    pub(crate) fn is_at(&self, spot: &Spot) -> bool {
        self.networks.iter().any(|link| link.spot() == Some(*spot))
    }

    /// What keeps scheduled runs from beginning, sites aside.
    pub(crate) fn holds(&self, settings: &Settings) -> Option<Held> {
        if self.online == Some(false) {
            return Some(Held::Network);
        }
        if let Some(Battery {
            percent,
            discharging: true,
        }) = self.battery
            && percent < settings.battery_level
        {
            return Some(Held::Battery { percent });
        }
        match (settings.on_metered, self.metered) {
            (OnMetered::Wait, Some(true)) => Some(Held::Metered),
            (OnMetered::Wait, Some(false) | None) | (OnMetered::Scan, _) => None,
        }
    }
}

impl Link {
    /// The place that it is at, where its gateway has a MAC and lies in one of its networks.
    fn spot(&self) -> Option<Spot> {
        let gateway = self.gateway?;
        let around = |prefix: &&IpNetwork| prefix.contains(gateway);
        let prefix = self.prefixes.iter().find(around)?;
        Some(Spot {
            gateway_mac: self.gateway_mac?,
            prefix: IpNetwork::new(prefix.network(), prefix.prefix()).ok()?,
        })
    }
}

impl Binding {
    /// The site, if this machine is at another one. At a place that is not known, nothing is elsewhere.
    pub(crate) fn elsewhere(&self, surroundings: &Surroundings) -> Option<&Site> {
        surroundings.here()?;
        (!surroundings.is_at(&self.site.spot)).then_some(&self.site)
    }
}

/// Whether a scan shows that the subnet can be scanned from where it was made: somebody else than this machine answered.
pub(crate) fn is_proof(mut seen: impl Iterator<Item = SeenBy>) -> bool {
    seen.any(|seen_by| seen_by != SeenBy::LocalhostResponse)
}

/// Whether a site may be learned. A MAC that was made up belongs to a container's or virtual machine's bridge, or to a
/// phone: it is another one tomorrow, and the subnets would never be scanned again. A person may still choose such a site.
pub(crate) fn can_be_learned(spot: &Spot) -> bool {
    !spot.gateway_mac.is_locally_administered()
}

/// A site's name before a person gives it one: that of the assigned subnet which the place itself is, else of the subnet
/// that was scanned there, else the network.
pub(crate) fn name_for<'a>(
    spot: &Spot,
    scanned: SubnetId,
    assigned: impl Iterator<Item = (SubnetId, Option<IpNetwork>, &'a str)> + Clone,
) -> String {
    let named = |(_, _, description): &(SubnetId, Option<IpNetwork>, &'a str)| {
        !description.trim().is_empty()
    };
    let itself = assigned
        .clone()
        .filter(named)
        .find(|(_, network, _)| *network == Some(spot.prefix));
    let found = itself.or_else(|| {
        assigned
            .clone()
            .filter(named)
            .find(|(id, ..)| *id == scanned)
    });
    found.map_or_else(
        || spot.prefix.to_string(),
        |(_, _, description)| description.trim().to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(prefix: &str, gateway: &str, mac: Option<&str>) -> Link {
        Link {
            interface: "eth0".into(),
            prefixes: vec![prefix.parse().unwrap()],
            gateway: Some(gateway.parse().unwrap()),
            gateway_mac: mac.map(|mac| mac.parse().unwrap()),
        }
    }

    fn at(links: Vec<Link>) -> Surroundings {
        Surroundings {
            networks: links,
            ..Surroundings::default()
        }
    }

    fn bound(surroundings: &Surroundings) -> Binding {
        Binding {
            site: Site {
                spot: surroundings.here().unwrap(),
                name: "Depot".into(),
            },
            chosen: false,
            since: Timestamp::UNIX_EPOCH,
        }
    }

    const DEPOT: &str = "00:16:3e:00:00:01";
    const HOME: &str = "00:16:3e:00:00:02";

    #[test]
    fn a_place_is_its_gateway_and_its_network() {
        let depot = at(vec![link("10.77.0.9/24", "10.77.0.1", Some(DEPOT))]);
        assert_eq!(
            depot.here(),
            Some(Spot {
                gateway_mac: DEPOT.parse().unwrap(),
                prefix: "10.77.0.0/24".parse().unwrap(),
            }),
            "without this machine's own address, which changes"
        );
        let binding = bound(&depot);
        assert_eq!(binding.elsewhere(&depot), None);
        for (other, why) in [
            (link("10.77.0.9/24", "10.77.0.1", Some(HOME)), "router"),
            (link("10.78.0.9/24", "10.78.0.1", Some(DEPOT)), "network"),
        ] {
            let elsewhere = at(vec![other]);
            let site = binding.elsewhere(&elsewhere).map(|site| site.name.as_str());
            assert_eq!(site, Some("Depot"), "another {why} is another place");
        }
    }

    #[test]
    fn at_a_place_that_is_not_known_nothing_is_elsewhere() {
        let binding = bound(&at(vec![link("10.77.0.9/24", "10.77.0.1", Some(DEPOT))]));
        for (unknown, why) in [
            (at(Vec::new()), "no default route"),
            (
                at(vec![link("10.8.0.2/24", "10.8.0.1", None)]),
                "a tunnel's gateway has no MAC",
            ),
            (
                at(vec![link("192.0.2.7/32", "192.0.2.1", Some(HOME))]),
                "the gateway is in no network of the link",
            ),
        ] {
            assert_eq!(unknown.here(), None, "{why}");
            assert_eq!(binding.elsewhere(&unknown), None, "{why}");
        }
    }

    #[test]
    fn a_second_link_can_be_the_one_that_leads_to_the_site() {
        let depot = link("10.77.0.9/24", "10.77.0.1", Some(DEPOT));
        let guests = link("192.168.1.9/24", "192.168.1.1", Some(HOME));
        let binding = bound(&at(vec![depot.clone()]));
        assert_eq!(binding.elsewhere(&at(vec![guests, depot])), None);
    }

    #[test]
    fn only_what_is_known_holds_runs_back() {
        let settings = Settings::default();
        let battery = |percent, discharging| Surroundings {
            battery: Some(Battery {
                percent,
                discharging,
            }),
            ..Surroundings::default()
        };
        let metered = |metered| Surroundings {
            metered,
            ..Surroundings::default()
        };
        let online = |online| Surroundings {
            online,
            ..Surroundings::default()
        };
        for (surroundings, held) in [
            (Surroundings::default(), None),
            (battery(14, true), Some(Held::Battery { percent: 14 })),
            (battery(14, false), None),
            (battery(20, true), None),
            (metered(Some(true)), Some(Held::Metered)),
            (metered(Some(false)), None),
            (online(Some(false)), Some(Held::Network)),
            (online(Some(true)), None),
        ] {
            assert_eq!(surroundings.holds(&settings), held, "{surroundings:?}");
        }
        let never = Settings {
            battery_level: 0,
            on_metered: OnMetered::Scan,
            ..Settings::default()
        };
        assert_eq!(battery(0, true).holds(&never), None, "0 means never");
        assert_eq!(
            metered(Some(true)).holds(&never),
            None,
            "as the settings say"
        );
    }

    #[test]
    fn a_site_is_named_after_the_network_that_it_is() {
        let spot = Spot {
            gateway_mac: DEPOT.parse().unwrap(),
            prefix: "10.77.0.0/24".parse().unwrap(),
        };
        let subnets = [
            (SubnetId(1), "10.77.4.0/24".parse().ok(), "Depot – plant"),
            (SubnetId(2), "10.77.0.0/24".parse().ok(), " Depot – office "),
            (SubnetId(3), "10.77.5.0/24".parse().ok(), ""),
        ];
        let name = |id, subnets: &[(SubnetId, Option<IpNetwork>, &'static str)]| {
            name_for(&spot, SubnetId(id), subnets.iter().copied())
        };
        assert_eq!(name(1, &subnets), "Depot – office", "where it stands");
        assert_eq!(name(1, &subnets[..1]), "Depot – plant", "what is scanned");
        assert_eq!(name(3, &subnets[2..]), "10.77.0.0/24", "nobody named any");
    }

    #[test]
    fn this_machine_alone_proves_nothing() {
        let proof = |seen: &[SeenBy]| is_proof(seen.iter().copied());
        assert!(!proof(&[SeenBy::LocalhostResponse]));
        assert!(proof(&[SeenBy::LocalhostResponse, SeenBy::ArpResponse]));
        assert!(!proof(&[]), "nobody answered");
    }
}
