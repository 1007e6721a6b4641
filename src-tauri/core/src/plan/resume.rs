//! What a scan that was cut short has left, and whether the next one may go on with it.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Target;
use crate::host::Host;

/// For so long a finished chunk counts as what is there now.
pub const RESUME_WITHIN: Duration = Duration::from_secs(3600);

/// The finished chunks of a scan that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// What was being scanned.
    pub target: Target,
    /// When the scan began.
    pub started_at: Timestamp,
    /// Whether nmap had raw sockets.
    pub privileged: bool,
    /// The hosts of each finished chunk, by its place in the target.
    pub chunks: BTreeMap<usize, Vec<Host>>,
}

/// Whether a scan of `target` that begins `now` may take the chunks as its own: it would have asked the same addresses in the
/// same way, and they are not older than [`RESUME_WITHIN`].
pub fn may_resume(target: &Target, unfinished: &Unfinished, now: Timestamp) -> bool {
    unfinished.target == *target && is_recent(unfinished.started_at, now)
}

/// Whether what began at `begun` may be gone on with. Not from the future: the clock was set, and its age is not known.
pub(crate) fn is_recent(begun: Timestamp, now: Timestamp) -> bool {
    Duration::try_from(now.duration_since(begun)).is_ok_and(|age| age <= RESUME_WITHIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Guard, Mode, samples, target};

    const HOUR: i64 = 3_600;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + second).unwrap()
    }

    fn sweep(cidr: &str, excluded: &[&str]) -> Target {
        let subnet = samples::subnet(7, cidr);
        let addresses: Vec<_> = (1..)
            .zip(excluded)
            .map(|(id, ip)| crate::ipam::Address {
                exclude_ping: true,
                ..samples::address(id, &subnet, ip)
            })
            .collect();
        target(&subnet, Mode::Sweep, &addresses, &Guard::default()).unwrap()
    }

    fn unfinished(target: &Target) -> Unfinished {
        Unfinished {
            target: target.clone(),
            started_at: at(0),
            privileged: true,
            chunks: BTreeMap::from([(0, Vec::new())]),
        }
    }

    #[test]
    fn the_same_target_goes_on_for_an_hour() {
        let target = sweep("10.0.0.0/20", &["10.0.1.1"]);
        let left = unfinished(&target);
        for (second, expected) in [(0, true), (1, true), (HOUR, true), (HOUR + 1, false)] {
            assert_eq!(
                may_resume(&target, &left, at(second)),
                expected,
                "{second} s after the scan began"
            );
        }
    }

    #[test]
    fn a_scan_from_the_future_is_not_gone_on_with() {
        let target = sweep("10.0.0.0/20", &[]);
        assert!(
            !may_resume(&target, &unfinished(&target), at(-1)),
            "the clock was set back: how old the chunks are is not known"
        );
    }

    #[test]
    fn another_target_begins_anew() {
        let before = sweep("10.0.0.0/20", &["10.0.1.1"]);
        let left = unfinished(&before);
        let mut known = before.clone();
        known.mode = Mode::Known;
        let mut renamed = before.clone();
        renamed.dns = crate::plan::Dns::Off;
        for (what, other) in [
            ("another network", sweep("10.0.16.0/20", &["10.0.1.1"])),
            ("another size", sweep("10.0.0.0/21", &["10.0.1.1"])),
            (
                "one more excluded",
                sweep("10.0.0.0/20", &["10.0.1.1", "10.0.9.9"]),
            ),
            ("none excluded", sweep("10.0.0.0/20", &[])),
            ("another mode", known),
            ("other names", renamed),
        ] {
            assert!(!may_resume(&other, &left, at(1)), "{what}");
        }
        assert!(may_resume(&before, &left, at(1)), "the same may");
    }
}
