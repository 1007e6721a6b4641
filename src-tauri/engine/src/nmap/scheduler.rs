//! Runs the chunks of all scans that go on at the same time: a bounded number of nmaps, one budget of packets, and turns.
//!
//! How one chunk is scanned is `sweep`'s part; whose turn it is and how fast, `budget`'s.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use fieldscan_core::{
    agent::ScanFailure,
    host::Host,
    plan::{self, Chunk, Profile, Target},
};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use ipnetwork::IpNetwork;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{
    Nmap,
    budget::{Budget, Key, Want},
    part::{Failure, count},
    sweep::{Pass, Sweep},
};

/// Addresses of one nmap in the second pass.
const SECOND_CHUNK: usize = 256;

/// How a scan ended.
#[derive(Debug)]
pub struct Scanned {
    /// Whether nmap had raw sockets, for all of it.
    pub privileged: bool,
    /// The hosts that answered, in address order, or why there is no result. Of a part of the chunks, their hosts.
    pub result: Result<Vec<Host>, ScanFailure>,
}

/// What is to be scanned.
#[derive(Debug, Clone)]
pub struct Work<'a> {
    /// The subnet.
    pub target: &'a Target,
    /// How hard to press.
    pub profile: Profile,
    /// Which of the target's chunks, by their place: all, or those that are missing of a scan that was cut short.
    pub chunks: BTreeSet<usize>,
    /// Addresses that somebody should be at. Those that don't answer get a second, slower pass, once all chunks are done.
    /// What earlier parts of the scan have found need not be among them.
    pub known: BTreeSet<IpAddr>,
}

impl<'a> Work<'a> {
    /// All of a target, with no second pass.
    pub fn all(target: &'a Target, profile: Profile) -> Self {
        Self {
            target,
            profile,
            chunks: (0..target.chunks.len()).collect(),
            known: BTreeSet::new(),
        }
    }
}

/// What a scan tells while it goes on.
#[derive(Debug, Clone, Copy)]
pub enum News<'a> {
    /// How many addresses of its chunks are done, and how many hosts were found. `done` never falls.
    Progress {
        /// Addresses done.
        done: u32,
        /// Hosts found.
        up: u32,
    },
    /// A chunk is done.
    Chunk {
        /// Its place in the target.
        index: usize,
        /// Who answered, in address order.
        hosts: &'a [Host],
    },
    /// The second pass is done, or a part of it.
    SecondPass {
        /// Who answered now.
        hosts: &'a [Host],
    },
}

/// Shared by all scans of this machine: clones are the same scheduler.
#[derive(Debug, Clone, Default)]
pub struct Scheduler {
    pool: Arc<Pool>,
}

#[derive(Debug, Default)]
struct Pool {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    budget: Budget,
    waiting: HashMap<Key, oneshot::Sender<Grant>>,
}

/// A chunk's right to send so many packets a second, until it is dropped.
#[derive(Debug)]
struct Grant {
    pool: Arc<Pool>,
    key: Key,
    rate: u32,
}

impl Drop for Grant {
    fn drop(&mut self) {
        self.pool.lock().budget.give_back(self.key, self.rate);
        self.pool.serve();
    }
}

/// A scan's place among the others, until it is dropped.
#[derive(Debug)]
struct Place {
    pool: Arc<Pool>,
    key: Key,
}

impl Place {
    fn new(pool: &Arc<Pool>, profile: Profile) -> Self {
        let key = pool.lock().budget.enter(profile);
        Self {
            pool: pool.clone(),
            key,
        }
    }

    /// A grant, once it is this scan's turn.
    fn ask(&self, want: Want) -> oneshot::Receiver<Grant> {
        let (grant, granted) = oneshot::channel();
        {
            let mut state = self.pool.lock();
            state.waiting.insert(self.key, grant);
            state.budget.want(self.key, want);
        }
        self.pool.serve();
        granted
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        {
            let mut state = self.pool.lock();
            state.budget.leave(self.key);
            state.waiting.remove(&self.key);
        }
        self.pool.serve();
    }
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives to whoever is next.
    fn serve(self: &Arc<Self>) {
        loop {
            let (grant, asker) = {
                let mut state = self.lock();
                let Some((key, rate)) = state.budget.next() else {
                    return;
                };
                let pool = self.clone();
                (Grant { pool, key, rate }, state.waiting.remove(&key))
            };
            // A grant that nobody takes goes back as it is dropped, here and without the lock.
            if let Some(asker) = asker {
                drop(asker.send(grant));
            }
        }
    }
}

impl Scheduler {
    /// With nothing to do.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins no chunk of any scan, or (false) goes on again. What has begun goes on in either case.
    pub fn hold(&self, hold: bool) {
        self.pool.lock().budget.hold(hold);
        self.pool.serve();
    }

    /// Scans, among the others. Ends within 2 s of `cancel`, with no process left, as it does when it is dropped.
    ///
    /// A chunk that fails is tried once more; if it fails again, so does the scan.
    pub async fn scan(
        &self,
        nmap: &Nmap,
        work: Work<'_>,
        cancel: &CancellationToken,
        on_news: impl FnMut(News<'_>) + Send,
    ) -> Scanned {
        let sweep = Sweep::new(nmap, &work, cancel, Box::new(on_news));
        let result = self.run(&sweep, &work).await;
        Scanned {
            privileged: sweep.privileged(),
            result: result.map_err(|failure| failure.of(work.target.subnet)),
        }
    }

    async fn run(&self, sweep: &Sweep<'_>, work: &Work<'_>) -> Result<Vec<Host>, Failure> {
        let target = work.target;
        let chunks: VecDeque<_> = work
            .chunks
            .iter()
            .filter_map(|index| {
                let chunk = target.chunks.get(*index)?.clone();
                let rate = plan::useful_rate(chunk.addresses);
                Some((Pass::First(*index), chunk, rate))
            })
            .collect();
        let nobody = chunks.is_empty() && work.known.is_empty();
        if chunks.len() < work.chunks.len() || nobody && target.network.is_ipv4() {
            return Err(Failure::Failed("there is nothing to scan".to_owned()));
        }
        let place = Place::new(&self.pool, work.profile);
        let mut hosts = BTreeMap::new();
        run_all(&place, chunks, sweep, &mut hosts).await?;
        let unseen: Vec<_> = work
            .known
            .iter()
            .filter(|ip| !hosts.contains_key(*ip) && target.covers(**ip))
            .map(|ip| IpNetwork::from(*ip))
            .collect();
        let rate = plan::second_pass_rate(work.profile);
        let again = unseen.chunks(SECOND_CHUNK).enumerate();
        let again = again.map(|(index, networks)| {
            let chunk = Chunk {
                networks: networks.to_vec(),
                exclude: Vec::new(),
                addresses: count(networks.len()),
            };
            (Pass::Second(index), chunk, rate)
        });
        run_all(&place, again.collect(), sweep, &mut hosts).await?;
        if target.network.is_ipv6() {
            sweep.learn(&mut hosts).await?;
        }
        Ok(hosts.into_values().collect())
    }
}

/// Starts chunk after chunk, each when it is its turn, and takes what they give.
async fn run_all(
    place: &Place,
    mut chunks: VecDeque<(Pass, Chunk, u32)>,
    sweep: &Sweep<'_>,
    hosts: &mut BTreeMap<IpAddr, Host>,
) -> Result<(), Failure> {
    let mut running = FuturesUnordered::new();
    let mut asked = None;
    let mut failed = None;
    loop {
        if failed.is_some() {
            // Nothing more is started, and what runs is stopped and waited for.
            (chunks, asked) = (VecDeque::new(), None);
        }
        if asked.is_none()
            && let Some((_, _, rate)) = chunks.front()
        {
            asked = Some(place.ask(Want {
                rate: *rate,
                last: chunks.len() == 1,
            }));
        }
        let waits = asked.is_some();
        if running.is_empty() && !waits {
            return failed.map_or(Ok(()), Err);
        }
        let turn = async {
            match &mut asked {
                Some(asked) => asked.await.ok(),
                None => None,
            }
        };
        tokio::select! {
            biased;
            () = sweep.cancel.cancelled(), if failed.is_none() => failed = Some(Failure::Stopped),
            Some((pass, ended)) = running.next(), if !running.is_empty() => match ended {
                Ok(found) => {
                    let found: Vec<Host> = found;
                    sweep.done(pass, &found);
                    for host in found {
                        hosts.entry(host.ip).or_insert(host);
                    }
                }
                Err(failure) => {
                    sweep.cancel.cancel();
                    failed.get_or_insert(failure);
                }
            },
            grant = turn, if waits => {
                asked = None;
                let Some(grant) = grant else {
                    sweep.cancel.cancel();
                    failed = Some(Failure::Failed("no turn was given".to_owned()));
                    continue;
                };
                if let Some((pass, chunk, _)) = chunks.pop_front() {
                    running.push(async move {
                        let ended = sweep.scan(pass, &chunk, grant.rate).await;
                        drop(grant);
                        (pass, ended)
                    });
                }
            }
        }
    }
}

impl Nmap {
    /// Scans a target with nobody else at work. `on_progress` is told how many addresses are done and how many hosts were
    /// found. Otherwise as [`Scheduler::scan`].
    pub async fn scan(
        &self,
        target: &Target,
        profile: Profile,
        cancel: &CancellationToken,
        mut on_progress: impl FnMut(u32, u32) + Send,
    ) -> Scanned {
        let on_news = |news: News<'_>| match news {
            News::Progress { done, up } => on_progress(done, up),
            News::Chunk { .. } | News::SecondPass { .. } => {}
        };
        let work = Work::all(target, profile);
        Scheduler::new().scan(self, work, cancel, on_news).await
    }
}
