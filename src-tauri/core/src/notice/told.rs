//! What was told, and when.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    net::IpAddr,
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Notice;
use crate::{
    compare::Exception,
    ids::SubnetId,
    problem::{Problem, Subject},
};

/// The same thing is not told twice within this time.
pub(super) const AGAIN: Duration = Duration::from_secs(24 * 3600);

/// What a notice tells of, as a text that stays the same: `unknown/7/10.77.0.9`, `problem/disk-full`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Thing(String);

impl Thing {
    /// An address of a subnet that should be looked at.
    pub fn finding(subnet: SubnetId, ip: IpAddr, what: Exception) -> Self {
        let what = match what {
            Exception::Unknown => "unknown",
            Exception::Missing => "missing",
            Exception::Mismatch => "mismatch",
        };
        Self(format!("{what}/{subnet}/{ip}"))
    }

    /// A problem with what it is about.
    pub fn problem(problem: &Problem) -> Self {
        let code = problem.code();
        Self(match problem.subject() {
            Subject::Subnet(id) => format!("problem/{code}/subnet/{id}"),
            Subject::Report(id) => format!("problem/{code}/report/{id}"),
            Subject::Ipam | Subject::Server | Subject::Nmap | Subject::Machine => match problem {
                Problem::SettingMissing { key: name }
                | Problem::SecretMissing { name }
                | Problem::SecretUnreadable { name, .. } => format!("problem/{code}/{name}"),
                _ => format!("problem/{code}"),
            },
        })
    }

    /// That a server can't be reached.
    pub fn offline() -> Self {
        Self("offline".to_owned())
    }

    /// That the reports of a time offline have arrived.
    pub fn arrived(since: Timestamp) -> Self {
        Self(format!("arrived/{since}"))
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// When each thing was told last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told(BTreeMap<Thing, Timestamp>);

impl Told {
    /// What notices that were kept have told, the oldest first.
    pub fn restore(notices: impl IntoIterator<Item = (Timestamp, Vec<Thing>)>) -> Self {
        let mut told = Self::default();
        for (at, things) in notices {
            told.0.extend(things.into_iter().map(|thing| (thing, at)));
        }
        told
    }

    /// Takes a notice up.
    pub fn add(&mut self, notice: &Notice) {
        let things = notice.things.iter().cloned();
        self.0.extend(things.map(|thing| (thing, notice.at)));
    }

    /// Whether a thing that happens now was told within a day.
    pub fn lately(&self, thing: &Thing, now: Timestamp) -> bool {
        self.0.get(thing).is_some_and(|at| is_recent(*at, now))
    }

    /// Whether something that stands since `since` need not be told: it was told while it stood, or within a day.
    pub fn standing(&self, thing: &Thing, since: Timestamp, now: Timestamp) -> bool {
        let since = to_the_millisecond(since);
        self.0.get(thing).is_some_and(|at| {
            // Times that lie ahead come from a clock that was set back. One of telling proves nothing then, and one since
            // which something stands can't be held against what was told.
            is_recent(*at, now) || (*at <= now && (since <= *at || since > now))
        })
    }

    /// Forgets what may be told again, but for what still stands.
    pub fn forget(&mut self, stands: &BTreeSet<Thing>, now: Timestamp) {
        self.0
            .retain(|thing, at| is_recent(*at, now) || stands.contains(thing));
    }
}

fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at).unsigned_abs() < AGAIN
}

/// A time as notices have it: databases keep no finer one.
pub(crate) fn to_the_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told_at(at: Timestamp) -> Told {
        Told::restore([(to_the_millisecond(at), vec![Thing::offline()])])
    }

    #[test]
    fn what_was_told_in_the_moment_in_which_it_began_need_not_be_told_again() {
        let since: Timestamp = "2026-03-11T12:00:00.276768266Z".parse().unwrap();
        let told = told_at(since);
        for days in 0..5 {
            let now = since + jiff::SignedDuration::from_hours(24 * days);
            assert!(
                told.standing(&Thing::offline(), since, now),
                "it has stood for {days} days, and was told at its beginning"
            );
        }
    }

    #[test]
    fn what_comes_back_may_be_told_after_a_day() {
        let at: Timestamp = "2026-03-11T12:00:00Z".parse().unwrap();
        let hours = |hours| at + jiff::SignedDuration::from_hours(hours);
        let told = told_at(at);
        for (since, now, need_not) in [
            (hours(1), hours(2), true),
            (hours(1), hours(23), true),
            (hours(1), hours(24), false),
            (hours(-1), hours(24), true),
            // The clock was set back: by less than a day, and by more.
            (hours(-20), hours(-20), true),
            (hours(-48), hours(-48), false),
            // Since a time that has not come yet.
            (hours(50), hours(30), true),
        ] {
            assert_eq!(
                told.standing(&Thing::offline(), since, now),
                need_not,
                "since {since}, at {now}, told at {at}"
            );
        }
    }

    #[test]
    fn what_still_stands_is_not_forgotten() {
        let at: Timestamp = "2026-03-11T12:00:00Z".parse().unwrap();
        let later = at + jiff::SignedDuration::from_hours(100);
        let (over, stands) = (Problem::DiskFull, Problem::NmapMissing);
        let things = [&over, &stands].map(Thing::problem);
        let mut told = Told::restore([(at, things.to_vec())]);
        told.forget(&[Thing::problem(&stands)].into(), later);
        assert!(!told.standing(&things[0], at, later), "it is over");
        assert!(told.standing(&things[1], at, later), "it stands");
    }
}
