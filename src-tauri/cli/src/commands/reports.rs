//! `reports`: where each report is and how it came there, and sending again what did not arrive.

use fieldscan_core::{
    agent::Command,
    delivery::{Report, State},
    ids::ReportId,
    present::{self, count},
    run::Rights,
    run::{Outcome, Run},
};
use fieldscan_engine::{
    document::{ReportDocument, probably},
    store::{self, ReportFilter},
};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;

use crate::{
    args::Reports,
    deliver,
    failure::{Exit, Failure},
    output::{Cell, Column, Output, Table, Tone, plain, table::wrap},
    place::{Place, Records},
    session::{self, Session},
};

#[derive(Serialize)]
struct ReportsDocument {
    reports: Vec<ReportDocument>,
}

#[derive(Serialize)]
struct OneReportDocument {
    report: ReportDocument,
    /// What nmap was allowed in its scan; null if that is no longer known.
    rights: Option<Rights>,
}

pub(super) fn run(place: &Place, out: &Output, args: &Reports) -> Result<Exit, Failure> {
    match (args.show, args.retry) {
        (Some(id), _) => show(place, out, id),
        (None, Some(which)) => session::block_on(retry(place, out, which)),
        (None, None) => list(place, out, args),
    }
}

fn list(place: &Place, out: &Output, args: &Reports) -> Result<Exit, Failure> {
    let records = place.records()?;
    let filter = ReportFilter {
        open: !args.all,
        limit: Some(args.limit),
        ..ReportFilter::default()
    };
    let reports = records.reader.reports(&records.key, &filter)?;
    let document = ReportsDocument {
        reports: documents(&reports, records.now),
    };
    let idle = store::holder(&place.data_dir)?.is_none();
    out.show(&document, |out| match reports.as_slice() {
        [] if args.all => "No reports yet.\n".to_owned(),
        [] => "Nothing waits: every report was seen in phpIPAM. All of them: `fieldscan reports --all`.\n".to_owned(),
        reports => out.table(&table(reports, records.now), 0) + &nobody(reports, idle),
    })?;
    Ok(Exit::Done)
}

/// What moves reports on where nobody is at work.
fn nobody(reports: &[Report], idle: bool) -> String {
    let (mut sends, mut looks) = (false, false);
    for report in reports {
        match report.state {
            State::Queued | State::Waiting { .. } => sends = true,
            State::Sent { .. } => looks = true,
            State::Confirmed { .. }
            | State::Partly { .. }
            | State::Unconfirmed { .. }
            | State::Rejected { .. }
            | State::Superseded { .. } => {}
        }
    }
    let does = match (idle, sends, looks) {
        (false, _, _) | (true, false, false) => return String::new(),
        (true, true, false) => "sends what waits",
        (true, false, true) => "looks whether phpIPAM shows what was sent",
        (true, true, true) => "sends what waits, and looks whether phpIPAM shows what was sent",
    };
    format!("\nNobody is at work now: `fieldscan watch` or the next scan {does}.\n")
}

fn show(place: &Place, out: &Output, id: ReportId) -> Result<Exit, Failure> {
    let records = place.records()?;
    let report = find(&records, id)?;
    let scan = records.reader.scan(report.scan)?;
    let rights = scan.map(|scan| scan.rights);
    let document = OneReportDocument {
        report: ReportDocument::whole(&report, records.now),
        rights,
    };
    out.show(&document, |out| {
        let mut text = one(out, &report, records.now);
        if let Some(rights) = rights {
            let cannot = present::cannot_see(rights).unwrap_or_default();
            text += &out.prose(
                &format!("nmap had {}. {cannot}", present::rights(rights)),
                2,
            );
        }
        if !report.hosts.is_empty() {
            let hosts: Vec<String> = report.hosts.iter().map(ToString::to_string).collect();
            text += &format!("  {}\n", out.style.paint(Tone::Strong, "Hosts"));
            for line in wrap(&hosts.join(" "), out.width.unwrap_or(100).saturating_sub(4)) {
                text += &format!("    {line}\n");
            }
        }
        text
    })?;
    Ok(Exit::Done)
}

fn find(records: &Records, id: ReportId) -> Result<Report, Failure> {
    match records.reader.report(id)? {
        Some((report, _)) => Ok(report),
        None => Err(Failure::new(
            Exit::Usage,
            "no-such-report",
            format!("There is no report {id}."),
        )
        .remedy("`fieldscan reports --all` lists those that there are.")),
    }
}

async fn retry(place: &Place, out: &Output, which: Option<ReportId>) -> Result<Exit, Failure> {
    let records = place.records()?;
    let chosen: Vec<ReportId> = match which {
        Some(id) => {
            let report = find(&records, id)?;
            if let Some(why) = nothing_to_send(&report.state) {
                let document = ReportsDocument {
                    reports: documents(std::slice::from_ref(&report), records.now),
                };
                out.show(&document, |_| {
                    format!("Report {id} {why} There is nothing to send.\n")
                })?;
                return Ok(Exit::Done);
            }
            vec![id]
        }
        None => {
            let filter = ReportFilter {
                open: true,
                ..ReportFilter::default()
            };
            let open = records.reader.reports(&records.key, &filter)?;
            let again = open.iter().filter(|report| can_be_tried(&report.state));
            again.map(|report| report.id).collect()
        }
    };
    if chosen.is_empty() {
        out.show(&ReportsDocument { reports: vec![] }, |_| {
            "Nothing waits to be sent.\n".to_owned()
        })?;
        return Ok(Exit::Done);
    }
    let session = Session::reach(place, records.settings.clone(), false, |_| Ok(())).await?;
    session.handle.ask(Command::Retry(which)).await?;
    let wait = deliver::Wait {
        reports: &chosen,
        until_confirmed: None,
    };
    let ended = deliver::wait(&session, &records, wait).await?;
    session.end().await;
    let records = place.records()?;
    let reports: Vec<Report> = chosen
        .iter()
        .map(|id| find(&records, *id))
        .collect::<Result<_, _>>()?;
    let document = ReportsDocument {
        reports: documents(&reports, records.now),
    };
    out.show(&document, |out| {
        let sent = reports
            .iter()
            .filter(|report| report.state.is_sent())
            .count();
        let mut text = out.style.paint(
            Tone::Strong,
            format!(
                "{} of {} sent.",
                sent,
                count(reports.len() as u64, "report", "reports")
            ),
        ) + "\n\n";
        for report in &reports {
            text += &one(out, report, records.now);
        }
        text
    })?;
    let arrived = |report: &Report| {
        report.state.is_sent() || matches!(report.state, State::Superseded { .. })
    };
    Ok(match ended {
        deliver::Ended::Stopped => Exit::Stopped,
        deliver::Ended::Settled | deliver::Ended::TimeOver => match reports.iter().all(arrived) {
            true => Exit::Done,
            false => Exit::Problems,
        },
    })
}

/// Why a report is not sent again; `None` if it can be.
fn nothing_to_send(state: &State) -> Option<String> {
    match state {
        State::Confirmed { .. } => Some("is confirmed: all of it is seen in phpIPAM.".to_owned()),
        State::Sent { .. } => Some("is sent, and it is not yet time to doubt it.".to_owned()),
        State::Superseded { by } => Some(format!(
            "was not sent, since report {by} tells the same and is newer."
        )),
        State::Queued
        | State::Waiting { .. }
        | State::Rejected { .. }
        | State::Partly { .. }
        | State::Unconfirmed { .. } => None,
    }
}

fn can_be_tried(state: &State) -> bool {
    match state {
        State::Queued
        | State::Waiting { .. }
        | State::Rejected { .. }
        | State::Partly { .. }
        | State::Unconfirmed { .. } => true,
        State::Sent { .. } | State::Confirmed { .. } | State::Superseded { .. } => false,
    }
}

/// The reports of a run's scans, the oldest first.
pub(super) fn of_run(records: &Records, run: &Run) -> Result<Vec<Report>, Failure> {
    let mut reports = Vec::new();
    for part in &run.subnets {
        if let Outcome::Scanned { scan, .. } = &part.outcome {
            let filter = ReportFilter {
                subnet: Some(part.subnet),
                scan: Some(*scan),
                ..ReportFilter::default()
            };
            reports.extend(records.reader.reports(&records.key, &filter)?);
        }
    }
    reports.sort_by_key(|report| report.id);
    Ok(reports)
}

pub(super) fn documents(reports: &[Report], now: Timestamp) -> Vec<ReportDocument> {
    reports
        .iter()
        .map(|report| ReportDocument::of(report, now))
        .collect()
}

/// One line for each report.
pub(super) fn table(reports: &[Report], now: Timestamp) -> Table {
    let mut table = Table::new([
        Column::Right("Report"),
        Column::Left("Subnet"),
        Column::Right("Hosts"),
        Column::Left("Made"),
        Column::Left("State"),
        Column::Wrapped(""),
    ]);
    for report in reports {
        let (state, tone) = state_name(&report.state);
        let words = present::state(&report.state, report.hosts.len(), now, &TimeZone::system());
        // The sentence begins with the state's name, which stands in a column of its own.
        let rest = words.split_once([' ']).map_or("", |(_, rest)| rest);
        table.row([
            report.id.to_string().into(),
            subnet(report).into(),
            present::number(report.hosts.len() as u64).into(),
            present::when(report.created_at, now, &TimeZone::system()).into(),
            Cell::toned(tone, state),
            Cell::toned(Tone::Faint, plain(rest)),
        ] as [Cell; 6]);
    }
    table
}

fn subnet(report: &Report) -> String {
    match report.part {
        (_, 1) => plain(&report.cidr),
        (part, parts) => format!("{} ({part}/{parts})", plain(&report.cidr)),
    }
}

fn state_name(state: &State) -> (&'static str, Tone) {
    match state {
        State::Queued => ("Queued", Tone::Plain),
        State::Waiting { .. } => ("Waiting", Tone::Mismatch),
        State::Sent { .. } => ("Sent", Tone::Plain),
        State::Confirmed { .. } => ("Confirmed", Tone::Known),
        State::Partly { .. } => ("Partly", Tone::Mismatch),
        State::Unconfirmed { .. } => ("Unconfirmed", Tone::Mismatch),
        State::Rejected { .. } => ("Rejected", Tone::Missing),
        State::Superseded { .. } => ("Superseded", Tone::Faint),
    }
}

/// A report's journey.
fn one(out: &Output, report: &Report, now: Timestamp) -> String {
    let (name, tone) = state_name(&report.state);
    let mut text = format!(
        "{}  {}\n",
        out.style.paint(
            Tone::Strong,
            format!(
                "Report {} of {}, {}",
                report.id,
                subnet(report),
                count(report.hosts.len() as u64, "host", "hosts")
            )
        ),
        out.style.paint(tone, name)
    );
    let mut table = Table::new([Column::Left(""), Column::Wrapped("")]);
    for step in &report.journey {
        table.row([
            Cell::toned(
                Tone::Faint,
                present::when_exactly(step.at, now, &TimeZone::system()),
            ),
            Cell::from(plain(&present::event(&step.event))),
        ] as [Cell; 2]);
    }
    text += &out.table(&table, 2);
    let words = present::state(&report.state, report.hosts.len(), now, &TimeZone::system());
    if !matches!(report.state, State::Confirmed { .. }) {
        text += &out.prose(&plain(&words), 2);
    }
    if let Some(probably) = probably(&report.state) {
        text += &out.prose(&probably, 2);
    }
    if report.stale {
        text +=
            "  It was made from addresses that were out of date: phpIPAM could not be reached.\n";
    }
    text
}

/// A journey on one line: `Queued 14:00 → Sent 14:00 → Confirmed 14:01`.
pub(super) fn journey(out: &Output, report: &Report) -> String {
    use fieldscan_core::delivery::Event;
    let zone = TimeZone::system();
    let mut steps = Vec::new();
    for step in &report.journey {
        let (name, tone) = match &step.event {
            Event::Queued => ("Queued", Tone::Plain),
            Event::Failed { .. } => ("could not be sent", Tone::Mismatch),
            Event::Sent { .. } => ("Sent", Tone::Plain),
            Event::Confirmed => ("Confirmed", Tone::Known),
            Event::Partly => ("Partly", Tone::Mismatch),
            Event::Unconfirmed => ("Unconfirmed", Tone::Mismatch),
            Event::Rejected { .. } => ("Rejected", Tone::Missing),
            Event::Superseded => ("Superseded", Tone::Faint),
            Event::Retried => ("tried again", Tone::Plain),
        };
        let at = step.at.to_zoned(zone.clone()).strftime("%H:%M:%S");
        steps.push(format!(
            "{} {}",
            out.style.paint(tone, name),
            out.style.paint(Tone::Faint, at)
        ));
    }
    steps.join(" → ")
}
