//! Words for a report's journey.

use std::net::IpAddr;

use jiff::{Timestamp, tz::TimeZone};

use crate::delivery::{Cause, Event, State};

use super::{count, number, when, words};

/// Where a report is, in one or two sentences. Never says more than is known: Sent is not Confirmed.
pub fn state(state: &State, hosts: usize, now: Timestamp, zone: &TimeZone) -> String {
    let at = |time: &Timestamp| when(*time, now, zone);
    match state {
        State::Queued => "Queued. It is sent as soon as its turn comes.".to_owned(),
        State::Waiting {
            tries,
            next_at,
            problem,
        } => format!(
            "Waiting. {} Tried {}; next try: {}.",
            words(problem).what,
            count(u64::from(*tries), "time", "times"),
            at(next_at)
        ),
        State::Sent {
            at: sent,
            expected_by,
            ..
        } => format!(
            "Sent: {}. The scan server took it; expected in phpIPAM by {}.",
            at(sent),
            at(expected_by)
        ),
        State::Confirmed { at: time } => format!("Confirmed: {}. Seen in phpIPAM.", at(time)),
        State::Partly { missing, .. } => format!(
            "Partly. {} of {} can't be seen in phpIPAM: {}.",
            number(missing.len() as u64),
            count(hosts as u64, "host", "hosts"),
            addresses(missing)
        ),
        State::Unconfirmed { .. } => {
            "Unconfirmed. The scan server took it, but nothing of it can be seen in phpIPAM."
                .to_owned()
        }
        State::Rejected { problem, .. } => {
            let words = words(problem);
            match words.said {
                Some(said) => {
                    format!(
                        "Rejected. {} {}: “{}”. {}",
                        words.what, said.by, said.words, words.remedy
                    )
                }
                None => format!("Rejected. {} {}", words.what, words.remedy),
            }
        }
        State::Superseded { by } => {
            format!("Not sent. Report {by} tells the same, and is newer.")
        }
    }
}

/// How many addresses are named before the rest is only counted.
const NAMED: usize = 5;

fn addresses(all: &[IpAddr]) -> String {
    let mut text = all
        .iter()
        .take(NAMED)
        .map(IpAddr::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    if all.len() > NAMED {
        text += &format!(" and {} more", number((all.len() - NAMED) as u64));
    }
    text
}

/// One step of a journey, without its time.
pub fn event(event: &Event) -> String {
    match event {
        Event::Queued => "Queued".to_owned(),
        Event::Failed { problem } => format!("Could not be sent. {}", said(problem)),
        Event::Sent {
            status,
            left_out: 0,
        } => {
            format!("Sent; the server answered with HTTP status {status}")
        }
        Event::Sent { status, left_out } => format!(
            "Sent without {} that a newer report tells of; the server answered with HTTP status {status}",
            count(u64::from(*left_out), "host", "hosts")
        ),
        Event::Confirmed => "Confirmed: all of it seen in phpIPAM".to_owned(),
        Event::Partly => {
            "Partly: some hosts were not seen in phpIPAM in the expected time".to_owned()
        }
        Event::Unconfirmed => {
            "Unconfirmed: nothing was seen in phpIPAM in the expected time".to_owned()
        }
        Event::Rejected { problem } => format!("Rejected. {}", said(problem)),
        Event::Superseded => "Not sent: newer reports tell all of it".to_owned(),
        Event::Retried => "To be tried again, as asked".to_owned(),
    }
}

fn said(problem: &crate::problem::Problem) -> String {
    let words = words(problem);
    match words.said {
        Some(said) => format!("{} {}: “{}”", words.what, said.by, said.words),
        None => words.what,
    }
}

/// A likely cause. It is inferred, not known: show it after “Probably:”.
pub fn cause(cause: Cause) -> &'static str {
    match cause {
        Cause::ServerRestarted => {
            "the scan server was restarted and lost what it had taken. Send the report again."
        }
        Cause::ServerBusy => {
            "the scan server is still busy with earlier reports. Wait, or send fewer at a time."
        }
        Cause::ServerElsewhere => {
            "the scan server writes into another phpIPAM, or can't write. Look into its log and its settings."
        }
        Cause::NotAssigned => {
            "the scan server doesn't know this agent's code for this subnet. Compare `scanagent_code` and the subnet's Scan agent in phpIPAM."
        }
        Cause::RowsChanged => {
            "addresses were changed in phpIPAM between the scan and the report. The next scan mends it."
        }
        Cause::StaleAddresses => {
            "the report was made from addresses that were out of date. The next scan mends it once phpIPAM can be reached."
        }
    }
}

/// Likely causes as one text: `Probably: …`, or `None` without any.
pub fn causes(causes: &[Cause]) -> Option<String> {
    let all: Vec<&str> = causes.iter().map(|one| cause(*one)).collect();
    (!all.is_empty()).then(|| format!("Probably: {}", all.join(" Or: ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::ReportId, problem::Problem};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn rejected() -> Problem {
        Problem::ServerTokenRejected {
            words: "Invalid authorization token".into(),
        }
    }

    #[test]
    fn every_state_says_what_is_known_and_no_more() {
        let now = at("2026-03-13T14:00:00Z");
        let missing: Vec<IpAddr> = (1..=7).map(|n| IpAddr::from([10, 77, 0, n])).collect();
        let cases = [
            (
                State::Queued,
                "Queued. It is sent as soon as its turn comes.",
            ),
            (
                State::Waiting {
                    tries: 3,
                    next_at: at("2026-03-13T14:04:00Z"),
                    problem: Problem::ServerUnreachable {
                        detail: "refused".into(),
                    },
                },
                "Waiting. The scan server can't be reached. Tried 3 times; next try: 14:04.",
            ),
            (
                State::Sent {
                    at: at("2026-03-13T13:59:00Z"),
                    check_at: now,
                    expected_by: at("2026-03-13T14:02:00Z"),
                    checks: 1,
                },
                "Sent: 13:59. The scan server took it; expected in phpIPAM by 14:02.",
            ),
            (
                State::Confirmed {
                    at: at("2026-03-12T13:58:00Z"),
                },
                "Confirmed: yesterday, 13:58. Seen in phpIPAM.",
            ),
            (
                State::Partly {
                    at: now,
                    missing,
                    causes: vec![],
                },
                "Partly. 7 of 22 hosts can't be seen in phpIPAM: 10.77.0.1, 10.77.0.2, 10.77.0.3, 10.77.0.4, 10.77.0.5 and 2 more.",
            ),
            (
                State::Unconfirmed {
                    at: now,
                    causes: vec![],
                },
                "Unconfirmed. The scan server took it, but nothing of it can be seen in phpIPAM.",
            ),
            (
                State::Rejected {
                    at: now,
                    problem: rejected(),
                },
                "Rejected. The scan server doesn't take the token. The server said: “Invalid authorization token”. Reports are kept. Set the token that the scan server expects: `fieldscan secret set auth_token`. They are then sent again.",
            ),
            (
                State::Superseded { by: ReportId(14) },
                "Not sent. Report 14 tells the same, and is newer.",
            ),
        ];
        for (where_it_is, text) in cases {
            assert_eq!(
                state(&where_it_is, 22, now, &TimeZone::UTC),
                text,
                "the words for {where_it_is:?}"
            );
        }
    }

    #[test]
    fn every_event_and_cause_has_words() {
        for step in [
            Event::Queued,
            Event::Failed {
                problem: rejected(),
            },
            Event::Sent {
                status: 200,
                left_out: 0,
            },
            Event::Sent {
                status: 200,
                left_out: 2,
            },
            Event::Confirmed,
            Event::Partly,
            Event::Unconfirmed,
            Event::Rejected {
                problem: rejected(),
            },
            Event::Superseded,
            Event::Retried,
        ] {
            let text = event(&step);
            assert!(
                text.len() > 5 && !text.contains('!') && !text.contains("success"),
                "{text}"
            );
        }
        let all = [
            Cause::ServerRestarted,
            Cause::ServerBusy,
            Cause::ServerElsewhere,
            Cause::NotAssigned,
            Cause::RowsChanged,
            Cause::StaleAddresses,
        ];
        for one in all {
            assert!(cause(one).ends_with('.'), "{}", cause(one));
        }
        assert_eq!(causes(&[]), None, "nothing is inferred from nothing");
        assert!(
            causes(&all)
                .unwrap()
                .starts_with("Probably: the scan server was restarted"),
            "an inference is marked as one"
        );
    }
}
