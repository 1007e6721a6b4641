//! What real phpIPAM servers answered, where such recordings are at hand: `FIELDSCAN_CONTRACT`, or `../shared/contract` beside the
//! repository. One JSON file each: `{request: {method, url}, response: {status, headers, body}}`.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use fieldscan_core::ids::{AgentCode, AgentId, SubnetId};
use serde_json::Value;
use url::Url;

use super::super::answer::{self, Raw};

/// What must come of a recording, by its name. Those that are named nowhere must hold the general rules only.
const EXPECTED: &[(&str, &[&str])] = &[
    (
        "agent",
        &[
            "scanagents_by_code1",
            "config_with_bom",
            "token_header_alias",
            "maintenance_mode",
            "db_upgrade_pending",
            "scanagents_by_id1",
            "debug_scanagents",
            "scanagents_all",
            "nest_scanagents",
            "links_scanagents",
            "crypt_scanagents",
            "user_scanagents",
            "content_type_form",
            "content_type_json_charset",
            "double_slash",
            "after_wrong_tokens_ok",
        ],
    ),
    (
        "AgentCodeUnknown",
        &[
            "scanagents_by_code_unknown",
            "scanagents_by_code_wrong_case",
            "scanagents_by_code_zero",
            "empty_scanagents",
            "empty_scanagents_filter",
            "scanagents_by_id_missing",
        ],
    ),
    (
        "14 addresses",
        &[
            "subnet_10_addresses",
            "subnet_10_addresses_stringify",
            "nest_subnet_10_addresses",
            "links_subnet_10_addresses",
            "debug_subnet_addresses",
            "user_noperm_addresses",
        ],
    ),
    (
        "1 addresses",
        &["subnet_10_addresses_ip", "subnet_10_addresses_filter"],
    ),
    ("2 addresses", &["subnet_14_addresses_v6"]),
    (
        "empty addresses",
        &[
            "subnet_11_addresses_empty",
            "nest_subnet_11_addresses_empty",
            "empty_subnet_addresses",
            "subnet_23_addresses_parent",
            "subnet_noperm_section_addresses",
            "subnet_10_addresses_ip_missing",
        ],
    ),
    (
        "14 subnets",
        &[
            "subnets_by_agent1",
            "subnets_by_agent1_stringify",
            "gzip_subnets_by_agent1",
            "debug_subnets",
            "user_subnets_by_agent1",
            "user_noperm_subnets",
        ],
    ),
    (
        "1 subnets",
        &[
            "subnets_by_agent2",
            "subnets_by_agent0",
            "subnets_null_permissions",
            "subnets_deleted_group",
        ],
    ),
    ("empty subnets", &["subnets_by_agent4_none"]),
    ("SubnetGone", &["subnet_999_addresses", "subnet_missing"]),
    (
        "last discovery",
        &[
            "subnet_10",
            "user_subnet_10",
            "nest_subnet_10",
            "links_subnet_10",
            "subnet_10_links_param",
        ],
    ),
    (
        "no last discovery",
        &[
            "subnet_12",
            "subnet_14_v6",
            "subnet_15_folder",
            "subnet_noperm_section",
            "user_subnet_noperm",
            "subnet_missing_nameserver",
        ],
    ),
    (
        "token",
        &[
            "user_login",
            "user_login_again",
            "user_login_after_expiry",
            "user_noperm_login",
            "debug_user_login",
        ],
    ),
    (
        "IpamTokenRejected",
        &[
            "err_wrong_token",
            "err_missing_token",
            "err_empty_token",
            "wrong_token_repeated_last",
            "debug_err_wrong_token",
            "user_bad_token",
            "user_no_token",
            "user_after_delete",
            "user_old_token_after_relogin",
            "user_token_expired_tools",
            "user_token_expired_user",
            "user_login_wrong_password",
            "user_login_unknown_user",
            "user_login_nocred",
            "err_user_post_sslcode_nocred",
            "err_patch_readonly",
        ],
    ),
    ("IpamTokenOfOtherApp", &["err_other_apps_token"]),
    (
        "IpamAppUnknown",
        &[
            "err_unknown_app",
            "err_no_app",
            "debug_unknown_app",
            "unicode_app",
        ],
    ),
    (
        "IpamApiOff",
        &[
            "err_api_disabled",
            "err_none_app_http",
            "err_none_app_https",
            "err_plain_http",
            "err_crypt_app_plain",
        ],
    ),
    (
        "IpamBlocked",
        &["user_bruteforce_last", "blocked_ip_other_app"],
    ),
    (
        "IpamFailing",
        &["err_db_down", "empty_subnets_all", "empty_subnets_by_agent"],
    ),
    (
        "IpamNotFound",
        &["wrong_base_path", "redirect_no_api_slash"],
    ),
    (
        "IpamNotUnderstood",
        &[
            "err_bad_filter_field",
            "err_filter_no_value",
            "err_filter_empty_value",
            "err_wrong_controller",
            "err_wrong_tool",
            "err_tools_only",
            "err_no_controller",
            "scanagents_no_slash_query",
            "content_type_text",
            "content_type_xml",
            "debug_no_filter_value",
            "head_subnets",
            "subnet_text",
        ],
    ),
];

struct Recording {
    name: String,
    method: String,
    url: Url,
    status: u16,
    location: Option<String>,
    body: Vec<u8>,
}

impl Recording {
    fn read(path: &Path) -> Self {
        let file: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let response = &file["response"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            method: text(&file["request"]["method"]),
            url: text(&file["request"]["url"]).parse().unwrap(),
            status: response["status"].as_u64().unwrap().try_into().unwrap(),
            location: response["headers"]
                .as_array()
                .unwrap()
                .iter()
                .find(|header| header[0] == "Location")
                .map(|header| text(&header[1])),
            body: text(&response["body"]).into_bytes(),
        }
    }

    fn raw(&self) -> Raw<'_> {
        Raw {
            status: self.status,
            location: self.location.as_deref(),
            body: &self.body,
        }
    }

    fn filter(&self, by: &str) -> Option<String> {
        let query: BTreeMap<_, _> = self.url.query_pairs().into_owned().collect();
        (query.get("filter_by").map(String::as_str) == Some(by))
            .then(|| query.get("filter_value").cloned())
            .flatten()
    }

    /// What the client makes of it, had it asked that.
    fn class(&self) -> String {
        let raw = self.raw();
        let path: Vec<&str> = self
            .url
            .path_segments()
            .unwrap()
            .filter(|segment| !segment.is_empty())
            .skip(2)
            .collect();
        let id = |text: &str| SubnetId(text.parse().unwrap_or(10));
        let outcome = match (self.method.as_str(), &*path) {
            ("POST", ["user"]) => answer::login(raw).map(|_| "token".to_owned()),
            (_, ["subnets", subnet, "addresses", ..]) => {
                answer::addresses(raw, id(subnet)).map(|found| {
                    assert!(
                        found.skipped.is_empty(),
                        "{}: {:?}",
                        self.name,
                        found.skipped
                    );
                    count(found.rows.len(), "addresses")
                })
            }
            (_, ["subnets"] | ["subnets", "all"]) => {
                let agent = self
                    .filter("scanAgent")
                    .and_then(|agent| agent.parse().ok())
                    .unwrap_or(1);
                answer::subnets(raw, AgentId(agent))
                    .map(|found| count(found.subnets.rows.len(), "subnets"))
            }
            (_, ["subnets", subnet]) => answer::last_discovery(raw, id(subnet)).map(|found| {
                match found {
                    Some(_) => "last discovery",
                    None => "no last discovery",
                }
                .to_owned()
            }),
            _ => {
                let code = self
                    .filter("code")
                    .unwrap_or_else(|| "s5di5bMetjA6zMmrcCVOEj0OiGQzOGZY".to_owned());
                answer::agent(raw, &AgentCode::new(code)).map(|_| "agent".to_owned())
            }
        };
        outcome.unwrap_or_else(|problem| {
            let text = format!("{problem:?}");
            text.split([' ', '{']).next().unwrap().to_owned()
        })
    }
}

fn count(rows: usize, what: &str) -> String {
    match rows {
        0 => format!("empty {what}"),
        rows => format!("{rows} {what}"),
    }
}

fn folder() -> Option<PathBuf> {
    let found = match env::var_os("FIELDSCAN_CONTRACT") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/contract"),
    }
    .join("phpipam");
    found.is_dir().then_some(found)
}

fn recordings(test: &str) -> Vec<Recording> {
    let Some(folder) = folder() else {
        crate::skip::skip_named(
            test,
            "no ../shared/contract/phpipam beside the repository, and FIELDSCAN_CONTRACT names none",
        );
        return Vec::new();
    };
    let mut found = Vec::new();
    for version in fs::read_dir(folder).unwrap() {
        for file in fs::read_dir(version.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path
                .extension()
                .is_some_and(|extension| extension == "json")
            {
                found.push(Recording::read(&path));
            }
        }
    }
    assert!(
        found.len() >= 100,
        "the folder is there, but holds only {} recordings",
        found.len()
    );
    println!("{} recordings", found.len());
    found
}

#[test]
fn each_recording_means_what_it_should() {
    let expected: BTreeMap<&str, &str> = EXPECTED
        .iter()
        .flat_map(|(class, names)| names.iter().map(move |name| (*name, *class)))
        .collect();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for recording in recordings("each_recording_means_what_it_should") {
        let class = recording.class();
        match expected.get(&*recording.name) {
            Some(expected) if class != **expected => wrong.push(format!(
                "{}: expected {expected}, found {class}",
                recording.name
            )),
            Some(_) => seen += 1,
            None => println!("not judged by name: {} ({class})", recording.name),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{seen} recordings judged by name");
}

#[test]
fn no_recording_is_wrongly_empty_or_shows_another_agents_code() {
    const EMPTY: [&str; 3] = [
        "No results (filter applied)",
        "No addresses found",
        "No subnets found",
    ];
    for recording in recordings("no_recording_is_wrongly_empty_or_shows_another_agents_code") {
        let raw = recording.raw();
        let text = String::from_utf8_lossy(raw.body);
        let says_so = raw.status == 404 && EMPTY.iter().any(|message| text.contains(message));
        let name = &recording.name;
        if let Ok(found) = answer::addresses(raw, SubnetId(10)) {
            assert_eq!(found.rows.is_empty(), says_so, "{name}: addresses");
        }
        for agent in 0..5 {
            if let Ok(found) = answer::subnets(raw, AgentId(agent)) {
                assert_eq!(found.subnets.rows.is_empty(), says_so, "{name}: subnets");
            }
        }
        let _ = answer::parents(raw);
        let _ = answer::login(raw);
        let _ = answer::api(raw);
        let _ = answer::token(raw);
        let found = answer::agent(raw, &AgentCode::new("no-such-code"));
        assert!(found.is_err(), "{name}");
        let shown = format!("{found:?}");
        for row in serde_json::from_slice::<Value>(raw.body)
            .ok()
            .as_ref()
            .and_then(|body| body["data"].as_array())
            .into_iter()
            .flatten()
        {
            if let Some(code) = row["code"].as_str() {
                assert!(!shown.contains(code), "{name}: {shown}");
            }
        }
    }
}

#[test]
fn recorded_rows_are_read_right() {
    for recording in recordings("recorded_rows_are_read_right") {
        match &*recording.name {
            "subnet_10_addresses" | "subnet_10_addresses_stringify" => {
                let rows = answer::addresses(recording.raw(), SubnetId(10))
                    .unwrap()
                    .rows;
                let macs: Vec<Option<String>> = rows
                    .iter()
                    .take(4)
                    .map(|row| row.mac.map(|mac| mac.to_string()))
                    .collect();
                assert_eq!(macs[0].as_deref(), Some("00:11:22:33:44:55"));
                assert_eq!(macs[1].as_deref(), Some("AA:BB:CC:DD:EE:FF"));
                assert_eq!((&macs[2], &macs[3]), (&None, &None));
                assert!(rows[0].is_gateway && rows[0].last_seen.is_some());
                assert!(
                    rows[1..4].iter().all(|row| row.last_seen.is_none()),
                    "three ways to say never"
                );
                assert_eq!(rows.iter().filter(|row| row.exclude_ping).count(), 1);
                assert_eq!(rows[0].custom["custom_Rack unit"], "7");
            }
            "subnets_by_agent1" | "subnets_by_agent1_stringify" => {
                let found = answer::subnets(recording.raw(), AgentId(1)).unwrap();
                let rows = &found.subnets.rows;
                let subnet = |id| rows.iter().find(|row| row.id == SubnetId(id)).unwrap();
                assert_eq!(subnet(10).name_servers.len(), 2);
                assert!(subnet(11).name_servers.is_empty());
                assert!(subnet(23).is_parent && !subnet(24).is_parent);
                assert!(
                    rows.iter()
                        .all(|row| row.network.is_some() && !row.is_folder)
                );
                assert!(subnet(10).resolve_dns && !subnet(11).resolve_dns);
                assert!(!subnet(18).discover && !subnet(18).ping);
            }
            "subnets_root" | "subnets_all" => {
                let found = answer::parents(recording.raw()).unwrap();
                assert!(found.contains(&SubnetId(23)), "{found:?}");
            }
            _ => {}
        }
    }
}

#[test]
fn no_name_is_expected_twice() {
    let mut names: Vec<&str> = EXPECTED
        .iter()
        .flat_map(|(_, names)| names.iter().copied())
        .collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}
