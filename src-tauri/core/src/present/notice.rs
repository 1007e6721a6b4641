//! The words of notices: a title that says what happened, and a text that says the rest.

use std::{net::IpAddr, time::Duration};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    compare::Exception,
    delivery::Report,
    notice::{
        Facts, Found, News,
        facts::{Exceptions, Kind, Place},
    },
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
    pub(crate) facts: Facts,
    pub(crate) page: Page,
}

impl Text {
    fn new(title: impl Into<String>, text: impl AsRef<str>, facts: Facts, page: Page) -> Self {
        Self {
            title: title.into(),
            text: plain(text.as_ref(), TEXT).unwrap_or_default(),
            facts,
            page,
        }
    }
}

/// What a run newly found: at least one host.
pub(crate) fn digest(news: &[News]) -> Text {
    let stale = news.iter().any(|news| news.stale);
    let by_what = match stale {
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
            return one(only, found, by_what);
        }
        let page = Page::Subnet(only.subnet, None);
        let kinds = kinds(only);
        let text = format!("{}{by_what}", by_kind(&kinds));
        let facts = Facts::Hosts {
            place: place(&only.description, &only.cidr),
            kinds,
            stale,
        };
        return Text::new(in_words(only), text, facts, page);
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
    let named = news.iter().take(NAMED).map(|news| Place {
        place: place(&news.description, &news.cidr),
        counts: counts([news]),
    });
    let facts = Facts::Subnets {
        many: short(news.len()),
        counts: counts(news),
        named: named.collect(),
        stale,
    };
    let text = format!("{}{rest}.{by_what}", all.join("; "));
    Text::new(title, text, facts, page)
}

fn counts<'a>(news: impl IntoIterator<Item = &'a News>) -> Exceptions {
    let (unknown, missing, mismatch) = News::counts(news);
    Exceptions {
        unknown,
        missing,
        mismatch,
    }
}

/// Each kind that there is, with the first addresses.
fn kinds(news: &News) -> Vec<Kind> {
    [Exception::Unknown, Exception::Missing, Exception::Mismatch]
        .into_iter()
        .filter_map(|what| {
            let found = news.found.iter().filter(|found| found.what == what);
            let mut ips: Vec<IpAddr> = found.map(|found| found.ip).collect();
            let more = short(ips.len().saturating_sub(NAMED));
            ips.truncate(NAMED);
            (!ips.is_empty()).then_some(Kind { what, ips, more })
        })
        .collect()
}

/// A length as facts have it.
fn short(many: usize) -> u32 {
    u32::try_from(many).unwrap_or(u32::MAX)
}

/// `Unknown: 10.77.0.9, 10.77.0.12. Missing: 10.77.0.3.`
fn by_kind(kinds: &[Kind]) -> String {
    let sentences = kinds.iter().map(|kind| {
        let name = match kind.what {
            Exception::Unknown => "Unknown",
            Exception::Missing => "Missing",
            Exception::Mismatch => "Mismatch",
        };
        let ips: Vec<String> = kind.ips.iter().map(ToString::to_string).collect();
        format!("{name}: {}.", and_more(&ips, kind.more))
    });
    sentences.collect::<Vec<_>>().join(" ")
}

fn one(news: &News, found: &Found, by_what: &str) -> Text {
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
    let name = found.name.as_deref().and_then(|name| plain(name, 60));
    let called = match &name {
        Some(name) => format!(", {name}"),
        None => String::new(),
    };
    let place = place(&news.description, &news.cidr);
    let text = format!("{}{called}, at {place}. {what}{by_what}", found.ip);
    let facts = Facts::Host {
        what: found.what,
        ip: found.ip,
        name,
        place,
        stale: news.stale,
    };
    let page = Page::Subnet(news.subnet, Some(found.ip));
    Text::new(title, text, facts, page)
}

/// A problem that needs the person and is not about one subnet or report.
pub(crate) fn problem_notice(problem: &Problem, snapshot: &Snapshot) -> Text {
    let waiting = match keeps_reports(problem) {
        true => snapshot.delivery.waiting,
        false => 0,
    };
    let wait = match waiting {
        0 => String::new(),
        n => format!(
            "{} for it, none is lost. ",
            count(u64::from(n), "report waits", "reports wait")
        ),
    };
    let facts = Facts::Problem {
        problem: problem.clone(),
        waiting,
    };
    let page = remedy(problem).page;
    Text::new(
        brief(problem, snapshot),
        format!("{wait}{SEE}"),
        facts,
        page,
    )
}

/// Subnets that can't be scanned until the person does something: at least one problem.
pub(crate) fn subnets_notice(problems: &[&Problem], snapshot: &Snapshot) -> Text {
    let named = problems.iter().take(NAMED);
    let facts = Facts::Unscanned {
        many: short(problems.len()),
        problems: named.map(|problem| (*problem).clone()).collect(),
    };
    if let [only] = problems {
        return Text::new(brief(only, snapshot), SEE, facts, remedy(only).page);
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
    Text::new(title, format!("{} {SEE}", named.join(" ")), facts, page)
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
        let facts = Facts::Report {
            problem: (*problem).clone(),
            place: report.map(name),
            created_at: report.map(|report| report.created_at),
        };
        let words = words(problem);
        let what = match words.said {
            Some(said) => format!("{} {}: “{}”.", words.what, said.by, said.words),
            None => words.what,
        };
        let text = format!("{of}{what} {SEE}");
        return Text::new(title, text, facts, remedy(problem).page);
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
    let more = short(names.len().saturating_sub(NAMED));
    names.truncate(NAMED);
    let text = format!("{}. They are kept. {SEE}", and_more(&names, more));
    let facts = Facts::Reports {
        many: short(problems.len()),
        rejected,
        places: names,
        more,
    };
    Text::new(title, text, facts, Page::Reports(None))
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
        let facts = Facts::ServerAway { hours, waiting };
        return Text::new(title, text, facts, Page::Reports(None));
    }
    let scans = match snapshot.ipam.fetched_at {
        Some(at) => format!("Scans go on with data from {}.", when(at, now, zone)),
        None => "Nothing can be scanned until phpIPAM has told its subnets.".to_owned(),
    };
    Text::new(
        format!("Offline for {long}"),
        format!("{scans} {reports}"),
        Facts::Offline {
            hours,
            waiting,
            ipam_at: snapshot.ipam.fetched_at,
        },
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
    let facts = Facts::Arrived {
        reports,
        offline_s: offline.as_secs(),
    };
    Text::new(title, text, facts, Page::Reports(None))
}

fn and_more(named: &[String], more: u32) -> String {
    match more {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
