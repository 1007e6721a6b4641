//! A report and its journey.

use std::net::IpAddr;

use fieldscan_core::{
    delivery::{Event, Report, State},
    ids::{ReportId, ScanId, SubnetId},
    present,
};
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use ts_rs::TS;

/// A report.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ReportDocument {
    pub id: ReportId,
    subnet: SubnetId,
    scan: ScanId,
    cidr: String,
    part: u32,
    parts: u32,
    created_at: Timestamp,
    host_count: usize,
    stale: bool,
    #[serde(flatten)]
    state: State,
    words: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    probably: Option<String>,
    journey: Vec<StepDocument>,
    /// Only where one report is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    hosts: Option<Vec<IpAddr>>,
}

#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "JourneyStep")]
struct StepDocument {
    at: Timestamp,
    #[serde(flatten)]
    event: Event,
    words: String,
}

impl ReportDocument {
    pub fn of(report: &Report, now: Timestamp) -> Self {
        Self {
            id: report.id,
            subnet: report.subnet,
            scan: report.scan,
            cidr: report.cidr.clone(),
            part: report.part.0,
            parts: report.part.1,
            created_at: report.created_at,
            host_count: report.hosts.len(),
            stale: report.stale,
            words: present::state(&report.state, report.hosts.len(), now, &TimeZone::system()),
            probably: probably(&report.state),
            state: report.state.clone(),
            journey: report
                .journey
                .iter()
                .map(|step| StepDocument {
                    at: step.at,
                    words: present::event(&step.event),
                    event: step.event.clone(),
                })
                .collect(),
            hosts: None,
        }
    }

    /// With the hosts that it tells of.
    pub fn whole(report: &Report, now: Timestamp) -> Self {
        Self {
            hosts: Some(report.hosts.clone()),
            ..Self::of(report, now)
        }
    }
}

/// The likely causes of a report that is not seen back.
pub fn probably(state: &State) -> Option<String> {
    match state {
        State::Partly { causes, .. } | State::Unconfirmed { causes, .. } => present::causes(causes),
        State::Queued
        | State::Waiting { .. }
        | State::Sent { .. }
        | State::Confirmed { .. }
        | State::Rejected { .. }
        | State::Superseded { .. } => None,
    }
}
