//! Whose chunk is next, and how many packets a second it may send: the decisions of the scheduler. Starts nothing.
//!
//! The rates of all nmaps that run never add up to more than the budget, so that the profile's limit holds in total. A
//! chunk keeps its rate until it ends, since a running nmap can't be told another one.

use std::collections::BTreeMap;

use fieldscan_core::plan::{Profile, budget};

/// nmaps that run at the same time at the most.
const AT_ONCE: u32 = 8;

/// A scan, for as long as it goes on.
pub(super) type Key = u64;

/// A chunk that waits to be started.
#[derive(Debug, Clone, Copy)]
pub(super) struct Want {
    /// Packets a second that it can use.
    pub(super) rate: u32,
    /// Whether it is the scan's last one.
    pub(super) last: bool,
}

#[derive(Debug)]
struct Entry {
    profile: Profile,
    /// Its next chunk, if it has one to start.
    wants: Option<Want>,
    /// How many of its chunks run.
    running: u32,
    /// When it was last given a rate, in the order of giving.
    served: u64,
}

/// Who scans, who waits, and what is given away.
#[derive(Debug, Default)]
pub(super) struct Budget {
    scans: BTreeMap<Key, Entry>,
    keys: Key,
    given: u32,
    running: u32,
    turns: u64,
    held: bool,
}

impl Budget {
    pub(super) fn enter(&mut self, profile: Profile) -> Key {
        self.keys += 1;
        let entry = Entry {
            profile,
            wants: None,
            running: 0,
            served: 0,
        };
        self.scans.insert(self.keys, entry);
        self.keys
    }

    /// The scan is over. What its chunks were given comes back by [`Self::give_back`].
    pub(super) fn leave(&mut self, key: Key) {
        self.scans.remove(&key);
    }

    /// Whether nobody is next, whoever waits.
    pub(super) fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// The scan has a chunk to start.
    pub(super) fn want(&mut self, key: Key, want: Want) {
        if let Some(entry) = self.scans.get_mut(&key) {
            entry.wants = Some(want);
        }
    }

    /// A chunk has ended.
    pub(super) fn give_back(&mut self, key: Key, rate: u32) {
        self.given = self.given.saturating_sub(rate);
        self.running = self.running.saturating_sub(1);
        if let Some(entry) = self.scans.get_mut(&key) {
            entry.running = entry.running.saturating_sub(1);
        }
    }

    /// The scan whose chunk starts now, and its rate. To be asked until nobody is next.
    ///
    /// It is the scan's turn that has the fewest chunks running, and of those the one that has waited longest, so that a
    /// small subnet waits for one chunk of a large one and not for all of them. Nobody overtakes whose turn it is.
    pub(super) fn next(&mut self) -> Option<(Key, u32)> {
        if self.held {
            return None;
        }
        // The most careful of all: a shared link is as fragile whoever sends.
        let all = self
            .scans
            .values()
            .map(|entry| budget(entry.profile))
            .min()?;
        let waiting = || {
            self.scans
                .iter()
                .filter_map(|(key, entry)| Some((*key, entry, entry.wants?)))
        };
        let (key, _, want) =
            waiting().min_by_key(|(key, entry, _)| (entry.running, entry.served, *key))?;
        let free = all.saturating_sub(self.given);
        let fair = want.rate.min(all / 2).max(1);
        if self.running >= AT_ONCE || free < fair {
            return None;
        }
        // Whoever comes after this one finds a half, unless nobody waits.
        let alone = want.last && waiting().count() == 1;
        let rate = if alone { want.rate.min(free) } else { fair };
        let entry = self.scans.get_mut(&key)?;
        self.turns += 1;
        entry.wants = None;
        entry.running += 1;
        entry.served = self.turns;
        self.given += rate;
        self.running += 1;
        Some((key, rate))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn want(rate: u32, last: bool) -> Want {
        Want { rate, last }
    }

    #[test]
    fn one_chunk_alone_gets_all_that_it_can_use() {
        let mut pool = Budget::default();
        let scan = pool.enter(Profile::Normal);
        pool.want(scan, want(4_096, true));
        assert_eq!(pool.next(), Some((scan, budget(Profile::Normal))));
        pool.give_back(scan, budget(Profile::Normal));
        pool.want(scan, want(256, true));
        assert_eq!(pool.next(), Some((scan, 256)), "and no more");
    }

    #[test]
    fn a_large_scan_leaves_half_and_a_small_one_has_the_next_turn() {
        let mut pool = Budget::default();
        let half = budget(Profile::Normal) / 2;
        let large = pool.enter(Profile::Normal);
        pool.want(large, want(4_096, false));
        assert_eq!(pool.next(), Some((large, half)));
        pool.want(large, want(4_096, false));
        let small = pool.enter(Profile::Normal);
        pool.want(small, want(4_096, true));
        assert_eq!(pool.next(), Some((small, half)), "not the large one again");
        assert_eq!(pool.next(), None, "all is given");
        pool.give_back(small, half);
        assert_eq!(pool.next(), Some((large, half)));
    }

    #[test]
    fn the_most_careful_scan_limits_all() {
        let mut pool = Budget::default();
        let fast = pool.enter(Profile::Fast);
        let gentle = pool.enter(Profile::Gentle);
        pool.want(fast, want(4_096, true));
        pool.want(gentle, want(4_096, true));
        let half = budget(Profile::Gentle) / 2;
        assert_eq!(pool.next(), Some((fast, half)));
        assert_eq!(pool.next(), Some((gentle, half)));
        pool.give_back(gentle, half);
        pool.leave(gentle);
        pool.want(fast, want(4_000, true));
        assert_eq!(pool.next(), Some((fast, 4_000)), "once it is over, no more");
    }

    #[test]
    fn no_more_processes_than_allowed() {
        let mut pool = Budget::default();
        let scans: Vec<_> = (0..20).map(|_| pool.enter(Profile::Fast)).collect();
        for scan in scans {
            pool.want(scan, want(4, true));
        }
        let started = std::iter::from_fn(|| pool.next()).count();
        assert_eq!(started, AT_ONCE as usize);
    }

    #[test]
    fn nobody_is_next_while_all_are_held() {
        let mut pool = Budget::default();
        let scan = pool.enter(Profile::Normal);
        pool.want(scan, want(4, true));
        pool.hold(true);
        assert_eq!(pool.next(), None);
        pool.hold(false);
        assert_eq!(pool.next(), Some((scan, 4)));
    }

    proptest! {
        /// Whatever happens: the rates never add up to more than the budget, and once somebody waits and nothing runs,
        /// somebody is next.
        #[test]
        fn the_budget_holds_and_nobody_starves(
            steps in prop::collection::vec((0usize..6, 1u32..20_000, any::<bool>(), any::<bool>()), 1..200),
            profile in prop::sample::select(vec![Profile::Gentle, Profile::Normal, Profile::Fast]),
        ) {
            let mut pool = Budget::default();
            let scans: Vec<_> = (0..6).map(|_| pool.enter(profile)).collect();
            let mut given: Vec<(Key, u32)> = Vec::new();
            let mut waits = [false; 6];
            for (scan, rate, last, ends) in steps {
                pool.want(scans[scan], want(rate, last));
                waits[scan] = true;
                if ends && !given.is_empty() {
                    let (key, rate) = given.remove(scan % given.len());
                    pool.give_back(key, rate);
                }
                while let Some((key, rate)) = pool.next() {
                    prop_assert!(rate > 0);
                    given.push((key, rate));
                    waits[scans.iter().position(|scan| *scan == key).unwrap()] = false;
                }
                let sum: u32 = given.iter().map(|(_, rate)| rate).sum();
                prop_assert!(sum <= budget(profile), "{} of {}", sum, budget(profile));
                prop_assert!(given.len() <= AT_ONCE as usize);
                prop_assert!(!given.is_empty() || !waits.contains(&true), "somebody starves");
            }
        }
    }
}
