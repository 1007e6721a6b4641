//! Settings: defaults, validation, and the import of the reference scanner's `scan_agent.yaml`.

use std::{path::PathBuf, time::Duration};

use crate::{
    ids::AgentCode,
    plan::{Guard, Profile},
    schedule::Schedule,
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
    /// `http_server`: the scan server, scheme and host. Default `http://127.0.0.1`.
    pub http_server: url::Url,
    /// `http_port`: its port. Default 5000.
    pub http_port: u16,
    /// `ca_file`: certificates (PEM) to trust beside the OS's.
    pub ca_file: Option<PathBuf>,
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
    /// `keep_history`: how long scans are kept. Default 90 days.
    pub keep_history: Duration,
    /// `log_level`: error, warn, info, debug. Default info.
    pub log_level: LogLevel,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
}
