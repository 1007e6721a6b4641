//! One simulated site: phpIPAM over HTTPS, a scan server that writes into it, a network of hosts, and a temporary folder
//! with the agent's settings and data. The agent itself is the real program, run against all of it.
//!
//! A [`Plan`] says what there is; [`Site::start`] runs it; dropping the site removes everything. With a network it has to
//! be started in a namespace (see [`crate::network::in_namespace`]); without one the agent scans loopback.

mod depot;
mod program;
mod wait;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    net::IpAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use fieldscan_core::{
    compare::{Difference, Standing},
    delivery::Report,
    ipam::Subnet,
    run::Run,
    settings,
};
use fieldscan_engine::store::{AddressRow, CacheKey, Reader, ReportFilter, Scope};
use tempfile::TempDir;

use crate::{
    network::{Layout, Network, Probes},
    phpipam::{Model, PhpIpam},
    scan_server::ScanServer,
};

pub use depot::HOSTILE_NAME;
pub(crate) use program::built;
pub use program::{Ended, Watch, built_program, processes, run_to_end};
pub use wait::wait_until;

/// What a site is made of.
#[derive(Debug)]
pub struct Plan {
    /// What phpIPAM believes. Needs the app and the agent of [`Model::with_agent`].
    pub model: Model,
    /// What is really there; `None`: whatever loopback has.
    pub layout: Option<Layout>,
    /// Lines of the settings file beside those that reach the servers, as key and YAML value.
    pub settings: Vec<(&'static str, String)>,
    /// What a first scan is to say of each address, by subnet.
    pub expected: BTreeMap<String, BTreeMap<IpAddr, Expected>>,
}

/// What a scan is to say of one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// As documented.
    Known,
    /// Answers, and phpIPAM doesn't know it.
    Unknown,
    /// phpIPAM knows it, and nobody answers. Not seen, or Missing, as the settings have it.
    Absent,
    /// Another MAC than phpIPAM's.
    OtherMac,
    /// Another host name than phpIPAM's.
    OtherName,
    /// Not touched.
    Excluded,
}

impl Expected {
    /// Whether a scan said it.
    #[must_use]
    pub fn fits(self, standing: &Standing) -> bool {
        match standing {
            Standing::Known => self == Expected::Known,
            Standing::Unknown => self == Expected::Unknown,
            Standing::Unseen { .. } | Standing::Missing { .. } => self == Expected::Absent,
            Standing::Excluded => self == Expected::Excluded,
            Standing::Mismatch { differences } => match differences.as_slice() {
                [Difference::Mac { .. }] => self == Expected::OtherMac,
                [Difference::HostName { .. }] => self == Expected::OtherName,
                _ => false,
            },
        }
    }
}

/// A running site. Dropping it ends its servers and removes its folder.
pub struct Site {
    /// phpIPAM.
    pub ipam: PhpIpam,
    /// The scan server, which writes into [`Site::ipam`]'s model.
    pub server: ScanServer,
    network: Option<Network>,
    folder: TempDir,
    settings: Vec<(&'static str, String)>,
    expected: BTreeMap<String, BTreeMap<IpAddr, Expected>>,
}

impl Site {
    /// The secret `auth_token`.
    pub const AUTH_TOKEN: &'static str = "auth-token-of-the-simulated-site";

    /// Starts the servers and the network, and writes the settings.
    ///
    /// # Errors
    /// When the plan has a network and this is no namespace of our own, or the system refuses something.
    pub fn start(plan: Plan) -> Result<Site> {
        let folder = tempfile::Builder::new()
            .prefix("fieldscan-site-")
            .tempdir()?;
        let network = plan.layout.as_ref().map(Network::start).transpose()?;
        let ipam = PhpIpam::start(plan.model)?;
        ipam.write_ca(&folder.path().join("ca.pem"))?;
        let server = ScanServer::start(ipam.shared_model(), Site::AUTH_TOKEN)?;
        std::fs::create_dir(folder.path().join("home"))?;
        let site = Site {
            ipam,
            server,
            network,
            folder,
            settings: plan.settings,
            expected: plan.expected,
        };
        site.write_settings()?;
        Ok(site)
    }

    /// The network, where there is one.
    #[must_use]
    pub fn network(&self) -> Option<&Network> {
        self.network.as_ref()
    }

    /// Everything that the site and the agent write is below it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Leaves the folder where it is when the site ends.
    pub fn keep_folder(&mut self) -> &Path {
        self.folder.disable_cleanup(true);
        self.folder.path()
    }

    /// The settings file.
    #[must_use]
    pub fn settings_file(&self) -> PathBuf {
        self.folder.path().join("settings.yaml")
    }

    /// The agent's data folder, which it makes itself.
    #[must_use]
    pub fn data_folder(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Sets a key of the settings file to a YAML value.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn set(&mut self, key: &'static str, value: &str) -> Result<()> {
        self.settings.retain(|(other, _)| *other != key);
        self.settings.push((key, value.to_owned()));
        self.write_settings()
    }

    fn write_settings(&self) -> Result<()> {
        // JSON strings are YAML.
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let ca_file = self.folder.path().join("ca.pem");
        let mut lines = vec![
            ("api_url", quoted(&self.ipam.url())),
            ("client_name", quoted(Model::EXAMPLE_APP)),
            ("scanagent_code", quoted(Model::EXAMPLE_CODE)),
            ("http_server", quoted("http://127.0.0.1")),
            ("http_port", self.server.address().port().to_string()),
            ("ca_file", quoted(&ca_file.to_string_lossy())),
            ("schedule", quoted("off")),
        ];
        lines.retain(|(key, _)| !self.settings.iter().any(|(other, _)| other == key));
        let mut text = String::new();
        for (key, value) in lines.iter().chain(&self.settings) {
            writeln!(text, "{key}: {value}")?;
        }
        let file = self.settings_file();
        std::fs::write(&file, text).with_context(|| format!("can't write {}", file.display()))
    }

    /// What a first scan is to say of each address, by subnet.
    #[must_use]
    pub fn expected(&self) -> &BTreeMap<String, BTreeMap<IpAddr, Expected>> {
        &self.expected
    }

    /// The key under which the agent keeps what it has of this site, by the present settings.
    ///
    /// # Errors
    /// When the settings can't be read.
    pub fn cache_key(&self) -> Result<CacheKey> {
        let text = std::fs::read_to_string(self.settings_file())?;
        let (settings, _) = settings::parse(&text)
            .map_err(|mistakes| anyhow::anyhow!("the settings are wrong: {mistakes:?}"))?;
        Ok(CacheKey::of(&settings))
    }

    /// The agent's database, to be looked at. May be open in the agent meanwhile.
    ///
    /// # Errors
    /// When there is none, or it can't be read.
    pub fn reader(&self) -> Result<Reader> {
        let reader = Reader::open(&self.data_folder()).map_err(anyhow::Error::new)?;
        reader.context("the agent has no database yet")
    }

    /// The subnets that the agent has in its cache.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn cached_subnets(&self) -> Result<Vec<Subnet>> {
        let assignment = self.reader()?.assignment(&self.cache_key()?)?;
        Ok(assignment.map_or_else(Vec::new, |assignment| assignment.subnets))
    }

    /// What the agent has of the addresses of a subnet, by phpIPAM's `subnet/mask`.
    ///
    /// # Errors
    /// When the database can't be read or has no such subnet.
    pub fn addresses(&self, cidr: &str) -> Result<Vec<AddressRow>> {
        let subnets = self.cached_subnets()?;
        let subnet = subnets
            .iter()
            .find(|subnet| subnet.cidr == cidr)
            .with_context(|| format!("the agent knows no subnet {cidr}"))?;
        Ok(self
            .reader()?
            .addresses(&self.cache_key()?, Scope::Subnet(subnet.id))?)
    }

    /// The agent's runs, the oldest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn runs(&self) -> Result<Vec<Run>> {
        let mut runs = self.reader()?.runs(&self.cache_key()?, u32::MAX)?;
        runs.reverse();
        Ok(runs)
    }

    /// What the last scan of a subnet said of each address.
    ///
    /// # Errors
    /// As [`Self::addresses`].
    pub fn standings(&self, cidr: &str) -> Result<BTreeMap<IpAddr, Standing>> {
        let rows = self.addresses(cidr)?.into_iter();
        Ok(rows
            .filter_map(|row| Some((row.ip, row.standing?)))
            .collect())
    }

    /// Where the last scan of each expected subnet differs from what is expected, in words.
    ///
    /// # Errors
    /// As [`Self::addresses`].
    pub fn surprises(&self) -> Result<Vec<String>> {
        let mut surprises = Vec::new();
        for (cidr, expected) in &self.expected {
            let standings = self.standings(cidr)?;
            for (ip, standing) in &standings {
                match expected.get(ip) {
                    Some(expected) if expected.fits(standing) => {}
                    Some(expected) => surprises.push(format!(
                        "{ip}: {standing:?}, where {expected:?} was expected"
                    )),
                    None => surprises.push(format!("{ip}: {standing:?}, where nothing is")),
                }
            }
            for (ip, expected) in expected {
                if !standings.contains_key(ip) {
                    surprises.push(format!("{ip}: nothing, where {expected:?} was expected"));
                }
            }
        }
        Ok(surprises)
    }

    /// The excluded addresses to which something was sent, with what. Empty without a network.
    #[must_use]
    pub fn touched_though_excluded(&self) -> Vec<String> {
        let Some(network) = &self.network else {
            return Vec::new();
        };
        let answering = network.site();
        self.expected
            .values()
            .flatten()
            .filter(|(_, expected)| **expected == Expected::Excluded)
            .map(|(ip, _)| (ip, answering.probes_of(*ip)))
            .filter(|(_, probes)| *probes != Probes::default())
            .map(|(ip, probes)| format!("{ip}: {probes:?}"))
            .collect()
    }

    /// The agent's reports, the oldest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn reports(&self) -> Result<Vec<Report>> {
        let filter = ReportFilter::default();
        let mut reports = self.reader()?.reports(&self.cache_key()?, &filter)?;
        reports.reverse();
        Ok(reports)
    }
}
