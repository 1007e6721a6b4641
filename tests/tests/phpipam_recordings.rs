//! The simulated phpIPAM against recordings of the real one.
//!
//! The recordings are not part of the repository. Where they are beside it (or where `FIELDSCAN_CONTRACT` says), every
//! recorded call that the simulator serves is repeated on a model equal to the recorded installation, and status,
//! message and the JSON's shape must be the same.

#![expect(clippy::unwrap_used, reason = "a failed step of a test ends the test")]

mod common;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use common::client;
use fieldscan_tests::phpipam::{
    App, Fault, Model, NameServer, PhpIpam, Prefix, ScanAgent, Security, Setup, Version, address,
    folder, subnet,
};
use reqwest::{Method, Response};
use serde_json::{Map, Value, json};

const TOKEN: &str = "AgentToken";
const OTHER_TOKEN: &str = "AgentLinksToken";
const DISABLED_TOKEN: &str = "AgentDisabledToken";

#[tokio::test]
async fn answers_have_the_shape_of_those_recorded_from_phpipam_1_8_2() {
    repeat_recordings("1.8.2", Version::V1_8_2, 90).await;
}

#[tokio::test]
async fn answers_have_the_shape_of_those_recorded_from_phpipam_1_6_0() {
    repeat_recordings("1.6.0", Version::V1_6_0, 90).await;
}

/// Recordings of calls that no scan agent makes, or of a database that was changed for the recording.
const NOT_SERVED: &[&str] = &[
    "address_changelog",
    "address_control_chars",
    "address_ip_in_subnet",
    "address_ping_sideeffect",
    "addresses_tags",
    "content_type_xml",
    "crypt_scanagents",
    "customfields_addresses",
    "customfields_subnets",
    "debug_ip",
    "debug_subnet_addresses",
    "empty_sections",
    "err_filter_bad_regex",
    "links_scanagents",
    "links_subnet_10",
    "links_subnet_10_addresses",
    "nest_scanagents",
    "nest_subnet_10",
    "nest_subnet_10_addresses",
    "nest_subnet_11_addresses_empty",
    "options_root",
    "options_subnets",
    "path_index_php",
    "section_3",
    "section_3_subnets",
    "section_missing",
    "sections",
    "subnet_10_links_param",
    "subnet_10_usage",
    "subnets_cidr",
    "subnets_deleted_group",
    "subnets_null_permissions",
    "tag_2",
    "tags",
];

async fn repeat_recordings(version: &str, played: Version, at_least: usize) {
    let Some(folder) = recordings(version) else {
        fieldscan_tests::skip::skip_named(
            &format!("phpipam_recordings_{version}"),
            "the recordings are not beside the repository",
        );
        return;
    };
    let mut differences = Vec::new();
    let mut repeated = 0;
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    for path in paths {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        // Calls of user-token and writing apps depend on one another; `phpipam_simulator` has them as tests of its own.
        if NOT_SERVED.contains(&name.as_str()) || name.contains("user") || name.starts_with("rw_") {
            continue;
        }
        let recording: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        repeated += 1;
        if let Err(difference) = repeat(&name, &recording, played).await {
            differences.push(format!("{name}: {difference}"));
        }
    }
    say(&format!(
        "{repeated} recordings of phpIPAM {version} repeated"
    ));
    assert!(
        differences.is_empty(),
        "the simulator must answer as phpIPAM did:\n{}",
        differences.join("\n")
    );
    assert!(
        repeated >= at_least,
        "only {repeated} recordings were repeated: the folder or the filter is wrong"
    );
}

/// Writes past the test harness, which would keep the line of a test that passes to itself.
fn say(line: &str) {
    std::io::stdout()
        .write_all(format!("\n{line}\n").as_bytes())
        .unwrap();
}

fn recordings(version: &str) -> Option<PathBuf> {
    let root = std::env::var_os("FIELDSCAN_CONTRACT").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/contract"),
        PathBuf::from,
    );
    Some(root.join("phpipam").join(version)).filter(|folder| folder.is_dir())
}

/// Asks the simulator what the recording asked, and compares.
async fn repeat(name: &str, recording: &Value, version: Version) -> Result<(), String> {
    let request = &recording["request"];
    let plain = request["url"].as_str().unwrap().starts_with("http://");
    let ipam = PhpIpam::start_with(
        recorded_model(name).shared(),
        Setup {
            plain_http: plain,
            ..Setup::default()
        },
    )
    .unwrap();
    ipam.behave(|behaviour| {
        behaviour.version = version;
        if name == "config_with_bom" {
            behaviour.prefix = Prefix::ByteOrderMark;
        }
    });
    match name {
        "err_api_disabled" => ipam.fail("", Fault::ApiOff),
        "err_db_down" => ipam.fail("", Fault::EmptyError),
        "blocked_ip_other_app" => ipam.fail("", Fault::Blocked),
        _ => {}
    }

    let path = request["url"]
        .as_str()
        .unwrap()
        .splitn(4, '/')
        .nth(3)
        .unwrap();
    let method: Method = request["method"].as_str().unwrap().parse().unwrap();
    let mut call = client(ipam.ca_pem())
        .build()
        .unwrap()
        .request(method, format!("{}/{path}", ipam.url()));
    for (header, value) in request["headers"].as_object().unwrap() {
        let value = match value.as_str().unwrap() {
            "<agent_token>" => TOKEN.to_owned(),
            "<agentlinks_token>" => OTHER_TOKEN.to_owned(),
            "<agentdisabled_token>" => DISABLED_TOKEN.to_owned(),
            "<other>" if name == "err_token_wrong_case" => TOKEN.to_uppercase(),
            "<other>" if name == "err_empty_token" => String::new(),
            "<token>" | "<other>" => "a wrong token".to_owned(),
            plain => plain.to_owned(),
        };
        if !(name == "err_missing_token" && header == "phpipam-token")
            && header != "Accept-Encoding"
        {
            call = call.header(header, value);
        }
    }
    if let Some(body) = request["body"].as_str() {
        call = call.body(body.to_owned());
    }
    compare(
        &recording["response"],
        call.send().await.map_err(|error| format!("{error:?}"))?,
    )
    .await
}

async fn compare(recorded: &Value, answer: Response) -> Result<(), String> {
    let status = answer.status().as_u16();
    if recorded["status"] != status {
        return Err(format!(
            "status {} was recorded, {status} is answered",
            recorded["status"]
        ));
    }
    // Not `text()`: that drops the byte order mark.
    let text = String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap();
    let recorded_text = recorded["body"].as_str().unwrap_or("");
    if recorded_text.is_empty() != text.is_empty() {
        return Err(format!(
            "a body of {} bytes was recorded, {} are answered",
            recorded_text.len(),
            text.len()
        ));
    }
    if recorded_text.starts_with('\u{feff}') != text.starts_with('\u{feff}') {
        return Err("only one of the two has a byte order mark".into());
    }
    let Ok(expected) = serde_json::from_str::<Value>(recorded_text.trim_start_matches('\u{feff}'))
    else {
        return Ok(());
    };
    let found: Value = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| error.to_string())?;
    if expected["message"] != found["message"] {
        return Err(format!(
            "message {} was recorded, {} is answered",
            expected["message"], found["message"]
        ));
    }
    same_shape("$", &expected, &found)
}

/// The same keys, lengths and JSON types. Strings and numbers may differ.
fn same_shape(place: &str, expected: &Value, found: &Value) -> Result<(), String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let (expected_keys, found_keys) = (keys(expected), keys(found));
            if expected_keys != found_keys {
                return Err(format!(
                    "{place}: keys {expected_keys:?} were recorded, {found_keys:?} are answered"
                ));
            }
            expected.iter().try_for_each(|(key, value)| {
                same_shape(&format!("{place}.{key}"), value, &found[key])
            })
        }
        (Value::Array(expected), Value::Array(found)) => {
            if expected.len() != found.len() {
                return Err(format!(
                    "{place}: {} entries were recorded, {} are answered",
                    expected.len(),
                    found.len()
                ));
            }
            let pairs = expected.iter().zip(found).enumerate();
            pairs
                .into_iter()
                .try_for_each(|(index, (a, b))| same_shape(&format!("{place}[{index}]"), a, b))
        }
        (Value::String(_), Value::String(_)) | (Value::Number(_), Value::Number(_)) => Ok(()),
        _ if expected == found => Ok(()),
        _ => Err(format!(
            "{place}: {expected} was recorded, {found} is answered"
        )),
    }
}

fn keys(object: &Map<String, Value>) -> Vec<&String> {
    let mut keys: Vec<_> = object.keys().collect();
    keys.sort();
    keys
}

/// The database that the recordings were made on.
fn recorded_model(name: &str) -> Model {
    let mut model = Model::new();
    for (id, security, token, disabled) in [
        ("agent", Security::AppToken, TOKEN, false),
        ("agentlinks", Security::AppToken, OTHER_TOKEN, false),
        ("agentdisabled", Security::AppToken, DISABLED_TOKEN, true),
        ("agentcrypt", Security::Encrypted, "c", false),
        ("agentnone", Security::None, "n", false),
    ] {
        model.apps.push(App {
            id: id.into(),
            security,
            token: token.into(),
            disabled,
        });
    }
    if name.starts_with("empty_") {
        // Each was recorded on its own empty table; the others had what they have below.
        let mut emptied = Model::new();
        emptied.apps = model.apps;
        if name == "empty_subnet_addresses" {
            emptied.add_subnet(subnet("10.77.0.0/24"));
        }
        return emptied;
    }
    add_agents_and_name_servers(&mut model);
    add_subnets(&mut model);
    add_addresses(&mut model);
    if name == "subnets_gateway_bug" {
        let mut gateway = address("10.77.0.200")
            .id(20)
            .gateway()
            .custom("custom_AssetTag", Value::Null);
        gateway = gateway.custom("custom_Rack unit", Value::Null);
        model.add_address(10, gateway);
    }
    if name == "subnet_missing_nameserver" {
        let subnet = model.subnets.get_mut(&20).unwrap();
        subnet.name_server_id = 555;
        subnet.edit_date = Some("2026-11-23 16:43:48".into());
    }
    model
}

fn add_agents_and_name_servers(model: &mut Model) {
    for (id, description, kind, code, access) in [
        (
            1,
            Some("Büro"),
            "mysql",
            Some("s5di5bMetjA6zMmrcCVOEj0OiGQzOGZY"),
            Some("2026-11-01 08:09:10"),
        ),
        (2, None, "mysql", Some("second"), None),
        (3, Some("Scanning from local machine"), "direct", None, None),
        (4, Some(""), "api", Some("fourth"), None),
    ] {
        model.scan_agents.push(ScanAgent {
            id,
            name: "agent".into(),
            description: description.map(Into::into),
            kind,
            code: code.map(Into::into),
            last_access: access.map(Into::into),
        });
    }
    for (id, addresses, description, permissions) in [
        (1, "127.0.0.1;127.0.0.2", Some("two servers"), Some("3;4")),
        (2, "8.8.8.8;8.8.4.4", Some(""), Some("3")),
        (3, "192.0.2.53", None, None),
    ] {
        model.name_servers.push(NameServer {
            id,
            name: "NS".into(),
            addresses: addresses.into(),
            description: description.map(Into::into),
            permissions: permissions.map(Into::into),
        });
    }
}

fn add_subnets(model: &mut Model) {
    let site = |site: Value| {
        move |subnet: fieldscan_tests::phpipam::Subnet| subnet.custom("custom_Site", site.clone())
    };
    let none = site(Value::Null);
    let mut hq = subnet("10.77.0.0/24")
        .id(10)
        .agent(1)
        .discover()
        .ping()
        .resolve_with(1)
        .described("HQ");
    hq.last_scan = Some("2026-11-01 08:00:00".into());
    hq.last_discovery = Some("2026-11-01 07:00:00".into());
    model.add_subnet(site(json!("HQ"))(hq));
    model.add_subnet(none(folder("Folder of agent 1").id(15).agent(1)));
    let mut unseen = subnet("10.77.11.0/24")
        .id(19)
        .agent(1)
        .discover()
        .described("no permission");
    unseen.section_id = 4;
    unseen.permissions.clear();
    model.add_subnet(none(unseen));
    for row in [
        subnet("10.77.1.0/24").id(11).agent(1).discover(),
        subnet("10.77.2.0/24").id(12).agent(1).ping(),
        subnet("10.77.4.0/22").id(13).agent(1).discover(),
        subnet("fd00:77::/64").id(14).agent(1).ping(),
        subnet("10.77.8.0/24").id(16).agent(1).discover().ping(),
        subnet("10.77.9.0/24").id(17).agent(1).discover().ping(),
        subnet("10.77.10.0/24").id(18).agent(1),
        subnet("10.78.0.0/24").id(20).agent(2).discover().ping(),
        subnet("10.79.0.0/24").id(21),
        subnet("10.79.1.0/24").id(22).agent(0),
        subnet("10.77.12.0/24").id(23).agent(1).discover().ping(),
        subnet("10.77.12.0/25")
            .id(24)
            .agent(1)
            .discover()
            .ping()
            .child_of(23),
        subnet("10.77.13.4/30").id(25).agent(1).discover(),
        subnet("10.77.13.8/31").id(26).agent(1).discover(),
        subnet("10.77.13.10/32").id(27).agent(1).discover(),
    ] {
        model.add_subnet(none(row.described("")));
    }
}

fn add_addresses(model: &mut Model) {
    let mut printer = address("10.77.0.2")
        .named("srv2")
        .mac("AA-BB-CC-DD-EE-FF")
        .described("Drucker");
    printer.owner = Some("Jürgen".into());
    printer.note = Some("multi\nline".into());
    let (mut stateless, mut untagged) = (
        address("10.77.0.9").described(""),
        address("10.77.0.10").described(""),
    );
    stateless.tag = None;
    untagged.tag = Some(0);
    let rows = [
        (
            10,
            address("10.77.0.1")
                .described("gateway")
                .named("gw")
                .mac("00:11:22:33:44:55")
                .gateway(),
        ),
        (10, printer),
        (10, address("10.77.0.3").never_seen()),
        (
            10,
            address("10.77.0.4")
                .described("")
                .named("")
                .mac("")
                .seen("0000-00-00 00:00:00"),
        ),
        (
            10,
            address("10.77.0.5")
                .described("excludePing")
                .named("nopingme")
                .excluded(),
        ),
        (10, address("10.77.0.6").described("").named("off")),
        (10, address("10.77.0.7").described("").named("res")),
        (10, address("10.77.0.8").described("").named("dhcp8")),
        (10, stateless),
        (10, untagged),
        (10, address("10.77.0.11").described("").named("ptr")),
        (
            10,
            address("10.77.0.12")
                .described("")
                .seen("2037-12-31 23:59:59"),
        ),
        (
            10,
            address("10.77.0.13").described("").mac("0011.2233.4466"),
        ),
        (10, address("10.77.0.250").described("")),
        (12, address("10.77.2.10").named("ping10")),
        (12, address("10.77.2.11").named("ping11")),
        (14, address("fd00:77::1").named("gw6").gateway()),
        (14, address("fd00:77::dead:beef").described("v6 host")),
        (16, address("10.77.8.1")),
        (20, address("10.78.0.1").named("other")),
        (21, address("10.79.0.1").named("noagent")),
        (24, address("10.77.12.5").named("child")),
    ];
    for (index, (subnet, row)) in rows.into_iter().enumerate() {
        let (tag, unit) = if index == 0 {
            (json!("A-1"), json!(7))
        } else {
            (Value::Null, Value::Null)
        };
        model.add_address(
            subnet,
            row.custom("custom_AssetTag", tag)
                .custom("custom_Rack unit", unit),
        );
    }
}
