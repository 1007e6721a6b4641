//! What the table told while some addresses were asked: looked into again and again, since entries come, change and go.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

use fieldscan_core::host::Mac;

use super::Neighbour;

/// For so long a system takes an answer for granted and doesn't ask again: that of the scan before may be such.
const GRANTED: Duration = Duration::from_secs(45);

/// A span of time in which addresses are asked.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Who had a MAC before that. Where no ages are told, these can't be told from those that have answered since.
    before: BTreeMap<IpAddr, Mac>,
    seen: BTreeMap<IpAddr, Seen>,
    asking: BTreeSet<IpAddr>,
}

/// What was seen of one address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The MAC to which packets for it went last.
    pub(crate) mac: Option<Mac>,
    /// The MACs that have answered for it since the watch began, or so shortly before that the system doesn't ask again, each
    /// once, in that order.
    pub(crate) answered: Vec<Mac>,
}

impl Watch {
    /// Begins, with the table as it is before anybody is asked.
    pub(crate) fn begin(table: &[Neighbour]) -> Self {
        let known = table
            .iter()
            .filter_map(|entry| Some((entry.ip, entry.mac?)));
        Self {
            before: known.collect(),
            ..Self::default()
        }
    }

    /// Takes the table as it is `since` the beginning.
    pub(crate) fn look(&mut self, table: &[Neighbour], since: Duration) {
        self.asking = table
            .iter()
            .filter(|entry| entry.asking)
            .map(|entry| entry.ip)
            .collect();
        for entry in table {
            let Some(mac) = entry.mac else { continue };
            let seen = self.seen.entry(entry.ip).or_default();
            seen.mac = Some(mac);
            let now = match entry.answered {
                Some(ago) => ago <= since + GRANTED,
                None => self.before.get(&entry.ip) != Some(&mac),
            };
            if now && !seen.answered.contains(&mac) {
                seen.answered.push(mac);
            }
        }
    }

    /// What was seen of an address.
    pub(crate) fn of(&self, ip: IpAddr) -> Option<&Seen> {
        self.seen.get(&ip)
    }

    /// Everybody who has answered since the beginning.
    pub(crate) fn answered(&self) -> impl Iterator<Item = (IpAddr, &[Mac])> {
        let answered = self
            .seen
            .iter()
            .filter(|(_, seen)| !seen.answered.is_empty());
        answered.map(|(ip, seen)| (*ip, seen.answered.as_slice()))
    }

    /// The addresses that the system was still asking when the table was looked into last, and that have not answered before.
    pub(crate) fn open(&self) -> impl Iterator<Item = IpAddr> {
        let open = |ip: &IpAddr| {
            self.seen
                .get(ip)
                .is_none_or(|seen| seen.answered.is_empty())
        };
        self.asking.iter().copied().filter(move |ip| open(ip))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Mac = Mac([2, 0, 0, 0, 0, 0xa]);
    const B: Mac = Mac([2, 0, 0, 0, 0, 0xb]);

    fn ip(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }

    fn entry(last: u8, mac: Option<Mac>, answered_ms: Option<u64>) -> Neighbour {
        Neighbour {
            ip: ip(last),
            mac,
            asking: mac.is_none(),
            answered: answered_ms.map(Duration::from_millis),
        }
    }

    fn answered(watch: &Watch) -> Vec<(IpAddr, Vec<Mac>)> {
        watch
            .answered()
            .map(|(ip, macs)| (ip, macs.to_vec()))
            .collect()
    }

    #[test]
    fn only_who_answered_since_the_beginning_has_answered() {
        let table = |more: u64| {
            [
                entry(1, Some(A), Some(60_000 + more)),
                entry(2, Some(B), Some(40_000 + more)),
            ]
        };
        let mut watch = Watch::begin(&table(0));
        let second = Duration::from_secs(1);
        watch.look(&table(1_000), second);
        assert_eq!(
            answered(&watch),
            [(ip(2), vec![B])],
            "whom the system trusts still is not asked again, and has to count"
        );
        assert_eq!(
            watch.of(ip(1)).and_then(|seen| seen.mac),
            Some(A),
            "packets for it went there all the same"
        );
        watch.look(&[entry(1, Some(A), Some(5))], second * 2);
        assert_eq!(
            answered(&watch),
            [(ip(1), vec![A]), (ip(2), vec![B])],
            "who has left the table has answered before"
        );
    }

    #[test]
    fn without_ages_only_who_is_new_has_answered() {
        let mut watch = Watch::begin(&[entry(1, Some(A), None), entry(2, Some(A), None)]);
        let table = [
            entry(1, Some(A), None),
            entry(2, Some(B), None),
            entry(3, Some(A), None),
        ];
        watch.look(&table, Duration::from_secs(1));
        assert_eq!(answered(&watch), [(ip(2), vec![B]), (ip(3), vec![A])]);
    }

    #[test]
    fn two_devices_at_one_address_are_both_kept() {
        let mut watch = Watch::begin(&[]);
        for (mac, second) in [(A, 1), (B, 2), (A, 3)] {
            watch.look(
                &[entry(1, Some(mac), Some(10))],
                Duration::from_secs(second),
            );
        }
        assert_eq!(answered(&watch), [(ip(1), vec![A, B])]);
    }

    #[test]
    fn an_address_is_open_until_it_answers_or_leaves_the_table() {
        let mut watch = Watch::begin(&[]);
        let open = |watch: &Watch| watch.open().collect::<Vec<_>>();
        let second = Duration::from_secs(1);
        watch.look(&[entry(1, None, None), entry(2, None, None)], second);
        assert_eq!(open(&watch), [ip(1), ip(2)]);
        watch.look(&[entry(1, Some(A), Some(3))], second * 2);
        assert!(open(&watch).is_empty());
        let again = Neighbour {
            asking: true,
            ..entry(1, Some(A), Some(3_000))
        };
        watch.look(&[again], second * 3);
        assert!(
            open(&watch).is_empty(),
            "it has answered, whatever comes now"
        );
    }
}
