//! Durations, ages and times, as people say them.

use std::time::Duration;

use jiff::{Timestamp, ToSpan, tz::TimeZone};

use super::count;

/// A length of time: `42 s`, `1 min 42 s`, `2 h`, `3 days 4 h`. Rounded down; below a second `under 1 s`.
pub fn duration(length: Duration) -> String {
    let seconds = length.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    let with = |whole: String, rest: u64, unit: &str| {
        if rest == 0 {
            whole
        } else {
            format!("{whole} {rest} {unit}")
        }
    };
    if seconds == 0 {
        "under 1 s".to_owned()
    } else if minutes == 0 {
        format!("{seconds} s")
    } else if hours == 0 {
        with(format!("{minutes} min"), seconds % 60, "s")
    } else if days == 0 {
        with(format!("{hours} h"), minutes % 60, "min")
    } else {
        with(count(days, "day", "days"), hours % 24, "h")
    }
}

/// How long ago something was, rounded down to one unit: `42 s ago`, `3 h ago`, `2 days ago`.
///
/// What lies in the future, because a clock was set back, is `just now`.
pub fn age(at: Timestamp, now: Timestamp) -> String {
    let Ok(length) = Duration::try_from(now.duration_since(at)) else {
        return "just now".to_owned();
    };
    match length.as_secs() {
        0 => "just now".to_owned(),
        seconds @ 1..60 => format!("{seconds} s ago"),
        seconds @ 60..3_600 => format!("{} min ago", seconds / 60),
        seconds @ 3_600..86_400 => format!("{} h ago", seconds / 3_600),
        seconds => format!("{} ago", count(seconds / 86_400, "day", "days")),
    }
}

/// Time that is left: `1:42`, `1:00:05`, `0:00`.
pub fn countdown(left: Duration) -> String {
    let seconds = left.as_secs();
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A time as a clock and calendar on the wall of `zone` show it: `14:00`, `yesterday, 13:58`, `tomorrow, 09:00`,
/// `Wed 11 March, 13:30`, and with the year if it is not this one's.
pub fn when(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    when_by("%H:%M", at, now, zone)
}

/// As [`when`], to the second: `14:00:05`.
pub fn when_exactly(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    when_by("%H:%M:%S", at, now, zone)
}

fn when_by(clock: &str, at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let (day, today) = (at.date(), now.date());
    let clock = at.strftime(clock);
    if day == today {
        clock.to_string()
    } else if today
        .checked_sub(1.day())
        .is_ok_and(|yesterday| day == yesterday)
    {
        format!("yesterday, {clock}")
    } else if today
        .checked_add(1.day())
        .is_ok_and(|tomorrow| day == tomorrow)
    {
        format!("tomorrow, {clock}")
    } else if day.year() == today.year() {
        format!("{}, {clock}", at.strftime("%a %-d %B"))
    } else {
        format!("{}, {clock}", at.strftime("%a %-d %B %Y"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_at_most_two_units() {
        for (seconds, text) in [
            (0, "under 1 s"),
            (42, "42 s"),
            (102, "1 min 42 s"),
            (120, "2 min"),
            (7_200, "2 h"),
            (7_325, "2 h 2 min"),
            (86_400, "1 day"),
            (277_205, "3 days 5 h"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), text, "{seconds} s");
        }
        assert_eq!(
            countdown(Duration::from_secs(102)),
            "1:42",
            "minutes and seconds"
        );
        assert_eq!(
            countdown(Duration::from_secs(3_605)),
            "1:00:05",
            "hours before them"
        );
    }

    #[test]
    fn ages_are_rounded_down() {
        let now = Timestamp::from_second(10_000_000).unwrap();
        for (seconds, text) in [
            (0, "just now"),
            (59, "59 s ago"),
            (3_599, "59 min ago"),
            (4 * 3_600 - 1, "3 h ago"),
            (2 * 86_400 - 1, "1 day ago"),
            (-100, "just now"),
        ] {
            let at = now - jiff::SignedDuration::from_secs(seconds);
            assert_eq!(age(at, now), text, "no age is made younger than it is");
        }
    }

    #[test]
    fn times_name_the_day_of_the_zone_that_they_are_shown_in() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-03-13T22:30:00Z");
        for (time, text) in [
            ("2026-03-13T13:00:00Z", "14:00"),
            ("2026-03-12T12:58:00Z", "yesterday, 13:58"),
            // Already the 13th in Berlin.
            ("2026-03-12T23:30:00Z", "00:30"),
            ("2026-03-13T23:10:00Z", "tomorrow, 00:10"),
            ("2026-03-11T12:30:00Z", "Wed 11 March, 13:30"),
            ("2025-12-31T12:30:00Z", "Wed 31 December 2025, 13:30"),
        ] {
            assert_eq!(when(at(time), now, &zone), text, "{time} seen from {now}");
        }
    }
}
