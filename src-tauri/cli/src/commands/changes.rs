//! What changed between a run's scans and the ones before them.

use crate::{
    failure::Failure,
    output::{Cell, Column, Output, Table, Tone, plain},
    place::Records,
};
use fieldscan_core::{
    host::Host,
    present,
    report::host_name,
    run::{Outcome, Run, Scan},
};

/// How many addresses are named for each kind of change.
const NAMED: usize = 20;

/// A run's scans with the hosts that answered.
pub(super) fn scans_of(records: &Records, run: &Run) -> Result<Vec<(Scan, Vec<Host>)>, Failure> {
    let mut scans = Vec::new();
    for part in &run.subnets {
        if let Outcome::Scanned { scan, .. } = &part.outcome
            && let Some(record) = records.reader.scan(*scan)?
        {
            let hosts = records.reader.hosts_of_scan(*scan)?;
            scans.push((record, hosts));
        }
    }
    Ok(scans)
}

/// New, gone and changed hosts of a run's scans, each by its address; nothing where nothing changed.
pub(super) fn changes(out: &Output, scans: &[(Scan, Vec<Host>)]) -> String {
    let mut table = Table::new([
        Column::Left(""),
        Column::Left(""),
        Column::Left(""),
        Column::Left(""),
    ]);
    for (scan, hosts) in scans {
        let changes = &scan.changes;
        for (what, tone, all) in [
            ("new", Tone::Unknown, &changes.new),
            ("gone", Tone::Missing, &changes.gone),
            ("changed", Tone::Mismatch, &changes.changed),
        ] {
            for ip in all.iter().take(NAMED) {
                let host = hosts.iter().find(|host| host.ip == *ip);
                let mac = host.and_then(|host| host.mac).map(present::mac);
                let name = host.and_then(|host| host_name(host.ptr.as_deref()?, *ip));
                table.row([
                    Cell::toned(tone, what),
                    ip.to_string().into(),
                    Cell::toned(Tone::Faint, mac.unwrap_or_default()),
                    Cell::toned(Tone::Faint, plain(&name.unwrap_or_default())),
                ] as [Cell; 4]);
            }
            if all.len() > NAMED {
                let more = format!("and {} more in {}", all.len() - NAMED, scan.cidr);
                table.row([
                    Cell::toned(tone, what),
                    plain(&more).into(),
                    "".into(),
                    "".into(),
                ] as [Cell; 4]);
            }
        }
    }
    if table.is_empty() {
        return String::new();
    }
    format!(
        "\n{}\n{}",
        out.style.paint(Tone::Strong, "Since the last scan"),
        out.table(&table, 2)
    )
}
