//! `runs` and `run ID`: what was done when, and what became of each subnet.

use std::time::Duration;

use fieldscan_core::{
    compare::Counts,
    plan::LeftOut,
    present::{self, count},
    problem::Problem,
    run::{Outcome, Rights, Run, SubnetRun, Trigger},
};
use fieldscan_engine::document::{ChangesDocument, ReportDocument, RunDocument, changes_documents};
use ipnetwork::IpNetwork;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{
    changes::{changes, scans_of},
    reports, some,
};
use crate::{
    args::{RunOf, Runs},
    failure::{Exit, Failure},
    output::{Cell, Column, Output, Table, Tone, plain},
    place::Place,
};

#[derive(Serialize)]
struct RunsDocument {
    runs: Vec<RunDocument>,
}

#[derive(Serialize)]
struct OneRunDocument {
    run: RunDocument,
    /// What nmap was allowed: of several scans, the least.
    rights: Option<Rights>,
    changes: Vec<ChangesDocument>,
    reports: Vec<ReportDocument>,
}

pub(super) fn list(place: &Place, out: &Output, args: &Runs) -> Result<Exit, Failure> {
    let records = place.records()?;
    let runs = records.reader.runs(&records.key, args.limit)?;
    let document = RunsDocument {
        runs: runs.iter().map(Into::into).collect(),
    };
    out.show(&document, |out| {
        if runs.is_empty() {
            return "No runs yet. Scan: `fieldscan scan`.\n".to_owned();
        }
        let mut table = Table::new([
            Column::Right("Run"),
            Column::Left("Begun"),
            Column::Left("Took"),
            Column::Left("By"),
            Column::Right("Subnets"),
            Column::Right("Known"),
            Column::Right("Unknown"),
            Column::Right("Missing"),
            Column::Right("Mismatch"),
            Column::Left(""),
        ]);
        for run in &runs {
            let counts = counts(run);
            let scanned = run.subnets.iter().filter(|part| is_scanned(&part.outcome));
            table.row([
                run.id.to_string().into(),
                present::when(run.started_at, records.now, &TimeZone::system()).into(),
                took(run).into(),
                trigger(run.trigger).into(),
                some(scanned.count() as u32).into(),
                Cell::toned(Tone::Known, some(counts.known)),
                Cell::toned(Tone::Unknown, some(counts.unknown)),
                Cell::toned(Tone::Missing, some(counts.missing)),
                Cell::toned(Tone::Mismatch, some(counts.mismatch)),
                Cell::toned(Tone::Missing, remark(run)),
            ] as [Cell; 10]);
        }
        out.table(&table, 0)
    })?;
    Ok(Exit::Done)
}

pub(super) fn show(place: &Place, out: &Output, args: &RunOf) -> Result<Exit, Failure> {
    let records = place.records()?;
    let Some(run) = records.reader.run(args.id)? else {
        return Err(Failure::new(
            Exit::Usage,
            "no-such-run",
            format!("There is no run {}.", args.id),
        )
        .remedy("`fieldscan runs` lists those that there are."));
    };
    let reports = reports::of_run(&records, &run)?;
    let scans = scans_of(&records, &run)?;
    let all = scans.iter().map(|(scan, _)| scan.rights);
    let rights = all.min_by_key(|rights| rights.are_raw());
    let document = OneRunDocument {
        run: (&run).into(),
        rights,
        changes: changes_documents(&scans),
        reports: reports
            .iter()
            .map(|report| ReportDocument::of(report, records.now))
            .collect(),
    };
    out.show(&document, |out| {
        let remark = remark(&run);
        let mut text = out.style.paint(
            Tone::Strong,
            format!(
                "Run {}: {}{}{}{}.",
                run.id,
                present::when(run.started_at, records.now, &TimeZone::system()),
                match took(&run) {
                    took if took.is_empty() => String::new(),
                    took => format!(", took {took}"),
                },
                if remark.is_empty() { "" } else { ", " },
                remark
            ),
        ) + "\n\n";
        text += &subnets(out, &run);
        if let Some(rights) = rights {
            let cannot = present::cannot_see(rights).unwrap_or_default();
            text += &out.prose(
                &format!("nmap had {}. {cannot}", present::rights(rights)),
                0,
            );
        }
        text += &changes(out, &scans);
        if !reports.is_empty() {
            text += &format!("\n{}\n", out.style.paint(Tone::Strong, "Reports"));
            text += &out.table(&reports::table(&reports, records.now), 2);
        }
        text
    })?;
    Ok(Exit::Done)
}

/// One line for each subnet of a run, in their order, and below them those that were not scanned, with the reasons.
pub(super) fn subnets(out: &Output, run: &Run) -> String {
    let mut text = String::new();
    if let Some(problem) = &run.problem {
        let words = present::words(problem);
        text += &out.prose(&plain(&words.what), 0);
        text += &(out.prose(&plain(&words.remedy), 2) + "\n");
    }
    let mut parts: Vec<&SubnetRun> = run.subnets.iter().collect();
    parts.sort_by_key(|part| (part.cidr.parse::<IpNetwork>().ok(), part.subnet));
    let mut table = Table::new([
        Column::Left("Subnet"),
        Column::Flexible("Description"),
        Column::Right("Known"),
        Column::Right("Unknown"),
        Column::Right("Missing"),
        Column::Right("Mismatch"),
        Column::Right("Not seen"),
        Column::Left(""),
    ]);
    let mut left_out = Vec::new();
    let mut failed = Vec::new();
    for part in parts {
        let (counts, remark, tone) = match &part.outcome {
            Outcome::Scanned { counts, .. } => (Some(*counts), String::new(), Tone::Plain),
            Outcome::LeftOut { why } => {
                left_out.push((part.cidr.as_str(), why));
                continue;
            }
            Outcome::Failed { problem } => {
                failed.push((part.cidr.as_str(), problem));
                (None, "failed".to_owned(), Tone::Missing)
            }
            Outcome::Stopped => (None, "stopped".to_owned(), Tone::Mismatch),
        };
        let cell = |tone, n: fn(&Counts) -> u32| {
            Cell::toned(tone, counts.as_ref().map(n).map(some).unwrap_or_default())
        };
        let known = counts.map(|counts| present::number(counts.known.into()));
        table.row([
            plain(&part.cidr).into(),
            plain(&part.description).into(),
            Cell::toned(Tone::Known, known.unwrap_or_default()),
            cell(Tone::Unknown, |counts| counts.unknown),
            cell(Tone::Missing, |counts| counts.missing),
            cell(Tone::Mismatch, |counts| counts.mismatch),
            cell(Tone::Faint, |counts| counts.unseen),
            Cell::toned(tone, plain(&remark)),
        ] as [Cell; 8]);
    }
    if !table.is_empty() {
        text += &out.table(&table, 0);
    }
    text + &failures(out, &failed) + &not_scanned(out, &left_out)
}

/// Subnets that could not be scanned, each with what kept it.
pub(super) fn failures(out: &Output, all: &[(&str, &Problem)]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut table = Table::new([Column::Left(""), Column::Wrapped("")]);
    for (cidr, problem) in all {
        let words = present::words_with(problem, &|_| Some((*cidr).to_owned()));
        let says = match words.said {
            Some(said) => format!("{} {}: “{}”", words.what, said.by, said.words),
            None => words.what,
        };
        table.row([plain(cidr).into(), Cell::toned(Tone::Faint, plain(&says))] as [Cell; 2]);
    }
    format!(
        "\n{}\n{}",
        out.style.paint(Tone::Strong, "Could not be scanned"),
        out.table(&table, 2)
    )
}

/// Subnets that are not scanned, each with its reason and what changes that.
pub(super) fn not_scanned(out: &Output, all: &[(&str, &LeftOut)]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut table = Table::new([Column::Left(""), Column::Wrapped("")]);
    for (cidr, why) in all {
        table.row([
            plain(cidr).into(),
            Cell::toned(Tone::Faint, plain(&present::left_out(why))),
        ] as [Cell; 2]);
    }
    format!(
        "\n{}\n{}",
        out.style.paint(Tone::Strong, "Not scanned"),
        out.table(&table, 2)
    )
}

fn took(run: &Run) -> String {
    let Some(finished_at) = run.finished_at else {
        return String::new();
    };
    let length = finished_at.duration_since(run.started_at);
    present::duration(Duration::try_from(length).unwrap_or_default())
}

fn trigger(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Person => "person",
        Trigger::Schedule => "schedule",
        Trigger::CatchUp => "catch-up",
    }
}

fn is_scanned(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Scanned { .. } => true,
        Outcome::LeftOut { .. } | Outcome::Failed { .. } | Outcome::Stopped => false,
    }
}

/// What is to be said of a run beside its numbers.
fn remark(run: &Run) -> String {
    if run.finished_at.is_none() {
        return "not finished".to_owned();
    }
    let failed = run
        .subnets
        .iter()
        .filter(|part| matches!(part.outcome, Outcome::Failed { .. }))
        .count();
    let mut remarks = Vec::new();
    if run.stopped {
        remarks.push("stopped".to_owned());
    }
    if run.problem.is_some() {
        remarks.push("could not be done".to_owned());
    }
    if failed > 0 {
        remarks.push(format!(
            "{} failed",
            count(failed as u64, "subnet", "subnets")
        ));
    }
    remarks.join(", ")
}

/// The sum over a run's subnets.
pub(super) fn counts(run: &Run) -> Counts {
    let mut sum = Counts::default();
    for part in &run.subnets {
        if let Outcome::Scanned { counts, .. } = &part.outcome {
            add(&mut sum, counts);
        }
    }
    sum
}

/// Adds to a sum.
pub(super) fn add(sum: &mut Counts, counts: &Counts) {
    let Counts {
        known,
        unknown,
        unseen,
        missing,
        mismatch,
        excluded,
    } = counts;
    sum.known += known;
    sum.unknown += unknown;
    sum.unseen += unseen;
    sum.missing += missing;
    sum.mismatch += mismatch;
    sum.excluded += excluded;
}
