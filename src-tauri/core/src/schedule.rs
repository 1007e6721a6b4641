//! What is due: after sleep, missed runs, pauses and clock jumps.

use std::{str::FromStr, time::Duration};

use croner::Cron;
use jiff::{Timestamp, ToSpan, civil, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::snapshot::Pause;

/// When a day begins, for a pause until tomorrow.
const MORNING: civil::Time = civil::time(6, 0, 0, 0);

/// When to scan without being asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Never.
    Off,
    /// This long after the last run began.
    Every(Duration),
    /// At the times of a cron expression (five fields, or six with seconds first), in this machine's time zone.
    Cron(String),
}

/// A scheduled run later than this counts as missed, and is caught up.
const MISSED_AFTER: Duration = Duration::from_secs(120);
/// A planned time further away than this comes from a clock that was set back, and counts as reached.
/// Longer than anything that is planned ahead by a back-off or by `Retry-After`.
const PLAUSIBLE: Duration = Duration::from_secs(48 * 3600);

/// The next scheduled run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// When it begins; not later than now if it is due.
    pub at: Timestamp,
    /// Whether it stands for one or more that were missed: however many, they are caught up by one.
    pub missed: bool,
}

impl Schedule {
    /// The next run after the one that began at `anchor`, or the first one.
    ///
    /// An anchor in the future (the clock was set back) is taken for now, so that no clock jump brings more than one
    /// run or holds runs off for longer than the schedule itself.
    /// `Err` says in words why a cron expression names no time.
    pub fn next(
        &self,
        anchor: Option<Timestamp>,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Result<Option<Due>, String> {
        let anchor = anchor.map(|anchor| anchor.min(now));
        let at = match self {
            Schedule::Off => return Ok(None),
            Schedule::Every(interval) => match anchor {
                Some(anchor) => anchor.saturating_add(*interval).unwrap_or(Timestamp::MAX),
                None => now,
            },
            Schedule::Cron(expression) => {
                let cron = Cron::from_str(expression).map_err(|error| error.to_string())?;
                cron.find_next_occurrence(&anchor.unwrap_or(now).to_zoned(zone.clone()), false)
                    .map_err(|error| error.to_string())?
                    .timestamp()
            }
        };
        Ok(Some(Due {
            at,
            missed: is_missed(at, now),
        }))
    }
}

impl Due {
    /// The same run, begun so much later, unless it is missed even so: what is missed is caught up at once.
    pub fn put_off(self, by: Duration, now: Timestamp) -> Self {
        let at = later(self.at, by);
        if is_missed(at, now) {
            return self;
        }
        Self { at, missed: false }
    }
}

fn is_missed(at: Timestamp, now: Timestamp) -> bool {
    Duration::try_from(now.duration_since(at)).is_ok_and(|late| late > MISSED_AFTER)
}

/// Until when to pause, in a person's words: a duration ("1h", "30 min"), `tomorrow` (six in the morning in `zone`), or
/// `resumed` (until somebody resumes).
///
/// # Errors
/// What would have been understood, in words.
pub fn pause(words: &str, now: Timestamp, zone: &TimeZone) -> Result<Pause, String> {
    let expected = || "a duration such as 1h or 30min, tomorrow, or resumed".to_owned();
    let until = match words.trim() {
        "resumed" => return Ok(Pause::UntilResumed),
        "tomorrow" => tomorrow(now, zone).ok_or_else(expected)?,
        duration => {
            let duration = humantime::parse_duration(duration).map_err(|_| expected())?;
            now.checked_add(duration).map_err(|_| expected())?
        }
    };
    match until > now {
        true => Ok(Pause::Until(until)),
        false => Err(expected()),
    }
}

/// When the next day's work begins; `None` at the end of the calendar.
pub(crate) fn tomorrow(now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let today = now.to_zoned(zone.clone()).date();
    let morning = today.checked_add(1.day()).ok()?.to_datetime(MORNING);
    // Where the clocks are set at that hour, it is the nearest time that exists.
    Some(morning.to_zoned(zone.clone()).ok()?.timestamp())
}

/// A time after `now`, at most the last one that there is.
pub(crate) fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// Whether a time that the agent planned for itself has come, or was planned by a clock that was wrong.
pub(crate) fn reached(at: Timestamp, now: Timestamp) -> bool {
    at <= now || at > later(now, PLAUSIBLE)
}

/// A number in `0.0..1.0` that only depends on `seed` and `n`: jitter without a source of randomness.
pub fn jitter(seed: u64, n: u64) -> f64 {
    // splitmix64, by Sebastiano Vigna (public domain).
    let mut z = seed
        .wrapping_add(n.wrapping_mul(0x9E37_79B9_7F4A_7C15))
        .wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    (z >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").expect("bundled")
    }

    #[test]
    fn an_interval_counts_from_the_beginning_of_the_last_run() {
        let every = Schedule::Every(Duration::from_secs(3600));
        let now = at("2026-03-11T12:10:00Z");
        let due = every
            .next(Some(at("2026-03-11T12:00:00Z")), now, &TimeZone::UTC)
            .unwrap()
            .unwrap();
        assert_eq!(due.at, at("2026-03-11T13:00:00Z"));
        assert!(!due.missed);
    }

    #[test]
    fn many_missed_runs_are_caught_up_by_one() {
        let every = Schedule::Every(Duration::from_secs(600));
        let now = at("2026-03-14T08:00:00Z");
        let due = every
            .next(Some(at("2026-03-11T12:00:00Z")), now, &TimeZone::UTC)
            .unwrap()
            .unwrap();
        assert!(
            due.at <= now && due.missed,
            "three days of runs were missed"
        );
        let after = every.next(Some(now), now, &TimeZone::UTC).unwrap().unwrap();
        assert_eq!(
            after.at,
            now + Duration::from_secs(600),
            "one run stands for all that were missed"
        );
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_hold_runs_off() {
        let every = Schedule::Every(Duration::from_secs(600));
        let now = at("2025-01-01T00:00:00Z");
        let due = every
            .next(Some(at("2026-03-11T12:00:00Z")), now, &TimeZone::UTC)
            .unwrap()
            .unwrap();
        assert_eq!(due.at, now + Duration::from_secs(600));
    }

    #[test]
    fn cron_is_local_time_across_daylight_saving() {
        let cron = Schedule::Cron("30 7 * * *".into());
        let winter = at("2026-03-28T06:30:00Z");
        let due = cron.next(Some(winter), winter, &berlin()).unwrap().unwrap();
        assert_eq!(
            due.at,
            at("2026-03-29T05:30:00Z"),
            "07:30 in Berlin is an hour earlier in UTC once summer time began"
        );
    }

    #[test]
    fn cron_does_not_run_at_once_on_the_first_start_but_an_interval_does() {
        let now = at("2026-03-11T12:10:00Z");
        let cron = Schedule::Cron("0 13 * * *".into());
        assert_eq!(
            cron.next(None, now, &TimeZone::UTC).unwrap().unwrap().at,
            at("2026-03-11T13:00:00Z")
        );
        let every = Schedule::Every(Duration::from_secs(600));
        assert_eq!(
            every.next(None, now, &TimeZone::UTC).unwrap().unwrap().at,
            now
        );
    }

    #[test]
    fn a_cron_expression_that_never_comes_is_told() {
        let cron = Schedule::Cron("0 0 31 2 *".into());
        assert!(
            cron.next(None, at("2026-03-11T12:10:00Z"), &TimeZone::UTC)
                .is_err()
        );
    }

    #[test]
    fn a_pause_is_a_duration_or_lasts_until_tomorrow_or_until_resumed() {
        let evening = at("2026-03-28T17:00:00Z");
        let pause = |words| pause(words, evening, &berlin());
        let until = |text| Ok(Pause::Until(at(text)));
        assert_eq!(pause("1h"), until("2026-03-28T18:00:00Z"));
        assert_eq!(pause(" 90 min "), until("2026-03-28T18:30:00Z"));
        assert_eq!(
            pause("tomorrow"),
            until("2026-03-29T04:00:00Z"),
            "six in the morning where the person is, an hour less away in that night"
        );
        assert_eq!(pause("resumed"), Ok(Pause::UntilResumed));
        for wrong in ["", "0s", "later", "-1h", "1", "99999999999 years"] {
            let told = pause(wrong).expect_err(wrong);
            assert!(told.contains("1h"), "{wrong:?}: {told}");
        }
    }

    #[test]
    fn jitter_longer_than_what_counts_as_missed_is_waited_for() {
        let at = at("2026-03-11T13:00:00Z");
        let (minute, late) = (Duration::from_secs(60), at + Duration::from_secs(180));
        let due = Due { at, missed: true }.put_off(minute * 10, late);
        assert_eq!(
            (due.at, due.missed),
            (at + minute * 10, false),
            "three minutes of ten are no reason to begin"
        );
        let due = Due { at, missed: true }.put_off(minute * 10, at + minute * 13);
        assert_eq!((due.at, due.missed), (at, true));
    }

    #[test]
    fn jitter_stays_in_its_range_and_differs() {
        let numbers: Vec<_> = (0..1000).map(|n| jitter(7, n)).collect();
        assert!(numbers.iter().all(|n| (0.0..1.0).contains(n)));
        let mean = numbers.iter().sum::<f64>() / 1000.0;
        assert!((0.4..0.6).contains(&mean), "mean {mean}");
    }
}
