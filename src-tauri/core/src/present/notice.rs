//! The words of notices: a title that says what happened, and a text that says the rest.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    compare::Exception,
    delivery::Report,
    notice::{Found, News},
    problem::Problem,
    snapshot::Snapshot,
};

use super::{
    brief, count, exceptions,
    page::Page,
    place, place_of_subnet, plain,
    remedy::{keeps_reports, remedy},
    when, words,
};

/// Subnets or addresses that are named before the rest is only counted.
const NAMED: usize = 4;
/// Longest text, in characters: what desktops show of one.
const TEXT: usize = 350;
const SEE: &str = "Open Fieldscan to see what to do.";

/// A notice's words, and the page that shows what they speak of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) page: Page,
}

impl Text {
    fn new(title: impl Into<String>, text: impl AsRef<str>, page: Page) -> Self {
        Self {
            title: title.into(),
            text: plain(text.as_ref(), TEXT).unwrap_or_default(),
            page,
        }
    }
}

/// What a run newly found: at least one host.
pub(crate) fn digest(news: &[News]) -> Text {
    let stale = match news.iter().any(|news| news.stale) {
        true => " By what phpIPAM told before: it could not be asked.",
        false => "",
    };
    let in_words = |news: &News| {
        let (unknown, missing, mismatch) = News::counts([news]);
        let what = exceptions(unknown, missing, mismatch).unwrap_or_default();
        format!("{}: {what}", place(&news.description, &news.cidr))
    };
    if let [only] = news {
        if let [found] = only.found.as_slice() {
            return one(only, found, stale);
        }
        let page = Page::Subnet(only.subnet, None);
        return Text::new(in_words(only), format!("{}{stale}", by_kind(only)), page);
    }
    let (unknown, missing, mismatch) = News::counts(news);
    let title = format!(
        "{}: {}",
        count(news.len() as u64, "subnet", "subnets"),
        exceptions(unknown, missing, mismatch).unwrap_or_default()
    );
    let page = match news.iter().map(|news| news.run).max() {
        Some(run) => Page::History(Some(run)),
        None => Page::Overview,
    };
    let all: Vec<String> = news.iter().take(NAMED).map(in_words).collect();
    let rest = match news.len().saturating_sub(NAMED) {
        0 => String::new(),
        n => format!("; and {}", count(n as u64, "subnet more", "subnets more")),
    };
    Text::new(title, format!("{}{rest}.{stale}", all.join("; ")), page)
}

/// `Unknown: 10.77.0.9, 10.77.0.12. Missing: 10.77.0.3.`
fn by_kind(news: &News) -> String {
    let kinds = [
        (Exception::Unknown, "Unknown"),
        (Exception::Missing, "Missing"),
        (Exception::Mismatch, "Mismatch"),
    ];
    let sentences: Vec<String> = kinds
        .into_iter()
        .filter_map(|(what, name)| {
            let found = news.found.iter().filter(|found| found.what == what);
            let ips: Vec<String> = found.map(|found| found.ip.to_string()).collect();
            (!ips.is_empty()).then(|| format!("{name}: {}.", listed(ips.into_iter())))
        })
        .collect();
    sentences.join(" ")
}

fn one(news: &News, found: &Found, stale: &str) -> Text {
    let (title, what) = match found.what {
        Exception::Unknown => ("New unknown host", "It is not in phpIPAM."),
        Exception::Missing => (
            "Host missing",
            "It is in phpIPAM, and was not seen several times in a row.",
        ),
        Exception::Mismatch => (
            "Host differs from phpIPAM",
            "Its MAC or host name is not the documented one.",
        ),
    };
    let name = match found.name.as_deref().and_then(|name| plain(name, 60)) {
        Some(name) => format!(", {name}"),
        None => String::new(),
    };
    let text = format!(
        "{}{name}, at {}. {what}{stale}",
        found.ip,
        place(&news.description, &news.cidr)
    );
    Text::new(title, text, Page::Subnet(news.subnet, Some(found.ip)))
}

/// A problem that needs the person and is not about one subnet or report.
pub(crate) fn problem_notice(problem: &Problem, snapshot: &Snapshot) -> Text {
    let wait = match snapshot.delivery.waiting {
        waiting @ 1.. if keeps_reports(problem) => format!(
            "{} for it, none is lost. ",
            count(u64::from(waiting), "report waits", "reports wait")
        ),
        _ => String::new(),
    };
    let page = remedy(problem).page;
    Text::new(brief(problem, snapshot), format!("{wait}{SEE}"), page)
}

/// Subnets that can't be scanned until the person does something: at least one problem.
pub(crate) fn subnets_notice(problems: &[&Problem], snapshot: &Snapshot) -> Text {
    if let [only] = problems {
        return Text::new(brief(only, snapshot), SEE, remedy(only).page);
    }
    let title = count(
        problems.len() as u64,
        "subnet could not be scanned",
        "subnets could not be scanned",
    );
    let page = match &snapshot.last_run {
        Some(run) => Page::History(Some(run.id)),
        None => Page::Overview,
    };
    let all = problems
        .iter()
        .map(|problem| brief(problem, snapshot) + ".");
    let named: Vec<String> = all.take(NAMED).collect();
    Text::new(title, format!("{} {SEE}", named.join(" ")), page)
}

/// Reports with a problem: at least one, each with its record where the outbox still has it.
pub(crate) fn reports_notice(
    problems: &[(&Problem, Option<&Report>)],
    snapshot: &Snapshot,
    now: Timestamp,
    zone: &TimeZone,
) -> Text {
    let name = |report: &Report| {
        place_of_subnet(snapshot, report.subnet).unwrap_or_else(|| place("", &report.cidr))
    };
    if let [(problem, report)] = problems {
        let title = match problem {
            Problem::ReportRejected { .. } => "Report rejected",
            Problem::ReportDamaged { .. } => "Report damaged",
            Problem::ReportPartly { .. } => "Report only partly in phpIPAM",
            _ => "Report not seen in phpIPAM",
        };
        let of = match report {
            Some(report) => format!("{}, {}: ", name(report), when(report.created_at, now, zone)),
            None => String::new(),
        };
        let words = words(problem);
        let what = match words.said {
            Some(said) => format!("{} {}: “{}”.", words.what, said.by, said.words),
            None => words.what,
        };
        return Text::new(title, format!("{of}{what} {SEE}"), remedy(problem).page);
    }
    let rejected = problems
        .iter()
        .all(|(problem, _)| matches!(problem, Problem::ReportRejected { .. }));
    let title = match rejected {
        true => count(problems.len() as u64, "report rejected", "reports rejected"),
        false => count(
            problems.len() as u64,
            "report needs a look",
            "reports need a look",
        ),
    };
    let mut names: Vec<String> = problems
        .iter()
        .filter_map(|(_, report)| report.map(name))
        .collect();
    names.sort();
    names.dedup();
    let text = format!("{}. They are kept. {SEE}", listed(names.into_iter()));
    Text::new(title, text, Page::Reports(None))
}

/// Offline for so long.
pub(crate) fn offline(
    lasted: Duration,
    snapshot: &Snapshot,
    now: Timestamp,
    zone: &TimeZone,
) -> Text {
    let hours = lasted.as_secs() / 3_600;
    let long = match hours {
        0..48 => count(hours, "hour", "hours"),
        hours => count(hours / 24, "day", "days"),
    };
    let waiting = snapshot.delivery.waiting;
    let reports = match waiting {
        0 => String::new(),
        n => format!(
            "{}, none is lost.",
            count(u64::from(n), "report waits", "reports wait")
        ),
    };
    if !snapshot.ipam.offline {
        let title = format!("Scan server unreachable for {long}");
        let text = format!("Scans go on. {reports}");
        return Text::new(title, text, Page::Reports(None));
    }
    let scans = match snapshot.ipam.fetched_at {
        Some(at) => format!("Scans go on with data from {}.", when(at, now, zone)),
        None => "Nothing can be scanned until phpIPAM has told its subnets.".to_owned(),
    };
    Text::new(
        format!("Offline for {long}"),
        format!("{scans} {reports}"),
        Page::Overview,
    )
}

/// Reports have arrived after a time offline.
pub(crate) fn arrived(reports: u32, offline: Duration) -> Text {
    let title = count(
        u64::from(reports),
        "report has arrived in phpIPAM",
        "reports have arrived in phpIPAM",
    );
    let whole_minutes = Duration::from_secs(offline.as_secs() / 60 * 60);
    let text = format!("After {} offline.", super::duration(whole_minutes));
    Text::new(title, text, Page::Reports(None))
}

fn listed(all: impl ExactSizeIterator<Item = String>) -> String {
    let more = all.len().saturating_sub(NAMED);
    let named: Vec<String> = all.take(NAMED).collect();
    match more {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
