//! What a step found where all is well: facts for whoever has words of their own, and the words of the command line.

use std::fmt;

use fieldscan_core::{ids::AgentId, present::count};
use serde::Serialize;
use ts_rs::TS;

use crate::{
    nmap::Privileges,
    vault::{Secret, Source},
};

/// What a step found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "code", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
#[ts(rename = "DoctorFound")]
pub enum Found {
    /// All that is needed is set.
    Complete,
    /// The secrets, and where each is.
    Secrets {
        /// The one that phpIPAM takes.
        #[serde(serialize_with = "name")]
        #[ts(type = "'client_token' | 'client_password'")]
        secret: Secret,
        source: Source,
        /// Null where there is none: the reference server can be run without.
        auth_token: Option<Source>,
    },
    /// Something answers there.
    Answers {
        url: String,
        /// Null where the scheme has none.
        port: Option<u16>,
    },
    /// The certificate is trusted.
    Trusted,
    /// No certificate is needed: phpIPAM is on this machine.
    NotNeeded,
    /// phpIPAM takes the token.
    Accepted,
    /// The agent, as phpIPAM knows it.
    Agent { id: AgentId, name: String },
    /// How many subnets are assigned, and how many of them are scanned.
    Subnets { assigned: u64, scanned: u64 },
    /// The scan server takes reports.
    Server { host: String, port: u16 },
    /// nmap, and where it is.
    Nmap { version: String, path: String },
    /// nmap has raw sockets of its own.
    Raw,
    /// nmap has them through that program.
    Helper { path: String },
    /// How far the clock is from the servers', in seconds either way.
    Clock { apart: u64 },
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Found::Complete => f.write_str("all that is needed is set"),
            Found::Secrets {
                secret,
                source,
                auth_token,
            } => {
                write!(f, "{secret} {}", place(*source))?;
                match auth_token {
                    Some(source) => write!(f, ", auth_token {}", place(*source)),
                    None => f.write_str(", no auth_token"),
                }
            }
            Found::Answers {
                url,
                port: Some(port),
            } => write!(f, "{url}, port {port}"),
            Found::Answers { url, port: None } => f.write_str(url),
            Found::Trusted => f.write_str("trusted"),
            Found::NotNeeded => f.write_str("none needed: it is on this machine"),
            Found::Accepted => f.write_str("phpIPAM takes it"),
            Found::Agent { id, name } => write!(f, "{name} (agent {id})"),
            Found::Subnets { assigned, scanned } => {
                f.write_str(&count(*assigned, "subnet", "subnets"))?;
                match scanned < assigned {
                    true => write!(
                        f,
                        ", {scanned} of them scanned; `fieldscan subnets` says why not the others"
                    ),
                    false => Ok(()),
                }
            }
            Found::Server { host, port } => write!(f, "{host}, port {port}"),
            Found::Nmap { version, path } => write!(f, "{version}, {path}"),
            Found::Raw => f.write_str(&Privileges::Own.words()),
            Found::Helper { path } => f.write_str(&Privileges::Helper(path.into()).words()),
            Found::Clock { apart: 0 | 1 } => f.write_str("as the servers'"),
            Found::Clock { apart } => write!(f, "{apart} s from the servers'"),
        }
    }
}

fn place(source: Source) -> &'static str {
    match source {
        Source::Environment => "from the environment",
        Source::CredentialsDirectory => "from $CREDENTIALS_DIRECTORY",
        Source::Keychain => "from the keychain",
    }
}

fn name<S: serde::Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_command_line_come_from_the_facts() {
        let agent = Found::Agent {
            id: AgentId(3),
            name: "depot".to_owned(),
        };
        let all = [
            (Found::Complete, "all that is needed is set"),
            (
                Found::Secrets {
                    secret: Secret::ClientToken,
                    source: Source::Keychain,
                    auth_token: Some(Source::Environment),
                },
                "client_token from the keychain, auth_token from the environment",
            ),
            (
                Found::Secrets {
                    secret: Secret::ClientPassword,
                    source: Source::CredentialsDirectory,
                    auth_token: None,
                },
                "client_password from $CREDENTIALS_DIRECTORY, no auth_token",
            ),
            (
                Found::Answers {
                    url: "https://ipam.example.com".to_owned(),
                    port: Some(443),
                },
                "https://ipam.example.com, port 443",
            ),
            (agent, "depot (agent 3)"),
            (
                Found::Helper {
                    path: "/usr/lib/fieldscan/fieldscan-nmap".to_owned(),
                },
                "raw sockets through /usr/lib/fieldscan/fieldscan-nmap",
            ),
            (
                Found::Subnets {
                    assigned: 1,
                    scanned: 1,
                },
                "1 subnet",
            ),
            (
                Found::Subnets {
                    assigned: 4,
                    scanned: 3,
                },
                "4 subnets, 3 of them scanned; `fieldscan subnets` says why not the others",
            ),
            (Found::Clock { apart: 1 }, "as the servers'"),
            (Found::Clock { apart: 3 }, "3 s from the servers'"),
        ];
        for (found, words) in all {
            assert_eq!(found.to_string(), words);
        }
    }
}
