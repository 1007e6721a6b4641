//! What can go wrong, as a person should be told it: a code with its facts. The words stand in [`crate::present`] and in the UI's catalogue.
//!
//! No problem carries a secret, and only those about a subnet carry customer data (the subnet's id or network).

use ipnetwork::IpNetwork;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{
    ids::{ReportId, SubnetId},
    plan::{Impostor, Refusal},
};

mod standing;

pub(crate) use standing::keeps_nmap;
pub use standing::{Problems, Standing};

/// A problem, with the facts that its words need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "code")]
pub enum Problem {
    /// A setting that is needed has no value.
    SettingMissing {
        /// The setting's key.
        key: String,
    },
    /// The settings file can't be used.
    SettingsInvalid {
        /// File, line, key, found and expected, in words.
        detail: String,
    },
    /// A secret is neither in the keychain nor in the environment.
    SecretMissing {
        /// The secret's name: `client_token`, `auth_token`, `client_password`.
        name: String,
    },
    /// A secret's source has something that can't be used: a file that can't be read, or bytes that are not text.
    SecretUnreadable {
        /// The secret's name.
        name: String,
        /// Which source, and what is wrong with it; never the value.
        detail: String,
    },
    /// The OS keychain can't be used.
    KeychainUnavailable {
        /// The system's words.
        detail: String,
    },

    /// No connection to phpIPAM.
    IpamUnreachable {
        /// What the network said.
        detail: String,
    },
    /// phpIPAM's certificate is not trusted.
    IpamCertificate {
        /// What is wrong with it.
        detail: String,
    },
    /// A token would go over plain HTTP to another machine.
    IpamInsecure,
    /// 401: wrong token, or an app that may not read.
    IpamTokenRejected {
        /// phpIPAM's words.
        words: String,
    },
    /// 403: the token belongs to another app.
    IpamTokenOfOtherApp {
        /// phpIPAM's words.
        words: String,
    },
    /// phpIPAM doesn't know the app id (setting `client_name`).
    IpamAppUnknown {
        /// phpIPAM's words.
        words: String,
    },
    /// 503: the API is switched off, or the app wants another kind of connection.
    IpamApiOff {
        /// phpIPAM's words.
        words: String,
    },
    /// phpIPAM blocks this machine for some minutes after failed log-ins.
    IpamBlocked {
        /// phpIPAM's words.
        words: String,
    },
    /// The answer is not phpIPAM's API: the base path is wrong, or a proxy or portal answers.
    IpamNotFound {
        /// What came instead.
        detail: String,
    },
    /// phpIPAM's server fails.
    IpamFailing {
        /// HTTP status.
        status: u16,
        /// phpIPAM's words, or "" for an empty body.
        words: String,
    },
    /// The answer can't be read.
    IpamNotUnderstood {
        /// What is wrong with it.
        detail: String,
    },
    /// No scan agent has the code in `scanagent_code`.
    AgentCodeUnknown,
    /// phpIPAM assigns no subnet to this agent.
    NothingAssigned,
    /// A subnet that was asked for is not assigned to this agent.
    NotAssigned {
        /// What was asked for.
        #[ts(type = "string")]
        network: IpNetwork,
    },
    /// The subnet no longer exists in phpIPAM.
    SubnetGone {
        /// The subnet.
        subnet: SubnetId,
    },
    /// phpIPAM has never told the subnet's addresses, so it can't be scanned without harm to excluded addresses.
    AddressesUnknown {
        /// The subnet.
        subnet: SubnetId,
    },
    /// The guard refused a subnet.
    SubnetRefused {
        /// The subnet.
        subnet: SubnetId,
        /// `subnet/mask` as phpIPAM has it.
        cidr: String,
        /// Why.
        refusal: Refusal,
    },

    /// No nmap on this machine.
    NmapMissing,
    /// The nmap that was named can't be used.
    NmapUnusable {
        /// Its path, as it was given.
        path: String,
        /// Whether there is a program, which is not nmap; otherwise there is none.
        program: bool,
    },
    /// nmap is too old.
    NmapTooOld {
        /// Its version.
        found: String,
        /// The oldest that works.
        needed: String,
    },
    /// nmap has no raw sockets here: TCP connections only, fewer hosts found, no MACs.
    NmapUnprivileged,
    /// nmap ended with an error.
    NmapFailed {
        /// The subnet.
        subnet: SubnetId,
        /// Its words.
        detail: String,
    },
    /// nmap said nothing for too long and was stopped.
    NmapHung {
        /// The subnet.
        subnet: SubnetId,
    },
    /// There is no route to the subnet from here.
    NoRoute {
        /// The subnet.
        subnet: SubnetId,
    },
    /// Nearly all addresses of a subnet seem to be up, by nothing that one device couldn't send for all of them. The scan is
    /// held back.
    EverybodyUp {
        /// The subnet.
        subnet: SubnetId,
        /// `subnet/mask` as phpIPAM has it.
        cidr: String,
        /// Addresses that seem to be up.
        up: u32,
        /// Of so many.
        of: u32,
        /// By what.
        #[serde(flatten)]
        by: Impostor,
    },

    /// No connection to the scan server.
    ServerUnreachable {
        /// What the network said.
        detail: String,
    },
    /// The scan server's certificate is not trusted.
    ServerCertificate {
        /// What is wrong with it.
        detail: String,
    },
    /// `auth_token` would go over plain HTTP to another machine.
    ServerInsecure,
    /// 401: the scan server doesn't take the token.
    ServerTokenRejected {
        /// The server's words.
        words: String,
    },
    /// The scan server refused a report.
    ReportRejected {
        /// The report.
        report: ReportId,
        /// HTTP status.
        status: u16,
        /// The server's words.
        words: String,
    },
    /// A report in the database is not as it was written, so it is not sent.
    ReportDamaged {
        /// The report.
        report: ReportId,
        /// What is wrong with it.
        detail: String,
    },
    /// The scan server fails (5xx, 408, 429).
    ServerFailing {
        /// HTTP status.
        status: u16,
        /// The server's words.
        words: String,
    },
    /// Some hosts of a report are not seen in phpIPAM after the time that the server needs.
    ReportPartly {
        /// The report.
        report: ReportId,
        /// Hosts not seen back.
        missing: u32,
        /// Hosts reported.
        of: u32,
    },
    /// Nothing of a report is seen in phpIPAM after the time that the server needs.
    ReportUnconfirmed {
        /// The report.
        report: ReportId,
    },

    /// This machine's clock differs from a server's.
    ClockOff {
        /// Seconds that this machine's corrected clock is ahead (behind if negative).
        ahead: i64,
        /// The `epoch_time_offset` that would mend it.
        offset: i64,
    },
    /// The disk with the database is full.
    DiskFull,
    /// The database was damaged and set aside; a new one was begun.
    StoreSetAside {
        /// Where the damaged file is now.
        path: String,
    },
    /// The database can't be read or written.
    StoreFailing {
        /// SQLite's words.
        detail: String,
    },
    /// Another process has the database.
    StoreHeld {
        /// Its program.
        program: String,
        /// Its process id.
        pid: u32,
    },
    /// The database was written by a newer Fieldscan.
    StoreNewer {
        /// The database.
        path: String,
    },
    /// The agent ended by a fault of its own.
    AgentEnded,
    /// The schedule names no time.
    ScheduleInvalid {
        /// What is wrong with it.
        detail: String,
    },
}

/// How much a problem matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, TS, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; the work is done all the same.
    Notice,
    /// Something is not done now, and will be by itself.
    Waiting,
    /// A person must do something.
    NeedsPerson,
}

/// What a problem is about: at most one problem of a code is shown for each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// A subnet.
    Subnet(SubnetId),
    /// A report.
    Report(ReportId),
    /// phpIPAM or the way to it.
    Ipam,
    /// The scan server or the way to it.
    Server,
    /// nmap.
    Nmap,
    /// This machine: settings, keychain, clock, disk.
    Machine,
}

impl Problem {
    /// How much it matters.
    pub fn severity(&self) -> Severity {
        use Problem::*;
        match self {
            IpamUnreachable { .. }
            | IpamFailing { .. }
            | IpamBlocked { .. }
            | ServerUnreachable { .. }
            | ServerFailing { .. }
            | NoRoute { .. }
            | NmapHung { .. }
            | StoreHeld { .. } => Severity::Waiting,
            NmapUnprivileged
            | SubnetRefused { .. }
            | SubnetGone { .. }
            | NothingAssigned
            | NotAssigned { .. }
            | StoreSetAside { .. } => Severity::Notice,
            SettingMissing { .. }
            | SettingsInvalid { .. }
            | SecretMissing { .. }
            | SecretUnreadable { .. }
            | KeychainUnavailable { .. }
            | IpamCertificate { .. }
            | IpamInsecure
            | IpamTokenRejected { .. }
            | IpamTokenOfOtherApp { .. }
            | IpamAppUnknown { .. }
            | IpamApiOff { .. }
            | IpamNotFound { .. }
            | IpamNotUnderstood { .. }
            | AgentCodeUnknown
            | AddressesUnknown { .. }
            | NmapMissing
            | NmapUnusable { .. }
            | NmapTooOld { .. }
            | NmapFailed { .. }
            | EverybodyUp { .. }
            | ServerCertificate { .. }
            | ServerInsecure
            | ServerTokenRejected { .. }
            | ReportRejected { .. }
            | ReportDamaged { .. }
            | ReportPartly { .. }
            | ReportUnconfirmed { .. }
            | ClockOff { .. }
            | DiskFull
            | StoreFailing { .. }
            | StoreNewer { .. }
            | AgentEnded
            | ScheduleInvalid { .. } => Severity::NeedsPerson,
        }
    }

    /// What it is about.
    pub fn subject(&self) -> Subject {
        use Problem::*;
        match self {
            SettingMissing { .. }
            | SettingsInvalid { .. }
            | SecretMissing { .. }
            | SecretUnreadable { .. }
            | KeychainUnavailable { .. }
            | ClockOff { .. }
            | DiskFull
            | StoreSetAside { .. }
            | StoreFailing { .. }
            | StoreHeld { .. }
            | StoreNewer { .. }
            | AgentEnded
            | ScheduleInvalid { .. } => Subject::Machine,
            IpamUnreachable { .. }
            | IpamCertificate { .. }
            | IpamInsecure
            | IpamTokenRejected { .. }
            | IpamTokenOfOtherApp { .. }
            | IpamAppUnknown { .. }
            | IpamApiOff { .. }
            | IpamBlocked { .. }
            | IpamNotFound { .. }
            | IpamFailing { .. }
            | IpamNotUnderstood { .. }
            | AgentCodeUnknown
            | NothingAssigned
            | NotAssigned { .. } => Subject::Ipam,
            SubnetGone { subnet }
            | AddressesUnknown { subnet }
            | SubnetRefused { subnet, .. }
            | NmapFailed { subnet, .. }
            | NmapHung { subnet }
            | NoRoute { subnet }
            | EverybodyUp { subnet, .. } => Subject::Subnet(*subnet),
            NmapMissing | NmapUnusable { .. } | NmapTooOld { .. } | NmapUnprivileged => {
                Subject::Nmap
            }
            ServerUnreachable { .. }
            | ServerCertificate { .. }
            | ServerInsecure
            | ServerTokenRejected { .. }
            | ServerFailing { .. } => Subject::Server,
            ReportRejected { report, .. }
            | ReportDamaged { report, .. }
            | ReportPartly { report, .. }
            | ReportUnconfirmed { report } => Subject::Report(*report),
        }
    }

    /// Whether phpIPAM could not be asked at all, so that asking again at once for other subnets is a waste of time.
    pub fn means_offline(&self) -> bool {
        self.subject() == Subject::Ipam
            && !matches!(
                self,
                Problem::NothingAssigned | Problem::NotAssigned { .. } | Problem::AgentCodeUnknown
            )
    }

    /// The kebab-case code, as in JSON documents.
    pub fn code(&self) -> String {
        // The tag is the one place that holds the codes; a problem is always an object with it.
        serde_json::to_value(self)
            .ok()
            .and_then(|value| Some(value.get("code")?.as_str()?.to_owned()))
            .unwrap_or_default()
    }
}
