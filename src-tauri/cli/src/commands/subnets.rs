//! `subnets`: what is assigned, how it is scanned, and how it was last seen.

use fieldscan_core::{
    plan::Mode,
    present::{self, count, number},
    problem::Problem,
    snapshot::{PlanView, Snapshot},
};
use fieldscan_engine::document::SubnetDocument;
use jiff::Timestamp;
use serde::Serialize;

use super::{runs, some};
use crate::{
    failure::{Exit, Failure},
    output::{Cell, Column, Output, Table, Tone, plain},
    place::{Place, snapshot_of},
};

#[derive(Serialize)]
struct SubnetsDocument {
    fetched_at: Option<Timestamp>,
    stale: bool,
    subnets: Vec<SubnetDocument>,
}

pub(super) fn run(place: &Place, out: &Output) -> Result<Exit, Failure> {
    let records = place.records()?;
    let snapshot = snapshot_of(&records)?;
    let document = SubnetsDocument {
        fetched_at: snapshot.ipam.fetched_at,
        stale: snapshot.ipam.stale,
        subnets: snapshot.subnets.iter().map(SubnetDocument::of).collect(),
    };
    out.show(&document, |out| {
        let Some(fetched_at) = snapshot.ipam.fetched_at else {
            return "phpIPAM has not yet been asked. Ask it: `fieldscan scan`.\n".to_owned();
        };
        let left_out: Vec<_> = snapshot
            .subnets
            .iter()
            .filter_map(|subnet| match &subnet.plan {
                PlanView::LeftOut(why) => Some((subnet.cidr.as_str(), why)),
                PlanView::Scanned(_) => None,
            })
            .collect();
        let failures = present::failures(&snapshot);
        let failed: Vec<(&str, &Problem)> = snapshot
            .subnets
            .iter()
            .filter_map(|subnet| Some((subnet.cidr.as_str(), *failures.get(&subnet.id)?)))
            .collect();
        let stale = if snapshot.ipam.stale {
            ", out of date"
        } else {
            ""
        };
        format!(
            "{}\n\n{}",
            out.style.paint(
                Tone::Strong,
                format!(
                    "{} assigned, as phpIPAM said {}{stale}.",
                    count(snapshot.subnets.len() as u64, "subnet is", "subnets are"),
                    present::age(fetched_at, records.now),
                )
            ),
            out.table(&table(&snapshot, records.now), 0),
        ) + &runs::failures(out, &failed)
            + &runs::not_scanned(out, &left_out)
    })?;
    Ok(Exit::Done)
}

/// One line for each subnet.
fn table(snapshot: &Snapshot, now: Timestamp) -> Table {
    let failures = present::failures(snapshot);
    let mut table = Table::new([
        Column::Left("Subnet"),
        Column::Flexible("Description"),
        Column::Left("Plan"),
        Column::Right("Known"),
        Column::Right("Unknown"),
        Column::Right("Missing"),
        Column::Right("Mismatch"),
        Column::Left("Scanned"),
    ]);
    for subnet in &snapshot.subnets {
        let scan = subnet.last_scan.as_ref();
        let counts = scan.map(|scan| scan.counts).unwrap_or_default();
        let plan = match &subnet.plan {
            PlanView::Scanned(Mode::Sweep) => Cell::from("sweep"),
            PlanView::Scanned(Mode::Known) => Cell::from("known"),
            PlanView::LeftOut(_) => continue,
        };
        let known = match scan {
            Some(_) => number(u64::from(counts.known)),
            None => String::new(),
        };
        let age = scan.map_or_else(String::new, |scan| present::age(scan.at, now));
        let scanned = match (failures.contains_key(&subnet.id), age.is_empty()) {
            (false, _) => Cell::toned(Tone::Faint, age),
            (true, true) => Cell::toned(Tone::Missing, "failed"),
            (true, false) => Cell::toned(Tone::Missing, format!("{age}, then failed")),
        };
        table.row([
            plain(&subnet.cidr).into(),
            plain(&subnet.description).into(),
            plan,
            Cell::toned(Tone::Known, known),
            Cell::toned(Tone::Unknown, some(counts.unknown)),
            Cell::toned(Tone::Missing, some(counts.missing)),
            Cell::toned(Tone::Mismatch, some(counts.mismatch)),
            scanned,
        ] as [Cell; 8]);
    }
    table
}
