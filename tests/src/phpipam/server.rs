//! The handle that tests hold: start, stop, faults, and what was asked.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use rustls::ServerConfig;

use super::faults::{Behaviour, Fault, FaultRule};
use super::model::{Model, SharedModel};
use super::requests::RequestSeen;
use super::state::{State, lock};
use crate::listener::{AnswerFn, Doors, Listener};
use crate::tls::Authority;

/// A running simulated phpIPAM. Dropping it stops it.
///
/// It runs on a thread of its own; every method may be called from blocking and from async code.
pub struct PhpIpam {
    listener: Listener,
    state: Arc<State>,
    ca_pem: Option<String>,
}

/// How to start a [`PhpIpam`] that is not the usual one.
#[derive(Default)]
pub struct Setup {
    /// Where phpIPAM is installed on its host: `""` or, for instance, `"/phpipam"`.
    pub base_path: String,
    /// Where to listen; default: any free port of 127.0.0.1.
    pub address: Option<SocketAddr>,
    /// Plain HTTP. phpIPAM then refuses apps with tokens, unless [`Behaviour::allow_plain_http`] is set.
    pub plain_http: bool,
    /// A certificate other than a good one from the server's own authority.
    pub tls: Option<Arc<ServerConfig>>,
}

impl PhpIpam {
    /// Starts over HTTPS on a free port of 127.0.0.1, with an authority of its own (see [`PhpIpam::ca_pem`]).
    pub fn start(model: Model) -> anyhow::Result<PhpIpam> {
        PhpIpam::start_with(model.shared(), Setup::default())
    }

    /// Starts over plain HTTP, with apps allowed to use it.
    pub fn start_plain(model: Model) -> anyhow::Result<PhpIpam> {
        let ipam = PhpIpam::start_with(
            model.shared(),
            Setup {
                plain_http: true,
                ..Setup::default()
            },
        )?;
        ipam.behave(|behaviour| behaviour.allow_plain_http = true);
        Ok(ipam)
    }

    /// Starts as `setup` says, on a model that others may hold too.
    pub fn start_with(model: SharedModel, setup: Setup) -> anyhow::Result<PhpIpam> {
        let state = Arc::new(State {
            base_path: setup.base_path,
            model,
            behaviour: Mutex::default(),
            faults: Mutex::default(),
            requests: Mutex::default(),
            users: Mutex::default(),
        });
        let (tls, ca_pem) = match (setup.plain_http, setup.tls) {
            (true, _) => (None, None),
            (false, Some(tls)) => (Some(tls), None),
            (false, None) => {
                let authority = Authority::new("Simulated phpIPAM CA")?;
                (Some(authority.server()?), Some(authority.pem()))
            }
        };
        let address = setup
            .address
            .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let answering = Arc::clone(&state);
        let answer: AnswerFn = Arc::new(move |call| {
            let state = Arc::clone(&answering);
            Box::pin(async move { state.respond(&call) })
        });
        Ok(PhpIpam {
            listener: Listener::start(address, tls, answer)?,
            state,
            ca_pem,
        })
    }

    /// What the agent has as `api_url`: scheme, host, port and base path, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}{}", self.listener.url(), self.state.base_path)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// The certificate authority to trust, in PEM; `None` over plain HTTP or with a certificate from the [`Setup`].
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Writes [`PhpIpam::ca_pem`] to a file, for the agent's `ca_file`.
    pub fn write_ca(&self, path: &Path) -> anyhow::Result<()> {
        let pem = self
            .ca_pem()
            .ok_or_else(|| anyhow::anyhow!("this server has no authority of its own"))?;
        Ok(std::fs::write(path, pem)?)
    }

    /// The database, locked. Don't hold it across a request.
    pub fn model(&self) -> MutexGuard<'_, Model> {
        self.state.model()
    }

    /// The database, to be given to the simulated scan server.
    #[must_use]
    pub fn shared_model(&self) -> SharedModel {
        Arc::clone(&self.state.model)
    }

    /// Changes which phpIPAM is played.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut lock(&self.state.behaviour));
    }

    /// Lets requests fail from now on whose path and query match: `*` stands for anything, the rest may begin
    /// anywhere. The first matching rule counts. `""` is everything.
    pub fn fail(&self, pattern: &str, fault: Fault) {
        lock(&self.state.faults).push(FaultRule::new(pattern, None, fault));
    }

    /// [`PhpIpam::fail`] for the next `times` matching requests.
    pub fn fail_times(&self, pattern: &str, times: u32, fault: Fault) {
        lock(&self.state.faults).push(FaultRule::new(pattern, Some(times), fault));
    }

    /// Takes all faults back and opens the port.
    pub fn heal(&self) {
        lock(&self.state.faults).clear();
        lock(&self.state.users).forget_failures();
        self.listener.set_doors(Doors::Open);
    }

    /// Refuses connections and cuts the open ones, until [`PhpIpam::heal`].
    pub fn refuse_connections(&self) {
        self.listener.set_doors(Doors::Closed);
    }

    /// Accepts connections and says nothing, not even TLS, until [`PhpIpam::heal`].
    pub fn mute_connections(&self) {
        self.listener.set_doors(Doors::Mute);
    }

    /// Lets every user token run out.
    pub fn expire_user_tokens(&self) {
        lock(&self.state.users).expire_all();
    }

    /// Every request so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<RequestSeen> {
        lock(&self.state.requests).seen.clone()
    }

    /// How many requests had a path and query that match `pattern` (see [`PhpIpam::fail`]).
    #[must_use]
    pub fn count(&self, pattern: &str) -> usize {
        lock(&self.state.requests)
            .seen
            .iter()
            .filter(|request| request.matches(pattern))
            .count()
    }

    /// How often `addresses/{id}/ping/` was called. An agent must never do that.
    #[must_use]
    pub fn pings(&self) -> usize {
        self.count("/addresses/*/ping")
    }

    /// How many sessions were begun: one for each request that came without its cookie.
    #[must_use]
    pub fn sessions(&self) -> usize {
        lock(&self.state.requests).sessions_given
    }

    /// Forgets the requests and the counts, not the sessions themselves.
    pub fn forget_requests(&self) {
        let mut requests = lock(&self.state.requests);
        requests.seen.clear();
        requests.sessions_given = 0;
    }
}
