//! A scan, or what is left to do of one that was cut short: finished chunks are kept as they come. The names of all hosts are
//! looked up at the end.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use fieldscan_core::{
    agent::{Input, ScanEnded, ScanFailure},
    host::Host,
    ids::ScanId,
    plan::{self, Profile, Target, Unfinished},
    run::Rights,
};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::world::World;
use crate::{
    names,
    nmap::{News, Nmap, Privileges, Scanned, Work},
    store::CacheKey,
};

impl World {
    /// Scans what an earlier scan of the same target has not finished, or all of it. `begun_at` is now.
    pub(super) async fn scan(
        &self,
        scan: ScanId,
        target: Target,
        profile: Profile,
        begun_at: Timestamp,
        cancel: &CancellationToken,
    ) -> ScanEnded {
        let nmap = match Nmap::find(self.nmap.as_deref()).await {
            Ok(nmap) => nmap,
            Err(problem) => {
                return ScanEnded {
                    scan,
                    started_at: begun_at,
                    rights: Rights::Connect,
                    result: Err(ScanFailure::Failed(problem)),
                };
            }
        };
        tracing::info!(subnet = %target.subnet, mode = %nmap.privileges().words(), "nmap is started");
        let key = self.access.cache_key();
        let left = self.left(&key, &target, nmap.privileged, begun_at).await;
        let started_at = left.as_ref().map_or(begun_at, |left| left.started_at);
        let done = left.map(|left| left.chunks).unwrap_or_default();
        let part = Part {
            scan,
            target: &target,
            profile,
            key: &key,
            started_at,
            done,
        };
        let mut scanned = self.scan_rest(&nmap, part, cancel).await;
        if let Ok(hosts) = &mut scanned.result {
            if target.network.is_ipv6() {
                // The system's neighbours may be among those that phpIPAM leaves out of scans.
                let excluded = self.excluded(&target).await;
                hosts.retain(|host| !excluded.contains(&host.ip));
            }
            let names = names::look_up(&target.dns, hosts.iter().map(|host| host.ip));
            tokio::select! {
                biased;
                () = cancel.cancelled() => scanned.result = Err(ScanFailure::Stopped),
                mut names = names => for host in hosts {
                    host.ptr = names.remove(&host.ip);
                },
            }
        }
        if let Err(ScanFailure::Stopped) = scanned.result
            && !self.no_more_questions.is_cancelled()
        {
            // A person stopped it, not the process's end: the next scan is another one.
            self.database
                .write(move |store| store.forget_chunks(&key, target.subnet));
        }
        ScanEnded {
            scan,
            started_at,
            rights: rights(&nmap, scanned.privileged),
            result: scanned.result,
        }
    }

    /// What an earlier scan has left to go on with. That it can't be read is no reason not to scan.
    async fn left(
        &self,
        key: &CacheKey,
        target: &Target,
        privileged: bool,
        now: Timestamp,
    ) -> Option<Unfinished> {
        let (key, subnet) = (key.clone(), target.subnet);
        let left = self
            .database
            .read(move |store| store.unfinished(&key, subnet))
            .await;
        left.inspect_err(|problem| tracing::warn!(%subnet, ?problem, "scanned from the start"))
            .ok()
            .flatten()
            .filter(|left| {
                // Chunks that were asked in another way don't belong to this scan.
                left.privileged == privileged && plan::may_resume(target, left, now)
            })
    }

    async fn scan_rest(&self, nmap: &Nmap, part: Part<'_>, cancel: &CancellationToken) -> Scanned {
        let Part {
            scan,
            target,
            profile,
            key,
            started_at,
            done: finished,
        } = part;
        let all = 0..target.chunks.len();
        let chunks: BTreeSet<usize> = all.filter(|index| !finished.contains_key(index)).collect();
        let already: u32 = finished
            .keys()
            .filter_map(|index| target.chunks.get(*index))
            .map(|chunk| chunk.addresses)
            .sum();
        if !finished.is_empty() {
            tracing::info!(subnet = %target.subnet, missing = chunks.len(), "a scan that was cut short goes on");
        }
        let hosts: BTreeMap<IpAddr, Host> = finished
            .into_values()
            .flatten()
            .map(|host| (host.ip, host))
            .collect();
        // Who was found before the interruption needs no second pass.
        let mut known = self.known(target).await;
        known.retain(|ip| !hosts.contains_key(ip));
        if chunks.is_empty() && known.is_empty() && !target.chunks.is_empty() {
            return Scanned {
                privileged: nmap.privileged,
                result: Ok(hosts.into_values().collect()),
            };
        }
        let found = u32::try_from(hosts.len()).unwrap_or(u32::MAX);
        let on_news = |news: News<'_>| match news {
            News::Progress { done, up } => {
                let (done, up) = (already.saturating_add(done), found.saturating_add(up));
                let _ = self.inputs.send(Input::ScanProgress { scan, done, up });
            }
            News::Chunk { index, hosts } => {
                let (key, target, hosts) = (key.clone(), target.clone(), hosts.to_vec());
                let privileged = nmap.privileged;
                self.database.write_then(
                    move |store| {
                        store.save_chunk(&key, &target, started_at, privileged, index, &hosts)
                    },
                    move |kept| match kept {
                        Ok(()) => Input::ScanKept { scan },
                        Err(problem) => Input::Failed(problem),
                    },
                );
            }
            // Comes after all chunks; the scan's end brings its hosts.
            News::SecondPass { .. } => {}
        };
        let work = Work {
            chunks,
            known,
            ..Work::all(target, profile)
        };
        let mut scanned = self.scheduler.scan(nmap, work, cancel, on_news).await;
        if let Ok(rest) = &mut scanned.result {
            let mut all = hosts;
            all.extend(rest.drain(..).map(|host| (host.ip, host)));
            *rest = all.into_values().collect();
        }
        scanned
    }
}

/// What nmap was allowed, if it had raw sockets all the time or not.
fn rights(nmap: &Nmap, privileged: bool) -> Rights {
    match nmap.privileges() {
        Privileges::Helper(_) if privileged => Rights::Helper,
        Privileges::Own | Privileges::Helper(_) | Privileges::None if privileged => Rights::Raw,
        Privileges::Own | Privileges::Helper(_) | Privileges::None => Rights::Connect,
    }
}

/// What is to be scanned, and what of it is done.
struct Part<'a> {
    scan: ScanId,
    target: &'a Target,
    profile: Profile,
    key: &'a CacheKey,
    /// When its first part began.
    started_at: Timestamp,
    done: BTreeMap<usize, Vec<Host>>,
}
