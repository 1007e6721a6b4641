//! Marker tokens go through everything; afterwards they are looked for in everything that the agent wrote, printed or
//! showed, plain and encoded.

#![expect(
    clippy::unwrap_used,
    reason = "what a test's helper can't do fails the test"
)]

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose};
use fieldscan_tests::{
    desktop::{self, Keyring, Session},
    network::{Host, Layout, in_namespace},
    phpipam::{Model, address, subnet},
    site::{Ended, Plan, Site, run_to_end, wait_until},
    skip::skip_named,
};

const BOUND: Duration = Duration::from_secs(120);
/// With characters that encodings change.
const CLIENT_TOKEN: &str = "MARKclient~/+=&%tokenZ9";
const AUTH_TOKEN: &str = "MARKauth~/+=&%tokenZ8";
const CLIENT_PASSWORD: &str = "MARKpassword~/+=&%wordZ7";
const MARKERS: [&str; 3] = [CLIENT_TOKEN, AUTH_TOKEN, CLIENT_PASSWORD];
const APP: &str = "secret-app";

/// Every way in which a marker may show up.
fn forms(marker: &str) -> Vec<(String, Vec<u8>)> {
    let mut forms = vec![("plain".to_owned(), marker.as_bytes().to_vec())];
    let mut percent = [String::new(), String::new(), String::new()];
    let mut hex = String::new();
    for byte in marker.bytes() {
        write!(hex, "{byte:02x}").unwrap();
        if byte.is_ascii_alphanumeric() {
            percent
                .iter_mut()
                .for_each(|form| form.push(char::from(byte)));
        } else {
            write!(percent[0], "%{byte:02X}").unwrap();
            write!(percent[1], "%{byte:02x}").unwrap();
            // As most URL writers do it, which leave the unreserved tilde.
            if byte == b'~' {
                percent[2].push('~');
            } else {
                write!(percent[2], "%{byte:02X}").unwrap();
            }
        }
    }
    forms.extend(percent.map(|form| ("percent-encoded".to_owned(), form.into_bytes())));
    forms.push(("hexadecimal".to_owned(), hex.into_bytes()));
    forms.push(("JSON".to_owned(), marker.replace('/', "\\/").into_bytes()));
    for before in ["", "x", "xx"] {
        // Of the encoding, what doesn't depend on what stands before and after.
        let text = format!("{before}{marker}");
        for engine in [
            general_purpose::STANDARD_NO_PAD,
            general_purpose::URL_SAFE_NO_PAD,
        ] {
            let encoded = engine.encode(&text);
            let from = (before.len() * 8).div_ceil(6);
            let to = text.len() * 8 / 6;
            forms.push((
                format!("base64 at {}", before.len()),
                encoded.as_bytes()[from..to].to_vec(),
            ));
        }
    }
    // The most telling part alone: of a cut or changed token, this is enough to worry about.
    forms.push(("its beginning".to_owned(), marker.as_bytes()[..10].to_vec()));
    forms
}

fn find(name: &str, bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for marker in MARKERS {
        for (form, needle) in forms(marker) {
            if let Some(at) = bytes.windows(needle.len()).position(|part| part == needle) {
                let from = at.saturating_sub(60);
                let to = (at + needle.len() + 20).min(bytes.len());
                found.push(format!(
                    "{name} has {marker} ({form}): …{}…",
                    String::from_utf8_lossy(&bytes[from..to])
                ));
                break;
            }
        }
    }
    found
}

/// What the agent said and did, as far as others can see it.
#[derive(Default)]
struct Seen {
    outputs: Vec<(String, String)>,
}

impl Seen {
    fn take(&mut self, what: &str, ended: &Ended) {
        self.outputs.push((what.to_owned(), ended.words()));
    }

    /// Looks through all outputs and through every file below `folder`, bundles opened.
    fn leaks(&self, folder: &Path) -> Vec<String> {
        let mut leaks = Vec::new();
        for (what, words) in &self.outputs {
            leaks.extend(find(&format!("the output of `{what}`"), words.as_bytes()));
        }
        let (mut files, mut bytes) = (0, 0);
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let Ok(content) = std::fs::read(&path) else {
                    continue;
                };
                files += 1;
                bytes += content.len();
                leaks.extend(find(&path.display().to_string(), &content));
                if path.extension().is_some_and(|extension| extension == "zip") {
                    leaks.extend(in_bundle(&path));
                }
            }
        }
        eprintln!(
            "searched {} outputs and {files} files of {bytes} bytes",
            self.outputs.len()
        );
        leaks
    }
}

fn in_bundle(path: &Path) -> Vec<String> {
    let mut bundle = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    assert!(
        !bundle.is_empty(),
        "a bundle with nothing in it shows nothing"
    );
    let mut leaks = Vec::new();
    for number in 0..bundle.len() {
        let mut file = bundle.by_index(number).unwrap();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        leaks.extend(find(&format!("{:?} in the bundle", file.name()), &content));
    }
    leaks
}

fn site() -> Site {
    let mut model = Model::with_agent();
    model.add_app(APP, CLIENT_TOKEN);
    let id = model.add_subnet(subnet("10.77.0.0/28").agent(1).discover());
    model.add_address(id, address("10.77.0.1").named("gw"));
    let layout = Layout::new()
        .on_link("10.77.0.14/28".parse().unwrap())
        .host(Host::new([10, 77, 0, 1]))
        .host(Host::new([10, 77, 0, 2]));
    let plan = Plan {
        model,
        layout: Some(layout),
        settings: Vec::new(),
        expected: Default::default(),
    };
    let site = Site::start(plan.with("client_name", APP).with("log_level", "debug")).unwrap();
    site.server.set_token(AUTH_TOKEN);
    site
}

/// `fieldscan` with the markers where the simulated site has its own tokens, and as talkative as can be.
fn fieldscan(site: &Site, arguments: &[&str]) -> Command {
    let mut command = site.fieldscan().unwrap();
    command
        .env("FIELDSCAN_CLIENT_TOKEN", CLIENT_TOKEN)
        .env("FIELDSCAN_AUTH_TOKEN", AUTH_TOKEN)
        .env("FIELDSCAN_CLIENT_PASSWORD", CLIENT_PASSWORD)
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "1")
        .arg("-vv")
        .args(arguments);
    command
}

/// Command lines of every process in this namespace, and the environment of nmap, looked at all the time.
struct ProcessList {
    stop: Arc<AtomicBool>,
    seen: Arc<Mutex<BTreeSet<String>>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl ProcessList {
    fn watch() -> ProcessList {
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::new(Mutex::new(BTreeSet::new()));
        let (stopped, all) = (Arc::clone(&stop), Arc::clone(&seen));
        let ours = std::fs::read_link("/proc/self/ns/net").unwrap();
        let thread = std::thread::spawn(move || {
            // Often enough for processes that live for a tenth of a second.
            while !wait_until(Duration::from_millis(10), || stopped.load(Ordering::SeqCst)) {
                for entry in std::fs::read_dir("/proc").unwrap().flatten() {
                    let path = entry.path();
                    if std::fs::read_link(path.join("ns/net")).ok().as_ref() != Some(&ours) {
                        continue;
                    }
                    let text = |file: &str| {
                        let bytes = std::fs::read(path.join(file)).unwrap_or_default();
                        String::from_utf8_lossy(&bytes).replace('\0', " ")
                    };
                    let line = text("cmdline");
                    let mut all = all.lock().unwrap();
                    if text("comm").trim_end() == "nmap" {
                        all.insert(format!("{line} with the environment {}", text("environ")));
                    } else {
                        all.insert(line);
                    }
                }
            }
        });
        ProcessList {
            stop,
            seen,
            thread: Some(thread),
        }
    }

    fn end(mut self) -> BTreeSet<String> {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.take().unwrap().join().unwrap();
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

/// Every command that shows anything.
fn show_everything(site: &Site, seen: &mut Seen, number: usize) {
    let bundle = site.folder().join(format!("bundle-{number}.zip"));
    let bundle = bundle.to_str().unwrap();
    let commands: &[&[&str]] = &[
        &["status"],
        &["subnets"],
        &["addresses", "10.77.0.0/28"],
        &["runs"],
        &["run", "1"],
        &["reports", "--all"],
        &["reports", "--show", "1"],
        &["config", "show"],
        &["secret", "status"],
        &["export", "10.77.0.0/28", "--format", "csv"],
        &["doctor"],
        &["diagnostics", bundle],
    ];
    for arguments in commands {
        for json in [false, true] {
            let mut arguments = arguments.to_vec();
            if json {
                arguments.insert(0, "--json");
            }
            if json && arguments.contains(&"diagnostics") {
                continue;
            }
            let ended = run_to_end(fieldscan(site, &arguments), b"", BOUND).unwrap();
            seen.take(&arguments.join(" "), &ended);
        }
    }
    assert!(Path::new(bundle).is_file(), "the bundle was written");
}

/// A server that sends back whatever it is sent, with any status: in the body, in the status line's words, and in
/// `Location`.
struct Echo {
    port: u16,
    answers: Arc<AtomicUsize>,
}

const STATUSES: [&str; 10] = [
    "200 OK",
    "302 Found",
    "307 Temporary Redirect",
    "400 Bad Request",
    "401 Unauthorized",
    "403 Forbidden",
    "404 Not Found",
    "413 Too Large",
    "500 Broken",
    "503 Later",
];

impl Echo {
    fn start(status: Arc<AtomicUsize>) -> Echo {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&answers);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let status = STATUSES[status.load(Ordering::SeqCst) % STATUSES.len()];
                // Who hangs up early has seen enough.
                if echo(stream, status, port).is_ok() {
                    count.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        Echo { port, answers }
    }
}

fn echo(mut stream: TcpStream, status: &str, port: u16) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    while !request.windows(4).any(|part| part == b"\r\n\r\n") {
        match stream.read(&mut piece)? {
            0 => return Ok(()),
            read => request.extend(&piece[..read]),
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let secret = request
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| {
            matches!(
                name.to_ascii_lowercase().as_str(),
                "token" | "authorization"
            )
        })
        .map_or("", |(_, value)| value);
    let bare = secret.rsplit(' ').next().unwrap_or_default();
    let code: u16 = status[..3].parse().unwrap();
    let body = if request.contains("/api/") {
        serde_json::json!({
            "code": code, "success": false,
            "message": format!("the token {bare} is no good; you sent {request}"),
        })
        .to_string()
    } else {
        let encoded = general_purpose::STANDARD.encode(bare);
        format!("{bare} is no good ({encoded}). You sent:\n{request}")
    };
    let escaped: String = url::form_urlencoded::byte_serialize(bare.as_bytes()).collect();
    write!(
        stream,
        "HTTP/1.1 {status} {bare}\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\
         location: http://127.0.0.1:{port}/next?token={escaped}\r\nx-echo: {secret}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn the_search_finds_what_it_looks_for() {
    let everything = [
        CLIENT_TOKEN.to_owned(),
        format!("key={}", CLIENT_TOKEN.replace('/', "\\/")),
        general_purpose::STANDARD.encode(format!("Bearer {CLIENT_TOKEN}")),
        general_purpose::URL_SAFE.encode(format!("ab{CLIENT_TOKEN}xyz")),
        url::form_urlencoded::byte_serialize(CLIENT_TOKEN.as_bytes()).collect(),
    ];
    for text in everything {
        let text = format!("before {text} after");
        assert_eq!(find("it", text.as_bytes()).len(), 1, "not found in {text}");
    }
    assert_eq!(find("it", b"nothing of the kind").len(), 0);
}

#[test]
fn no_secret_leaves_the_agent_but_to_its_server() {
    in_namespace("no_secret_leaves_the_agent_but_to_its_server", || {
        let mut site = site();
        let mut seen = Seen::default();

        let processes = ProcessList::watch();
        let ended = run_to_end(
            fieldscan(&site, &["scan", "--wait-confirmed", "60"]),
            b"",
            BOUND,
        )
        .unwrap();
        assert_eq!(
            ended.code,
            Some(0),
            "the markers are the right tokens: {}",
            ended.words()
        );
        seen.take("scan", &ended);
        show_everything(&site, &mut seen, 1);

        // Both servers turn on it.
        let status = Arc::new(AtomicUsize::new(0));
        let server = Echo::start(Arc::clone(&status));
        let ipam = Echo::start(Arc::clone(&status));
        let good_api_url = format!("{:?}", site.ipam.url());
        site.set("http_port", &server.port.to_string()).unwrap();
        for number in 0..STATUSES.len() {
            status.store(number, Ordering::SeqCst);
            site.set("api_url", &good_api_url).unwrap();
            let scan = run_to_end(fieldscan(&site, &["scan"]), b"", BOUND).unwrap();
            seen.take("scan with an echoing scan server", &scan);
            let retry = run_to_end(fieldscan(&site, &["reports", "--retry"]), b"", BOUND).unwrap();
            seen.take("reports --retry with an echoing scan server", &retry);
            site.set("api_url", &format!("\"http://127.0.0.1:{}\"", ipam.port))
                .unwrap();
            for arguments in [
                &["scan", "--refresh"][..],
                &["doctor"],
                &["--json", "doctor"],
            ] {
                let ended = run_to_end(fieldscan(&site, arguments), b"", BOUND).unwrap();
                seen.take("a command with echoing servers", &ended);
            }
        }
        assert!(
            server.answers.load(Ordering::SeqCst) >= STATUSES.len()
                && ipam.answers.load(Ordering::SeqCst) >= STATUSES.len(),
            "both servers must have had their chance"
        );
        show_everything(&site, &mut seen, 2);

        let lines = processes.end();
        assert!(
            lines.iter().any(|line| line.contains("nmap")),
            "nmap must be among the processes that were looked at"
        );
        let mut leaks = seen.leaks(site.folder());
        for line in lines {
            leaks.extend(find("the process list", line.as_bytes()));
        }
        assert_eq!(
            leaks,
            Vec::<String>::new(),
            "no secret may be seen anywhere"
        );
    });
}

#[test]
fn a_settings_file_with_a_secret_in_it_is_not_repeated() {
    let site = Site::start(Plan {
        model: Model::with_agent(),
        layout: None,
        settings: Vec::new(),
        expected: Default::default(),
    })
    .unwrap();
    let mut seen = Seen::default();
    let good = std::fs::read_to_string(site.settings_file()).unwrap();
    for wrong in [
        format!("client_token: \"{CLIENT_TOKEN}\"\n{good}"),
        format!("{good}auth_token: \"{AUTH_TOKEN}\"\n"),
        format!("{good}auth_token: [\"{AUTH_TOKEN}\"]\n"),
        format!("{good}client_password: {{a: \"{CLIENT_PASSWORD}\"}}\n"),
        good.replace("https://", &format!("https://user:{}@", "MARKpassword")),
    ] {
        std::fs::write(site.settings_file(), wrong).unwrap();
        for arguments in [
            &["status"][..],
            &["scan"],
            &["config", "show"],
            &["--json", "config", "show"],
            &["config", "set", "http_port", "5001"],
            &["doctor"],
            &["--json", "doctor"],
        ] {
            let ended = site.run(BOUND, arguments).unwrap();
            seen.take(&arguments.join(" "), &ended);
        }
    }
    std::fs::remove_file(site.settings_file()).unwrap();
    assert_eq!(
        seen.leaks(site.folder()),
        Vec::<String>::new(),
        "a mistake is named by its line and key, not by its value"
    );
}

#[test]
fn an_imported_secret_is_in_the_keychain_and_nowhere_else() {
    const TEST: &str = "an_imported_secret_is_in_the_keychain_and_nowhere_else";
    in_namespace(TEST, || {
        if let Some(reason) = desktop::missing() {
            return skip_named(TEST, &reason);
        }
        let session = Session::start(Keyring::Unlocked).unwrap();
        let site = site();
        let mut seen = Seen::default();
        let desktop = |arguments: &[&str], input: &[u8]| {
            let mut command = fieldscan(&site, arguments);
            for name in ["CLIENT_TOKEN", "AUTH_TOKEN", "CLIENT_PASSWORD"] {
                command.env_remove(format!("FIELDSCAN_{name}"));
            }
            command.envs(session.env());
            run_to_end(command, input, BOUND).unwrap()
        };

        // A file of the reference scanner, as it is.
        let reference = site.folder().join("scan_agent.yaml");
        let settings = std::fs::read_to_string(site.settings_file()).unwrap();
        let mut file = String::from("nofusscomputing_phpipam_scan_agent:\n");
        for line in settings.lines().filter(|line| {
            ["api_url", "client_name", "scanagent_code", "http_"]
                .iter()
                .any(|key| line.starts_with(key))
        }) {
            writeln!(file, "  {line}").unwrap();
        }
        writeln!(file, "  client_token: \"{CLIENT_TOKEN}\"").unwrap();
        writeln!(file, "  auth_token: \"{AUTH_TOKEN}\"  # keep secret").unwrap();
        std::fs::write(&reference, file).unwrap();

        // A machine on which Fieldscan has just been installed.
        std::fs::remove_file(site.settings_file()).unwrap();
        let imported = desktop(
            &["config", "import", reference.to_str().unwrap(), "--blank"],
            b"",
        );
        assert_eq!(imported.code, Some(0), "{}", imported.words());
        seen.take("config import", &imported);
        let blanked = std::fs::read_to_string(&reference).unwrap();
        assert!(
            blanked.contains("# keep secret") && !blanked.contains("MARK"),
            "only the tokens are gone from the source: {blanked}"
        );
        let password = format!("{CLIENT_PASSWORD}\n");
        let set = desktop(&["secret", "set", "client_password"], password.as_bytes());
        assert_eq!(set.code, Some(0), "{}", set.words());
        seen.take("secret set", &set);

        let ca_file = site.folder().join("ca.pem");
        for (key, value) in [
            ("ca_file", ca_file.to_str().unwrap()),
            ("schedule", "off"),
            ("log_level", "debug"),
        ] {
            let set = desktop(&["config", "set", key, value], b"");
            assert_eq!(set.code, Some(0), "{}", set.words());
            seen.take("config set", &set);
        }

        let scanned = desktop(&["scan", "--wait-confirmed", "60"], b"");
        assert_eq!(
            scanned.code,
            Some(0),
            "the imported tokens open both servers: {}",
            scanned.words()
        );
        seen.take("scan", &scanned);
        for arguments in [
            &["secret", "status"][..],
            &["--json", "secret", "status"],
            &["config", "show"],
            &["doctor"],
            &["secret", "delete", "client_password"],
        ] {
            seen.take(&arguments.join(" "), &desktop(arguments, b""));
        }
        assert_eq!(
            seen.leaks(site.folder()),
            Vec::<String>::new(),
            "the keychain alone has the secrets"
        );
    });
}
