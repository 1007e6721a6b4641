//! Carries the agent's effects out, each in a task of its own, and brings back what came of them.

use std::{
    collections::HashMap, future::Future, panic::AssertUnwindSafe, path::PathBuf, sync::Arc,
};

use fieldscan_core::{
    agent::{Effect, Input, Loaded, ScanEnded, ScanFailure},
    delivery::Answer,
    ids::ScanId,
    notice::Notice,
    plan::{Profile, Target},
    problem::Problem,
    run::Rights,
    settings::Settings,
};
use futures_util::FutureExt;
use tokio::sync::{broadcast, mpsc::UnboundedSender};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{access::Access, database::Database, world::World};
use crate::nmap::Scheduler;

/// What the effects need.
pub(super) struct Effects {
    world: Arc<World>,
    notices: broadcast::Sender<Notice>,
    scans: HashMap<ScanId, CancellationToken>,
    tasks: TaskTracker,
}

impl Effects {
    pub(super) fn new(
        access: Access,
        database: Database,
        nmap: Option<PathBuf>,
        inputs: UnboundedSender<Input>,
        notices: broadcast::Sender<Notice>,
    ) -> Self {
        Self {
            notices,
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
            Effect::Discard(subnet) => {
                let key = world.access.cache_key();
                world
                    .database
                    .write(move |store| store.forget_chunks(&key, subnet));
            }
            Effect::HoldScans(hold) => world.scheduler.hold(hold),
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
            effect @ (Effect::SaveReport(_)
            | Effect::SaveRun(_)
            | Effect::SavePlaces(_)
            | Effect::SaveLasting(_)
            | Effect::Notify(_)
            | Effect::SaveNotice(_)) => {
                let key = world.access.cache_key();
                let notices = self.notices.clone();
                world
                    .database
                    .save(effect, move |store, effect| match effect {
                        Effect::SaveReport(report) => store.save_report(report),
                        Effect::SaveRun(run) => store.save_run(&key, run),
                        Effect::SavePlaces(places) => store.save_places(&key, places),
                        Effect::SaveLasting(lasting) => store.save_lasting(lasting),
                        Effect::SaveNotice(notice) => store.save_notice(&key, notice),
                        Effect::Notify(notice) => {
                            let saved = store.save_notice(&key, notice);
                            // What tells of a full disk can't be kept, and must be told. An error means that nobody shows it.
                            let _ = notices.send((**notice).clone());
                            saved
                        }
                        Effect::FetchAssignment
                        | Effect::LoadAddresses { .. }
                        | Effect::Scan { .. }
                        | Effect::Discard(_)
                        | Effect::HoldScans(_)
                        | Effect::StopScan(_)
                        | Effect::Commit(_)
                        | Effect::Upload { .. }
                        | Effect::ReadBack { .. }
                        | Effect::Prune(_)
                        | Effect::WakeAt(_)
                        | Effect::End => Ok(()),
                    });
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
        let begun_at = world.access.clock().now();
        let subnet = target.subnet;
        let broken = move |detail| {
            Input::ScanEnded(Box::new(ScanEnded {
                scan,
                started_at: begun_at,
                rights: Rights::Connect,
                result: Err(ScanFailure::Failed(Problem::NmapFailed { subnet, detail })),
            }))
        };
        self.spawn(broken, async move {
            let ended = world.scan(scan, target, profile, begun_at, &cancel).await;
            // A token that is done counts as cancelled, and is let go of with the next scan.
            cancel.cancel();
            Input::ScanEnded(Box::new(ended))
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
