//! Secrets: from the environment, from `$CREDENTIALS_DIRECTORY`, or from the OS keychain, of which this is the only
//! writer.
//!
//! In the keychain a secret is an entry of the service `fieldscan` with its name as the user: one agent per user. The
//! keychain is asked only for what the other sources don't have, and over a new connection each time, so that one that
//! appears or is unlocked later is found. No value is ever in a text or a problem.

mod keychain;

use std::{ffi::OsString, fmt, io::Read, path::Path, str::FromStr, time::Duration};

use fieldscan_core::problem::Problem;
use secrecy::{
    ExposeSecret, SecretString,
    zeroize::{Zeroize, Zeroizing},
};
use serde::Serialize;
use ts_rs::TS;

/// No secret is longer, in bytes.
const LONGEST: u64 = 64 * 1024;

/// A secret that the agent uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Secret {
    /// phpIPAM's app code or token.
    ClientToken,
    /// The scan server's token.
    AuthToken,
    /// The password of `client_user`.
    ClientPassword,
}

impl Secret {
    /// All of them.
    pub const ALL: [Secret; 3] = [
        Secret::ClientToken,
        Secret::AuthToken,
        Secret::ClientPassword,
    ];

    /// Its name on the command line, in `$CREDENTIALS_DIRECTORY` and in the keychain.
    pub fn name(self) -> &'static str {
        match self {
            Secret::ClientToken => "client_token",
            Secret::AuthToken => "auth_token",
            Secret::ClientPassword => "client_password",
        }
    }

    /// The variable of the environment that has it.
    pub fn variable(self) -> &'static str {
        match self {
            Secret::ClientToken => "FIELDSCAN_CLIENT_TOKEN",
            Secret::AuthToken => "FIELDSCAN_AUTH_TOKEN",
            Secret::ClientPassword => "FIELDSCAN_CLIENT_PASSWORD",
        }
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Secret {
    type Err = UnknownSecret;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Secret::ALL
            .into_iter()
            .find(|secret| secret.name() == name)
            .ok_or(UnknownSecret)
    }
}

/// No secret has that name.
#[derive(Debug, thiserror::Error)]
#[error("expected client_token, auth_token or client_password")]
pub struct UnknownSecret;

/// Where a secret was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename = "SecretSource")]
pub enum Source {
    /// A variable of the environment.
    Environment,
    /// A file in `$CREDENTIALS_DIRECTORY`.
    CredentialsDirectory,
    /// The OS keychain.
    Keychain,
}

/// A secret and where it came from. Its memory is wiped when it is dropped.
#[derive(Debug, Clone)]
pub struct Found {
    /// The value.
    pub value: SecretString,
    /// Its source.
    pub source: Source,
}

type Environment = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// All sources of secrets. Every call may block: on a file, and on the keychain for up to [`Vault::ANSWER`], or
/// [`Vault::PROMPT`] while it is locked and may be asking a person.
pub struct Vault {
    environment: Box<Environment>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault")
    }
}

impl Vault {
    /// How long an unlocked keychain may take to answer.
    pub const ANSWER: Duration = Duration::from_secs(20);
    /// How long a locked one may take, since it asks a person.
    pub const PROMPT: Duration = Duration::from_secs(60);

    /// With this process's environment. Touches no source yet.
    pub fn open() -> Self {
        Self::with_environment(|name| std::env::var_os(name))
    }

    /// With an environment of its own.
    pub fn with_environment(
        environment: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static,
    ) -> Self {
        Self {
            environment: Box::new(environment),
        }
    }

    /// Finds a secret. `None`: every source could be asked, and none has it.
    ///
    /// # Errors
    /// [`Problem::SecretUnreadable`] when a source has it in a form that can't be used, and
    /// [`Problem::KeychainUnavailable`] when no other source has it and the keychain can't be asked.
    pub fn get(&self, secret: Secret) -> Result<Option<Found>, Problem> {
        if let Some(found) = self.get_outside(secret)? {
            return Ok(Some(found));
        }
        let value = keychain::within_time(move |step| keychain::get(secret, step))?;
        Ok(value.map(|value| Found {
            value,
            source: Source::Keychain,
        }))
    }

    /// Finds a secret outside the keychain, which stays untouched.
    ///
    /// # Errors
    /// [`Problem::SecretUnreadable`].
    pub fn get_outside(&self, secret: Secret) -> Result<Option<Found>, Problem> {
        let unreadable = |detail: String| Problem::SecretUnreadable {
            name: secret.name().to_owned(),
            detail,
        };
        if let Some(value) = (self.environment)(secret.variable()) {
            let mut value = value
                .into_string()
                .map_err(|_| unreadable(format!("{} is not text", secret.variable())))?;
            let found = trimmed(&value).map(|value| Found {
                value,
                source: Source::Environment,
            });
            value.zeroize();
            if found.is_some() {
                return Ok(found);
            }
        }
        let Some(folder) = (self.environment)("CREDENTIALS_DIRECTORY") else {
            return Ok(None);
        };
        let path = Path::new(&folder).join(secret.name());
        let file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(format!("{}: {error}", path.display()))),
        };
        let mut bytes = Zeroizing::new(Vec::new());
        file.take(LONGEST + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| unreadable(format!("{}: {error}", path.display())))?;
        if bytes.len() as u64 > LONGEST {
            return Err(unreadable(format!("{}: too long", path.display())));
        }
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| unreadable(format!("{}: not text in UTF-8", path.display())))?;
        Ok(trimmed(text).map(|value| Found {
            value,
            source: Source::CredentialsDirectory,
        }))
    }

    /// Puts a secret into the keychain, in place of an older one.
    ///
    /// # Errors
    /// [`Problem::KeychainUnavailable`]; [`Problem::SecretUnreadable`] for an empty value.
    pub fn set(&self, secret: Secret, value: &SecretString) -> Result<(), Problem> {
        if value.expose_secret().is_empty() {
            return Err(Problem::SecretUnreadable {
                name: secret.name().to_owned(),
                detail: "the value is empty".to_owned(),
            });
        }
        let value = value.clone();
        keychain::within_time(move |step| keychain::set(secret, &value, step))
    }

    /// Takes a secret out of the keychain. Returns whether it was there.
    ///
    /// # Errors
    /// [`Problem::KeychainUnavailable`].
    pub fn delete(&self, secret: Secret) -> Result<bool, Problem> {
        keychain::within_time(move |step| keychain::delete(secret, step))
    }

    /// Where each secret is. A keychain that fails once is not asked again in the same call.
    pub fn status(&self) -> Vec<(Secret, Result<Option<Source>, Problem>)> {
        let mut keychain = None;
        let mut all = Vec::new();
        for secret in Secret::ALL {
            let found = match (self.get_outside(secret), &keychain) {
                (Ok(None), None) => self.get(secret),
                (Ok(None), Some(problem)) => Err(Problem::clone(problem)),
                (found, _) => found,
            };
            if let Err(problem @ Problem::KeychainUnavailable { .. }) = &found {
                keychain = Some(problem.clone());
            }
            all.push((secret, found.map(|found| found.map(|found| found.source))));
        }
        all
    }
}

/// Without the line break that editors and `echo` leave; `None` for nothing.
fn trimmed(text: &str) -> Option<SecretString> {
    let text = text.trim_end_matches(['\r', '\n']);
    (!text.is_empty()).then(|| SecretString::from(text))
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, fs};

    use super::*;

    fn vault(variables: &[(&str, &str)]) -> Vault {
        let variables: HashMap<String, OsString> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), OsString::from(value)))
            .collect();
        Vault::with_environment(move |name| variables.get(name).cloned())
    }

    #[test]
    fn the_environment_comes_before_files() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().to_str().unwrap();
        fs::write(folder.path().join("client_token"), "from-file\n").unwrap();
        fs::write(folder.path().join("auth_token"), "file\r\n").unwrap();
        let vault = vault(&[
            ("CREDENTIALS_DIRECTORY", place),
            ("FIELDSCAN_CLIENT_TOKEN", "from-environment"),
            ("FIELDSCAN_AUTH_TOKEN", ""),
        ]);
        let token = vault.get(Secret::ClientToken).unwrap().unwrap();
        assert_eq!(token.source, Source::Environment);
        assert_eq!(token.value.expose_secret(), "from-environment");
        let token = vault.get(Secret::AuthToken).unwrap().unwrap();
        assert_eq!(
            token.source,
            Source::CredentialsDirectory,
            "an empty variable is none"
        );
        assert_eq!(token.value.expose_secret(), "file");
        assert!(vault.get_outside(Secret::ClientPassword).unwrap().is_none());
    }

    #[test]
    fn what_cannot_be_used_is_told_without_the_value() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("client_token"), b"MARKER\xff").unwrap();
        fs::write(folder.path().join("auth_token"), "MARKER".repeat(20_000)).unwrap();
        fs::create_dir(folder.path().join("client_password")).unwrap();
        let vault = vault(&[("CREDENTIALS_DIRECTORY", folder.path().to_str().unwrap())]);
        for secret in Secret::ALL {
            let problem = vault.get(secret).unwrap_err();
            assert!(
                matches!(&problem, Problem::SecretUnreadable { name, .. } if name == secret.name()),
                "{problem:?}"
            );
            assert!(!format!("{problem:?}").contains("MARKER"), "{problem:?}");
        }
    }

    #[test]
    fn nothing_prints_a_value() {
        let vault = vault(&[("FIELDSCAN_CLIENT_TOKEN", "MARKER")]);
        let found = vault.get(Secret::ClientToken).unwrap();
        assert!(!format!("{vault:?} {found:?}").contains("MARKER"));
    }

    #[test]
    fn names_are_read_back() {
        for secret in Secret::ALL {
            assert_eq!(secret.name().parse::<Secret>().unwrap(), secret);
        }
        assert!("token".parse::<Secret>().is_err());
    }
}
