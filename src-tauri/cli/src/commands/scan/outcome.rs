//! What came of a run: shown, and made into an exit code.

use std::collections::BTreeSet;

use fieldscan_core::{
    delivery::{Report, State},
    host::Host,
    ids::{ReportId, SubnetId},
    present::{self, count},
    problem::{Problem, Severity, Standing, Subject},
    run::{Outcome, Run, Scan},
    snapshot::Snapshot,
};
use fieldscan_engine::document::{
    ChangesDocument, CountsDocument, ProblemDocument, ReportDocument, RunDocument,
    changes_documents, probably,
};
use ipnetwork::IpNetwork;
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    args,
    commands::{
        addresses::not_assigned,
        changes::{changes, scans_of},
        problems, reports, runs,
    },
    deliver::Ended,
    failure::{Exit, Failure, exit_of},
    output::{Output, Tone, plain},
    place::Place,
};

/// A finished run with all that is to be said of it.
pub(super) struct Finished {
    run: Run,
    scans: Vec<(Scan, Vec<Host>)>,
    reports: Vec<Report>,
    problems: Vec<Standing>,
    assigned: Vec<(SubnetId, String)>,
    no_upload: bool,
    wait_confirmed: Option<u64>,
    ended: Ended,
    now: Timestamp,
}

#[derive(Serialize)]
struct ScanDocument {
    run: RunDocument,
    counts: CountsDocument,
    changes: Vec<ChangesDocument>,
    reports: Vec<ReportDocument>,
    problems: Vec<ProblemDocument>,
    exit_code: u8,
}

impl Finished {
    pub(super) fn read(
        place: &Place,
        run: Run,
        snapshot: Snapshot,
        args: &args::Scan,
        ended: Ended,
    ) -> Result<Self, Failure> {
        let records = place.records()?;
        let scans = scans_of(&records, &run)?;
        let reports = reports::of_run(&records, &run)?;
        let of_run: BTreeSet<SubnetId> = run.subnets.iter().map(|part| part.subnet).collect();
        let ids: BTreeSet<ReportId> = reports.iter().map(|report| report.id).collect();
        let problems =
            snapshot
                .problems
                .into_iter()
                .filter(|standing| match standing.problem.subject() {
                    Subject::Subnet(id) => of_run.contains(&id),
                    Subject::Report(id) => ids.contains(&id),
                    Subject::Server => !args.no_upload,
                    Subject::Ipam | Subject::Nmap | Subject::Machine => true,
                });
        Ok(Self {
            problems: problems.collect(),
            assigned: snapshot
                .subnets
                .into_iter()
                .map(|subnet| (subnet.id, subnet.cidr))
                .collect(),
            run,
            scans,
            reports,
            no_upload: args.no_upload,
            wait_confirmed: args.wait_confirmed,
            ended,
            now: records.now,
        })
    }

    fn name(&self, id: SubnetId) -> Option<String> {
        let (_, cidr) = self.assigned.iter().find(|(subnet, _)| *subnet == id)?;
        Some(cidr.clone())
    }

    fn scanned(&self) -> bool {
        !self.scans.is_empty()
    }

    /// A network that was asked for and is none of the assigned ones.
    fn unassigned(&self) -> Option<IpNetwork> {
        match self.run.problem {
            Some(Problem::NotAssigned { network }) => Some(network),
            _ => None,
        }
    }

    /// The exit code, or the failure that takes the place of a result.
    pub(super) fn exit(&self) -> Result<Exit, Failure> {
        if let (Some(network), true) = (self.unassigned(), self.scanned()) {
            let failure = self.not_assigned(network);
            crate::output::note(failure.text(crate::output::Style::stderr()).trim_end());
        }
        Ok(self.code())
    }

    fn not_assigned(&self, network: IpNetwork) -> Failure {
        let cidrs: Vec<String> = self.assigned.iter().map(|(_, cidr)| cidr.clone()).collect();
        not_assigned(network, &cidrs)
    }

    fn code(&self) -> Exit {
        if self.ended == Ended::Stopped || self.run.stopped {
            return Exit::Stopped;
        }
        if self.unassigned().is_some() {
            return Exit::Usage;
        }
        if let Some(problem) = self.run.problem.as_ref().filter(|_| !self.scanned()) {
            return exit_of(problem);
        }
        let failed = self.run.subnets.iter().any(|part| match part.outcome {
            Outcome::Failed { .. } => true,
            Outcome::Scanned { .. } | Outcome::LeftOut { .. } | Outcome::Stopped => false,
        });
        let left_out = self.run.subnets.iter().any(|part| match part.outcome {
            Outcome::LeftOut { .. } => true,
            Outcome::Scanned { .. } | Outcome::Failed { .. } | Outcome::Stopped => false,
        });
        if (failed || left_out) && !self.scanned() {
            return Exit::Nothing;
        }
        let grave = self.problems.iter().any(|standing| {
            standing.problem.severity() >= Severity::Waiting
                // What earlier runs left waiting is not this run's affair.
                && !matches!(standing.problem.subject(), Subject::Report(_))
        });
        match failed || grave || !self.reports.iter().all(|report| self.is_well(report)) {
            true => Exit::Problems,
            false => Exit::Done,
        }
    }

    fn is_well(&self, report: &Report) -> bool {
        match &report.state {
            State::Confirmed { .. } | State::Superseded { .. } => true,
            State::Sent { .. } => self.wait_confirmed.is_none(),
            State::Queued | State::Waiting { .. } => self.no_upload,
            State::Partly { .. } | State::Unconfirmed { .. } | State::Rejected { .. } => false,
        }
    }

    pub(super) fn show(&self, out: &Output) -> Result<(), Failure> {
        if !self.scanned() {
            if let Some(network) = self.unassigned() {
                return Err(self.not_assigned(network));
            }
            if let Some(problem) = &self.run.problem {
                return Err(Failure::of(exit_of(problem), problem.clone()));
            }
        }
        let document = ScanDocument {
            run: (&self.run).into(),
            counts: runs::counts(&self.run).into(),
            changes: changes_documents(&self.scans),
            reports: reports::documents(&self.reports, self.now),
            problems: self
                .problems
                .iter()
                .map(|standing| ProblemDocument::standing(standing, &|id| self.name(id)))
                .collect(),
            exit_code: self.code() as u8,
        };
        out.show(&document, |out| self.text(out))
    }

    fn text(&self, out: &Output) -> String {
        let mut text = out.style.paint(Tone::Strong, self.answer()) + "\n\n";
        let mut run = self.run.clone();
        if self.unassigned().is_some() {
            // Told at the end, with what could have been asked for.
            run.problem = None;
        }
        text += &runs::subnets(out, &run);
        text += &changes(out, &self.scans);
        if !self.reports.is_empty() {
            text += &format!("\n{}\n", out.style.paint(Tone::Strong, "Reports"));
            for report in &self.reports {
                text += &format!(
                    "  {}  {}  {}\n",
                    report.id,
                    plain(&report.cidr),
                    reports::journey(out, report)
                );
                if let Some(says) = self.says(report) {
                    text += &out.prose(&says, 6);
                }
            }
            if self.no_upload {
                text += "  They wait in the outbox; the next `fieldscan scan` or `fieldscan watch` sends them.\n";
            }
        }
        let untold: Vec<Standing> = self
            .problems
            .iter()
            .filter(|it| !is_told(it))
            .cloned()
            .collect();
        if !untold.is_empty() {
            text += &format!("\n{}\n", out.style.paint(Tone::Strong, "Needs a look"));
            text += &problems(out, &untold, &|id| self.name(id), self.now);
        }
        text
    }

    fn answer(&self) -> String {
        if self.run.stopped {
            return "Stopped before the end.".to_owned();
        }
        if !self.scanned() {
            return "Nothing was scanned.".to_owned();
        }
        let mut answer = present::answer(&runs::counts(&self.run));
        let (mut failed, mut of) = (0, 0);
        for part in &self.run.subnets {
            match &part.outcome {
                Outcome::Failed { .. } => (failed, of) = (failed + 1, of + 1),
                Outcome::Scanned { .. } | Outcome::Stopped => of += 1,
                Outcome::LeftOut { .. } => {}
            }
        }
        if let Some(failed) = present::unscanned(failed, of) {
            answer += &format!("; {failed}");
        }
        let waits =
            |report: &&Report| matches!(report.state, State::Queued | State::Waiting { .. });
        let waiting = self.reports.iter().filter(waits).count();
        if waiting > 0 && !self.no_upload {
            answer += &format!(
                "; {}",
                count(waiting as u64, "report waits", "reports wait")
            );
        }
        let stale = self.scans.iter().filter(|(scan, _)| scan.ipam_stale);
        if let Some(at) = stale.map(|(scan, _)| scan.ipam_at).min() {
            let age = present::age(at, self.now);
            answer += &format!(", by what phpIPAM told {age}");
        }
        answer + "."
    }

    /// What is to be said of a report beside its journey.
    fn says(&self, report: &Report) -> Option<String> {
        let words = || {
            plain(&present::state(
                &report.state,
                report.hosts.len(),
                self.now,
                &jiff::tz::TimeZone::system(),
            ))
        };
        match &report.state {
            State::Queued if self.no_upload => None,
            State::Queued | State::Waiting { .. } | State::Rejected { .. } => Some(words()),
            State::Partly { .. } | State::Unconfirmed { .. } => {
                let probably = probably(&report.state).unwrap_or_default();
                Some(format!("{} {probably}", words()))
            }
            State::Sent { expected_by, .. } if self.ended == Ended::TimeOver => {
                let zone = jiff::tz::TimeZone::system();
                let by = present::when(*expected_by, self.now, &zone);
                Some(match self.wait_confirmed {
                    Some(seconds) => {
                        format!("Not seen in phpIPAM within {seconds} s; expected by {by}.")
                    }
                    None => format!("Expected in phpIPAM by {by}."),
                })
            }
            State::Sent { .. } | State::Confirmed { .. } | State::Superseded { .. } => None,
        }
    }
}

/// Whether it stands with the subnets already.
fn is_told(standing: &Standing) -> bool {
    matches!(standing.problem, Problem::SubnetRefused { .. })
}
