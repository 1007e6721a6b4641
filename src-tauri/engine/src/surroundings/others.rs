//! macOS and Windows: looked at now and then. Sleep is seen by the loop's clock there.

use std::time::Duration;

use fieldscan_core::{
    host::Mac,
    place::{Battery, Link, Surroundings},
};
use ipnetwork::{IpNetwork, Ipv4Network};

use super::{Change, System};

/// Cheap, but not for nothing.
const LOOK_EVERY: Duration = Duration::from_secs(60);

#[cfg(target_os = "macos")]
#[path = "macos.rs"]
mod own;
#[cfg(windows)]
#[path = "windows.rs"]
mod own;

/// Systems of which only the network is known.
#[cfg(not(any(target_os = "macos", windows)))]
mod own {
    use fieldscan_core::place::Battery;

    pub(super) async fn battery() -> Option<Battery> {
        None
    }

    pub(super) fn online_and_metered() -> (Option<bool>, Option<bool>) {
        (None, None)
    }
}

/// Such a system.
#[derive(Debug)]
pub(super) struct Other;

impl Other {
    pub(super) async fn start() -> Self {
        Self
    }

    pub(super) async fn links() -> Vec<Link> {
        // It may wait for a neighbour to answer.
        let found = tokio::task::spawn_blocking(default_link).await;
        found.ok().flatten().into_iter().collect()
    }
}

impl System for Other {
    async fn look(&mut self) -> Surroundings {
        let battery: Option<Battery> = own::battery().await;
        let (online, metered) = own::online_and_metered();
        Surroundings {
            online,
            networks: Self::links().await,
            metered,
            battery,
        }
    }

    async fn changed(&mut self) -> Change {
        tokio::time::sleep(LOOK_EVERY).await;
        Change::Something
    }
}

fn default_link() -> Option<Link> {
    let interface = netdev::get_default_interface().ok()?;
    let gateway = interface.gateway?;
    let prefixes = interface.ipv4.iter().filter_map(|network| {
        let network = Ipv4Network::new(network.addr(), network.prefix_len()).ok()?;
        Some(IpNetwork::V4(network))
    });
    let mac = Mac(gateway.mac_addr.octets());
    Some(Link {
        interface: interface.name,
        prefixes: prefixes.collect(),
        gateway: gateway.ipv4.first().copied().map(Into::into),
        gateway_mac: (mac.0 != [0; 6]).then_some(mac),
    })
}
