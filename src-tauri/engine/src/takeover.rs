//! The tokens of a reference scanner's file find a safe place before anything else is done with the file.

use fieldscan_core::{problem::Problem, settings::Import};
use secrecy::ExposeSecret;

use crate::vault::{Secret, Source, Vault};

/// What became of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Which.
    pub secret: Secret,
    /// Where it is now.
    pub place: KeptIn,
}

/// Where a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptIn {
    /// It was put into the keychain.
    Keychain,
    /// It was there already.
    Already(Source),
    /// Another one is there and used: the file's may be the only copy of its own.
    Nowhere(Source),
}

impl Kept {
    /// The word for the place, as documents have it.
    pub fn code(&self) -> &'static str {
        match self.place {
            KeptIn::Keychain | KeptIn::Already(Source::Keychain) => "keychain",
            KeptIn::Already(Source::Environment | Source::CredentialsDirectory) => "outside",
            KeptIn::Nowhere(_) => "nowhere",
        }
    }
}

/// Puts each token where the agent finds it: into the keychain, unless it is somewhere already. One that has another
/// value there is left alone, unless it is to be replaced: which of the two is right, a person knows. May block.
///
/// # Errors
/// Of the vault. Tokens before that one may be kept already; nothing is lost by it.
pub fn keep_secrets(vault: &Vault, import: &Import, replace: bool) -> Result<Vec<Kept>, Problem> {
    let mut kept = Vec::new();
    for (secret, value) in [
        (Secret::ClientToken, &import.client_token),
        (Secret::AuthToken, &import.auth_token),
        (Secret::ClientPassword, &import.client_password),
    ] {
        let Some(value) = value else { continue };
        let place = match vault.get(secret)? {
            Some(found) if found.value.expose_secret() == value.expose_secret() => {
                KeptIn::Already(found.source)
            }
            Some(found) if !(found.source == Source::Keychain && replace) => {
                KeptIn::Nowhere(found.source)
            }
            Some(_) | None => {
                vault.set(secret, value)?;
                KeptIn::Keychain
            }
        };
        kept.push(Kept { secret, place });
    }
    Ok(kept)
}
