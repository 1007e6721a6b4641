//! The OS keychain: Secret Service, macOS Keychain or Windows Credential Manager, with bounded waiting and with the
//! causes of a failure told apart.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use fieldscan_core::problem::Problem;
use keyring_core::{Entry, Error, api::CredentialStoreApi};
use secrecy::{ExposeSecret, SecretString};

use super::{Secret, Vault};

const SERVICE: &str = "fieldscan";

/// Called when the keychain is found locked, so that a person may be asked: there is more time then.
pub(super) type Locked<'a> = &'a dyn Fn();

enum Step<T> {
    Locked,
    Done(Result<T, Problem>),
}

/// Does something with the keychain on a thread of its own, and waits only so long. What comes too late is dropped.
pub(super) fn within_time<T: Send + 'static>(
    work: impl FnOnce(Locked<'_>) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    // Only the Secret Service says beforehand whether it will ask a person.
    let told = cfg!(all(unix, not(target_os = "macos")));
    let first = if told { Vault::ANSWER } else { Vault::PROMPT };
    within(first, Vault::PROMPT, work)
}

fn within<T: Send + 'static>(
    answer: Duration,
    prompt: Duration,
    work: impl FnOnce(Locked<'_>) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new()
        .name("keychain".to_owned())
        .spawn(move || {
            let locked = || drop(sender.send(Step::Locked));
            let done = work(&locked);
            drop(sender.send(Step::Done(done)));
        })
        .map_err(|error| unavailable("no thread for the keychain", &error))?;
    let mut limit = answer;
    loop {
        match receiver.recv_timeout(limit) {
            Ok(Step::Locked) => limit = prompt,
            Ok(Step::Done(result)) => return result,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                return Err(Problem::KeychainUnavailable {
                    detail: format!(
                        "the keychain did not answer within {} s; it may be waiting for a person to unlock it",
                        limit.as_secs()
                    ),
                });
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                return Err(Problem::KeychainUnavailable {
                    detail: "the call to the keychain broke off".to_owned(),
                });
            }
        }
    }
}

pub(super) fn get(secret: Secret, locked: Locked<'_>) -> Result<Option<SecretString>, Problem> {
    let state = state(locked)?;
    match entry(secret)?.get_password() {
        Ok(value) => Ok(Some(SecretString::from(value))),
        Err(Error::NoEntry) => match state {
            State::Ready => Ok(None),
            State::NeverUnlocked => Err(Problem::KeychainUnavailable {
                detail:
                    "the keychain was never unlocked in this session, so nothing can be found in it"
                        .to_owned(),
            }),
        },
        Err(error) => Err(problem(secret, &error)),
    }
}

pub(super) fn set(secret: Secret, value: &SecretString, locked: Locked<'_>) -> Result<(), Problem> {
    state(locked)?;
    entry(secret)?
        .set_password(value.expose_secret())
        .map_err(|error| problem(secret, &error))
}

pub(super) fn delete(secret: Secret, locked: Locked<'_>) -> Result<bool, Problem> {
    let state = state(locked)?;
    match (entry(secret)?.delete_credential(), state) {
        (Ok(()), _) => Ok(true),
        (Err(Error::NoEntry), State::Ready) => Ok(false),
        (Err(Error::NoEntry), State::NeverUnlocked) => Err(Problem::KeychainUnavailable {
            detail: "the keychain was never unlocked in this session".to_owned(),
        }),
        (Err(error), _) => Err(problem(secret, &error)),
    }
}

#[cfg(all(unix, not(target_os = "macos")))]
type Store = zbus_secret_service_keyring_store::Store;
#[cfg(target_os = "macos")]
type Store = apple_native_keyring_store::keychain::Store;
#[cfg(windows)]
type Store = windows_native_keyring_store::Store;

fn entry(secret: Secret) -> Result<Entry, Problem> {
    let store: Arc<Store> = Store::new().map_err(|error| problem(secret, &error))?;
    store
        .build(SERVICE, secret.name(), None)
        .map_err(|error| problem(secret, &error))
}

/// How the keychain stands before it is asked.
#[cfg_attr(
    not(all(unix, not(target_os = "macos"))),
    expect(
        dead_code,
        reason = "other keychains are ready whenever a person is logged in"
    )
)]
enum State {
    Ready,
    /// There is a service, but no collection of this person's. It answers "not there" to everything.
    NeverUnlocked,
}

#[cfg(all(unix, not(target_os = "macos")))]
fn state(locked: Locked<'_>) -> Result<State, Problem> {
    use secret_service::{EncryptionType, blocking::SecretService};

    // Nothing secret goes over this connection, so it needs no key exchange.
    let service = SecretService::connect(EncryptionType::Plain).map_err(|error| {
        let denied = error.to_string().contains("AccessDenied");
        unavailable(if denied { DENIED } else { NO_SERVICE }, &error)
    })?;
    let collection = match service.get_default_collection() {
        Ok(collection) => collection,
        Err(secret_service::Error::NoResult) => return Ok(State::NeverUnlocked),
        Err(error) => return Err(told(&error)),
    };
    if collection.is_locked().map_err(|error| told(&error))? {
        locked();
    }
    Ok(State::Ready)
}

#[cfg(not(all(unix, not(target_os = "macos"))))]
fn state(_: Locked<'_>) -> Result<State, Problem> {
    Ok(State::Ready)
}

fn problem(secret: Secret, error: &Error) -> Problem {
    match error {
        Error::PlatformFailure(inner) | Error::NoStorageAccess(inner) => {
            #[cfg(all(unix, not(target_os = "macos")))]
            if let Some(inner) = inner.downcast_ref() {
                return told(inner);
            }
            match error {
                Error::NoStorageAccess(_) => {
                    unavailable("the keychain is locked, or denied access", inner.as_ref())
                }
                _ => unavailable("the keychain fails", inner.as_ref()),
            }
        }
        // These hold the bytes that were found.
        Error::BadEncoding(_) | Error::BadDataFormat(..) => Problem::SecretUnreadable {
            name: secret.name().to_owned(),
            detail: "what the keychain has is not text".to_owned(),
        },
        Error::Ambiguous(entries) => Problem::KeychainUnavailable {
            detail: format!(
                "the keychain has {} entries of the service {SERVICE} named {secret}; delete all but one",
                entries.len()
            ),
        },
        error => unavailable("the keychain fails", error),
    }
}

#[cfg(all(unix, not(target_os = "macos")))]
const NO_SERVICE: &str = "no keychain service answers on the session bus";
#[cfg(all(unix, not(target_os = "macos")))]
const DENIED: &str = "access to the keychain was denied";

/// The Secret Service's errors, by cause.
#[cfg(all(unix, not(target_os = "macos")))]
fn told(error: &secret_service::Error) -> Problem {
    use secret_service::Error::{
        Crypto, Locked, NoResult, Prompt, PromptDisconnected, Unavailable, Zbus, ZbusFdo,
    };

    let text = error.to_string();
    let what = match error {
        Unavailable => NO_SERVICE,
        Locked => "the keychain is locked",
        NoResult => "the keychain was never unlocked in this session",
        Prompt => "the keychain is locked, and its question was denied or could not be asked",
        PromptDisconnected => "the keychain went away while it was asking a person",
        Zbus(_) | ZbusFdo(_) if text.contains("AccessDenied") => DENIED,
        Zbus(_) | ZbusFdo(_) if text.contains("ServiceUnknown") => NO_SERVICE,
        Crypto(_) => "the keychain's answer could not be decrypted",
        // From outside: more may come.
        _ => "the keychain fails",
    };
    unavailable(what, error)
}

fn unavailable(what: &str, error: &dyn std::error::Error) -> Problem {
    Problem::KeychainUnavailable {
        detail: format!("{what} ({error})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keychain_that_does_not_answer_is_given_up() {
        let (release, wait) = mpsc::channel::<()>();
        let given_up = within(
            Duration::from_millis(1),
            Duration::from_secs(60),
            move |_| {
                wait.recv().ok();
                Ok(())
            },
        );
        assert!(
            matches!(&given_up, Err(Problem::KeychainUnavailable { detail }) if detail.contains("did not answer")),
            "{given_up:?}"
        );
        drop(release);
    }

    #[test]
    fn a_locked_one_is_given_the_time_of_a_person() {
        let (go_on, wait) = mpsc::channel::<()>();
        let done = within(
            Duration::from_secs(60),
            Duration::from_millis(1),
            move |locked| {
                locked();
                wait.recv().ok();
                Ok(())
            },
        );
        assert!(done.is_err(), "after `locked` the other limit must hold");
        drop(go_on);
        let broken = within(
            Duration::from_secs(60),
            Duration::from_secs(60),
            |_| -> Result<(), _> { std::panic::resume_unwind(Box::new("ends")) },
        );
        assert!(
            matches!(&broken, Err(Problem::KeychainUnavailable { detail }) if detail.contains("broke off")),
            "{broken:?}"
        );
    }
}
