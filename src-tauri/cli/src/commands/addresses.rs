//! `addresses CIDR`: what phpIPAM says beside what was seen.

use std::collections::BTreeSet;

use fieldscan_core::{
    compare::{Difference, Standing},
    host::Mac,
    ids::SubnetId,
    ipam,
    present::{self, count, standing_name},
    report::host_name,
};
use fieldscan_engine::{
    document::AddressDocument,
    store::{AddressRow, Scope},
};
use ipnetwork::IpNetwork;
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    args::Addresses,
    failure::{Exit, Failure},
    output::{Cell, Column, Output, Table, Tone, plain},
    place::{Place, Records},
};

#[derive(Serialize)]
struct AddressesDocument {
    network: IpNetwork,
    #[serde(flatten)]
    age: Age,
    addresses: Vec<AddressDocument>,
}

pub(super) fn run(place: &Place, out: &Output, args: &Addresses) -> Result<Exit, Failure> {
    let records = place.records()?;
    let network = canonical(args.network);
    let mut rows = rows(&records, network)?;
    let age = Age::of(&records, &rows)?;
    if args.problems {
        rows.retain(|row| row.standing.as_ref().is_some_and(needs_a_look));
    }
    if out.is_json() {
        let document = AddressesDocument {
            network,
            age,
            addresses: rows.iter().map(Into::into).collect(),
        };
        out.show(&document, |_| String::new())?;
    } else {
        out.show(&(), |out| {
            text(out, &rows, network, &records, (args.problems, age))
        })?;
    }
    Ok(Exit::Done)
}

/// How old what phpIPAM said of some addresses is.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Age {
    /// The oldest of the subnets'; `None` before phpIPAM was asked.
    pub(super) fetched_at: Option<Timestamp>,
    /// Whether that is out of date by the settings.
    pub(super) stale: bool,
}

impl Age {
    pub(super) fn of(records: &Records, rows: &[AddressRow]) -> Result<Self, Failure> {
        let subnets: BTreeSet<SubnetId> = rows.iter().map(|row| row.subnet).collect();
        let mut oldest: Option<Timestamp> = None;
        for subnet in subnets {
            let told = records.reader.addresses_fetched_at(&records.key, subnet)?;
            oldest = oldest.into_iter().chain(told).min();
        }
        let expire = records.settings.cache_expire_time;
        Ok(Self {
            fetched_at: oldest,
            stale: oldest.is_some_and(|at| !ipam::is_fresh(at, records.now, expire)),
        })
    }

    fn words(self, now: Timestamp) -> String {
        match self.fetched_at {
            Some(at) => format!(
                ", by what phpIPAM told {}{}",
                present::age(at, now),
                if self.stale { " (out of date)" } else { "" }
            ),
            None => String::new(),
        }
    }
}

/// The addresses of a network that has something to do with the assigned subnets.
pub(super) fn rows(records: &Records, network: IpNetwork) -> Result<Vec<AddressRow>, Failure> {
    let rows = records
        .reader
        .addresses(&records.key, Scope::Network(network))?;
    if !rows.is_empty() {
        return Ok(rows);
    }
    let assignment = records.reader.assignment(&records.key)?;
    let subnets = assignment.map_or_else(Vec::new, |assignment| assignment.subnets);
    let related = subnets
        .iter()
        .filter_map(|subnet| subnet.network)
        .any(|own| own.contains(network.network()) || network.contains(own.network()));
    if related {
        return Ok(rows);
    }
    let cidrs: Vec<String> = subnets.iter().map(|subnet| subnet.cidr.clone()).collect();
    Err(not_assigned(network, &cidrs))
}

/// A network that has nothing to do with this agent.
pub(super) fn not_assigned(network: IpNetwork, assigned: &[String]) -> Failure {
    const NAMED: usize = 20;
    let failure = Failure::new(
        Exit::Usage,
        "not-assigned",
        format!("{network} is not assigned to this scan agent."),
    );
    if assigned.is_empty() {
        return failure
            .remedy("phpIPAM assigns nothing to it, as far as known. Ask again: `fieldscan scan --refresh`.");
    }
    let mut names = assigned
        .iter()
        .take(NAMED)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if assigned.len() > NAMED {
        names += &format!(" and {} more (`fieldscan subnets`)", assigned.len() - NAMED);
    }
    failure.remedy(format!("Assigned: {names}."))
}

/// The network of an address with a mask: people write 10.77.0.5/24 and mean 10.77.0.0/24.
pub(super) fn canonical(network: IpNetwork) -> IpNetwork {
    IpNetwork::new(network.network(), network.prefix()).unwrap_or(network)
}

fn needs_a_look(standing: &Standing) -> bool {
    match standing {
        Standing::Unknown | Standing::Missing { .. } | Standing::Mismatch { .. } => true,
        Standing::Known | Standing::Unseen { .. } | Standing::Excluded => false,
    }
}

fn text(
    out: &Output,
    rows: &[AddressRow],
    network: IpNetwork,
    records: &Records,
    (only_problems, age): (bool, Age),
) -> String {
    let what = if only_problems {
        "need a look"
    } else {
        "are known or seen"
    };
    let mut text = out.style.paint(
        Tone::Strong,
        format!(
            "{network}: {} {}{}.",
            count(rows.len() as u64, "address", "addresses"),
            match rows.len() {
                1 if only_problems => "needs a look",
                1 => "is known or seen",
                _ => what,
            },
            age.words(records.now)
        ),
    ) + "\n";
    if rows.is_empty() {
        return text;
    }
    text.push('\n');
    let mut table = Table::new([
        Column::Left("Address"),
        Column::Left(""),
        Column::Left("Standing"),
        Column::Left("MAC"),
        Column::Flexible("Host name"),
        Column::Left("Seen"),
        Column::Wrapped("phpIPAM said"),
    ]);
    for row in rows {
        table.row(cells(row, records.now));
    }
    text + &out.table(&table, 0)
}

fn cells(row: &AddressRow, now: Timestamp) -> [Cell; 7] {
    let seen = row.seen.as_ref();
    let ipam = row.ipam.as_ref();
    let seen_name = seen.and_then(|seen| host_name(seen.host.ptr.as_deref()?, row.ip));
    let ipam_name = ipam.and_then(|ipam| ipam.hostname.clone());
    // A device's own invention is no name of a vendor's: it is marked.
    let mac = |mac: Mac| match mac.is_locally_administered() {
        true => format!("{} random", present::mac(mac)),
        false => present::mac(mac),
    };
    let seen_mac = seen.and_then(|seen| seen.host.mac).map(mac);
    // Of a mismatch, what phpIPAM said when it was scanned: once the report has arrived, its row says what was seen.
    let mut says = Vec::new();
    if let Some(Standing::Mismatch { differences }) = &row.standing {
        says.extend(differences.iter().map(|difference| match difference {
            Difference::Mac { ipam, .. } => present::mac(*ipam),
            Difference::DuplicateMac { seen } => {
                let all: Vec<_> = seen.iter().map(|mac| present::mac(*mac)).collect();
                format!("two devices: {}", all.join(", "))
            }
            Difference::HostName { ipam, .. } => plain(ipam),
        }));
    }
    let ipam_mac = ipam.and_then(|ipam| ipam.mac).map(present::mac);
    let (mark, tone) = mark(row.standing.as_ref());
    let mut standing = row.standing.as_ref().map_or("", standing_name).to_owned();
    if let Some(Standing::Missing { misses } | Standing::Unseen { misses }) = &row.standing
        && *misses > 0
    {
        standing += &format!(" {misses}×");
    }
    let when = match seen {
        Some(seen) if seen.up => "up".to_owned(),
        Some(seen) => present::age(seen.last_at, now),
        None => String::new(),
    };
    [
        row.ip.to_string().into(),
        Cell::toned(tone, mark),
        Cell::toned(tone, standing),
        Cell::from(seen_mac.or(ipam_mac).unwrap_or_default()),
        Cell::from(plain(&seen_name.or(ipam_name).unwrap_or_default())),
        Cell::toned(Tone::Faint, when),
        Cell::toned(Tone::Mismatch, says.join(", ")),
    ]
}

/// The design guide's marks: their shapes alone say what is meant.
fn mark(standing: Option<&Standing>) -> (&'static str, Tone) {
    match standing {
        Some(Standing::Known) => ("■", Tone::Known),
        Some(Standing::Unknown) => ("◆", Tone::Unknown),
        Some(Standing::Unseen { .. }) => ("□", Tone::Faint),
        Some(Standing::Missing { .. }) => ("□", Tone::Missing),
        Some(Standing::Mismatch { .. }) => ("◧", Tone::Mismatch),
        Some(Standing::Excluded) => ("▨", Tone::Faint),
        None => ("", Tone::Plain),
    }
}
