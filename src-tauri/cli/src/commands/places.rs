//! `places`: where this machine is, at which sites subnets can be scanned, and what a person says about that.

use std::collections::BTreeMap;

use fieldscan_core::{
    agent::Command,
    ids::SubnetId,
    place::{Binding, PlaceChange},
    present,
    snapshot::{HereView, Snapshot, SubnetView},
};
use fieldscan_engine::{
    document::{HereDocument, SiteDocument},
    surroundings,
};
use ipnetwork::IpNetwork;
use jiff::Timestamp;
use serde::Serialize;

use super::addresses::{canonical, not_assigned};
use crate::{
    args::{Places, PlacesChange},
    failure::{Exit, Failure},
    output::{Cell, Column, Output, Table, Tone, plain},
    place::{Place, Records, snapshot_of},
    session::{self, Session},
};

#[derive(Serialize)]
struct PlacesDocument {
    /// Whether it makes a difference.
    right_place: bool,
    here: Option<HereDocument>,
    places: Vec<PlaceDocument>,
}

#[derive(Serialize)]
struct PlaceDocument {
    subnet: SubnetId,
    cidr: String,
    description: String,
    site: SiteDocument,
    chosen: bool,
    since: Timestamp,
    here: bool,
}

pub(super) fn run(place: &Place, out: &Output, args: &Places) -> Result<Exit, Failure> {
    if let Some(change) = &args.change {
        session::block_on(say(place, change))?;
    }
    list(place, out)
}

fn list(place: &Place, out: &Output) -> Result<Exit, Failure> {
    let records = place.records()?;
    let snapshot = snapshot_of(&records)?;
    let here = snapshot.surroundings.here.as_ref();
    let bound: Vec<(&SubnetView, &Binding)> = snapshot
        .subnets
        .iter()
        .filter_map(|subnet| Some((subnet, snapshot.places.get(&subnet.id)?)))
        .collect();
    let document = PlacesDocument {
        right_place: records.settings.right_place,
        here: here.map(HereDocument::of),
        places: bound
            .iter()
            .map(|(subnet, binding)| PlaceDocument {
                subnet: subnet.id,
                cidr: subnet.cidr.clone(),
                description: subnet.description.clone(),
                site: SiteDocument::of(&binding.site),
                chosen: binding.chosen,
                since: binding.since,
                here: is_here(&snapshot, binding),
            })
            .collect(),
    };
    out.show(&document, |out| {
        let mut text = out.style.paint(Tone::Strong, plain(&where_it_is(here))) + "\n";
        if !records.settings.right_place {
            text += "`right_place` is off: subnets are scanned wherever this machine is.\n";
        }
        text += "\n";
        text += &match bound.as_slice() {
            [] => "No subnet is bound to a place. The first scan in which somebody answers binds it.\n".to_owned(),
            bound => out.table(&table(&snapshot, bound, &records), 0),
        };
        text
    })?;
    Ok(Exit::Done)
}

fn where_it_is(here: Option<&HereView>) -> String {
    let Some(HereView { spot, name }) = here else {
        return "The present place can't be told from others, so nothing is held back here."
            .to_owned();
    };
    let mac = present::mac(spot.gateway_mac);
    match name {
        Some(name) => format!("At {name}: network {}, gateway {mac}.", spot.prefix),
        None => format!(
            "At a place to which no subnet is bound: network {}, gateway {mac}.",
            spot.prefix
        ),
    }
}

fn is_here(snapshot: &Snapshot, binding: &Binding) -> bool {
    let here = snapshot.surroundings.here.as_ref();
    here.is_some_and(|here| here.spot == binding.site.spot)
}

fn table(snapshot: &Snapshot, bound: &[(&SubnetView, &Binding)], records: &Records) -> Table {
    let mut table = Table::new([
        Column::Left("Subnet"),
        Column::Flexible("Description"),
        Column::Left("Scanned at"),
        Column::Left("Network"),
        Column::Left("Gateway"),
        Column::Left("How known"),
    ]);
    for (subnet, binding) in bound {
        let site = &binding.site;
        let tone = match is_here(snapshot, binding) {
            true => Tone::Known,
            false => Tone::Plain,
        };
        let how = if binding.chosen { "chosen" } else { "learned" };
        table.row([
            plain(&subnet.cidr).into(),
            plain(&subnet.description).into(),
            Cell::toned(tone, plain(&site.name)),
            site.spot.prefix.to_string().into(),
            present::mac(site.spot.gateway_mac).into(),
            format!("{how} {}", present::age(binding.since, records.now)).into(),
        ] as [Cell; 6]);
    }
    table
}

/// Has the agent take up what a person says.
async fn say(place: &Place, change: &PlacesChange) -> Result<(), Failure> {
    let records = place.records()?;
    let changes: BTreeMap<SubnetId, PlaceChange> = match change {
        PlacesChange::Choose { network } => {
            if surroundings::look().await.here().is_none() {
                return Err(Failure::new(
                    Exit::Nothing,
                    "place-unknown",
                    "The present place can't be told from others: there is no default route over a gateway with a MAC.",
                )
                .remedy("Choose it while this machine is on the site's own network, without a VPN that takes all traffic."));
            }
            BTreeMap::from([(subnet(&records, *network)?, PlaceChange::Here)])
        }
        PlacesChange::Forget { network, .. } => match network {
            Some(network) => BTreeMap::from([(subnet(&records, *network)?, PlaceChange::Forget)]),
            None => {
                let places = records.reader.places(&records.key)?;
                let ids = places.into_keys();
                ids.map(|id| (id, PlaceChange::Forget)).collect()
            }
        },
        PlacesChange::Name { network, name } => {
            let id = subnet(&records, *network)?;
            if name.trim().is_empty() {
                return Err(Failure::new(Exit::Usage, "no-name", "A site needs a name."));
            }
            if !records.reader.places(&records.key)?.contains_key(&id) {
                return Err(Failure::new(
                    Exit::Usage,
                    "not-bound",
                    format!("{network} is bound to no place that could be named."),
                )
                .remedy(
                    "Scan it, or bind it to the present place with `fieldscan places choose`.",
                ));
            }
            BTreeMap::from([(id, PlaceChange::Name(name.clone()))])
        }
    };
    let session = Session::reach(place, records.settings.clone(), true, |_| Ok(())).await?;
    for (subnet, change) in changes {
        session
            .handle
            .ask(Command::Place { subnet, change })
            .await?;
    }
    // It ends once all is written.
    session.end().await;
    Ok(())
}

/// The assigned subnet that is this network.
fn subnet(records: &Records, network: IpNetwork) -> Result<SubnetId, Failure> {
    let network = canonical(network);
    let assignment = records.reader.assignment(&records.key)?;
    let subnets = assignment.map_or_else(Vec::new, |assignment| assignment.subnets);
    let found = subnets
        .iter()
        .find(|subnet| subnet.network == Some(network));
    found.map(|subnet| subnet.id).ok_or_else(|| {
        let cidrs: Vec<String> = subnets.iter().map(|subnet| subnet.cidr.clone()).collect();
        not_assigned(network, &cidrs)
    })
}
