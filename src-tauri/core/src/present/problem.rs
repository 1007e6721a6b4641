//! The words for every problem: what happened, what to do, and what the other side said.

use crate::{
    ids::SubnetId,
    plan::Impostor,
    problem::{Problem, Subject},
};

use super::{count, duration, mac, quote, refusal};

/// A problem in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// What it is about, as a heading: `phpIPAM`, `Scan server`, `nmap`, `This computer`, or the subnet or report.
    pub area: String,
    /// What happened. One sentence.
    pub what: String,
    /// What to do, or what happens by itself.
    pub remedy: String,
    /// What the other side said, fit to be shown; to be set apart as its words.
    pub said: Option<Said>,
}

/// Words that are not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Who said it: `The server said`, `nmap said`, …
    pub by: &'static str,
    /// On one line, without control characters.
    pub words: String,
}

impl Words {
    /// All of it on one line, for logs and plain output.
    pub fn line(&self) -> String {
        match &self.said {
            Some(said) => format!(
                "{} {}: “{}”. {}",
                self.what, said.by, said.words, self.remedy
            ),
            None => format!("{} {}", self.what, self.remedy),
        }
    }
}

/// The words for a problem. Subnets are named by phpIPAM's id; [`words_with`] names them as people do.
pub fn words(problem: &Problem) -> Words {
    words_with(problem, &|_| None)
}

/// The words for a problem, with subnets named by `name` (`10.77.0.0/24`) where it knows them.
pub fn words_with(problem: &Problem, name: &dyn Fn(SubnetId) -> Option<String>) -> Words {
    let subnet = |id: SubnetId| name(id).unwrap_or_else(|| format!("subnet {id}"));
    let (what, remedy) = sentences(problem, &subnet);
    let area = match problem.subject() {
        Subject::Subnet(id) => capitalised(&subnet(id)),
        Subject::Report(id) => format!("Report {id}"),
        Subject::Ipam => "phpIPAM".to_owned(),
        Subject::Server => "Scan server".to_owned(),
        Subject::Nmap => "nmap".to_owned(),
        Subject::Machine => "This computer".to_owned(),
    };
    Words {
        area,
        what: capitalised(&what),
        remedy,
        said: said(problem),
    }
}

/// What happened, and what to do.
fn sentences(problem: &Problem, subnet: &dyn Fn(SubnetId) -> String) -> (String, String) {
    use Problem::*;
    let (what, remedy): (String, String) = match problem {
        SettingMissing { key } => (
            format!("The setting `{key}` has no value."),
            format!("Set it: `fieldscan config set {key} VALUE`.{}", place_of(key)),
        ),
        SettingsInvalid { .. } => (
            "The settings can't be used.".into(),
            "Correct the file; nothing in it was changed.".into(),
        ),
        SecretMissing { name } => (
            format!("The secret `{name}` is not set."),
            format!("Set it: `fieldscan secret set {name}`.{}", place_of(name)),
        ),
        SecretUnreadable { name, .. } => (
            format!("The secret `{name}` can't be read from where it is kept."),
            format!("Correct the file or variable, or set it anew: `fieldscan secret set {name}`."),
        ),
        KeychainUnavailable { .. } => (
            "The system's keychain can't be used.".into(),
            "Unlock it or start it. On a machine without one, set `FIELDSCAN_CLIENT_TOKEN` and `FIELDSCAN_AUTH_TOKEN`, or put files named `client_token` and `auth_token` into `$CREDENTIALS_DIRECTORY`.".into(),
        ),

        IpamUnreachable { .. } => (
            "phpIPAM can't be reached.".into(),
            "It is tried again by itself; until then scans use what phpIPAM told before. If this lasts, check the network and `api_url`.".into(),
        ),
        IpamCertificate { .. } => (
            "phpIPAM's certificate is not trusted.".into(),
            "Have the system trust the authority that signed it, or name its certificate in `ca_file`.".into(),
        ),
        IpamInsecure => (
            "The token would go to phpIPAM unencrypted.".into(),
            "Nothing was sent. Use an `api_url` that begins with https.".into(),
        ),
        IpamTokenRejected { .. } => (
            "phpIPAM doesn't take the token.".into(),
            "Copy the App code of the app that `client_name` names (phpIPAM: Administration → API) and set it: `fieldscan secret set client_token`. The app needs at least read permission.".into(),
        ),
        IpamTokenOfOtherApp { .. } => (
            "The token belongs to another app of phpIPAM.".into(),
            "Set `client_name` to the App id that the token belongs to, or set that app's App code as `client_token` (phpIPAM: Administration → API).".into(),
        ),
        IpamAppUnknown { .. } => (
            "phpIPAM doesn't know the app.".into(),
            "Set `client_name` to the App id as phpIPAM shows it, upper and lower case included (Administration → API).".into(),
        ),
        IpamApiOff { .. } => (
            "phpIPAM refuses this kind of connection.".into(),
            "Switch the API on (phpIPAM: Administration → phpIPAM settings), and give the app the security “SSL with App code token” (Administration → API).".into(),
        ),
        IpamBlocked { .. } => (
            "phpIPAM blocks this machine after failed log-ins.".into(),
            "It lets it in again after some minutes, and it is tried again by itself. If this comes back, correct `client_user` and its password.".into(),
        ),
        IpamNotFound { .. } => (
            "What answers is not phpIPAM's API.".into(),
            "Set `api_url` to phpIPAM's address as in a browser, without /api and without what follows. A log-in page of the network can also be in between.".into(),
        ),
        IpamFailing { status, .. } => (
            format!("phpIPAM's server fails (HTTP status {status})."),
            "It is tried again by itself, and what phpIPAM told before is kept. If this lasts, look into the web server's and PHP's logs there.".into(),
        ),
        IpamNotUnderstood { .. } => (
            "phpIPAM's answer can't be read.".into(),
            "What phpIPAM told before is kept. If this lasts, send the developers a bundle: `fieldscan diagnostics FILE.zip`.".into(),
        ),
        AgentCodeUnknown => (
            "phpIPAM has no scan agent with the code in the settings.".into(),
            "Copy the agent's Code (phpIPAM: Administration → Scan agents) and set it: `fieldscan config set scanagent_code CODE`. Upper and lower case matter.".into(),
        ),
        NothingAssigned => (
            "phpIPAM assigns no subnet to this scan agent.".into(),
            "Choose this agent as Scan agent in a subnet's settings in phpIPAM.".into(),
        ),
        NotAssigned { network } => (
            format!("{network} is not a subnet that phpIPAM assigns to this scan agent."),
            "Ask for one of those that `fieldscan subnets` lists, or assign it in phpIPAM.".into(),
        ),
        SubnetGone { subnet: id } => (
            format!("{} no longer exists in phpIPAM.", subnet(*id)),
            "It is no longer scanned. Nothing is to be done if that was meant.".into(),
        ),
        AddressesUnknown { subnet: id } => (
            format!("phpIPAM has never told the addresses of {}.", subnet(*id)),
            "It is not scanned, since some of its addresses may be excluded. It is scanned as soon as phpIPAM can be asked.".into(),
        ),
        SubnetRefused {
            cidr, refusal: why, ..
        } => (
            format!("{} is not scanned.", quote(cidr).unwrap_or_else(|| "A subnet without a network".into())),
            refusal(why),
        ),

        NmapMissing => (
            "nmap is not installed.".into(),
            "Install it: `apt install nmap`, `dnf install nmap` or `brew install nmap`; for Windows from nmap.org.".into(),
        ),
        NmapUnusable { path, program: false } => (
            format!("There is no {}.", quote(path).unwrap_or_default()),
            "Name another nmap, or leave `--nmap` out to have the first one in PATH.".into(),
        ),
        NmapUnusable { path, program: true } => (
            format!("{} is not nmap.", quote(path).unwrap_or_default()),
            "Name another nmap, or leave `--nmap` out to have the first one in PATH.".into(),
        ),
        NmapTooOld { found, needed } => (
            format!("nmap {found} is too old."),
            format!("Install {needed} or newer."),
        ),
        NmapUnprivileged => (
            "nmap runs without raw sockets: behind a router, hosts that answer no TCP on 80 or 443 are not seen, and MACs are only those in the system's neighbour table.".into(),
            "On Linux give fieldscan-nmap its capability, once: `fieldscan grant`. On macOS run the agent as root. On Windows install Npcap; where it is restricted to administrators, run the agent as one.".into(),
        ),
        NmapFailed { subnet: id, .. } => (
            format!("nmap could not scan {}.", subnet(*id)),
            "Nothing was reported for it. It is scanned again in the next run.".into(),
        ),
        NmapHung { subnet: id } => (
            format!("nmap said nothing for too long while it scanned {}, and was stopped.", subnet(*id)),
            "Nothing was reported for it. It is scanned again in the next run.".into(),
        ),
        NoRoute { subnet: id } => (
            format!("This computer has no route to {}.", subnet(*id)),
            "Nothing was reported for it. Connect the network or VPN that it lies in; it is scanned again in the next run.".into(),
        ),
        EverybodyUp { subnet: id, cidr, up, of, by } => (
            format!(
                "{up} of {of} addresses of {} seem to be up, {}.",
                subnet(*id),
                match by {
                    Impostor::Reset => "all by TCP resets: a firewall probably answers for everybody".to_owned(),
                    Impostor::OneMac { mac: one } => format!(
                        "nearly all with the MAC {}: a router probably answers ARP for everybody",
                        mac(*one)
                    ),
                }
            ),
            format!("The scan is held back and nothing was reported for it. Scan it from a place that no such device lies before, or, if they are really up, add {} to `accept_everything_up`.", quote(cidr).unwrap_or_default()),
        ),

        ServerUnreachable { .. } => (
            "The scan server can't be reached.".into(),
            "Reports wait and are sent by themselves when it is back. If this lasts, check the network, `http_server` and `http_port`.".into(),
        ),
        ServerCertificate { .. } => (
            "The scan server's certificate is not trusted.".into(),
            "Reports wait. Have the system trust the authority that signed it, or name its certificate in `ca_file`.".into(),
        ),
        ServerInsecure => (
            "The token would go to the scan server unencrypted.".into(),
            "Nothing was sent, and reports are kept. Use an `http_server` that begins with https, or a scan server on this machine.".into(),
        ),
        ServerTokenRejected { .. } => (
            "The scan server doesn't take the token.".into(),
            "Reports are kept. Set the token that the scan server expects: `fieldscan secret set auth_token`. They are then sent again.".into(),
        ),
        ReportRejected { report, status, .. } => (
            format!("The scan server refused report {report} (HTTP status {status})."),
            "The report is kept. Mend the cause, then send it again: `fieldscan reports --retry`.".into(),
        ),
        ReportDamaged { report, .. } => (
            format!("Report {report} is damaged in the database, so it is not sent."),
            "Scan the subnet again: the new report tells what this one would have told.".into(),
        ),
        ServerFailing { status, .. } => (
            format!("The scan server fails (HTTP status {status})."),
            "Reports wait and are sent again by themselves. If this lasts, look into the scan server's log.".into(),
        ),
        ReportPartly {
            report,
            missing,
            of,
        } => (
            format!(
                "{} of the {} in report {report} can't be seen in phpIPAM.",
                super::number(u64::from(*missing)),
                count(u64::from(*of), "host", "hosts"),
            ),
            format!("See which: `fieldscan reports --show {report}`. Then send it again, or wait for the next scan."),
        ),
        ReportUnconfirmed { report } => (
            format!("Nothing of report {report} can be seen in phpIPAM."),
            format!("See the likely causes: `fieldscan reports --show {report}`. Then send it again: `fieldscan reports --retry`."),
        ),

        ClockOff { ahead, offset } => (
            format!(
                "This computer's clock is {} {} the servers'.",
                duration(std::time::Duration::from_secs(ahead.unsigned_abs())),
                if *ahead >= 0 { "ahead of" } else { "behind" },
            ),
            format!("Set the clock, or correct for it: `fieldscan config set epoch_time_offset {offset}`."),
        ),
        DiskFull => (
            "The disk is full.".into(),
            "No new scan can be kept; what was accepted before is intact. Make room, and scans go on by themselves.".into(),
        ),
        StoreSetAside { path } => (
            "The database was damaged, and a new one was begun.".into(),
            format!("The damaged file is kept as {path}. History and waiting reports from before are only in there."),
        ),
        StoreFailing { .. } => (
            "The database can't be read or written.".into(),
            "Check the permissions and the disk of the data folder, which `--data-dir` names.".into(),
        ),
        StoreHeld { program, pid } => (
            format!("Another process is at work on this data: {program} (process {pid})."),
            "This one goes on by itself once the other has ended.".into(),
        ),
        StoreNewer { path } => (
            format!("{path} was written by a newer Fieldscan."),
            "Install that version. The database was left as it is.".into(),
        ),
        AgentEnded => (
            "The agent ended by a fault of its own, and was started again.".into(),
            "What was accepted before is in the database. Please report this: `fieldscan diagnostics FILE.zip`.".into(),
        ),
        ScheduleInvalid { .. } => (
            "The schedule names no time.".into(),
            "Set `schedule` to `off`, an interval such as `30 min`, or a cron expression such as `0 6 * * *`.".into(),
        ),
    };
    (what, remedy)
}

/// What the other side said, if it said anything.
fn said(problem: &Problem) -> Option<Said> {
    use Problem::*;
    const SERVER: &str = "The server said";
    const SYSTEM: &str = "The system said";
    let (by, words) = match problem {
        IpamTokenRejected { words }
        | IpamTokenOfOtherApp { words }
        | IpamAppUnknown { words }
        | IpamApiOff { words }
        | IpamBlocked { words }
        | IpamFailing { words, .. }
        | ServerTokenRejected { words }
        | ReportRejected { words, .. }
        | ServerFailing { words, .. } => (SERVER, words),
        IpamUnreachable { detail }
        | ServerUnreachable { detail }
        | KeychainUnavailable { detail } => (SYSTEM, detail),
        NmapFailed { detail, .. } => ("nmap said", detail),
        StoreFailing { detail } => ("The database said", detail),
        SettingsInvalid { detail }
        | ScheduleInvalid { detail }
        | ReportDamaged { detail, .. }
        | SecretUnreadable { detail, .. }
        | IpamCertificate { detail }
        | ServerCertificate { detail }
        | IpamNotFound { detail }
        | IpamNotUnderstood { detail } => ("In detail", detail),
        SettingMissing { .. }
        | SecretMissing { .. }
        | IpamInsecure
        | AgentCodeUnknown
        | NothingAssigned
        | NotAssigned { .. }
        | SubnetGone { .. }
        | AddressesUnknown { .. }
        | SubnetRefused { .. }
        | NmapMissing
        | NmapUnusable { .. }
        | NmapTooOld { .. }
        | NmapUnprivileged
        | NmapHung { .. }
        | NoRoute { .. }
        | EverybodyUp { .. }
        | ServerInsecure
        | ReportPartly { .. }
        | ReportUnconfirmed { .. }
        | ClockOff { .. }
        | DiskFull
        | StoreHeld { .. }
        | StoreNewer { .. }
        | AgentEnded
        | StoreSetAside { .. } => return None,
    };
    Some(Said {
        by,
        words: quote(words)?,
    })
}

/// Where phpIPAM or the scan server shows the value of a setting or secret.
fn place_of(key: &str) -> &'static str {
    match key {
        "api_url" => " It is phpIPAM's address as in a browser, without /api.",
        "client_name" => " phpIPAM shows it as App id under Administration → API.",
        "client_token" => " phpIPAM shows it as App code under Administration → API.",
        "client_user" | "client_password" => {
            " It is needed only for apps with the security “SSL with User token”."
        }
        "scanagent_code" => " phpIPAM shows it as Code under Administration → Scan agents.",
        "auth_token" => " It is the token that the scan server was started with.",
        _ => "",
    }
}

fn capitalised(sentence: &str) -> String {
    // Names that are written in lower case stay so at the beginning of a sentence.
    if sentence.starts_with("phpIPAM") || sentence.starts_with("nmap") {
        return sentence.to_owned();
    }
    let mut chars = sentence.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::ReportId, plan::Refusal};

    /// One problem of every kind. A new kind has words by the exhaustive match, and belongs in here too.
    fn one_of_each() -> Vec<Problem> {
        use Problem::*;
        let subnet = SubnetId(101);
        let report = ReportId(12);
        let detail = "some detail".to_owned();
        let words = "Invalid authorization token".to_owned();
        let all = vec![
            SettingMissing {
                key: "api_url".into(),
            },
            SettingsInvalid {
                detail: detail.clone(),
            },
            SecretMissing {
                name: "client_token".into(),
            },
            SecretUnreadable {
                name: "auth_token".into(),
                detail: "the file in `$CREDENTIALS_DIRECTORY` is not text".into(),
            },
            KeychainUnavailable {
                detail: detail.clone(),
            },
            IpamUnreachable {
                detail: detail.clone(),
            },
            IpamCertificate {
                detail: detail.clone(),
            },
            IpamInsecure,
            IpamTokenRejected {
                words: words.clone(),
            },
            IpamTokenOfOtherApp {
                words: words.clone(),
            },
            IpamAppUnknown {
                words: words.clone(),
            },
            IpamApiOff {
                words: words.clone(),
            },
            IpamBlocked {
                words: words.clone(),
            },
            IpamNotFound {
                detail: detail.clone(),
            },
            IpamFailing {
                status: 500,
                words: String::new(),
            },
            IpamNotUnderstood {
                detail: detail.clone(),
            },
            AgentCodeUnknown,
            NothingAssigned,
            NotAssigned {
                network: "10.9.0.0/24".parse().unwrap(),
            },
            SubnetGone { subnet },
            AddressesUnknown { subnet },
            SubnetRefused {
                subnet,
                cidr: "8.8.8.0/24".into(),
                refusal: Refusal::Public,
            },
            NmapMissing,
            NmapUnusable {
                path: "/nonexistent/nmap".into(),
                program: false,
            },
            NmapTooOld {
                found: "6.47".into(),
                needed: "7.40".into(),
            },
            NmapUnprivileged,
            NmapFailed {
                subnet,
                detail: detail.clone(),
            },
            NmapHung { subnet },
            NoRoute { subnet },
            EverybodyUp {
                subnet,
                cidr: "10.0.0.0/24".into(),
                up: 250,
                of: 256,
                by: Impostor::Reset,
            },
            ServerUnreachable {
                detail: detail.clone(),
            },
            ServerCertificate {
                detail: detail.clone(),
            },
            ServerInsecure,
            ServerTokenRejected {
                words: words.clone(),
            },
            ReportRejected {
                report,
                status: 413,
                words: words.clone(),
            },
            ReportDamaged {
                report,
                detail: "host 3 breaks a rule of the filter".into(),
            },
            ServerFailing { status: 503, words },
            ReportPartly {
                report,
                missing: 2,
                of: 22,
            },
            ReportUnconfirmed { report },
            ClockOff {
                ahead: -102,
                offset: 102,
            },
            DiskFull,
            StoreSetAside {
                path: "fieldscan.db.damaged-1".into(),
            },
            StoreFailing {
                detail: detail.clone(),
            },
            StoreHeld {
                program: "fieldscan".into(),
                pid: 4711,
            },
            StoreNewer {
                path: "fieldscan.db".into(),
            },
            AgentEnded,
            ScheduleInvalid { detail },
        ];
        let mut kinds: Vec<_> = all.iter().map(Problem::code).collect();
        kinds.sort();
        kinds.dedup();
        assert_eq!(kinds.len(), all.len(), "one of each, none twice");
        all
    }

    #[test]
    fn every_problem_has_words_that_a_person_can_act_on() {
        let all = one_of_each();
        let codes: Vec<String> = all.iter().map(Problem::code).collect();
        for problem in &all {
            let words = words(problem);
            for text in [&words.what, &words.remedy] {
                assert!(text.ends_with('.'), "not a sentence: {text}");
                assert!(text.len() > 12, "too little to act on: {text}");
                assert!(!text.contains('!'), "no exclamation marks: {text}");
                for code in codes.iter().filter(|code| code.contains('-')) {
                    assert!(!text.contains(code.as_str()), "a bare code in: {text}");
                }
            }
            let first = words.what.chars().next().unwrap();
            assert!(
                !first.is_lowercase()
                    || words.what.starts_with("phpIPAM")
                    || words.what.starts_with("nmap"),
                "a sentence begins with a capital: {}",
                words.what
            );
            assert!(!words.area.is_empty(), "{problem:?} is about something");
        }
    }

    #[test]
    fn the_remedy_says_where_phpipam_shows_a_value() {
        for (key, place) in [
            ("client_name", "App id under Administration → API"),
            ("scanagent_code", "Code under Administration → Scan agents"),
        ] {
            let words = words(&Problem::SettingMissing { key: key.into() });
            assert!(words.remedy.contains(place), "{}", words.remedy);
        }
        let words = words(&Problem::SecretMissing {
            name: "client_token".into(),
        });
        assert_eq!(
            words.line(),
            "The secret `client_token` is not set. Set it: `fieldscan secret set client_token`. phpIPAM shows it as App code under Administration → API.",
            "what happened, what to do, and where the value is found"
        );
    }

    #[test]
    fn a_servers_words_are_set_apart() {
        let words = words(&Problem::ReportRejected {
            report: ReportId(12),
            status: 413,
            words: "Maximum request body size 1048576 exceeded\n".into(),
        });
        assert_eq!(
            words.line(),
            "The scan server refused report 12 (HTTP status 413). The server said: “Maximum request body size 1048576 exceeded”. The report is kept. Mend the cause, then send it again: `fieldscan reports --retry`.",
            "the server's words are quoted as its own"
        );
        let silent = super::words(&Problem::IpamFailing {
            status: 500,
            words: String::new(),
        });
        assert_eq!(silent.said, None, "an empty body is not quoted");
    }

    #[test]
    fn subnets_are_named_as_people_do() {
        let name = |id: SubnetId| (id == SubnetId(101)).then(|| "10.77.0.0/24".to_owned());
        let problem = |id| Problem::NoRoute {
            subnet: SubnetId(id),
        };
        assert_eq!(
            words_with(&problem(101), &name).what,
            "This computer has no route to 10.77.0.0/24.",
            "by its network where that is known"
        );
        assert_eq!(
            words_with(&problem(7), &name).what,
            "This computer has no route to subnet 7.",
            "and by phpIPAM's id where it is not"
        );
    }

    #[test]
    fn the_clock_is_told_in_the_right_direction() {
        let behind = words(&Problem::ClockOff {
            ahead: -102,
            offset: 102,
        });
        assert_eq!(
            behind.line(),
            "This computer's clock is 1 min 42 s behind the servers'. Set the clock, or correct for it: `fieldscan config set epoch_time_offset 102`.",
            "the wrong direction would double the fault"
        );
    }
}
