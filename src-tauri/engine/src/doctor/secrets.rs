//! The secrets that the steps need, and where they are.

use std::sync::Arc;

use fieldscan_core::problem::Problem;
use secrecy::SecretString;

use super::{Found, Outcome};
use crate::vault::{Secret, Source, Vault};

/// The secrets as they were found.
pub(super) struct Secrets {
    needed: Secret,
    pub(super) token: Result<Option<(SecretString, Source)>, Problem>,
    pub(super) auth_token: Result<Option<(SecretString, Source)>, Problem>,
}

impl Secrets {
    pub(super) async fn read(vault: Arc<Vault>, user: bool) -> Self {
        let needed = if user {
            Secret::ClientPassword
        } else {
            Secret::ClientToken
        };
        // A keychain blocks for as long as a person takes to unlock it.
        let read = tokio::task::spawn_blocking(move || {
            let get = |secret| {
                let found = vault.get(secret)?;
                Ok(found.map(|found| (found.value, found.source)))
            };
            let token = get(needed);
            let auth_token = match &token {
                // Asking it again would only take as long again.
                Err(problem @ Problem::KeychainUnavailable { .. }) => vault
                    .get_outside(Secret::AuthToken)
                    .map(|found| found.map(|found| (found.value, found.source)))
                    .and_then(|found| match found {
                        Some(found) => Ok(Some(found)),
                        None => Err(problem.clone()),
                    }),
                Ok(_) | Err(_) => get(Secret::AuthToken),
            };
            (token, auth_token)
        });
        let (token, auth_token) = read.await.unwrap_or_else(|panicked| {
            let problem = Problem::KeychainUnavailable {
                detail: panicked.to_string(),
            };
            (Err(problem.clone()), Err(problem))
        });
        Self {
            needed,
            token,
            auth_token,
        }
    }

    pub(super) fn outcome(&self) -> Outcome {
        let token = match &self.token {
            Ok(Some((_, source))) => *source,
            Ok(None) => {
                return Outcome::Failed(Problem::SecretMissing {
                    name: self.needed.name().to_owned(),
                });
            }
            Err(problem) => return Outcome::Failed(problem.clone()),
        };
        match &self.auth_token {
            Ok(auth_token) => Outcome::Ok(Found::Secrets {
                secret: self.needed,
                source: token,
                auth_token: auth_token.as_ref().map(|(_, source)| *source),
            }),
            Err(problem) => Outcome::Failed(problem.clone()),
        }
    }
}
