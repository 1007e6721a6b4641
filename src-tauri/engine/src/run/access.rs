//! The way to both servers: clients made of settings and secrets, made anew when either changes.

use std::sync::{Arc, Mutex, PoisonError};

use fieldscan_core::{ids::AgentCode, problem::Problem, settings::Settings};
use secrecy::SecretString;

use super::clock::Clock;
use crate::{
    http::{Limits, Now},
    logging::Redactor,
    phpipam::{self, Auth, Connection},
    store::CacheKey,
    upload::{self, ServerConnection},
    vault::{Secret, Vault},
};

/// Settings, secrets and the clients made of them.
#[derive(Debug)]
pub(super) struct Access {
    settings: Mutex<Settings>,
    vault: Vault,
    redactor: Redactor,
    clock: Clock,
    phpipam: Mutex<Option<Arc<phpipam::Client>>>,
    server: Mutex<Option<Arc<upload::Server>>>,
}

impl Access {
    pub(super) fn new(settings: Settings, vault: Vault, redactor: Redactor, clock: Clock) -> Self {
        Self {
            redactor,
            settings: Mutex::new(settings),
            vault,
            clock,
            phpipam: Mutex::new(None),
            server: Mutex::new(None),
        }
    }

    /// Takes new settings, or the same ones after a secret changed.
    pub(super) fn change(&self, settings: Settings) {
        *lock(&self.settings) = settings;
        *lock(&self.phpipam) = None;
        *lock(&self.server) = None;
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(super) fn settings(&self) -> Settings {
        lock(&self.settings).clone()
    }

    /// By what the cache is kept apart: server, app and agent.
    pub(super) fn cache_key(&self) -> CacheKey {
        CacheKey::of(&lock(&self.settings))
    }

    /// The agent's code.
    pub(super) fn code(&self) -> Result<AgentCode, Problem> {
        needed(
            lock(&self.settings).scanagent_code.clone(),
            "scanagent_code",
        )
    }

    /// The client for phpIPAM. Asks the keychain for the token the first time.
    pub(super) async fn phpipam(self: &Arc<Self>) -> Result<Arc<phpipam::Client>, Problem> {
        if let Some(client) = lock(&self.phpipam).clone() {
            return Ok(client);
        }
        let settings = self.settings();
        let api_url = needed(settings.api_url, "api_url")?;
        let app = needed(settings.client_name, "client_name")?;
        let auth = match settings.client_user {
            None => Auth::Code(self.secret(Secret::ClientToken).await?),
            Some(name) => Auth::User {
                name,
                password: self.secret(Secret::ClientPassword).await?,
            },
        };
        let client = Arc::new(phpipam::Client::new(Connection {
            api_url,
            app,
            auth,
            ca_file: settings.ca_file,
            now: self.now(),
            limits: Limits::IPAM,
        })?);
        *lock(&self.phpipam) = Some(client.clone());
        Ok(client)
    }

    /// The client for the scan server. Asks the keychain for the token the first time.
    pub(super) async fn server(self: &Arc<Self>) -> Result<Arc<upload::Server>, Problem> {
        if let Some(server) = lock(&self.server).clone() {
            return Ok(server);
        }
        let settings = self.settings();
        let auth_token = match self.secret(Secret::AuthToken).await {
            Ok(token) => Some(token),
            // The reference server can be run without one.
            Err(Problem::SecretMissing { .. }) => None,
            Err(problem) => return Err(problem),
        };
        let server = Arc::new(upload::Server::new(ServerConnection {
            http_server: settings.http_server,
            http_port: settings.http_port,
            auth_token,
            ca_file: settings.ca_file,
            now: self.now(),
            limits: Limits::SCAN_SERVER,
        })?);
        *lock(&self.server) = Some(server.clone());
        Ok(server)
    }

    async fn secret(self: &Arc<Self>, secret: Secret) -> Result<SecretString, Problem> {
        let this = self.clone();
        // The keychain blocks, for as long as a person takes to unlock it.
        let found = tokio::task::spawn_blocking(move || this.vault.get(secret)).await;
        match found {
            Ok(Ok(Some(found))) => {
                self.redactor.add(&found.value);
                Ok(found.value)
            }
            Ok(Ok(None)) => Err(Problem::SecretMissing {
                name: secret.name().to_owned(),
            }),
            Ok(Err(problem)) => Err(problem),
            Err(panicked) => Err(Problem::KeychainUnavailable {
                detail: panicked.to_string(),
            }),
        }
    }

    fn now(&self) -> Now {
        let clock = self.clock.clone();
        Now::new(move || clock.now())
    }
}

fn needed<T>(value: Option<T>, key: &str) -> Result<T, Problem> {
    value.ok_or_else(|| Problem::SettingMissing {
        key: key.to_owned(),
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What is inside is replaced as a whole, so a panic elsewhere can't have left it half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
