//! The one most important problem in few words, and the page on which it is mended.

use crate::{
    problem::{Problem, Severity, Subject},
    snapshot::Snapshot,
};

use super::{
    headline::keeps_from_working,
    page::{Page, Section},
    place_of_subnet, plain, words_with,
};

/// Longest line about a problem, in characters.
const LINE: usize = 70;

/// What a person does about a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// A menu item: `Replace the token…`.
    pub label: &'static str,
    /// Where it is done.
    pub page: Page,
}

/// The one problem that needs the person most: what keeps the agent from working, then the oldest of the others.
pub fn foremost(snapshot: &Snapshot) -> Option<&Problem> {
    let needing = || {
        let problems = snapshot.problems.iter().map(|standing| &standing.problem);
        problems.filter(|problem| problem.severity() == Severity::NeedsPerson)
    };
    needing()
        .find(|problem| keeps_from_working(problem))
        .or_else(|| needing().next())
}

/// What happened, in a few words and without a full stop, with subnets named as the snapshot has them.
pub fn brief(problem: &Problem, snapshot: &Snapshot) -> String {
    let words = words_with(problem, &|id| place_of_subnet(snapshot, id));
    plain(words.what.trim_end_matches('.'), LINE)
        .unwrap_or_default()
        .replace('`', "")
}

/// Whether the agent has never been set up: what is missing is then entered step by step.
pub fn needs_setup(snapshot: &Snapshot) -> bool {
    let mut problems = snapshot.problems.iter();
    snapshot.ipam.fetched_at.is_none() && problems.any(|standing| is_about_setup(&standing.problem))
}

/// Whether something was never entered.
pub(crate) fn is_about_setup(problem: &Problem) -> bool {
    matches!(
        problem,
        Problem::SettingMissing { .. } | Problem::SecretMissing { .. }
    )
}

/// What to do about a problem, and where.
pub fn remedy(problem: &Problem) -> Remedy {
    use Problem::*;
    const SEE: &str = "See what to do…";
    let phpipam = Page::Settings(Some(Section::Phpipam));
    let server = Page::Settings(Some(Section::Server));
    let scanning = Page::Settings(Some(Section::Scanning));
    let (label, page) = match problem {
        SettingMissing { key } => ("Enter what is missing…", settings_of(key)),
        SettingsInvalid { .. } => ("Open the settings…", Page::Settings(None)),
        SecretMissing { name } if name == "client_password" => ("Enter the password…", phpipam),
        SecretMissing { name } => ("Enter the token…", settings_of(name)),
        SecretUnreadable { name, .. } => (SEE, settings_of(name)),
        KeychainUnavailable { .. } => (SEE, phpipam),
        IpamTokenRejected { .. } => ("Replace the token…", phpipam),
        IpamTokenOfOtherApp { .. } | IpamAppUnknown { .. } => ("Correct the App id…", phpipam),
        IpamInsecure | IpamNotFound { .. } => ("Correct the address…", phpipam),
        AgentCodeUnknown => ("Correct the agent code…", phpipam),
        IpamUnreachable { .. }
        | IpamCertificate { .. }
        | IpamApiOff { .. }
        | IpamBlocked { .. }
        | IpamFailing { .. }
        | IpamNotUnderstood { .. } => (SEE, phpipam),
        NothingAssigned | NotAssigned { .. } => (SEE, Page::Overview),
        SubnetGone { subnet }
        | AddressesUnknown { subnet }
        | SubnetRefused { subnet, .. }
        | NmapFailed { subnet, .. }
        | NmapHung { subnet }
        | NoRoute { subnet }
        | EverybodyUp { subnet, .. } => ("See the subnet…", Page::Subnet(*subnet, None)),
        NmapMissing | NmapTooOld { .. } => ("See how to install nmap…", scanning),
        NmapUnusable { .. } | NmapUnprivileged => (SEE, scanning),
        ServerTokenRejected { .. } => ("Replace the token…", server),
        ServerInsecure => ("Correct the address…", server),
        ServerUnreachable { .. } | ServerCertificate { .. } | ServerFailing { .. } => (SEE, server),
        ReportRejected { report, .. }
        | ReportDamaged { report, .. }
        | ReportPartly { report, .. }
        | ReportUnconfirmed { report } => ("See the report…", Page::Reports(Some(*report))),
        ClockOff { .. } => ("Correct the clock…", Page::Settings(Some(Section::Cache))),
        DiskFull
        | StoreSetAside { .. }
        | StoreFailing { .. }
        | StoreHeld { .. }
        | StoreNewer { .. }
        | AgentEnded => (SEE, Page::Overview),
        ScheduleInvalid { .. } => (
            "Correct the schedule…",
            Page::Settings(Some(Section::Schedule)),
        ),
    };
    Remedy { label, page }
}

/// What to do about a problem of a snapshot: an agent that was never set up is set up.
pub fn remedy_in(problem: &Problem, snapshot: &Snapshot) -> Remedy {
    if needs_setup(snapshot) && is_about_setup(problem) {
        return Remedy {
            label: "Set up Fieldscan…",
            page: Page::Setup,
        };
    }
    remedy(problem)
}

/// Whether a problem keeps reports from being sent until a person has done something.
pub(super) fn keeps_reports(problem: &Problem) -> bool {
    if problem.severity() != Severity::NeedsPerson {
        return false;
    }
    match problem {
        Problem::KeychainUnavailable { .. } => true,
        Problem::SecretMissing { name } | Problem::SecretUnreadable { name, .. } => {
            name == "auth_token"
        }
        other => other.subject() == Subject::Server,
    }
}

fn settings_of(key: &str) -> Page {
    Page::Settings(Some(match key {
        "auth_token" | "http_server" | "http_port" => Section::Server,
        _ => Section::Phpipam,
    }))
}
