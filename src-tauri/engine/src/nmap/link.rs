//! Without raw sockets nobody can be asked by ARP, but the system asks for everybody on the link whom a connection is tried
//! to. So its table of neighbours tells the MACs, and who answers ARP and nothing else.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use fieldscan_core::{
    host::{Host, Mac, SeenBy},
    plan::{Chunk, Timing},
};
use tokio::{
    sync::Semaphore,
    time::{MissedTickBehavior, interval, sleep},
};

use super::{
    part::{Failure, Scope, count},
    route,
    sweep::{Pass, Sweep},
    vendors,
};
use crate::neighbours::{self, Watch};

/// Addresses that are tried at a time. The system's table is bounded: on Linux it forgets who was not asked for in 5 s once
/// there are 512 entries, and holds 1,024.
const AT_A_TIME: u32 = 256;
/// How often everybody is tried who has not answered. The system asks three times in each, and at a loss of 3 % that alone
/// would miss one host of 5,000.
const ROUNDS: u32 = 2;
/// Half the table is left to the rest of the machine.
static TABLE: Semaphore = Semaphore::const_new(2);
/// How often the table is looked into meanwhile: before an entry can be forgotten.
const LOOK: Duration = Duration::from_secs(1);
/// The same, once nmap has ended and the system still asks.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// So long ago an IPv6 neighbour that nobody was told to ask may have answered and still be told.
const LATELY: Duration = Duration::from_secs(600);
/// How long the system takes at the most to find out about an entry: 5 s that it trusts an old one, and three questions a
/// second apart.
const SETTLE: Duration = Duration::from_secs(9);

impl Sweep<'_> {
    /// Scans a part of which some may be on the link, by connecting.
    pub(super) async fn by_connecting(
        &self,
        pass: Pass,
        chunk: &Chunk,
        timing: &Timing,
    ) -> Result<Vec<Host>, Failure> {
        let mut found = BTreeMap::new();
        let mut done = 0;
        for piece in chunk.pieces(AT_A_TIME) {
            let _turn = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(Failure::Stopped),
                turn = TABLE.acquire() => turn,
            };
            let mut rest = piece.clone();
            for round in 0..ROUNDS {
                let up = count(found.len());
                let on_progress = |of_rest, more| {
                    let share = (round * piece.addresses + of_rest) / ROUNDS;
                    self.progress(pass, done + share, up + more);
                };
                let hosts = self.watched(&rest, timing, on_progress).await?;
                rest.exclude.extend(hosts.iter().map(|host| host.ip));
                rest.exclude.sort_unstable();
                rest.addresses = rest.addresses.saturating_sub(count(hosts.len()));
                // Where nobody at all is found, nobody was missed by bad luck.
                let nobody = hosts.is_empty();
                found.extend(hosts.into_iter().map(|host| (host.ip, host)));
                if nobody || rest.addresses == 0 {
                    break;
                }
            }
            done += piece.addresses;
            self.progress(pass, done, count(found.len()));
        }
        Ok(found.into_values().collect())
    }

    /// Adds whom the system's table has in the target's network beside those that were asked: an IPv6 network can't be swept.
    /// Nobody is asked for that.
    pub(super) async fn learn(&self, hosts: &mut BTreeMap<IpAddr, Host>) -> Result<(), Failure> {
        let target = self.target();
        let whole = Chunk {
            networks: vec![target.network],
            exclude: Vec::new(),
            addresses: 0,
        };
        if target.chunks.is_empty() && !route::exists(&whole).await {
            return Err(Failure::NoRoute);
        }
        let table = neighbours::read().await.unwrap_or_default();
        let mut learned: Vec<Host> = table
            .into_iter()
            .filter(|entry| entry.answered.is_none_or(|ago| ago <= LATELY))
            .filter(|entry| target.network.contains(entry.ip) && !target.covers(entry.ip))
            .filter_map(|entry| Some(by_table(entry.ip, Some(entry.mac?))))
            .collect();
        vendors::name(self.program(), &mut learned).await;
        for host in learned {
            hosts.entry(host.ip).or_insert(host);
        }
        Ok(())
    }

    /// Scans a piece and looks into the table meanwhile.
    async fn watched(
        &self,
        piece: &Chunk,
        timing: &Timing,
        on_progress: impl FnMut(u32, u32),
    ) -> Result<Vec<Host>, Failure> {
        let table = match neighbours::read().await {
            Ok(table) => table,
            Err(error) => {
                tracing::warn!(%error, "the system doesn't tell its neighbours; MACs stay unknown");
                return self.part(piece, timing, false, on_progress).await;
            }
        };
        let began = Instant::now();
        let mut watch = Watch::begin(&table);
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut run = std::pin::pin!(self.part(piece, timing, false, on_progress));
        let hosts = loop {
            tokio::select! {
                biased;
                ended = &mut run => break ended?,
                _ = looks.tick() => look(&mut watch, began).await,
            }
        };
        let scope = Scope::of(self.target(), piece)?;
        let mut found: BTreeMap<IpAddr, Host> =
            hosts.into_iter().map(|host| (host.ip, host)).collect();
        let ended = Instant::now();
        loop {
            look(&mut watch, began).await;
            let mut open = watch.open();
            let waits = open.any(|ip| scope.contains(ip) && !found.contains_key(&ip));
            if !waits || ended.elapsed() >= SETTLE {
                break;
            }
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(Failure::Stopped),
                () = sleep(LOOK_AGAIN) => {}
            }
        }
        tell(&watch, &mut found, |ip| scope.contains(ip));
        let mut hosts: Vec<Host> = found.into_values().collect();
        vendors::name(self.program(), &mut hosts).await;
        Ok(hosts)
    }
}

fn by_table(ip: IpAddr, mac: Option<Mac>) -> Host {
    Host {
        ip,
        mac,
        also: Vec::new(),
        vendor: None,
        ptr: None,
        rtt: None,
        seen_by: SeenBy::Neighbour,
    }
}

/// A look that fails shows nothing; the next one may.
async fn look(watch: &mut Watch, began: Instant) {
    if let Ok(table) = neighbours::read().await {
        watch.look(&table, began.elapsed());
    }
}

/// Adds whom the table has seen answer, and gives everybody the MAC that the table has.
fn tell(watch: &Watch, found: &mut BTreeMap<IpAddr, Host>, asked: impl Fn(IpAddr) -> bool) {
    for (ip, _) in watch.answered().filter(|(ip, _)| asked(*ip)) {
        found.entry(ip).or_insert_with(|| by_table(ip, None));
    }
    for host in found.values_mut() {
        let Some(seen) = watch.of(host.ip) else {
            continue;
        };
        host.mac = host.mac.or(seen.mac);
        let others = seen.answered.iter().filter(|mac| Some(**mac) != host.mac);
        host.also = others.copied().collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neighbours::Neighbour;

    fn ip(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }

    fn mac(last: u8) -> Mac {
        Mac([2, 0, 0, 0, 0, last])
    }

    #[test]
    fn the_table_adds_macs_and_whoever_answers_nothing_but_arp() {
        let entry = |last, mac, answered_s| Neighbour {
            ip: ip(last),
            mac,
            asking: mac.is_none(),
            answered: mac.map(|_| Duration::from_secs(answered_s)),
        };
        let mut watch = Watch::begin(&[]);
        let table = [
            entry(1, Some(mac(1)), 60),
            entry(2, Some(mac(2)), 1),
            entry(3, Some(mac(3)), 60),
            entry(4, None, 0),
            entry(9, Some(mac(9)), 1),
        ];
        watch.look(&table, Duration::from_secs(5));
        watch.look(&[entry(2, Some(mac(7)), 1)], Duration::from_secs(6));
        let up = |last| Host {
            ip: ip(last),
            mac: None,
            also: Vec::new(),
            vendor: None,
            ptr: None,
            rtt: None,
            seen_by: SeenBy::ConnRefused,
        };
        let mut found: BTreeMap<_, _> = [(ip(1), up(1)), (ip(5), up(5))].into();
        tell(&watch, &mut found, |ip| ip != self::ip(9));
        let told: Vec<_> = found
            .into_values()
            .map(|host| (host.ip, host.mac, host.also, host.seen_by))
            .collect();
        assert_eq!(
            told,
            [
                (ip(1), Some(mac(1)), vec![], SeenBy::ConnRefused),
                (ip(2), Some(mac(7)), vec![mac(2)], SeenBy::Neighbour),
                (ip(5), None, vec![], SeenBy::ConnRefused),
            ],
            "an old entry is nobody's sign of life, an incomplete one has no MAC, and who was not asked is not told"
        );
    }
}
