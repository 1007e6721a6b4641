//! Tries every step from the settings to the scan server, each by itself, so that what fails is told where it fails.
//!
//! Changes nothing: phpIPAM is only asked, the scan server gets no report, and nmap is only asked for its version.

mod found;
mod ipam;
mod secrets;

use std::{path::PathBuf, sync::Arc};

use fieldscan_core::{problem::Problem, settings::Settings};
use serde::Serialize;
use ts_rs::TS;

pub use self::found::Found;
use self::secrets::Secrets;
use crate::{
    http::{ClockReading, Limits, Now},
    nmap::{Nmap, Privileges},
    place::{complete, corrected},
    upload::{Server, ServerConnection},
    vault::Vault,
};

/// A step, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum StepId {
    /// The file can be read and has what is needed.
    Settings,
    /// The secrets are there.
    Keychain,
    /// Something answers at `api_url`.
    Reachable,
    /// It shows a certificate that is trusted.
    Tls,
    /// It is phpIPAM's API, and takes the token.
    Token,
    /// phpIPAM knows the agent by its code.
    AgentCode,
    /// Subnets are assigned to it.
    Subnets,
    /// The scan server answers and takes the token.
    ScanServer,
    /// There is an nmap that will do.
    Nmap,
    /// It gets raw sockets.
    Privileges,
    /// This machine's clock agrees with the servers'.
    Clock,
}

impl StepId {
    /// All of them, in order.
    pub const ALL: [StepId; 11] = [
        StepId::Settings,
        StepId::Keychain,
        StepId::Reachable,
        StepId::Tls,
        StepId::Token,
        StepId::AgentCode,
        StepId::Subnets,
        StepId::ScanServer,
        StepId::Nmap,
        StepId::Privileges,
        StepId::Clock,
    ];

    /// What is tried, in a few words.
    pub fn title(self) -> &'static str {
        match self {
            StepId::Settings => "Settings",
            StepId::Keychain => "Secrets",
            StepId::Reachable => "phpIPAM answers",
            StepId::Tls => "Its certificate",
            StepId::Token => "Its token",
            StepId::AgentCode => "Agent code",
            StepId::Subnets => "Assigned subnets",
            StepId::ScanServer => "Scan server",
            StepId::Nmap => "nmap",
            StepId::Privileges => "nmap's privileges",
            StepId::Clock => "Clock",
        }
    }
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Well, with what was found.
    Ok(Found),
    /// It works, but not as well as it could.
    Warning(Problem),
    /// It doesn't work.
    Failed(Problem),
    /// It can't be tried as long as that step fails.
    NotTried(StepId),
}

/// What happens, as it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// A step is tried.
    Begun(StepId),
    /// It ended. Comes once for each step.
    Ended(StepId, Outcome),
}

/// What is examined.
#[derive(Debug)]
pub struct Patient {
    /// The settings, or why they can't be used.
    pub settings: Result<Settings, Problem>,
    /// Where the secrets are.
    pub vault: Vault,
    /// The nmap to run, instead of the first one in `PATH`.
    pub nmap: Option<PathBuf>,
}

/// A clock further off than this, in seconds, is a problem.
const CLOCK_TOLERANCE: i64 = 60;

/// Tries all steps, and tells of each as it begins and ends.
pub async fn examine(patient: Patient, mut tell: impl FnMut(Progress)) {
    let Patient {
        settings,
        vault,
        nmap,
    } = patient;
    let vault = Arc::new(vault);

    tell(Progress::Begun(StepId::Settings));
    let (settings, outcome) = match settings {
        Ok(settings) => {
            match ca_file(&settings) {
                // With it, neither server could be asked.
                Some(problem) => (None, Outcome::Failed(problem)),
                None => {
                    let outcome = match complete(&settings) {
                        Ok(()) => Outcome::Ok(Found::Complete),
                        Err(problem) => Outcome::Failed(problem),
                    };
                    (Some(settings), outcome)
                }
            }
        }
        Err(problem) => (None, Outcome::Failed(problem)),
    };
    tell(Progress::Ended(StepId::Settings, outcome));

    tell(Progress::Begun(StepId::Keychain));
    let user = settings.as_ref().and_then(|all| all.client_user.clone());
    let secrets = Secrets::read(vault, user.is_some()).await;
    tell(Progress::Ended(StepId::Keychain, secrets.outcome()));

    let mut clocks = Vec::new();
    ipam::ask(settings.as_ref(), &secrets, &mut clocks, &mut tell).await;
    ask_server(settings.as_ref(), &secrets, &mut clocks, &mut tell).await;
    try_nmap(nmap, &mut tell).await;

    tell(Progress::Begun(StepId::Clock));
    let offset = settings.map_or(0, |settings| settings.epoch_time_offset);
    tell(Progress::Ended(StepId::Clock, clock(&clocks, offset)));
}

/// What is wrong with the certificates that the settings name.
fn ca_file(settings: &Settings) -> Option<Problem> {
    let path = settings.ca_file.as_ref()?;
    let error = std::fs::read(path).err()?;
    Some(Problem::SettingsInvalid {
        detail: format!("ca_file: {}: {error}", path.display()),
    })
}

async fn ask_server(
    settings: Option<&Settings>,
    secrets: &Secrets,
    clocks: &mut Vec<ClockReading>,
    tell: &mut impl FnMut(Progress),
) {
    let Some(settings) = settings else {
        return skip(tell, &[StepId::ScanServer], StepId::Settings);
    };
    let auth_token = match &secrets.auth_token {
        Ok(token) => token.as_ref().map(|(token, _)| token.clone()),
        Err(_) => return skip(tell, &[StepId::ScanServer], StepId::Keychain),
    };
    tell(Progress::Begun(StepId::ScanServer));
    let tried = async {
        let server = Server::new(ServerConnection {
            http_server: settings.http_server.clone(),
            http_port: settings.http_port,
            auth_token,
            ca_file: settings.ca_file.clone(),
            now: now(settings),
            limits: Limits::SCAN_SERVER,
        })?;
        server.test().await?;
        Ok(*server.clock().borrow())
    };
    let outcome = match tried.await {
        Ok(clock) => {
            clocks.extend(clock);
            let host = settings.http_server.host_str().unwrap_or_default();
            Outcome::Ok(Found::Server {
                host: host.to_owned(),
                port: settings.http_port,
            })
        }
        Err(problem) => Outcome::Failed(problem),
    };
    tell(Progress::Ended(StepId::ScanServer, outcome));
}

async fn try_nmap(path: Option<PathBuf>, tell: &mut impl FnMut(Progress)) {
    tell(Progress::Begun(StepId::Nmap));
    match Nmap::find(path.as_deref()).await {
        Ok(nmap) => {
            tell(Progress::Ended(
                StepId::Nmap,
                Outcome::Ok(Found::Nmap {
                    version: nmap.version.clone(),
                    path: nmap.path.display().to_string(),
                }),
            ));
            tell(Progress::Begun(StepId::Privileges));
            let outcome = match nmap.privileges() {
                Privileges::Own => Outcome::Ok(Found::Raw),
                Privileges::Helper(path) => Outcome::Ok(Found::Helper {
                    path: path.display().to_string(),
                }),
                Privileges::None => Outcome::Warning(Problem::NmapUnprivileged),
            };
            tell(Progress::Ended(StepId::Privileges, outcome));
        }
        Err(problem) => {
            tell(Progress::Ended(StepId::Nmap, Outcome::Failed(problem)));
            skip(tell, &[StepId::Privileges], StepId::Nmap);
        }
    }
}

/// Whether this machine's clock agrees with the one that differs most.
fn clock(readings: &[ClockReading], offset: i64) -> Outcome {
    let Some(ahead) = readings
        .iter()
        .map(|reading| reading.ahead)
        .max_by_key(|ahead| ahead.abs())
    else {
        return Outcome::NotTried(StepId::Reachable);
    };
    if ahead.abs() > CLOCK_TOLERANCE {
        return Outcome::Failed(Problem::ClockOff {
            ahead,
            offset: offset - ahead,
        });
    }
    Outcome::Ok(Found::Clock {
        apart: ahead.unsigned_abs(),
    })
}

fn skip(tell: &mut impl FnMut(Progress), steps: &[StepId], because: StepId) {
    for step in steps {
        tell(Progress::Ended(*step, Outcome::NotTried(because)));
    }
}

/// The corrected clock.
fn now(settings: &Settings) -> Now {
    let settings = settings.clone();
    Now::new(move || corrected(&settings))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_missing_ca_file_is_told_once_and_where_it_is_named() {
        let settings = Settings {
            ca_file: Some("/nonexistent/ca.pem".into()),
            ..Settings::default()
        };
        let ended = all(Ok(settings)).await;
        assert!(
            matches!(&ended[0].1, Outcome::Failed(Problem::SettingsInvalid { detail }) if detail.contains("/nonexistent/ca.pem")),
            "{ended:?}"
        );
        for step in [2, 7] {
            assert_eq!(
                ended[step].1,
                Outcome::NotTried(StepId::Settings),
                "the same cause is not told twice"
            );
        }
    }

    async fn all(settings: Result<Settings, Problem>) -> Vec<(StepId, Outcome)> {
        let patient = Patient {
            settings,
            vault: Vault::with_environment(|name| match name {
                "FIELDSCAN_CLIENT_TOKEN" => Some("token".into()),
                "FIELDSCAN_AUTH_TOKEN" => Some("other".into()),
                _ => None,
            }),
            nmap: Some("/nonexistent/nmap".into()),
        };
        let mut ended = Vec::new();
        examine(patient, |progress| match progress {
            Progress::Ended(step, outcome) => ended.push((step, outcome)),
            Progress::Begun(_) => {}
        })
        .await;
        ended
    }

    #[tokio::test]
    async fn every_step_is_told_once_and_in_order() {
        let ended = all(Err(Problem::SettingsInvalid {
            detail: "x".to_owned(),
        }))
        .await;
        let steps: Vec<StepId> = ended.iter().map(|(step, _)| *step).collect();
        assert_eq!(steps, StepId::ALL, "a view has a line for each");
        for (step, outcome) in &ended[2..8] {
            assert_eq!(
                outcome,
                &Outcome::NotTried(StepId::Settings),
                "{step:?} can't be tried without settings"
            );
        }
        assert_eq!(
            ended[8].1,
            Outcome::Failed(Problem::NmapUnusable {
                path: "/nonexistent/nmap".into(),
                program: false
            })
        );
        assert_eq!(ended[9].1, Outcome::NotTried(StepId::Nmap));
    }

    #[tokio::test]
    async fn a_token_is_never_sent_unencrypted_to_another_machine() {
        let settings = Settings {
            api_url: Some("http://ipam.example.com".parse().unwrap()),
            client_name: Some("app".to_owned()),
            http_server: "http://192.0.2.1".parse().unwrap(),
            ..Settings::default()
        };
        let ended = all(Ok(settings)).await;
        assert_eq!(
            ended[0].1,
            Outcome::Failed(Problem::SettingMissing {
                key: "scanagent_code".to_owned()
            }),
            "what is missing is told"
        );
        assert_eq!(
            ended[2].1,
            Outcome::Failed(Problem::IpamInsecure),
            "and what can be tried is tried all the same"
        );
        assert_eq!(ended[7].1, Outcome::Failed(Problem::ServerInsecure));
        assert_eq!(
            ended[10].1,
            Outcome::NotTried(StepId::Reachable),
            "nobody told the time"
        );
    }

    #[test]
    fn the_clock_that_differs_most_counts() {
        let readings = [ClockReading { ahead: 1 }, ClockReading { ahead: -102 }];
        assert_eq!(
            clock(&readings, 2),
            Outcome::Failed(Problem::ClockOff {
                ahead: -102,
                offset: 104
            }),
            "with the offset that would mend it, on top of the present one"
        );
        assert_eq!(
            clock(&readings[..1], 0),
            Outcome::Ok(Found::Clock { apart: 1 })
        );
    }
}
