//! Settings: defaults, validation, and the import of the reference scanner's `scan_agent.yaml`.
//!
//! A settings file is a flat YAML mapping. One table, [`KEYS`], says of each key what it means, what it takes and how
//! it is written; reading a file, setting one key, showing all of them and the documented example follow from it.
//! Nothing here opens a file, and no secret is kept: [`import()`] hands the tokens out, and a settings file that holds
//! one is refused.

mod edit;
mod file;
mod import;
mod keys;
mod mistake;
mod preview;
mod values;
mod yaml;

#[cfg(test)]
mod tests;

use std::{path::PathBuf, time::Duration};

use crate::{
    ids::AgentCode,
    notice::Switches,
    plan::{Guard, Profile},
    schedule::Schedule,
};

pub use self::{
    edit::{set, set_all, take_over, to_yaml, update},
    file::parse,
    import::{Import, REFERENCE_KEY, blank_tokens, import},
    keys::{KEYS, Key, Shown, key},
    mistake::{Expected, Mistake, Position, SECRET_KEYS, Warning},
    preview::preview_schedule,
};

/// Everything that a person can set. No secret is in here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `api_url`: phpIPAM's address without `/api`, for instance `https://ipam.example.com`.
    pub api_url: Option<url::Url>,
    /// `client_name`: phpIPAM's app id.
    pub client_name: Option<String>,
    /// `client_user`: user name for apps of the kind "SSL with User token"; `None` for app codes.
    pub client_user: Option<String>,
    /// `scanagent_code`: the agent's code in phpIPAM.
    pub scanagent_code: Option<AgentCode>,
    /// `http_server`: the scan server, scheme and host without a port. Default `http://127.0.0.1`.
    pub http_server: url::Url,
    /// `http_port`: its port. Default 5000.
    pub http_port: u16,
    /// `ca_file`: certificates (PEM) to trust beside the OS's.
    pub ca_file: Option<PathBuf>,
    /// `update_url`: where a signed notice of the newest version is. `None`: nobody looks.
    pub update_url: Option<url::Url>,
    /// `update_key`: the minisign public key that has signed it.
    pub update_key: Option<String>,
    /// `cache_expire_time`, seconds. Default 1800.
    pub cache_expire_time: Duration,
    /// `epoch_time_offset`, seconds that are added to this machine's clock. Default 0.
    pub epoch_time_offset: i64,
    /// `ipam_time_zone`: the zone in which phpIPAM keeps its times (IANA name). Default UTC.
    pub ipam_time_zone: jiff::tz::TimeZone,
    /// `report_ipv6`: send IPv6 hosts too; the reference server spoils such a report. Default false.
    pub report_ipv6: bool,
    /// `misses_before_missing`: scans in a row that must not see an address before it is Missing. Default 3.
    pub misses_before_missing: u32,
    /// `schedule`: `off`, an interval ("30 min"), or a cron expression. Default every hour.
    pub schedule: Schedule,
    /// `schedule_jitter`: a scheduled run begins up to this much later. Default 1 min.
    pub schedule_jitter: Duration,
    /// `profile`: gentle, normal or fast. Default normal.
    pub profile: Profile,
    /// `allow_public` (list of networks) and `allow_large`.
    pub guard: Guard,
    /// `accept_everything_up`: networks of which nearly all addresses may be up by a device that answers for everybody.
    pub accept_everything_up: Vec<ipnetwork::IpNetwork>,
    /// `right_place`: a subnet is not scanned by itself at another site than its own. Default true.
    pub right_place: bool,
    /// `battery_level`: below so many percent on battery, scheduled runs wait; 0 for never. Default 20.
    pub battery_level: u8,
    /// `on_metered`: what scheduled runs do on a metered connection. Default wait.
    pub on_metered: OnMetered,
    /// `keep_history`: how long scans are kept. Default 90 days.
    pub keep_history: Duration,
    /// `log_level`: error, warn, info, debug. Default info.
    pub log_level: LogLevel,
    /// `notify_findings`, `notify_reports`, `notify_problems`, `notify_delivered`. Default all.
    pub notify: Switches,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            api_url: None,
            client_name: None,
            client_user: None,
            scanagent_code: None,
            http_server: url::Url::parse("http://127.0.0.1").expect("a constant URL"),
            http_port: 5000,
            ca_file: None,
            update_url: None,
            update_key: None,
            cache_expire_time: Duration::from_secs(1800),
            epoch_time_offset: 0,
            ipam_time_zone: jiff::tz::TimeZone::UTC,
            report_ipv6: false,
            misses_before_missing: 3,
            schedule: Schedule::Every(Duration::from_secs(3600)),
            schedule_jitter: Duration::from_secs(60),
            profile: Profile::Normal,
            guard: Guard::default(),
            accept_everything_up: Vec::new(),
            right_place: true,
            battery_level: 20,
            on_metered: OnMetered::Wait,
            keep_history: Duration::from_secs(90 * 86_400),
            log_level: LogLevel::Info,
            notify: Switches::default(),
        }
    }
}

/// What scheduled runs do while the connection is metered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnMetered {
    /// They wait for another connection.
    #[default]
    Wait,
    /// They are made.
    Scan,
}

/// How much is logged.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    ts_rs::TS,
)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
}
