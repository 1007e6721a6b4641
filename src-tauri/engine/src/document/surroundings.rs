//! Where this machine is, and what that holds back.

use fieldscan_core::{
    place::{Battery, Held, Site},
    present,
    snapshot::{HereView, SurroundingsView},
};
use ipnetwork::IpNetwork;
use serde::Serialize;
use ts_rs::TS;

/// Why scheduled scans don't begin.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "Held")]
pub struct HeldDocument {
    #[serde(flatten)]
    why: Held,
    words: String,
}

impl HeldDocument {
    pub fn of(why: &Held) -> Self {
        Self {
            words: present::held(why),
            why: why.clone(),
        }
    }
}

/// Network and power, as far as the system says.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "Surroundings")]
pub struct SurroundingsDocument {
    online: Option<bool>,
    metered: Option<bool>,
    battery: Option<Battery>,
    here: Option<HereDocument>,
}

impl SurroundingsDocument {
    pub fn of(view: &SurroundingsView) -> Self {
        Self {
            online: view.online,
            metered: view.metered,
            battery: view.battery,
            here: view.here.as_ref().map(HereDocument::of),
        }
    }
}

/// Where this machine is.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "Here")]
pub struct HereDocument {
    name: Option<String>,
    gateway_mac: String,
    #[ts(type = "string")]
    prefix: IpNetwork,
}

impl HereDocument {
    pub fn of(here: &HereView) -> Self {
        Self {
            name: here.name.clone(),
            gateway_mac: present::mac(here.spot.gateway_mac),
            prefix: here.spot.prefix,
        }
    }
}

/// A place with its name.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "Site")]
pub struct SiteDocument {
    name: String,
    gateway_mac: String,
    #[ts(type = "string")]
    prefix: IpNetwork,
}

impl SiteDocument {
    pub fn of(site: &Site) -> Self {
        Self {
            name: site.name.clone(),
            gateway_mac: present::mac(site.spot.gateway_mac),
            prefix: site.spot.prefix,
        }
    }
}
