//! What a window asks beside the snapshot: lists and single records, as documents. Every function reads the database and
//! may block.

use std::net::IpAddr;

use fieldscan_core::{
    ids::{ReportId, RunId, ScanId, SubnetId},
    ipam, report,
    run::{Body, Outcome, Run, Scan},
};
use jiff::SignedDuration;

use crate::{
    document::{
        AddressesDocument, ChangesDocument, HostsAtDocument, NoticeDocument, OneReportDocument,
        OneRunDocument, ReportDocument, RunDocument, SightingDocument,
    },
    place::Records,
    store::{AddressRow, ReportFilter, Scope, StoreError},
};

/// As many reports are listed; older ones are found through their run.
const REPORTS: u32 = 500;

/// As many notices are listed.
const NOTICES: u32 = 500;

/// As many scans of a subnet are looked at for what became of it in time.
const SCANS: u32 = 5_000;

/// The addresses of a subnet.
///
/// # Errors
/// If the database can't be read. So it is with all functions here.
pub fn addresses(records: &Records, subnet: SubnetId) -> Result<AddressesDocument, StoreError> {
    let (document, rows) = address_rows(records, subnet)?;
    Ok(AddressesDocument {
        addresses: rows.iter().map(Into::into).collect(),
        ..document
    })
}

/// The same, the addresses apart and not yet as documents: there may be 65,536 of them.
///
/// # Errors
/// If the database can't be read.
pub fn address_rows(
    records: &Records,
    subnet: SubnetId,
) -> Result<(AddressesDocument, Vec<AddressRow>), StoreError> {
    let rows = records
        .reader
        .addresses(&records.key, Scope::Subnet(subnet))?;
    let fetched_at = records.reader.addresses_fetched_at(&records.key, subnet)?;
    let expire = records.settings.cache_expire_time;
    let document = AddressesDocument {
        fetched_at,
        stale: fetched_at.is_some_and(|at| !ipam::is_fresh(at, records.now, expire)),
        ..AddressesDocument::none(subnet)
    };
    Ok((document, rows))
}

/// What was seen of an address, the newest first: one for each while in which every scan saw it alike.
pub fn address_history(
    records: &Records,
    subnet: SubnetId,
    ip: IpAddr,
) -> Result<Vec<SightingDocument>, StoreError> {
    let last = records.reader.scans(&records.key, Some(subnet), 1)?.pop();
    let sightings = records.reader.history(&records.key, ip)?;
    Ok(sightings
        .iter()
        .filter(|sighting| sighting.subnet == subnet)
        .map(|sighting| SightingDocument::of(sighting, last.as_ref().map(|scan| scan.id)))
        .collect())
}

/// What each scan of a subnet found, the oldest first.
pub fn hosts_over_time(
    records: &Records,
    subnet: SubnetId,
    days: u32,
) -> Result<Vec<HostsAtDocument>, StoreError> {
    let while_ago = SignedDuration::from_hours(i64::from(days) * 24);
    let since = records.now.checked_sub(while_ago).ok();
    let scans = records.reader.scans(&records.key, Some(subnet), SCANS)?;
    let mut points: Vec<HostsAtDocument> = scans
        .iter()
        .take_while(|scan| since.is_none_or(|since| scan.finished_at >= since))
        .map(Into::into)
        .collect();
    points.reverse();
    Ok(points)
}

/// The last runs, the newest first.
pub fn runs(records: &Records, limit: u32) -> Result<Vec<RunDocument>, StoreError> {
    let runs = records.reader.runs(&records.key, limit)?;
    Ok(runs.iter().map(Into::into).collect())
}

/// A run with what it changed and reported.
pub fn one_run(records: &Records, id: RunId) -> Result<Option<OneRunDocument>, StoreError> {
    let Some(run) = records.reader.run(id)? else {
        return Ok(None);
    };
    let mut changes = Vec::new();
    let mut reports = Vec::new();
    for scan in scans_of(records, &run)? {
        let filter = ReportFilter {
            scan: Some(scan.id),
            ..ReportFilter::default()
        };
        let of_scan = records.reader.reports(&records.key, &filter)?;
        reports.extend(
            of_scan
                .iter()
                .map(|report| ReportDocument::of(report, records.now)),
        );
        changes.push((&scan).into());
    }
    Ok(Some(OneRunDocument {
        run: (&run).into(),
        changes,
        reports,
    }))
}

/// What is different in the run `b` from the run `a`, for each subnet that both scanned.
pub fn compare_runs(
    records: &Records,
    a: RunId,
    b: RunId,
) -> Result<Option<Vec<ChangesDocument>>, StoreError> {
    let (Some(a), Some(b)) = (records.reader.run(a)?, records.reader.run(b)?) else {
        return Ok(None);
    };
    let before = scans_of(records, &a)?;
    let mut changes = Vec::new();
    for scan in scans_of(records, &b)? {
        let Some(old) = before.iter().find(|old| old.subnet == scan.subnet) else {
            continue;
        };
        let old = records.reader.hosts_of_scan(old.id)?;
        let new = records.reader.hosts_of_scan(scan.id)?;
        changes.push(ChangesDocument::between(&scan, &old, &new));
    }
    Ok(Some(changes))
}

/// What the person was told lately, the newest first.
pub fn notices(records: &Records) -> Result<Vec<NoticeDocument>, StoreError> {
    let notices = records.reader.notices(&records.key, NOTICES)?;
    Ok(notices.iter().map(Into::into).collect())
}

/// The newest reports, the newest first.
pub fn reports(records: &Records) -> Result<Vec<ReportDocument>, StoreError> {
    let filter = ReportFilter {
        limit: Some(REPORTS),
        ..ReportFilter::default()
    };
    let mut reports = records.reader.reports(&records.key, &filter)?;
    reports.sort_by_key(|report| std::cmp::Reverse(report.id));
    Ok(reports
        .iter()
        .map(|report| ReportDocument::of(report, records.now))
        .collect())
}

/// A report with its hosts and its body, in which the agent's code is masked.
pub fn one_report(
    records: &Records,
    id: ReportId,
) -> Result<Option<OneReportDocument>, StoreError> {
    let Some((report, body)) = records.reader.report(id)? else {
        return Ok(None);
    };
    Ok(Some(OneReportDocument {
        report: ReportDocument::whole(&report, records.now),
        body: body.and_then(|Body(body)| report::masked(&body)),
    }))
}

fn scans_of(records: &Records, run: &Run) -> Result<Vec<Scan>, StoreError> {
    let scans = run.subnets.iter().filter_map(|part| match &part.outcome {
        Outcome::Scanned { scan, .. } => Some(*scan),
        Outcome::LeftOut { .. } | Outcome::Failed { .. } | Outcome::Stopped => None,
    });
    let mut found = Vec::new();
    for scan in scans.collect::<Vec<ScanId>>() {
        found.extend(records.reader.scan(scan)?);
    }
    Ok(found)
}
