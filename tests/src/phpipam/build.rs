//! Short ways to write subnets and addresses down in a test: `subnet("10.77.0.0/24").agent(1).discover()`.

use serde_json::Value;

use super::model::{Address, Subnet};

/// A subnet `network/mask` without scan flags or agent; the text is taken as it is, so nonsense is welcome.
#[must_use]
pub fn subnet(cidr: &str) -> Subnet {
    let (network, mask) = cidr.split_once('/').unwrap_or((cidr, ""));
    Subnet {
        id: 0,
        subnet: network.into(),
        mask: mask.into(),
        section_id: 3,
        description: None,
        master_subnet_id: 0,
        permissions: vec![(3, 1), (2, 2)],
        ping_subnet: false,
        discover_subnet: false,
        resolve_dns: false,
        name_server_id: 0,
        scan_agent: None,
        is_folder: false,
        is_full: false,
        is_pool: false,
        edit_date: None,
        last_scan: None,
        last_discovery: None,
        custom_fields: Vec::new(),
    }
}

/// A folder, as phpIPAM stores one: network `0.0.0.0`, no mask.
#[must_use]
pub fn folder(description: &str) -> Subnet {
    Subnet {
        is_folder: true,
        ..subnet("0.0.0.0/").described(description)
    }
}

/// An address without anything known about it.
#[must_use]
pub fn address(ip: &str) -> Address {
    Address {
        id: 0,
        subnet_id: 0,
        ip: ip.into(),
        is_gateway: false,
        description: None,
        hostname: None,
        mac: None,
        owner: None,
        tag: Some(2),
        note: None,
        last_seen: Some("1970-01-01 00:00:01".into()),
        exclude_ping: false,
        ptr_ignore: false,
        edit_date: None,
        custom_fields: Vec::new(),
    }
}

impl Subnet {
    /// With this id.
    #[must_use]
    pub fn id(mut self, id: i64) -> Subnet {
        self.id = id;
        self
    }

    /// With a description.
    #[must_use]
    pub fn described(mut self, description: &str) -> Subnet {
        self.description = Some(description.into());
        self
    }

    /// Assigned to a scan agent.
    #[must_use]
    pub fn agent(mut self, id: i64) -> Subnet {
        self.scan_agent = Some(id);
        self
    }

    /// `discoverSubnet = 1`.
    #[must_use]
    pub fn discover(mut self) -> Subnet {
        self.discover_subnet = true;
        self
    }

    /// `pingSubnet = 1`.
    #[must_use]
    pub fn ping(mut self) -> Subnet {
        self.ping_subnet = true;
        self
    }

    /// `resolveDNS = 1`, with these name servers (0: the system's).
    #[must_use]
    pub fn resolve_with(mut self, name_server_id: i64) -> Subnet {
        self.resolve_dns = true;
        self.name_server_id = name_server_id;
        self
    }

    /// A child of another subnet or folder.
    #[must_use]
    pub fn child_of(mut self, parent: i64) -> Subnet {
        self.master_subnet_id = parent;
        self
    }

    /// With a custom field.
    #[must_use]
    pub fn custom(mut self, name: &str, value: impl Into<Value>) -> Subnet {
        self.custom_fields.push((name.into(), value.into()));
        self
    }
}

impl Address {
    /// With this id.
    #[must_use]
    pub fn id(mut self, id: i64) -> Address {
        self.id = id;
        self
    }

    /// With a description.
    #[must_use]
    pub fn described(mut self, description: &str) -> Address {
        self.description = Some(description.into());
        self
    }

    /// With a host name.
    #[must_use]
    pub fn named(mut self, hostname: &str) -> Address {
        self.hostname = Some(hostname.into());
        self
    }

    /// With a MAC address, in any notation.
    #[must_use]
    pub fn mac(mut self, mac: &str) -> Address {
        self.mac = Some(mac.into());
        self
    }

    /// Last seen then, `Y-m-d H:i:s`.
    #[must_use]
    pub fn seen(mut self, last_seen: &str) -> Address {
        self.last_seen = Some(last_seen.into());
        self
    }

    /// Last seen is NULL.
    #[must_use]
    pub fn never_seen(mut self) -> Address {
        self.last_seen = None;
        self
    }

    /// `excludePing = 1`.
    #[must_use]
    pub fn excluded(mut self) -> Address {
        self.exclude_ping = true;
        self
    }

    /// The subnet's gateway.
    #[must_use]
    pub fn gateway(mut self) -> Address {
        self.is_gateway = true;
        self
    }

    /// With a custom field.
    #[must_use]
    pub fn custom(mut self, name: &str, value: impl Into<Value>) -> Address {
        self.custom_fields.push((name.into(), value.into()));
        self
    }
}
