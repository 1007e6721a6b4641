//! What phpIPAM's database holds, as far as a scan agent can see it.
//!
//! Subnets and masks are raw strings and nothing is validated, because a test must be able to hand the agent nonsense.
//! How rows look on the wire is decided in `rows`.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::Value;

/// The database, shared by the simulated phpIPAM and the simulated scan server that writes into it.
pub type SharedModel = Arc<Mutex<Model>>;

/// phpIPAM's database.
///
/// Ids are given out in the order of adding: subnets from 10, addresses from 100, the rest from 1.
#[derive(Debug, Clone, Default)]
pub struct Model {
    /// Table `scanAgents`.
    pub scan_agents: Vec<ScanAgent>,
    /// Table `nameservers`.
    pub name_servers: Vec<NameServer>,
    /// Table `api`: the apps that may ask.
    pub apps: Vec<App>,
    /// Accounts for apps with [`Security::UserToken`].
    pub users: Vec<User>,
    /// Table `subnets`, folders included, by id.
    pub subnets: BTreeMap<i64, Subnet>,
    /// The clock that the database writes times with.
    pub clock: DatabaseClock,
    addresses: BTreeMap<i64, Address>,
    address_ids_by_subnet: HashMap<i64, Vec<i64>>,
    address_ids_by_ip: HashMap<String, Vec<i64>>,
}

/// Row of `scanAgents`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanAgent {
    /// `id`.
    pub id: i64,
    /// `name`.
    pub name: String,
    /// `description`.
    pub description: Option<String>,
    /// `type`: `mysql`, `api`, or `direct` for the server's own agent.
    pub kind: &'static str,
    /// `code`: the secret by which an agent finds itself. `direct` agents have none.
    pub code: Option<String>,
    /// `last_access`.
    pub last_access: Option<String>,
}

/// Row of `nameservers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameServer {
    /// `id`.
    pub id: i64,
    /// `name`.
    pub name: String,
    /// `namesrv1`: addresses, joined by `;`.
    pub addresses: String,
    /// `description`.
    pub description: Option<String>,
    /// `permissions`: section ids, joined by `;`.
    pub permissions: Option<String>,
}

/// An app of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Its id in the path; phpIPAM compares it without regard to case.
    pub id: String,
    /// How requests prove themselves.
    pub security: Security,
    /// The app's code; phpIPAM compares it without regard to case.
    pub token: String,
    /// Switched off by the administrator (1.8 answers 503; 1.6 ignores it).
    pub disabled: bool,
}

/// `app_security`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// "SSL with App code token": the token is the app's.
    AppToken,
    /// "SSL with User token": the token comes from `POST user/`.
    UserToken,
    /// "Encrypted": nothing plain is understood.
    Encrypted,
    /// "None": refused.
    None,
}

/// An account that can log in for a user token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Login name.
    pub name: String,
    /// Password.
    pub password: String,
}

/// Row of `subnets`. [`subnet`](super::subnet) makes one.
#[derive(Debug, Clone, PartialEq)]
pub struct Subnet {
    /// `id`; given by [`Model::add_subnet`] when 0.
    pub id: i64,
    /// `subnet`, dotted, unchecked. `0.0.0.0` for a folder.
    pub subnet: String,
    /// `mask`, unchecked. Empty for a folder.
    pub mask: String,
    /// `sectionId`.
    pub section_id: i64,
    /// `description`.
    pub description: Option<String>,
    /// `masterSubnetId`: the parent, 0 for none.
    pub master_subnet_id: i64,
    /// `permissions`: (group, level).
    pub permissions: Vec<(i64, i64)>,
    /// `pingSubnet`: check the known addresses.
    pub ping_subnet: bool,
    /// `discoverSubnet`: sweep the range.
    pub discover_subnet: bool,
    /// `resolveDNS`.
    pub resolve_dns: bool,
    /// `nameserverId`, 0 for none. May point nowhere.
    pub name_server_id: i64,
    /// `scanAgent`: `None` is SQL's NULL, which is not 0.
    pub scan_agent: Option<i64>,
    /// `isFolder`.
    pub is_folder: bool,
    /// `isFull`.
    pub is_full: bool,
    /// `isPool`.
    pub is_pool: bool,
    /// `editDate`.
    pub edit_date: Option<String>,
    /// `lastScan`.
    pub last_scan: Option<String>,
    /// `lastDiscovery`.
    pub last_discovery: Option<String>,
    /// Custom fields, by any name.
    pub custom_fields: Vec<(String, Value)>,
}

/// Row of `ipaddresses`. [`address`](super::address) makes one.
#[derive(Debug, Clone, PartialEq)]
pub struct Address {
    /// `id`; given by [`Model::add_address`] when 0.
    pub id: i64,
    /// `subnetId`.
    pub subnet_id: i64,
    /// `ip`, dotted, unchecked.
    pub ip: String,
    /// `is_gateway`.
    pub is_gateway: bool,
    /// `description`.
    pub description: Option<String>,
    /// `hostname`.
    pub hostname: Option<String>,
    /// `mac`, in whatever notation.
    pub mac: Option<String>,
    /// `owner`.
    pub owner: Option<String>,
    /// `tag`: 1 offline, 2 used, 3 reserved, 4 DHCP.
    pub tag: Option<i64>,
    /// `note`.
    pub note: Option<String>,
    /// `lastSeen`, `Y-m-d H:i:s`. phpIPAM's own default is `1970-01-01 00:00:01`.
    pub last_seen: Option<String>,
    /// `excludePing`.
    pub exclude_ping: bool,
    /// `PTRignore`.
    pub ptr_ignore: bool,
    /// `editDate`.
    pub edit_date: Option<String>,
    /// Custom fields, by any name.
    pub custom_fields: Vec<(String, Value)>,
}

/// The database's clock: the system's, moved, in a time zone of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct DatabaseClock {
    /// Seconds that are added to the system's time.
    pub offset_seconds: i64,
    /// The zone in which phpIPAM keeps its times.
    pub time_zone: TimeZone,
}

impl Default for DatabaseClock {
    fn default() -> DatabaseClock {
        DatabaseClock {
            offset_seconds: 0,
            time_zone: TimeZone::UTC,
        }
    }
}

impl DatabaseClock {
    /// Now, as the database writes it: `2026-11-23 16:40:08`.
    #[must_use]
    pub fn now_text(&self) -> String {
        self.text_in(0)
    }

    /// [`DatabaseClock::now_text`], that many seconds later.
    #[must_use]
    pub fn text_in(&self, seconds: i64) -> String {
        let moved = Timestamp::now() + (self.offset_seconds + seconds).seconds();
        moved
            .to_zoned(self.time_zone.clone())
            .strftime("%Y-%m-%d %H:%M:%S")
            .to_string()
    }
}

impl Model {
    /// An empty database: no agent, no app, no subnet.
    #[must_use]
    pub fn new() -> Model {
        Model::default()
    }

    /// Wraps it for [`super::PhpIpam`] and the scan server.
    #[must_use]
    pub fn shared(self) -> SharedModel {
        Arc::new(Mutex::new(self))
    }

    /// Adds an app with an app token.
    pub fn add_app(&mut self, id: &str, token: &str) {
        self.apps.push(App {
            id: id.into(),
            security: Security::AppToken,
            token: token.into(),
            disabled: false,
        });
    }

    /// Adds an app whose tokens come from `POST user/`.
    pub fn add_user_token_app(&mut self, id: &str) {
        self.apps.push(App {
            id: id.into(),
            security: Security::UserToken,
            token: format!("unused code of {id}"),
            disabled: false,
        });
    }

    /// Adds an account for apps with user tokens.
    pub fn add_user(&mut self, name: &str, password: &str) {
        self.users.push(User {
            name: name.into(),
            password: password.into(),
        });
    }

    /// Adds a scan agent with this code; gives its id.
    pub fn add_scan_agent(&mut self, name: &str, code: &str) -> i64 {
        let id = self
            .scan_agents
            .iter()
            .map(|agent| agent.id)
            .max()
            .unwrap_or(0)
            + 1;
        self.scan_agents.push(ScanAgent {
            id,
            name: name.into(),
            description: None,
            kind: "mysql",
            code: Some(code.into()),
            last_access: None,
        });
        id
    }

    /// Adds a set of name servers, for instance `"10.77.0.53;10.77.0.54"`; gives its id.
    pub fn add_name_servers(&mut self, name: &str, addresses: &str) -> i64 {
        let id = self
            .name_servers
            .iter()
            .map(|servers| servers.id)
            .max()
            .unwrap_or(0)
            + 1;
        self.name_servers.push(NameServer {
            id,
            name: name.into(),
            addresses: addresses.into(),
            description: None,
            permissions: Some("3".into()),
        });
        id
    }

    /// Adds a subnet; gives its id.
    pub fn add_subnet(&mut self, mut subnet: Subnet) -> i64 {
        if subnet.id == 0 {
            subnet.id = self.subnets.keys().next_back().map_or(10, |last| last + 1);
        }
        let id = subnet.id;
        self.subnets.insert(id, subnet);
        id
    }

    /// Adds an address to the subnet `subnet_id`, which need not exist; gives its id.
    pub fn add_address(&mut self, subnet_id: i64, mut address: Address) -> i64 {
        if address.id == 0 {
            address.id = self
                .addresses
                .keys()
                .next_back()
                .map_or(100, |last| last + 1);
        }
        address.subnet_id = subnet_id;
        let id = address.id;
        self.address_ids_by_subnet
            .entry(subnet_id)
            .or_default()
            .push(id);
        self.address_ids_by_ip
            .entry(address.ip.clone())
            .or_default()
            .push(id);
        self.addresses.insert(id, address);
        id
    }

    /// One address by id.
    #[must_use]
    pub fn address(&self, id: i64) -> Option<&Address> {
        self.addresses.get(&id)
    }

    /// One address, to be changed. Its `id`, `ip` and `subnet_id` are keys: leave them.
    pub fn address_mut(&mut self, id: i64) -> Option<&mut Address> {
        self.addresses.get_mut(&id)
    }

    /// Every address with this `ip`, in any subnet, the oldest first.
    pub fn addresses_with_ip<'a>(&'a self, ip: &str) -> impl Iterator<Item = &'a Address> {
        self.address_ids_by_ip
            .get(ip)
            .into_iter()
            .flatten()
            .filter_map(|id| self.addresses.get(id))
    }

    /// The addresses of one subnet, in the order of adding.
    pub fn addresses_of(&self, subnet_id: i64) -> impl Iterator<Item = &Address> {
        self.address_ids_by_subnet
            .get(&subnet_id)
            .into_iter()
            .flatten()
            .filter_map(|id| self.addresses.get(id))
    }

    /// Every address, by id.
    pub fn addresses(&self) -> impl ExactSizeIterator<Item = &Address> {
        self.addresses.values()
    }

    /// Removes an address.
    pub fn remove_address(&mut self, id: i64) {
        if let Some(address) = self.addresses.remove(&id) {
            for ids in [
                self.address_ids_by_subnet.get_mut(&address.subnet_id),
                self.address_ids_by_ip.get_mut(&address.ip),
            ]
            .into_iter()
            .flatten()
            {
                ids.retain(|other| *other != id);
            }
        }
    }

    /// Removes a subnet with its addresses.
    pub fn remove_subnet(&mut self, id: i64) {
        self.subnets.remove(&id);
        for address in self.address_ids_by_subnet.remove(&id).unwrap_or_default() {
            self.remove_address(address);
        }
    }

    /// The subnet with this `network/mask`, the first if there are several.
    #[must_use]
    pub fn subnet_by_cidr(&self, cidr: &str) -> Option<&Subnet> {
        let (network, mask) = cidr.split_once('/')?;
        self.subnets
            .values()
            .find(|subnet| !subnet.is_folder && subnet.subnet == network && subnet.mask == mask)
    }
}

impl Subnet {
    /// `network/mask`.
    #[must_use]
    pub fn cidr(&self) -> String {
        format!("{}/{}", self.subnet, self.mask)
    }
}
