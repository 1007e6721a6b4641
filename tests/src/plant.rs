//! The largest subnet that is swept: a /16 with 65,536 addresses in phpIPAM, a third of which answered the last scan.

use std::{net::IpAddr, time::Duration};

use anyhow::{Context as _, Result};
use fieldscan_core::{
    compare::{Changes, Counts, Finding, Standing},
    host::{Host, Mac, SeenBy},
    ids::{AgentId, RunId, ScanId, SubnetId},
    ipam::{Address, AddressBook, Assignment, Subnet},
    plan::Mode,
    run::{FinishedScan, Rights, Scan},
};
use fieldscan_engine::store::Store;
use jiff::Timestamp;

use crate::{
    ipam,
    network::Layout,
    phpipam::Model,
    site::{Plan, Site},
};

/// The network.
pub const NETWORK: &str = "10.40.0.0/16";
/// What it is called.
pub const NAME: &str = "Regional plant";
/// So many addresses it has.
pub const ADDRESSES: usize = 65_536;
const ID: SubnetId = SubnetId(1);

/// A site whose agent may sweep it; phpIPAM itself has nothing to tell, see [`fill`].
#[must_use]
pub fn plan(layout: Option<Layout>) -> Plan {
    Plan {
        model: Model::with_agent(),
        layout,
        settings: vec![
            ("allow_large", "true".to_owned()),
            ("profile", "fast".to_owned()),
        ],
        expected: Default::default(),
    }
}

/// Whether the address at this place answers.
#[must_use]
pub fn is_up(place: usize) -> bool {
    place % 3 == 1
}

/// Writes into a site's cache what phpIPAM told a moment ago, and what was scanned. From then on phpIPAM can't be reached, so
/// that this is what is shown.
///
/// # Errors
/// When the cache can't be written.
pub fn fill(site: &Site) -> Result<()> {
    let now = Timestamp::now();
    let key = site.cache_key()?;
    let mut store = Store::open(&site.data_folder(), now)?.store;
    let subnet = Subnet {
        description: NAME.to_owned(),
        ping: true,
        ..ipam::subnet(ID.0, NETWORK)
    };
    let network = subnet.network.context("no network")?;
    let ips: Vec<IpAddr> = network.iter().collect();
    let assignment = Assignment {
        agent: AgentId(1),
        agent_name: "depot".to_owned(),
        subnets: vec![subnet],
        fetched_at: now,
    };
    store.save_assignment(&key, &assignment)?;
    let addresses = (1..).zip(&ips).map(|(id, &ip)| Address {
        hostname: Some(format!("plc-{id}.example.com")),
        description: Some("a press in the hall".to_owned()),
        mac: Some(mac(id)),
        ..ipam::address(id, ID, ip)
    });
    let book = AddressBook {
        addresses: addresses.collect(),
        fetched_at: now,
    };
    store.save_addresses(&key, ID, &book)?;
    store.commit(&key, &scanned(&ips, now))?;
    site.ipam.refuse_connections();
    Ok(())
}

fn mac(id: u64) -> Mac {
    let [.., high, middle, low] = id.to_be_bytes();
    Mac([0x00, 0x1b, 0x54, high, middle, low])
}

/// What the last scan found: those that answer as documented, and all others not seen.
fn scanned(ips: &[IpAddr], at: Timestamp) -> FinishedScan {
    let places = || (0..).zip(ips);
    let hosts: Vec<Host> = places()
        .filter(|(place, _)| is_up(*place))
        .map(|(place, &ip)| Host {
            ip,
            mac: Some(mac(place as u64 + 1)),
            also: Vec::new(),
            vendor: Some("Cisco Systems".to_owned()),
            ptr: Some(format!("plc-{}.example.com", place + 1)),
            rtt: Some(Duration::from_micros(420)),
            seen_by: SeenBy::EchoReply,
        })
        .collect();
    let findings = places().map(|(place, &ip)| Finding {
        ip,
        address: None,
        standing: match is_up(place) {
            true => Standing::Known,
            false => Standing::Unseen { misses: 1 },
        },
    });
    let silent = places().filter(|(place, _)| !is_up(*place));
    let misses: Vec<(IpAddr, u32)> = silent.map(|(_, &ip)| (ip, 1)).collect();
    FinishedScan {
        scan: Scan {
            id: ScanId(1),
            run: RunId(1),
            subnet: ID,
            cidr: NETWORK.to_owned(),
            started_at: at,
            finished_at: at,
            mode: Mode::Sweep,
            addresses: ips.len() as u32,
            rights: Rights::Helper,
            ipam_at: at,
            ipam_stale: false,
            counts: Counts {
                known: hosts.len() as u32,
                unseen: misses.len() as u32,
                ..Counts::default()
            },
            changes: Changes::default(),
        },
        hosts,
        findings: findings.collect(),
        misses,
        reports: Vec::new(),
    }
}
