//! What a schedule would mean, before it is set.

use jiff::{Timestamp, tz::TimeZone};

use super::{Expected, Mistake, key, parse, set};

/// As many times are foretold.
const TIMES: usize = 5;

/// The next times of a schedule that somebody writes; none if it is off.
///
/// # Errors
/// It is no schedule, or names no time.
pub fn preview_schedule(
    text: &str,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<Vec<Timestamp>, Mistake> {
    let mistake = |found: String| Mistake {
        at: None,
        key: "schedule".to_owned(),
        found,
        expected: Expected::Value {
            words: key("schedule").map_or("", |key| key.expected),
        },
    };
    let settings = set("", "schedule", text).and_then(|text| parse(&text));
    let (settings, _) = settings.map_err(|mistakes| {
        let first = mistakes.into_iter().next();
        first.map_or_else(
            || mistake("nothing".to_owned()),
            |first| Mistake { at: None, ..first },
        )
    })?;
    let mut times = Vec::new();
    let mut last = now;
    while times.len() < TIMES {
        // Each as if the one before had begun on time.
        match settings.schedule.next(Some(last), last, zone) {
            Ok(Some(due)) if due.at > last => {
                times.push(due.at);
                last = due.at;
            }
            Ok(Some(_) | None) => break,
            Err(why) if times.is_empty() => return Err(mistake(why)),
            Err(_) => break,
        }
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preview(text: &str) -> Result<Vec<String>, Mistake> {
        let now = "2026-03-11T14:10:00Z".parse().unwrap();
        let times = preview_schedule(text, now, &TimeZone::UTC)?;
        Ok(times.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn five_times_are_foretold() {
        assert_eq!(
            preview("30 min").unwrap()[..2],
            ["2026-03-11T14:40:00Z", "2026-03-11T15:10:00Z"]
        );
        let cron = preview("0 6 * * 1").unwrap();
        assert_eq!(cron.len(), 5);
        assert_eq!(cron[..2], ["2026-03-16T06:00:00Z", "2026-03-23T06:00:00Z"]);
        assert_eq!(preview("off").unwrap(), [""; 0], "it never comes");
    }

    #[test]
    fn what_is_no_schedule_is_told_as_a_mistake() {
        for text in ["now and then", "0 6 30 2 *", "1 s"] {
            let mistake = preview(text).unwrap_err();
            assert_eq!(mistake.key, "schedule", "{text}");
            assert!(!mistake.expected.to_string().is_empty() && !mistake.found.is_empty());
        }
    }
}
