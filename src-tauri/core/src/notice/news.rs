//! What scans newly found: collected until the run is over, and then told at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use serde::{Deserialize, Serialize};

use super::{Thing, Told};
use crate::{
    compare::{Exception, Finding, Memory, Trace},
    host::Host,
    ids::{RunId, SubnetId},
    ipam::Subnet,
};

/// As many things of a digest are remembered as told, so that a subnet in which suddenly everything answers fills no memory.
const REMEMBERED: usize = 4_096;

/// What a scan found in a subnet that its last scan had not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// The run.
    pub run: RunId,
    /// The subnet.
    pub subnet: SubnetId,
    /// `subnet/mask` as phpIPAM has it.
    pub cidr: String,
    /// Its description then.
    pub description: String,
    /// Whether phpIPAM could not be asked.
    pub stale: bool,
    /// At least one, in address order.
    pub found: Vec<Found>,
}

/// An address that should be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The address.
    pub ip: IpAddr,
    /// What there is to look at.
    pub what: Exception,
    /// The host's name, by the report's rule, where it is the only one that was found.
    pub name: Option<String>,
}

impl News {
    /// The news of a scan; `None` without any. The first scan of a subnet has none: everything would be new.
    pub fn of(
        (run, subnet, stale): (RunId, &Subnet, bool),
        findings: &[Finding],
        hosts: &[Host],
        memory: &Memory,
    ) -> Option<Self> {
        memory.last.as_ref()?;
        let is_new = |ip: &IpAddr, what| memory.exceptions.get(ip) != Some(&what);
        let mut found: Vec<Found> = findings
            .iter()
            .filter_map(|finding| Some((finding.ip, finding.standing.exception()?)))
            .filter(|(ip, what)| is_new(ip, *what))
            .map(|(ip, what)| Found {
                ip,
                what,
                name: None,
            })
            .collect();
        // Only a host that is told alone is told by its name.
        if let [only] = found.as_mut_slice() {
            let host = hosts.iter().find(|host| host.ip == only.ip);
            only.name = host.and_then(|host| Trace::of(host).name);
        }
        (!found.is_empty()).then(|| Self {
            run,
            subnet: subnet.id,
            cidr: subnet.cidr.clone(),
            description: subnet.description.clone(),
            stale,
            found,
        })
    }

    /// One entry for each subnet, the newest words for each, without what was told within a day.
    pub fn untold(all: Vec<Self>, told: &Told, now: jiff::Timestamp) -> Vec<Self> {
        let mut by_subnet: BTreeMap<SubnetId, Self> = BTreeMap::new();
        for mut news in all {
            if let Some(before) = by_subnet.remove(&news.subnet) {
                let mut found = before.found;
                found.retain(|old| news.found.iter().all(|new| new.ip != old.ip));
                news.found.extend(found);
                news.found.sort_by_key(|found| found.ip);
            }
            by_subnet.insert(news.subnet, news);
        }
        let mut all: Vec<Self> = by_subnet.into_values().collect();
        for news in &mut all {
            let subnet = news.subnet;
            news.found
                .retain(|found| !told.lately(&Thing::finding(subnet, found.ip, found.what), now));
        }
        all.retain(|news| !news.found.is_empty());
        all
    }

    /// What a digest of these news tells of.
    pub fn things(all: &[Self]) -> Vec<Thing> {
        let things: BTreeSet<Thing> = all
            .iter()
            .flat_map(|news| {
                let thing = |found: &Found| Thing::finding(news.subnet, found.ip, found.what);
                news.found.iter().map(thing)
            })
            .take(REMEMBERED)
            .collect();
        things.into_iter().collect()
    }

    /// How many of each kind.
    pub fn counts<'a>(all: impl IntoIterator<Item = &'a Self>) -> (u32, u32, u32) {
        let mut counts = (0, 0, 0);
        for found in all.into_iter().flat_map(|news| &news.found) {
            match found.what {
                Exception::Unknown => counts.0 += 1,
                Exception::Missing => counts.1 += 1,
                Exception::Mismatch => counts.2 += 1,
            }
        }
        counts
    }
}
