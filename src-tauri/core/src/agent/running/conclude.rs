//! The end of a scan: it is compared, its reports are made, and all of it is given to be committed.

use jiff::Timestamp;

use super::{Active, commit::Unwritten};
use crate::{
    agent::{Agent, Effect, ScanEnded},
    compare::{self, Memory},
    delivery::{Event, Report, State, Step},
    host::Host,
    ipam::{AddressBook, Subnet},
    notice::News,
    plan::Target,
    problem::Problem,
    report,
    run::{Body, FinishedScan, Scan},
};

impl Agent {
    /// Compares, makes the reports, and has all of it committed.
    pub(super) fn conclude(
        &mut self,
        subnet: &Subnet,
        target: Target,
        ended: ScanEnded,
        ended_at: Timestamp,
        (book, stale, memory): (AddressBook, bool, Memory),
        effects: &mut Vec<Effect>,
    ) {
        let hosts = ended.result.unwrap_or_default();
        let comparison = compare::compare(
            subnet,
            &target,
            &book.addresses,
            &hosts,
            &memory,
            self.settings.misses_before_missing,
        );
        let Some(running) = &mut self.running else {
            return;
        };
        let scan = Scan {
            id: ended.scan,
            run: running.record.id,
            subnet: subnet.id,
            cidr: subnet.cidr.clone(),
            started_at: ended.started_at,
            finished_at: ended_at,
            mode: target.mode,
            addresses: target.addresses(),
            rights: ended.rights,
            ipam_at: book.fetched_at,
            ipam_stale: stale,
            counts: comparison.counts,
            changes: comparison.changes,
        };
        running
            .active
            .insert(subnet.id, Active::Committing { scan: scan.clone() });
        let news = News::of(
            (scan.run, subnet, stale),
            &comparison.findings,
            &hosts,
            &memory,
        );
        // Where nobody was asked, nothing was discovered, and no server may be told so.
        let reports = match target.chunks.is_empty() {
            true => Vec::new(),
            false => self.reports(&scan, subnet, &book, &hosts),
        };
        // What could not be written before comes first: it is older.
        effects.extend(self.unwritten_scans(Some(subnet.id)).map(Effect::Commit));
        let accepted: Vec<_> = reports.iter().map(|(report, _)| report.clone()).collect();
        self.outbox.expect(&accepted);
        self.unwritten
            .insert(scan.id, Unwritten::new(accepted, news));
        effects.push(Effect::Commit(Box::new(FinishedScan {
            scan,
            hosts,
            findings: comparison.findings,
            misses: comparison.misses,
            reports,
        })));
    }

    /// Makes the reports of a finished scan and takes them into the outbox once they are committed.
    fn reports(
        &mut self,
        scan: &Scan,
        subnet: &Subnet,
        book: &AddressBook,
        hosts: &[Host],
    ) -> Vec<(Report, Body)> {
        let Some(code) = self.settings.scanagent_code.clone() else {
            return Vec::new();
        };
        let drafts = report::make(report::Source {
            code: &code,
            subnet,
            mode: scan.mode,
            hosts,
            book: &book.addresses,
            seen_at: scan.finished_at,
            zone: &self.settings.ipam_time_zone,
            report_ipv6: self.settings.report_ipv6,
        });
        let drafts = match drafts {
            Ok(drafts) => drafts,
            Err(error) => {
                let detail = format!("no report can be made of {}: {error}", subnet.cidr);
                self.problems
                    .raise(Problem::SettingsInvalid { detail }, scan.finished_at);
                Vec::new()
            }
        };
        let mut reports = Vec::new();
        for draft in drafts {
            self.last_ids.report.0 += 1;
            let ahead = book
                .addresses
                .iter()
                .filter_map(|address| Some((address.ip, address.last_seen.clone()?)))
                .filter(|(ip, seen)| *seen > draft.last_seen && draft.hosts.contains(ip))
                .collect();
            let report = Report {
                id: self.last_ids.report,
                subnet: subnet.id,
                scan: scan.id,
                cidr: subnet.cidr.clone(),
                part: draft.part,
                created_at: scan.finished_at,
                last_seen: draft.last_seen,
                hosts: draft.hosts,
                stale: scan.ipam_stale,
                left_out: Default::default(),
                ahead,
                baseline: None,
                sends: 0,
                state: State::Queued,
                journey: vec![Step {
                    at: scan.finished_at,
                    event: Event::Queued,
                }],
            };
            reports.push((report, draft.body));
        }
        reports
    }
}
