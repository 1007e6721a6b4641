//! One scan's way over its chunks: each is asked in the way that fits its place and what was seen before, and what comes
//! is told. Doesn't say when a chunk starts.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    path::Path,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use fieldscan_core::{
    host::{Host, SeenBy},
    plan::{self, Chunk, Observed, Place, Target, Timing},
};
use tokio_util::sync::CancellationToken;

use super::{
    Nmap,
    part::{Failure, count},
    route,
    scheduler::{News, Work},
};

/// What a chunk is scanned for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pass {
    /// The chunk of the target at this place.
    First(usize),
    /// Known addresses that did not answer, in so many-th part.
    Second(usize),
}

type OnNews<'a> = Box<dyn FnMut(News<'_>) + Send + 'a>;

/// A scan that goes on.
pub(super) struct Sweep<'a> {
    nmap: &'a Nmap,
    work: &'a Work<'a>,
    /// Ends this scan, and by a failure, this scan only.
    pub(super) cancel: CancellationToken,
    privileged: AtomicBool,
    shared: Mutex<Shared<'a>>,
}

struct Shared<'a> {
    observed: Observed,
    /// Of each part that was begun: addresses done, hosts found.
    parts: BTreeMap<Pass, (u32, u32)>,
    on_news: OnNews<'a>,
}

impl Shared<'_> {
    fn progress(&mut self) {
        let sum = |(done, up): (u32, u32), part: &(u32, u32)| (done + part.0, up + part.1);
        let (done, up) = self.parts.values().fold((0, 0), sum);
        (self.on_news)(News::Progress { done, up });
    }
}

impl<'a> Sweep<'a> {
    pub(super) fn new(
        nmap: &'a Nmap,
        work: &'a Work<'a>,
        cancel: &CancellationToken,
        on_news: OnNews<'a>,
    ) -> Self {
        Self {
            nmap,
            work,
            cancel: cancel.child_token(),
            privileged: AtomicBool::new(nmap.privileged),
            shared: Mutex::new(Shared {
                observed: Observed::default(),
                parts: BTreeMap::new(),
                on_news,
            }),
        }
    }

    /// Whether nmap has raw sockets, as far as is known by now.
    pub(super) fn privileged(&self) -> bool {
        self.privileged.load(Ordering::Relaxed)
    }

    fn shared(&self) -> MutexGuard<'_, Shared<'a>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a part's end.
    pub(super) fn done(&self, pass: Pass, hosts: &[Host]) {
        let mut shared = self.shared();
        let (addresses, news) = match pass {
            Pass::First(index) => {
                let chunk = self.work.target.chunks.get(index);
                let addresses = chunk.map_or(0, |chunk| chunk.addresses);
                (addresses, News::Chunk { index, hosts })
            }
            Pass::Second(_) => (0, News::SecondPass { hosts }),
        };
        shared.parts.insert(pass, (addresses, count(hosts.len())));
        shared.progress();
        (shared.on_news)(news);
    }

    /// Scans a part with so many packets a second. One that fails is tried once more.
    pub(super) async fn scan(
        &self,
        pass: Pass,
        chunk: &Chunk,
        rate: u32,
    ) -> Result<Vec<Host>, Failure> {
        let subnet = self.work.target.subnet;
        let mut again = true;
        loop {
            let privileged = self.privileged();
            match self.try_once(pass, chunk, rate, privileged).await {
                Err(Failure::NoRawSockets(detail)) if privileged => {
                    tracing::warn!(%subnet, "nmap has no raw sockets after all");
                    tracing::debug!(%detail, "nmap's words");
                    self.privileged.store(false, Ordering::Relaxed);
                }
                Err(failure @ (Failure::Failed(_) | Failure::Hung)) if again => {
                    tracing::warn!(%subnet, "a part of a scan failed and is tried once more");
                    tracing::debug!(?failure, "why it failed");
                    again = false;
                }
                ended => return ended,
            }
        }
    }

    async fn try_once(
        &self,
        pass: Pass,
        chunk: &Chunk,
        rate: u32,
        privileged: bool,
    ) -> Result<Vec<Host>, Failure> {
        let observed = self.shared().observed;
        if !privileged && route::touches_link(&chunk.networks) {
            let timing = match pass {
                Pass::First(_) => plan::timing(Place::Behind, &observed, rate),
                Pass::Second(_) => plan::second_pass(&observed, rate),
            };
            let hosts = self.by_connecting(pass, chunk, &timing).await?;
            self.shared().observed.add(Place::Link, true, &hosts);
            return Ok(hosts);
        }
        if let Pass::Second(_) = pass {
            let timing = plan::second_pass(&observed, rate);
            return self.part(chunk, &timing, privileged, |_, _| {}).await;
        }
        // Without raw sockets nobody is asked by ARP.
        let place = match privileged {
            true => route::place(chunk),
            false => Place::Behind,
        };
        match place {
            Place::Behind => self.at_once(pass, chunk, rate, privileged).await,
            Place::Link => self.rounds(pass, chunk, rate, privileged).await,
        }
    }

    /// Asks a part by one nmap that repeats its probes itself.
    async fn at_once(
        &self,
        pass: Pass,
        chunk: &Chunk,
        rate: u32,
        privileged: bool,
    ) -> Result<Vec<Host>, Failure> {
        let observed = self.shared().observed;
        let timing = plan::timing(Place::Behind, &observed, rate);
        let on_progress = |done, up| self.progress(pass, done, up);
        let hosts = self.part(chunk, &timing, privileged, on_progress).await?;
        self.shared().observed.add(Place::Behind, true, &hosts);
        Ok(hosts)
    }

    /// Asks a part on the link by ARP, each address once in a round, until the link's loss lets nobody be missed. Whoever
    /// has answered is not asked again. How many answer in later rounds tells the loss.
    async fn rounds(
        &self,
        pass: Pass,
        chunk: &Chunk,
        rate: u32,
        privileged: bool,
    ) -> Result<Vec<Host>, Failure> {
        let mut found: BTreeMap<IpAddr, Host> = BTreeMap::new();
        let mut rest = chunk.clone();
        for round in 0.. {
            let observed = self.shared().observed;
            let enough = round > 0 && !plan::another_round(&observed, round, count(found.len()));
            if enough || rest.addresses == 0 {
                break;
            }
            let timing = plan::timing(Place::Link, &observed, rate);
            let before = count(found.len());
            let on_progress = |done: u32, up| {
                let share = (round * chunk.addresses + done) / plan::ROUNDS;
                self.progress(pass, share, before + up);
            };
            let hosts = self.part(&rest, &timing, privileged, on_progress).await?;
            if !hosts.iter().all(by_arp) {
                // A route leads elsewhere than the link's addresses say, and nmap has followed it.
                return self.at_once(pass, chunk, rate, privileged).await;
            }
            self.shared().observed.add(Place::Link, round == 0, &hosts);
            rest.exclude.extend(hosts.iter().map(|host| host.ip));
            rest.exclude.sort_unstable();
            rest.addresses = rest.addresses.saturating_sub(count(hosts.len()));
            found.extend(hosts.into_iter().map(|host| (host.ip, host)));
        }
        Ok(found.into_values().collect())
    }

    pub(super) fn target(&self) -> &Target {
        self.work.target
    }

    pub(super) fn program(&self) -> &Path {
        &self.nmap.path
    }

    pub(super) async fn part(
        &self,
        chunk: &Chunk,
        timing: &Timing,
        privileged: bool,
        on_progress: impl FnMut(u32, u32),
    ) -> Result<Vec<Host>, Failure> {
        let target = self.work.target;
        self.nmap
            .scan_part(target, chunk, timing, privileged, &self.cancel, on_progress)
            .await
    }

    pub(super) fn progress(&self, pass: Pass, done: u32, up: u32) {
        let mut shared = self.shared();
        let part = shared.parts.entry(pass).or_default();
        // Whoever has answered is not asked again, in whichever round that was.
        *part = (part.0.max(done).max(up), part.1.max(up));
        shared.progress();
    }
}

/// Whether the host was seen as one on the link is, or is the scanner itself.
fn by_arp(host: &Host) -> bool {
    matches!(
        host.seen_by,
        SeenBy::ArpResponse | SeenBy::LocalhostResponse
    )
}
