//! Carries the agent's effects out, each in a task of its own, and brings back what came of them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    future::Future,
    net::IpAddr,
    panic::AssertUnwindSafe,
    path::PathBuf,
    sync::Arc,
};

use fieldscan_core::{
    agent::{Effect, Freshness, Input, Loaded, ScanEnded, ScanFailure},
    delivery::{Answer, ReadBack, Report},
    ids::{ReportId, ScanId, SubnetId},
    ipam,
    plan::{Profile, Target},
    problem::Problem,
    report,
    run::Body,
    settings::Settings,
};
use futures_util::FutureExt;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{access::Access, database::Database};
use crate::nmap::{News, Nmap, Scanned, Scheduler, Work};

/// What the effects need.
pub(super) struct Effects {
    world: Arc<World>,
    scans: HashMap<ScanId, CancellationToken>,
    tasks: TaskTracker,
}

/// Shared by the tasks.
struct World {
    access: Arc<Access>,
    database: Database,
    nmap: Option<PathBuf>,
    /// One for all scans, so that they share the profile's packets.
    scheduler: Scheduler,
    inputs: UnboundedSender<Input>,
    /// Questions to phpIPAM are given up: the process ends.
    no_more_questions: CancellationToken,
}

impl Effects {
    pub(super) fn new(
        access: Access,
        database: Database,
        nmap: Option<PathBuf>,
        inputs: UnboundedSender<Input>,
    ) -> Self {
        Self {
            world: Arc::new(World {
                access: Arc::new(access),
                database,
                nmap,
                scheduler: Scheduler::new(),
                inputs,
                no_more_questions: CancellationToken::new(),
            }),
            scans: HashMap::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// Takes new settings, or the same ones after a secret changed.
    pub(super) fn settings_changed(&self, settings: &Settings) {
        self.world.access.change(settings.clone());
    }

    /// Gives up what is asked of phpIPAM, so that ending doesn't wait for it.
    pub(super) fn stop_asking(&self) {
        self.world.no_more_questions.cancel();
    }

    /// Waits for processes and the database. Uploads are given up: their reports are in the outbox still.
    pub(super) async fn finish(self) {
        for scan in self.scans.values() {
            scan.cancel();
        }
        self.tasks.close();
        self.tasks.wait().await;
        self.world.database.finish().await;
    }

    /// Starts an effect. Effects on the database keep their order; others run side by side.
    pub(super) fn carry_out(&mut self, effect: Effect) {
        let world = self.world.clone();
        match effect {
            Effect::FetchAssignment => {
                let broken = |detail| Input::Assignment(Err(Problem::IpamNotUnderstood { detail }));
                self.spawn(broken, async move { world.fetch_assignment().await });
            }
            Effect::LoadAddresses { subnet, freshness } => {
                let broken = move |detail| {
                    Input::Addresses(Box::new(Loaded {
                        subnet,
                        book: None,
                        asked: false,
                        problem: Some(Problem::StoreFailing { detail }),
                        memory: Default::default(),
                    }))
                };
                self.spawn(broken, async move {
                    world.load_addresses(subnet, freshness).await
                });
            }
            Effect::Scan {
                scan,
                target,
                profile,
            } => self.scan(scan, target, profile),
            Effect::StopScan(scan) => {
                if let Some(scan) = self.scans.get(&scan) {
                    scan.cancel();
                }
            }
            Effect::Commit(finished) => {
                let scan = finished.scan.id;
                let key = world.access.cache_key();
                let kept = finished.clone();
                world.database.write_then(
                    move |store| store.commit(&key, &finished),
                    move |result| Input::Committed {
                        scan,
                        result: result.map_err(|problem| (problem, kept)),
                    },
                );
            }
            Effect::SaveReport(report) => {
                world
                    .database
                    .write(move |store| store.save_report(&report));
            }
            Effect::SaveRun(run) => {
                let key = world.access.cache_key();
                world
                    .database
                    .write(move |store| store.save_run(&key, &run));
            }
            Effect::SaveLasting(lasting) => {
                world
                    .database
                    .write(move |store| store.save_lasting(&lasting));
            }
            Effect::Prune(before) => world.database.write(move |store| store.prune(before)),
            Effect::Upload {
                report,
                baseline,
                leave_out,
            } => {
                let broken = move |detail| Input::Uploaded {
                    report,
                    answer: Answer::NotNow {
                        problem: Problem::ServerUnreachable { detail },
                        retry_after: None,
                    },
                };
                let given_up = world.no_more_questions.clone();
                let upload = async move {
                    let answer = world.upload(report, baseline, &leave_out).await;
                    Input::Uploaded { report, answer }
                };
                self.spawn_until(given_up, broken, upload);
            }
            Effect::ReadBack {
                subnet,
                last_discovery,
            } => {
                let broken = move |detail| Input::ReadBack {
                    subnet,
                    result: Err(Problem::IpamNotUnderstood { detail }),
                };
                let given_up = world.no_more_questions.clone();
                let read = async move {
                    let result = world.read_back(subnet, last_discovery).await;
                    Input::ReadBack { subnet, result }
                };
                self.spawn_until(given_up, broken, read);
            }
            Effect::WakeAt(_) | Effect::End => {}
        }
    }

    fn scan(&mut self, scan: ScanId, target: Target, profile: Profile) {
        let world = self.world.clone();
        let cancel = CancellationToken::new();
        self.scans.retain(|_, scan| !scan.is_cancelled());
        self.scans.insert(scan, cancel.clone());
        let started_at = world.access.clock().now();
        let subnet = target.subnet;
        let broken = move |detail| {
            Input::ScanEnded(Box::new(ScanEnded {
                scan,
                started_at,
                privileged: false,
                result: Err(ScanFailure::Failed(Problem::NmapFailed { subnet, detail })),
            }))
        };
        self.spawn(broken, async move {
            let scanned = world.run_nmap(scan, &target, profile, &cancel).await;
            // A token that is done counts as cancelled, and is let go of with the next scan.
            cancel.cancel();
            Input::ScanEnded(Box::new(ScanEnded {
                scan,
                started_at,
                privileged: scanned.privileged,
                result: scanned.result,
            }))
        });
    }

    /// Runs a task to its end. If it panics, `broken` says so: the agent is never left waiting.
    fn spawn(
        &self,
        broken: impl FnOnce(String) -> Input + Send + 'static,
        task: impl Future<Output = Input> + Send + 'static,
    ) {
        self.spawn_until(CancellationToken::new(), broken, task);
    }

    /// The same, but the task is dropped once `given_up` is cancelled.
    fn spawn_until(
        &self,
        given_up: CancellationToken,
        broken: impl FnOnce(String) -> Input + Send + 'static,
        task: impl Future<Output = Input> + Send + 'static,
    ) {
        let inputs = self.world.inputs.clone();
        self.tasks.spawn(async move {
            let task = AssertUnwindSafe(task).catch_unwind();
            let input = tokio::select! {
                result = task => result.unwrap_or_else(|_| {
                    tracing::error!("a task panicked; this is a fault in Fieldscan");
                    broken("a fault in Fieldscan itself; see its log".to_owned())
                }),
                () = given_up.cancelled() => return,
            };
            // Nobody listens any more once the loop has ended.
            let _ = inputs.send(input);
        });
    }
}

impl World {
    async fn fetch_assignment(&self) -> Input {
        let result = self.asked(async {
            let code = self.access.code()?;
            let client = self.access.phpipam().await?;
            let result = client.assignment(&code, self.access.clock().now()).await;
            self.clock_seen(*client.clock().borrow());
            result
        });
        let result = result.await;
        if let Ok(assignment) = &result {
            let (key, kept) = (self.access.cache_key(), assignment.clone());
            self.database
                .write(move |store| store.save_assignment(&key, &kept));
        }
        Input::Assignment(result)
    }

    async fn load_addresses(&self, subnet: SubnetId, freshness: Freshness) -> Input {
        let key = self.access.cache_key();
        let read = {
            let key = key.clone();
            self.database
                .read(move |store| store.load(&key, subnet))
                .await
        };
        let (book, memory) = match read {
            Ok(known) => known,
            Err(problem) => {
                return Input::Addresses(Box::new(Loaded {
                    subnet,
                    book: None,
                    asked: false,
                    problem: Some(problem),
                    memory: Default::default(),
                }));
            }
        };
        let now = self.access.clock().now();
        let fresh = book.as_ref().is_some_and(|book| match freshness {
            Freshness::Cached => true,
            Freshness::Settings => {
                let expire = self.access.settings().cache_expire_time;
                ipam::is_fresh(book.fetched_at, now, expire)
            }
            Freshness::Since(time) => book.fetched_at >= time && book.fetched_at <= now,
        });
        let mut loaded = Loaded {
            subnet,
            book,
            asked: !fresh,
            problem: None,
            memory,
        };
        if !fresh {
            let fetched = self.asked(async {
                let client = self.access.phpipam().await?;
                let result = client.addresses(subnet, self.access.clock().now()).await;
                self.clock_seen(*client.clock().borrow());
                result
            });
            match fetched.await {
                Ok(book) => {
                    let kept = book.clone();
                    self.database
                        .write(move |store| store.save_addresses(&key, subnet, &kept));
                    loaded.book = Some(book);
                }
                Err(problem) => loaded.problem = Some(problem),
            }
        }
        Input::Addresses(Box::new(loaded))
    }

    async fn run_nmap(
        &self,
        scan: ScanId,
        target: &Target,
        profile: Profile,
        cancel: &CancellationToken,
    ) -> Scanned {
        let nmap = match Nmap::find(self.nmap.as_deref()).await {
            Ok(nmap) => nmap,
            Err(problem) => {
                return Scanned {
                    privileged: false,
                    result: Err(ScanFailure::Failed(problem)),
                };
            }
        };
        let inputs = self.inputs.clone();
        let on_news = move |news: News<'_>| match news {
            News::Progress { done, up } => {
                let _ = inputs.send(Input::ScanProgress { scan, done, up });
            }
            // The scan's end brings the hosts of all chunks.
            News::Chunk { .. } | News::SecondPass { .. } => {}
        };
        let work = Work::all(target, profile);
        self.scheduler.scan(&nmap, work, cancel, on_news).await
    }

    async fn upload(
        &self,
        id: ReportId,
        baseline: Option<SubnetId>,
        leave_out: &BTreeSet<IpAddr>,
    ) -> Answer {
        let not_now = |problem| Answer::NotNow {
            problem,
            retry_after: None,
        };
        let kept = match self.database.read(move |store| store.report(id)).await {
            Ok(kept) => kept,
            Err(problem) => return not_now(problem),
        };
        // Whatever lay in the database is held against the rules once more before it goes out.
        let body = match sendable(kept, leave_out) {
            Ok(body) => body,
            Err(detail) => {
                return Answer::Refused {
                    problem: Problem::ReportDamaged { report: id, detail },
                };
            }
        };
        let before = match baseline {
            Some(subnet) => self.last_discovery(subnet).await.ok(),
            None => None,
        };
        let server = match self.access.server().await {
            Ok(server) => server,
            Err(problem) => return not_now(problem),
        };
        let answer = server.send(id, &body).await;
        self.clock_seen(*server.clock().borrow());
        match answer {
            Answer::Taken { status, .. } => Answer::Taken {
                status,
                baseline: before,
            },
            answer @ (Answer::NotNow { .. } | Answer::Refused { .. }) => answer,
        }
    }

    async fn read_back(&self, subnet: SubnetId, last_discovery: bool) -> Result<ReadBack, Problem> {
        let client = self.access.phpipam().await?;
        let book = client.addresses(subnet, self.access.clock().now()).await?;
        let last_discovery = if last_discovery {
            Some(self.last_discovery(subnet).await?)
        } else {
            None
        };
        let last_seen: BTreeMap<_, _> = book
            .addresses
            .iter()
            .filter_map(|address| Some((address.ip, address.last_seen.clone()?)))
            .collect();
        let key = self.access.cache_key();
        self.database
            .write(move |store| store.save_addresses(&key, subnet, &book));
        Ok(ReadBack {
            last_discovery,
            last_seen,
        })
    }

    /// The subnet's `lastDiscovery`, "" for never.
    async fn last_discovery(&self, subnet: SubnetId) -> Result<String, Problem> {
        let client = self.access.phpipam().await?;
        Ok(client.last_discovery(subnet).await?.unwrap_or_default())
    }

    /// Asks phpIPAM, unless the process ends meanwhile.
    async fn asked<T>(
        &self,
        question: impl Future<Output = Result<T, Problem>>,
    ) -> Result<T, Problem> {
        tokio::select! {
            result = question => result,
            () = self.no_more_questions.cancelled() => Err(Problem::IpamUnreachable {
                detail: "the question was given up because Fieldscan ends".to_owned(),
            }),
        }
    }

    fn clock_seen(&self, reading: Option<crate::http::ClockReading>) {
        if let Some(reading) = reading {
            let _ = self.inputs.send(Input::ClockSeen {
                ahead: reading.ahead,
            });
        }
    }
}

/// The body of a report as it is sent, or why it may not be.
fn sendable(
    kept: Option<(Report, Option<Body>)>,
    leave_out: &BTreeSet<IpAddr>,
) -> Result<String, String> {
    let Some((record, Some(Body(body)))) = kept else {
        return Err("its body is no longer in the database".to_owned());
    };
    let told = report::check(&body).map_err(|error| error.to_string())?;
    if told.cidr != record.cidr || told.hosts != record.hosts {
        return Err("it tells of other hosts than those that were found".to_owned());
    }
    report::without(&body, leave_out).map_err(|error| error.to_string())
}
