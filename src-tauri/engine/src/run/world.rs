//! What each effect does outside: questions to phpIPAM, scans, uploads.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    net::IpAddr,
    path::PathBuf,
    sync::Arc,
};

use fieldscan_core::{
    agent::{Freshness, Input, Loaded},
    delivery::{Answer, ReadBack, Report},
    ids::{ReportId, SubnetId},
    ipam,
    plan::Target,
    problem::Problem,
    report,
    run::Body,
};
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use super::{access::Access, database::Database};
use crate::nmap::Scheduler;

/// Shared by the tasks of all effects.
pub(super) struct World {
    pub(super) access: Arc<Access>,
    pub(super) database: Database,
    pub(super) nmap: Option<PathBuf>,
    /// One for all scans, so that they share the profile's packets.
    pub(super) scheduler: Scheduler,
    pub(super) inputs: UnboundedSender<Input>,
    /// Questions to phpIPAM are given up: the process ends.
    pub(super) no_more_questions: CancellationToken,
}

impl World {
    pub(super) async fn fetch_assignment(&self) -> Input {
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

    pub(super) async fn load_addresses(&self, subnet: SubnetId, freshness: Freshness) -> Input {
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

    /// The addresses of a target that phpIPAM knows: they are asked again before they count as not seen.
    pub(super) async fn known(&self, target: &Target) -> BTreeSet<IpAddr> {
        let (key, subnet) = (self.access.cache_key(), target.subnet);
        let book = self
            .database
            .read(move |store| store.address_book(&key, subnet))
            .await;
        let addresses = book.ok().flatten().map(|book| book.addresses);
        addresses
            .unwrap_or_default()
            .into_iter()
            .map(|address| address.ip)
            .filter(|ip| target.covers(*ip))
            .collect()
    }

    /// The addresses of a target's subnet that phpIPAM leaves out of scans.
    pub(super) async fn excluded(&self, target: &Target) -> BTreeSet<IpAddr> {
        let (key, subnet) = (self.access.cache_key(), target.subnet);
        let book = self
            .database
            .read(move |store| store.address_book(&key, subnet))
            .await;
        let addresses = book.ok().flatten().map(|book| book.addresses);
        let excluded = addresses.unwrap_or_default().into_iter();
        excluded
            .filter(|address| address.exclude_ping)
            .map(|address| address.ip)
            .collect()
    }

    pub(super) async fn upload(
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

    pub(super) async fn read_back(
        &self,
        subnet: SubnetId,
        last_discovery: bool,
    ) -> Result<ReadBack, Problem> {
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
