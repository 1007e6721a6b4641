//! What can be chosen in the tray's menu, and what follows from it.

use std::{fmt, str::FromStr, time::Duration};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    agent::{Command, Scope},
    ids::SubnetId,
    schedule,
    snapshot::{Pause, Snapshot},
};

use super::page::Page;

const HOUR: Duration = Duration::from_secs(3_600);

/// A choice of the menu. `Display` gives its id, which never changes: `scan`, `scan-subnet/7`, `open/settings/phpipam`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Scan all subnets now.
    Scan,
    /// Stop the run that goes on.
    Stop,
    /// Scan one subnet now.
    ScanSubnet(SubnetId),
    /// Try all reports again that were not delivered.
    Retry,
    /// Open a page in the window.
    Open(Page),
    /// Hold scheduled runs back, and the one that goes on.
    Pause(Length),
    /// End the pause.
    Resume,
    /// End Fieldscan.
    Quit,
}

/// How long a pause is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// One hour; one hour more where it is paused until a time.
    Hour,
    /// Until 06:00 of the next day.
    Tomorrow,
    /// Until a person ends it.
    Resumed,
}

/// What follows from a choice.
#[derive(Debug, Clone)]
pub enum Request {
    /// The agent is asked for this.
    Command(Command),
    /// The window is opened.
    Open(Page),
    /// Fieldscan ends.
    Quit,
}

/// A text that is no choice's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no choice {0:?}")]
pub struct NoSuchChoice(String);

impl Choice {
    /// What follows from it, made at `now` by somebody who saw this snapshot.
    pub fn request(self, snapshot: &Snapshot, now: Timestamp, zone: &TimeZone) -> Request {
        Request::Command(match self {
            Self::Scan => Command::Scan {
                scope: Scope::All,
                refresh: false,
            },
            Self::ScanSubnet(id) => Command::Scan {
                scope: Scope::Subnets(vec![id]),
                refresh: false,
            },
            Self::Stop => Command::Stop,
            Self::Retry => Command::Retry(None),
            Self::Pause(length) => Command::Pause(length.pause(snapshot.paused, now, zone)),
            Self::Resume => Command::Resume,
            Self::Open(page) => return Request::Open(page),
            Self::Quit => return Request::Quit,
        })
    }
}

impl Length {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hour, Self::Tomorrow, Self::Resumed];

    /// Until when that is, where it is paused already or not.
    pub fn pause(self, paused: Option<Pause>, now: Timestamp, zone: &TimeZone) -> Pause {
        match self {
            Self::Hour => {
                let from = match paused {
                    Some(Pause::Until(until)) => until.max(now),
                    Some(Pause::UntilResumed) | None => now,
                };
                Pause::Until(from.saturating_add(HOUR).unwrap_or(Timestamp::MAX))
            }
            Self::Tomorrow => match schedule::tomorrow(now, zone) {
                Some(morning) => Pause::Until(morning),
                // At the end of the calendar.
                None => Pause::UntilResumed,
            },
            Self::Resumed => Pause::UntilResumed,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Tomorrow => "tomorrow",
            Self::Resumed => "resumed",
        }
    }
}

impl FromStr for Length {
    type Err = NoSuchChoice;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut all = Self::ALL.into_iter();
        all.find(|length| length.name() == text)
            .ok_or_else(|| NoSuchChoice(shortened(text)))
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scan => f.write_str("scan"),
            Self::Stop => f.write_str("stop"),
            Self::ScanSubnet(id) => write!(f, "scan-subnet/{id}"),
            Self::Retry => f.write_str("retry"),
            Self::Open(page) => write!(f, "open/{page}"),
            Self::Pause(length) => write!(f, "pause/{}", length.name()),
            Self::Resume => f.write_str("resume"),
            Self::Quit => f.write_str("quit"),
        }
    }
}

impl FromStr for Choice {
    type Err = NoSuchChoice;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || NoSuchChoice(shortened(text));
        Ok(match text {
            "scan" => Self::Scan,
            "stop" => Self::Stop,
            "retry" => Self::Retry,
            "resume" => Self::Resume,
            "quit" => Self::Quit,
            _ => match text.split_once('/').ok_or_else(unknown)? {
                ("scan-subnet", id) => Self::ScanSubnet(id.parse().map_err(|_| unknown())?),
                ("open", page) => Self::Open(page.parse().map_err(|_| unknown())?),
                ("pause", length) => Self::Pause(length.parse().map_err(|_| unknown())?),
                _ => return Err(unknown()),
            },
        })
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use jiff::ToSpan;

    use super::*;
    use crate::present::page::tests::pages;

    fn choices() -> impl Strategy<Value = Choice> {
        prop_oneof![
            Just(Choice::Scan),
            Just(Choice::Stop),
            Just(Choice::Retry),
            Just(Choice::Resume),
            Just(Choice::Quit),
            any::<u64>().prop_map(|id| Choice::ScanSubnet(SubnetId(id))),
            pages().prop_map(Choice::Open),
            proptest::sample::select(&Length::ALL[..]).prop_map(Choice::Pause),
        ]
    }

    proptest! {
        #[test]
        fn a_choice_is_what_its_id_says(choice in choices()) {
            prop_assert_eq!(choice.to_string().parse(), Ok(choice));
        }

        #[test]
        fn a_pause_lies_ahead(second in -2_000_000_000_i64..4_000_000_000, length in 0_usize..3, hours in 0_i64..48) {
            let now = Timestamp::from_second(second).unwrap();
            let zone = TimeZone::get("Europe/Berlin").unwrap();
            let paused = Some(Pause::Until(now + hours.hours()));
            for paused in [None, Some(Pause::UntilResumed), paused] {
                if let Pause::Until(until) = Length::ALL[length].pause(paused, now, &zone) {
                    prop_assert!(until > now, "a pause that is over at once is none");
                }
            }
        }
    }

    #[test]
    fn other_texts_are_no_choices() {
        for text in [
            "",
            "scan/",
            "scan-subnet/",
            "scan-subnet/-1",
            "open/",
            "open/nowhere",
            "pause/2h",
            "Quit",
        ] {
            assert!(
                text.parse::<Choice>().is_err(),
                "{text:?} must not be taken for a choice"
            );
        }
    }

    #[test]
    fn tomorrow_is_six_in_the_morning_on_the_wall() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        for (now, until) in [
            // 23:30 in Berlin: the next morning.
            ("2026-03-13T22:30:00Z", "2026-03-14T05:00:00Z"),
            // The clocks are set forward in between.
            ("2026-03-28T12:00:00Z", "2026-03-29T04:00:00Z"),
            // Already the next day in Berlin.
            ("2026-03-12T23:30:00Z", "2026-03-14T05:00:00Z"),
        ] {
            let now: Timestamp = now.parse().unwrap();
            let until = Pause::Until(until.parse().unwrap());
            assert_eq!(Length::Tomorrow.pause(None, now, &zone), until, "at {now}");
        }
    }

    #[test]
    fn one_hour_more_counts_from_the_end_of_the_pause() {
        let now: Timestamp = "2026-03-13T14:12:00Z".parse().unwrap();
        let until = |minutes: i64| Pause::Until(now + minutes.minutes());
        for (paused, expected) in [
            (None, until(60)),
            (Some(until(30)), until(90)),
            (Some(Pause::UntilResumed), until(60)),
            (Some(until(-30)), until(60)),
        ] {
            assert_eq!(
                Length::Hour.pause(paused, now, &TimeZone::UTC),
                expected,
                "paused: {paused:?}"
            );
        }
    }
}
