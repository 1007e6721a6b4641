//! How fast a part of a target is scanned: from the profile and from what the parts before it have shown of the network.
//! Knows nothing of nmap's options, and leaves the probes as they are: only their pace, their patience and their
//! repetition change.

use std::time::Duration;

use super::Profile;
use crate::host::{Host, SeenBy};

/// Probes that an address behind a router gets in one try: ICMP echo and timestamp, TCP to 443 and 80.
const PROBES: u32 = 4;
/// How long an answer may take while nothing is known of the network.
const PATIENCE: Duration = Duration::from_secs(1);
/// The shortest patience, however near the hosts are.
const LEAST_PATIENCE: Duration = Duration::from_millis(200);
/// The longest first patience: a probe that is repeated keeps being waited for.
const MOST_PATIENCE: Duration = Duration::from_secs(2);
/// How long any answer is waited for at the most.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Hosts that must have answered before their round-trip times say something of the network.
const ENOUGH: u32 = 8;
/// ARP rounds that a link gets whatever it shows, as many as plain nmap's tries.
const FEWEST_ROUNDS: u32 = 2;
/// ARP rounds at the most. More would send more than one and a half times plain nmap's packets.
const MOST_ROUNDS: u32 = 3;
/// Hosts that may be expected to be missed when a link is left.
const MISSED: f64 = 0.1;

/// Packets that may be sent in any one second, by all nmaps of this machine together.
pub fn limit(profile: Profile) -> u32 {
    match profile {
        Profile::Gentle => 100,
        Profile::Normal => 2_000,
        Profile::Fast => 10_000,
    }
}

/// Packets a second that are given away, all nmaps together. Less than [`limit`]: an nmap that was held up makes up for
/// it, and packets that were sent a second apart may arrive a little nearer to each other.
pub fn budget(profile: Profile) -> u32 {
    match profile {
        Profile::Gentle => 88,
        Profile::Normal => 1_800,
        Profile::Fast => 7_600,
    }
}

/// Packets a second that a part of so many addresses can use: its first probes then take a second, as long as the first
/// wait for answers, and nothing piles up meanwhile that would be made up for in a burst.
pub fn useful_rate(addresses: u32) -> u32 {
    addresses.saturating_mul(PROBES).max(1)
}

/// Packets a second of the second pass over known addresses that did not answer.
pub fn second_pass_rate(profile: Profile) -> u32 {
    budget(profile) / 8
}

/// Where the addresses are, as seen from the scanner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On the scanner's own link: they are asked by ARP, a try in each round.
    Link,
    /// Behind a router.
    Behind,
}

/// What the hosts found so far have shown of the network.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Observed {
    /// Hosts that answered.
    pub hosts: u32,
    /// Those among them that gave themselves away by another probe than the first one. Some drop the first kind of probe
    /// by rule, so this over hosts is the loss of a round trip at the most.
    pub late: u32,
    /// The round-trip times: their number, mean, mean deviation, and the longest.
    timed: u32,
    mean: f64,
    deviation: f64,
    longest: Duration,
}

impl Observed {
    /// Takes the hosts that a part gave. `first` is whether it was the first time that they were asked.
    pub fn add(&mut self, place: Place, first: bool, hosts: &[Host]) {
        for host in hosts {
            let at_once = match host.seen_by {
                // The scanner itself says nothing of the network.
                SeenBy::LocalhostResponse => continue,
                // It answered the system's question, and none of nmap's probes.
                SeenBy::Neighbour => continue,
                SeenBy::EchoReply | SeenBy::ArpResponse | SeenBy::NdResponse => first,
                // Without raw sockets there is no first kind of probe.
                SeenBy::ConnRefused | SeenBy::SynAck if place == Place::Link => first,
                SeenBy::TimestampReply
                | SeenBy::AddressmaskReply
                | SeenBy::SynAck
                | SeenBy::Reset
                | SeenBy::ConnRefused
                | SeenBy::Other => false,
            };
            self.hosts += 1;
            self.late += u32::from(!at_once);
            if let Some(rtt) = host.rtt {
                self.time(rtt);
            }
        }
    }

    fn time(&mut self, rtt: Duration) {
        let seconds = rtt.as_secs_f64();
        self.timed += 1;
        let weight = 1.0 / f64::from(self.timed);
        let off = seconds - self.mean;
        self.mean += off * weight;
        self.deviation += (off.abs() - self.deviation) * weight;
        self.longest = self.longest.max(rtt);
    }

    /// The share of round trips that get lost, at the most; `None` as long as too few have answered.
    pub fn loss(&self) -> Option<f64> {
        (self.hosts >= ENOUGH).then(|| f64::from(self.late) / f64::from(self.hosts))
    }

    /// How long an answer takes at the most, with room.
    fn patience(&self) -> Option<Duration> {
        if self.timed < ENOUGH {
            return None;
        }
        let usual = Duration::try_from_secs_f64(self.mean + 4.0 * self.deviation).ok()?;
        let slowest = self.longest * 2;
        Some(usual.max(slowest).clamp(LEAST_PATIENCE, MOST_PATIENCE))
    }
}

/// How a part is scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Packets a second: no more, and no fewer as long as there is something to send. A network where nobody answers never
    /// opens a congestion window, and what waits for one is made up for in a burst.
    pub rate: u32,
    /// How long the first answers are waited for.
    pub patience: Duration,
    /// How long any answer is waited for.
    pub longest_wait: Duration,
    /// How often a probe is repeated at the most. It is repeated once, and more often only where a repetition helped.
    pub retries: u8,
}

/// The timing of a part that may send `rate` packets a second.
pub fn timing(place: Place, observed: &Observed, rate: u32) -> Timing {
    let patience = observed.patience();
    let retries = match (place, observed.loss()) {
        // Rounds take the place of repetitions.
        (Place::Link, _) => 0,
        (Place::Behind, Some(loss)) if loss <= 0.005 => 1,
        (Place::Behind, Some(loss)) if loss <= 0.1 => 2,
        (Place::Behind, Some(_)) => 4,
        (Place::Behind, None) => 3,
    };
    Timing {
        rate: rate.max(1),
        patience: patience.unwrap_or(PATIENCE),
        longest_wait: match patience {
            Some(patience) => (patience * 4).clamp(MOST_PATIENCE, LONGEST_WAIT),
            None => LONGEST_WAIT,
        },
        retries,
    }
}

/// The timing of the second pass: patient, and more often than the first.
pub fn second_pass(observed: &Observed, rate: u32) -> Timing {
    let patience = observed.patience().unwrap_or(PATIENCE).max(PATIENCE);
    Timing {
        rate: rate.max(1),
        patience,
        longest_wait: LONGEST_WAIT,
        retries: 4,
    }
}

/// Whether a part on the link needs another ARP round after `rounds`, given what the link has shown and how many hosts
/// the part has.
pub fn another_round(observed: &Observed, rounds: u32, hosts: u32) -> bool {
    if rounds < FEWEST_ROUNDS {
        return true;
    }
    let loss = f64::from(observed.late) / f64::from(observed.hosts.max(1));
    let missed = f64::from(hosts) * loss.powi(rounds.min(8) as i32);
    rounds < MOST_ROUNDS && missed > MISSED
}

/// The most that [`another_round`] asks for.
pub const ROUNDS: u32 = MOST_ROUNDS;

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(seen_by: SeenBy, rtts: impl IntoIterator<Item = u64>) -> Vec<Host> {
        let host = |ms| Host {
            ip: [10, 0, 0, 1].into(),
            mac: None,
            also: Vec::new(),
            vendor: None,
            ptr: None,
            rtt: Some(Duration::from_millis(ms)),
            seen_by,
        };
        rtts.into_iter().map(host).collect()
    }

    fn observed(seen_by: SeenBy, rtts: impl IntoIterator<Item = u64>) -> Observed {
        let mut observed = Observed::default();
        observed.add(Place::Behind, true, &hosts(seen_by, rtts));
        observed
    }

    #[test]
    fn nothing_known_is_as_patient_as_nmap() {
        let timing = timing(Place::Behind, &Observed::default(), 500);
        assert_eq!(timing.patience, Duration::from_secs(1));
        assert_eq!(timing.longest_wait, Duration::from_secs(10));
        assert!(timing.retries > 1, "the loss is not known yet");
        assert_eq!(timing.rate, 500);
    }

    #[test]
    fn a_few_hosts_prove_nothing() {
        let few = observed(SeenBy::EchoReply, [1; 7]);
        assert_eq!(few.loss(), None);
        assert_eq!(
            timing(Place::Behind, &few, 500),
            timing(Place::Behind, &Observed::default(), 500)
        );
    }

    #[test]
    fn patience_follows_the_round_trips() {
        let patience = |rtts: [u64; 8]| {
            timing(Place::Behind, &observed(SeenBy::EchoReply, rtts), 500)
                .patience
                .as_millis()
        };
        assert_eq!(patience([1; 8]), 200, "a near network is not hurried");
        assert_eq!(patience([150; 8]), 300, "twice the slowest");
        assert!(
            patience([100, 100, 100, 100, 300, 300, 300, 300]) >= 600,
            "what varies needs room"
        );
        assert_eq!(patience([1900; 8]), 2_000, "a satellite has its time");
    }

    #[test]
    fn repetitions_follow_the_loss() {
        let retries = |answered: usize, late: usize| {
            let mut observed = observed(SeenBy::EchoReply, vec![5; answered]);
            observed.add(Place::Behind, true, &hosts(SeenBy::Reset, vec![5; late]));
            timing(Place::Behind, &observed, 500).retries
        };
        assert_eq!(retries(250, 0), 1);
        assert_eq!(retries(240, 10), 2);
        assert_eq!(retries(200, 50), 4);
    }

    #[test]
    fn a_link_gets_a_third_round_only_when_it_loses() {
        let mut link = Observed::default();
        link.add(Place::Link, true, &hosts(SeenBy::ArpResponse, vec![5; 200]));
        assert!(another_round(&link, 1, 200), "two tries as plain nmap");
        assert!(!another_round(&link, 2, 200), "nobody answered late");
        link.add(Place::Link, false, &hosts(SeenBy::ArpResponse, vec![5; 12]));
        assert!(another_round(&link, 2, 212), "one in twenty was late");
        assert!(!another_round(&link, 3, 212));
        assert!(
            !another_round(&link, 2, 5),
            "hardly anybody could be missed"
        );
    }

    #[test]
    fn the_scanner_itself_is_no_evidence() {
        let own = observed(SeenBy::LocalhostResponse, [0; 20]);
        assert_eq!(own, Observed::default());
    }

    #[test]
    fn the_budget_leaves_room_below_the_limit() {
        for profile in [Profile::Gentle, Profile::Normal, Profile::Fast] {
            assert!(budget(profile) * 10 <= limit(profile) * 9, "{profile:?}");
            assert!(second_pass_rate(profile) > 0, "{profile:?}");
        }
    }
}
