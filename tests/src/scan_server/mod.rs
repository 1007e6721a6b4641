//! A simulated scan server: takes reports exactly as the reference does, and applies them to the simulated phpIPAM.
//!
//! ```no_run
//! use std::time::Duration;
//! use fieldscan_tests::phpipam::{Model, PhpIpam};
//! use fieldscan_tests::scan_server::{ScanServer, Trouble};
//!
//! # fn main() -> anyhow::Result<()> {
//! let ipam = PhpIpam::start(Model::example())?;
//! let server = ScanServer::start(ipam.shared_model(), "the auth token")?;
//! println!("http_server: http://127.0.0.1, http_port: {}", server.address().port());
//! server.trouble_times(1, Trouble::HangUpAfterTaking);
//! // … an agent reports …
//! assert!(server.wait_until_idle(Duration::from_secs(10)), "the queue is worked off");
//! assert!(server.executed().is_empty(), "nothing hostile reached the server");
//! # Ok(())
//! # }
//! ```
//!
//! The answer to a report says nothing about its success, as in the reference: only the model and [`ScanServer::journal`]
//! tell.

mod answers;
mod apply;
mod journal;
mod troubles;
mod work;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::ServerConfig;
use tokio::task::AbortHandle;

pub use answers::BODY_LIMIT;
pub use apply::AUTODISCOVERED;
pub use journal::{HostWrite, Received, Step};
pub use troubles::Trouble;

use crate::listener::{AnswerFn, Doors, Listener};
use crate::phpipam::SharedModel;
use troubles::TroubleRule;
use work::Shared;

/// How long the reference takes for a host.
pub const REFERENCE_TIME_PER_HOST: Duration = Duration::from_millis(900);
/// How long the reference takes to answer.
pub const REFERENCE_ANSWER_TIME: Duration = Duration::from_millis(30);

/// A running simulated scan server. Dropping it stops it.
///
/// It runs on a thread of its own; every method may be called from blocking and from async code. The `wait_…` methods
/// block the calling thread.
pub struct ScanServer {
    listener: Listener,
    shared: Arc<Shared>,
    worker: Mutex<Option<AbortHandle>>,
}

/// How to start a [`ScanServer`] that is not the usual one.
#[derive(Default)]
pub struct Setup {
    /// Where to listen; default: any free port of 127.0.0.1.
    pub address: Option<SocketAddr>,
    /// HTTPS with this certificate. The reference speaks plain HTTP.
    pub tls: Option<Arc<ServerConfig>>,
}

impl ScanServer {
    /// Starts over plain HTTP on a free port of 127.0.0.1. Reports change `model`, at once and without delay per host.
    pub fn start(model: SharedModel, token: &str) -> anyhow::Result<ScanServer> {
        ScanServer::start_with(model, token, Setup::default())
    }

    /// Starts as `setup` says.
    pub fn start_with(model: SharedModel, token: &str, setup: Setup) -> anyhow::Result<ScanServer> {
        let shared = Arc::new(Shared::new(model, token));
        let answering = Arc::clone(&shared);
        let answer: AnswerFn = Arc::new(move |call| {
            let shared = Arc::clone(&answering);
            Box::pin(async move { answers::respond(&shared, call).await })
        });
        let address = setup
            .address
            .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let listener = Listener::start(address, setup.tls, answer)?;
        let server = ScanServer {
            listener,
            shared,
            worker: Mutex::new(None),
        };
        server.start_worker();
        Ok(server)
    }

    fn start_worker(&self) {
        let fresh = self.listener.spawn(work::work(Arc::clone(&self.shared)));
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = std::mem::replace(&mut *worker, fresh) {
            old.abort();
        }
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        self.listener.url()
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Expects another token from now on.
    pub fn set_token(&self, token: &str) {
        self.shared.change(|state| state.token = token.to_owned());
    }

    /// How long a host takes from now on. 0 at the start; the reference takes [`REFERENCE_TIME_PER_HOST`].
    pub fn set_time_per_host(&self, time: Duration) {
        self.shared.change(|state| state.time_per_host = time);
    }

    /// How long an answer takes from now on. 0 at the start; the reference takes [`REFERENCE_ANSWER_TIME`].
    pub fn set_answer_time(&self, time: Duration) {
        self.shared.change(|state| state.answer_time = time);
    }

    /// Reports are still taken, but nothing more is written until [`ScanServer::release`].
    pub fn hold(&self) {
        self.shared.change(|state| state.hosts_allowed = Some(0));
    }

    /// Lets that many hosts through and holds again.
    pub fn release_hosts(&self, hosts: u64) {
        self.shared
            .change(|state| state.hosts_allowed = Some(state.hosts_allowed.unwrap_or(0) + hosts));
    }

    /// Ends [`ScanServer::hold`].
    pub fn release(&self) {
        self.shared.change(|state| state.hosts_allowed = None);
    }

    /// Lets every request fail from now on.
    pub fn trouble(&self, trouble: Trouble) {
        self.shared.change(|state| {
            state.troubles.push(TroubleRule {
                left: None,
                trouble,
            })
        });
    }

    /// Lets the next `times` requests fail. Several troubles follow one another.
    pub fn trouble_times(&self, times: u32, trouble: Trouble) {
        self.shared.change(|state| {
            state.troubles.push(TroubleRule {
                left: Some(times),
                trouble,
            })
        });
    }

    /// Takes all troubles back and opens the port.
    pub fn heal(&self) {
        self.shared.change(|state| state.troubles.clear());
        self.listener.set_doors(Doors::Open);
    }

    /// Refuses connections and cuts the open ones, until [`ScanServer::heal`]. The queue is worked off meanwhile.
    pub fn refuse_connections(&self) {
        self.listener.set_doors(Doors::Closed);
    }

    /// Stops and starts again: what was in the queue is lost, what was written stays.
    pub fn restart(&self) {
        self.listener.set_doors(Doors::Closed);
        let old = self
            .worker
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(old) = old {
            old.abort();
            while !old.is_finished() {
                std::thread::yield_now();
            }
        }
        self.shared.lose_everything();
        self.start_worker();
        self.listener.set_doors(Doors::Open);
    }

    /// Every POST so far, in order.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.shared.state().received.clone()
    }

    /// How many requests were not a POST: an agent's connection tests.
    #[must_use]
    pub fn connection_tests(&self) -> usize {
        self.shared.state().connection_tests
    }

    /// What was done in the background, in order.
    #[must_use]
    pub fn journal(&self) -> Vec<Step> {
        self.shared.state().journal.clone()
    }

    /// The templates that were executed on the server because they stood in a report. Must stay empty.
    #[must_use]
    pub fn executed(&self) -> Vec<String> {
        self.shared.state().executed.clone()
    }

    /// How many reports are taken and not done.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.state().waiting()
    }

    /// Blocks until every report is worked off; `false` when that takes longer than `limit`.
    #[must_use]
    pub fn wait_until_idle(&self, limit: Duration) -> bool {
        self.shared.wait_until(limit, |state| state.is_idle())
    }

    /// Blocks until `count` POSTs have come in; `false` when that takes longer than `limit`.
    #[must_use]
    pub fn wait_for_received(&self, count: usize, limit: Duration) -> bool {
        self.shared
            .wait_until(limit, |state| state.received.len() >= count)
    }

    /// Blocks until the journal satisfies `done`; `false` when that takes longer than `limit`.
    #[must_use]
    pub fn wait_for_journal(&self, limit: Duration, mut done: impl FnMut(&[Step]) -> bool) -> bool {
        self.shared.wait_until(limit, |state| done(&state.journal))
    }
}
