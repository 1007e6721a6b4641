use std::{fmt::Write as _, net::Ipv4Addr};

use proptest::prelude::*;

use super::*;
use crate::host::{Mac, SeenBy};

fn read(bytes: &[u8]) -> Result<(Vec<Event>, Summary), XmlError> {
    let mut reader = Reader::new();
    let events = reader.feed(bytes)?;
    Ok((events, reader.finish()?))
}

fn hosts(events: Vec<Event>) -> Vec<Host> {
    events
        .into_iter()
        .filter_map(|event| match event {
            Event::Up(host) => Some(host),
            _ => None,
        })
        .collect()
}

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE nmaprun>
<?xml-stylesheet href="file:///usr/bin/../share/nmap/nmap.xsl" type="text/xsl"?>
<!-- Nmap 7.93 scan initiated Tue Nov 24 07:28:33 2026 as: nmap -sn -&#45;stats-every 1s 10.0.0.0/24 -->
<nmaprun scanner="nmap" args="nmap -sn -&#45;stats-every 1s 10.0.0.0/24" start="1795505313" version="7.93" xmloutputversion="1.05">
<verbose level="0"/>
<debugging level="0"/>
"#;

fn tail(up: usize, total: usize) -> String {
    let down = total - up;
    format!(
        r#"<runstats><finished time="1795505313" summary="Nmap done; {total} IP addresses ({up} hosts up)" elapsed="1.50" exit="success"/><hosts up="{up}" down="{down}" total="{total}"/>
</runstats>
</nmaprun>
"#
    )
}

fn escape(text: &str) -> String {
    // As nmap does: everything that is not plain ASCII byte by byte.
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'<' => out.push_str("&lt;"),
            b'>' => out.push_str("&gt;"),
            b'&' => out.push_str("&amp;"),
            b'"' => out.push_str("&quot;"),
            b'\'' => out.push_str("&apos;"),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "&#x{byte:x};");
            }
        }
        out
    })
}

fn reason(seen_by: SeenBy) -> &'static str {
    match seen_by {
        SeenBy::ArpResponse => "arp-response",
        SeenBy::NdResponse => "nd-response",
        SeenBy::EchoReply => "echo-reply",
        SeenBy::TimestampReply => "timestamp-reply",
        SeenBy::AddressmaskReply => "addressmask-reply",
        SeenBy::SynAck => "syn-ack",
        SeenBy::Reset => "reset",
        SeenBy::ConnRefused => "conn-refused",
        SeenBy::LocalhostResponse => "localhost-response",
        // The system's table tells it, never nmap.
        SeenBy::Neighbour | SeenBy::Other => "user-set",
    }
}

fn written(hosts: &[Host], total: usize) -> String {
    let mut out = HEAD.to_owned();
    for host in hosts {
        let kind = if host.ip.is_ipv4() { "ipv4" } else { "ipv6" };
        let _ = write!(
            out,
            "<host><status state=\"up\" reason=\"{}\" reason_ttl=\"0\"/>\n<address addr=\"{}\" addrtype=\"{kind}\"/>\n",
            reason(host.seen_by),
            host.ip
        );
        if let Some(mac) = host.mac {
            let _ = write!(out, "<address addr=\"{mac}\" addrtype=\"mac\"");
            if let Some(vendor) = &host.vendor {
                let _ = write!(out, " vendor=\"{}\"", escape(vendor));
            }
            out.push_str("/>\n");
        }
        out.push_str("<hostnames>\n");
        if let Some(ptr) = &host.ptr {
            let _ = writeln!(out, "<hostname name=\"{}\" type=\"PTR\"/>", escape(ptr));
        }
        out.push_str("</hostnames>\n");
        if let Some(rtt) = host.rtt {
            let _ = writeln!(
                out,
                "<times srtt=\"{}\" rttvar=\"5000\" to=\"100000\"/>",
                rtt.as_micros()
            );
        }
        out.push_str("</host>\n<taskprogress task=\"Ping Scan\" time=\"1\" percent=\"12.50\"/>\n");
    }
    out + &tail(hosts.len(), total)
}

#[test]
fn a_host_has_all_that_nmap_tells_of_it() {
    let document = format!(
        r#"{HEAD}<host starttime="1"><status state="up" reason="arp-response" reason_ttl="0"/>
<address addr="10.0.0.5" addrtype="ipv4"/>
<address addr="00:0c:29:AB:cd:ef" addrtype="mac" vendor="A &amp; B"/>
<hostnames>
<hostname name="asked.example.com" type="user"/>
<hostname name="gw.example.com" type="PTR"/>
</hostnames>
<times srtt="312" rttvar="5000" to="100000"/>
</host>
{}"#,
        tail(1, 256)
    );
    let (events, summary) = read(document.as_bytes()).unwrap();
    assert_eq!(
        hosts(events),
        vec![Host {
            ip: "10.0.0.5".parse().unwrap(),
            mac: Some("00:0C:29:AB:CD:EF".parse().unwrap()),
            also: Vec::new(),
            vendor: Some("A & B".to_owned()),
            ptr: Some("gw.example.com".to_owned()),
            rtt: Some(Duration::from_micros(312)),
            seen_by: SeenBy::ArpResponse,
        }]
    );
    assert!(summary.is_complete());
    let finished = summary.finished.unwrap();
    assert_eq!((finished.up, finished.down, finished.total), (1, 255, 256));
    assert_eq!(finished.elapsed, Some(Duration::from_millis(1500)));
    assert!(finished.success);
}

#[test]
fn recorded_output_of_the_real_nmap_is_understood() {
    let (events, summary) = read(include_bytes!("fixtures/loopback.xml")).unwrap();
    assert!(matches!(&events[0], Event::Started { version } if version == "7.93"));
    let found = hosts(events);
    assert_eq!(found.len(), 4, "127.0.0.0/30 less 127.0.0.2, and 127.0.0.9");
    assert!(
        found
            .iter()
            .all(|host| host.seen_by == SeenBy::LocalhostResponse && host.mac.is_none())
    );
    assert!(summary.is_complete());

    let (events, summary) = read(include_bytes!("fixtures/no-route.xml")).unwrap();
    let skipped = events
        .iter()
        .filter(|event| matches!(event, Event::Skipped { .. }))
        .count();
    assert_eq!((skipped, summary.skipped), (4, 4));
    let finished = summary.finished.unwrap();
    assert!(
        finished.success,
        "nmap calls it a success though it scanned nothing"
    );
    assert_eq!(finished.total, 0);

    let (events, summary) = read(include_bytes!("fixtures/verbose.xml")).unwrap();
    assert!(events.contains(&Event::Down("192.0.2.250".parse().unwrap())));
    let found = hosts(events);
    assert_eq!(found[0].ptr.as_deref(), Some("localhost"));
    assert!(summary.is_complete());

    let (events, _) = read(include_bytes!("fixtures/progress.xml")).unwrap();
    let progress: Vec<f32> = events
        .iter()
        .filter_map(|event| match event {
            Event::Progress { task, percent } if task == "Ping Scan" => Some(*percent),
            _ => None,
        })
        .collect();
    assert_eq!(progress, [0.49, 0.98, 1.46, 1.95]);
}

#[test]
fn a_document_that_ends_early_is_never_complete() {
    let whole = written(&[], 256);
    let end = whole.trim_end().len();
    for length in 0..end {
        if let Ok((_, summary)) = read(&whole.as_bytes()[..length]) {
            assert!(!summary.is_complete(), "cut after {length} of {end} bytes");
        }
    }
    assert!(read(&whole.as_bytes()[..end]).unwrap().1.is_complete());
}

#[test]
fn a_document_that_tells_fewer_hosts_than_it_counts_is_not_complete() {
    let document = format!("{HEAD}{}", tail(3, 256));
    assert!(!read(document.as_bytes()).unwrap().1.is_complete());
}

#[test]
fn hints_and_nested_look_alikes_are_no_hosts() {
    let host = r#"<status state="up" reason="x"/><address addr="10.0.0.1" addrtype="ipv4"/>"#;
    let document = format!(
        "{HEAD}<hosthint>{host}</hosthint><new><host>{host}</host></new><host><sub><address addr=\"10.0.0.9\" addrtype=\"ipv4\"/></sub>{host}</host>{}",
        tail(1, 1)
    );
    let found = hosts(read(document.as_bytes()).unwrap().0);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].ip, "10.0.0.1".parse::<IpAddr>().unwrap());
}

#[test]
fn what_is_not_nmaps_is_refused() {
    let up = |inside: &str| format!("{HEAD}<host><status state='up'/>{inside}</host>");
    for (document, error) in [
        ("Segmentation fault".to_owned(), XmlError::NotNmap),
        ("<html></html>".to_owned(), XmlError::NotNmap),
        ("<nmaprun scanner='masscan'/>".to_owned(), XmlError::NotNmap),
        (
            format!("{}{}", written(&[], 1), written(&[], 1)),
            XmlError::NotNmap,
        ),
        (
            format!("{HEAD}</host>"),
            XmlError::Malformed("end of another element"),
        ),
        (
            format!("{HEAD}<host><status state></host>"),
            XmlError::Malformed("attribute"),
        ),
        (format!("{HEAD}<>"), XmlError::Malformed("tag name")),
        (up(""), XmlError::NoAddress),
        (
            up("<address addr='10.0.0.300' addrtype='ipv4'/>"),
            XmlError::NoAddress,
        ),
        (
            up("<address addr='010.0.0.1' addrtype='ipv4'/>"),
            XmlError::NoAddress,
        ),
        (
            up("<address addr='gw' addrtype='ipv4'/>"),
            XmlError::NoAddress,
        ),
        (format!("{HEAD}{}", "<x>".repeat(70)), XmlError::TooDeep),
        (
            format!("{HEAD}<x y=\"{}", "z".repeat(1 << 21)),
            XmlError::TooLong,
        ),
        (
            format!("{HEAD}<!-- {} -->", "z".repeat(1 << 21)),
            XmlError::TooLong,
        ),
    ] {
        let start: String = document
            .chars()
            .rev()
            .take(60)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect();
        assert_eq!(read(document.as_bytes()).map(|_| ()), Err(error), "{start}");
    }
}

#[test]
fn nothing_is_taken_after_an_error() {
    let mut reader = Reader::new();
    assert_eq!(reader.feed(b"nonsense"), Err(XmlError::NotNmap));
    assert_eq!(reader.feed(HEAD.as_bytes()), Err(XmlError::NotNmap));
    assert_eq!(reader.finish(), Err(XmlError::NotNmap));
}

#[test]
fn entities_are_not_expanded() {
    let bomb = r#"<!DOCTYPE nmaprun [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]>"#;
    let document = format!(
        r#"{bomb}<nmaprun scanner="nmap" version="7.93"><host><status state="up"/><address addr="10.0.0.1" addrtype="ipv4"/><hostnames><hostname type="PTR" name="&b;&x;"/></hostnames></host>{}"#,
        tail(1, 1)
    );
    let found = hosts(read(document.as_bytes()).unwrap().0);
    assert_eq!(found[0].ptr.as_deref(), Some("&b;&x;"));
}

#[test]
fn invalid_details_are_left_out_and_the_host_stays() {
    let document = format!(
        r#"{HEAD}<host><status state="up" reason="new-reason"/><address addr="10.0.0.1" addrtype="ipv4"/><address addr="00:11:22:33:44" addrtype="mac" vendor="V"/><hostnames><hostname type="PTR" name="{}"/></hostnames><times srtt="-1"/></host>{}"#,
        "a".repeat(2000),
        tail(1, 1)
    );
    let found = hosts(read(document.as_bytes()).unwrap().0);
    assert_eq!(
        found,
        vec![Host {
            ip: Ipv4Addr::new(10, 0, 0, 1).into(),
            mac: None,
            also: Vec::new(),
            vendor: None,
            ptr: None,
            rtt: None,
            seen_by: SeenBy::Other
        }]
    );
}

fn any_host() -> impl Strategy<Value = Host> {
    let seen = prop::sample::select(vec![
        SeenBy::ArpResponse,
        SeenBy::NdResponse,
        SeenBy::EchoReply,
        SeenBy::TimestampReply,
        SeenBy::AddressmaskReply,
        SeenBy::SynAck,
        SeenBy::Reset,
        SeenBy::ConnRefused,
        SeenBy::LocalhostResponse,
        SeenBy::Other,
    ]);
    let name = || prop::option::of("\\PC{1,40}|['\"<>&;{}\\\\\r\n\t-]{1,20}|[a-z0-9.-]{1,60}");
    (
        any::<IpAddr>(),
        prop::option::of(any::<[u8; 6]>().prop_map(Mac)),
        name(),
        name(),
        prop::option::of((1u64..10_000_000).prop_map(Duration::from_micros)),
        seen,
    )
        .prop_map(|(ip, mac, vendor, ptr, rtt, seen_by)| Host {
            ip,
            also: Vec::new(),
            vendor: mac.and(vendor),
            mac,
            ptr,
            rtt,
            seen_by,
        })
}

proptest! {
    #[test]
    fn generated_documents_are_read_back(all in prop::collection::vec(any_host(), 0..20)) {
        let (events, summary) = read(written(&all, 256).as_bytes()).unwrap();
        prop_assert!(summary.is_complete());
        prop_assert_eq!(hosts(events), all);
    }

    #[test]
    fn how_the_bytes_are_split_changes_nothing(
        all in prop::collection::vec(any_host(), 0..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        spoil in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let mut bytes = written(&all, 256).into_bytes();
        if let Some((at, byte)) = spoil {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        prop_assert_eq!(in_pieces(cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]])), in_pieces([&bytes[..]]));
        prop_assert_eq!(in_pieces(bytes.chunks(1)), in_pieces([&bytes[..]]));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
        let mut after = HEAD.as_bytes().to_vec();
        after.extend(&bytes);
        let _ = read(&after);
    }

    #[test]
    fn arbitrary_markup_never_panics(text in "([<>!\\[\\]?/=\"' -]|<host>|</host>|<!--|-->|<!\\[CDATA\\[|\\]\\]>|<a b='|&#x|;|<hosts |<nmaprun scanner='nmap'>){0,60}") {
        let _ = read(text.as_bytes());
        let _ = read(format!("{HEAD}{text}").as_bytes());
    }
}

/// What a reader makes of pieces: the error, or the events and the summary. Events before an error are not compared,
/// since a larger piece fails as a whole.
fn in_pieces<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<(Vec<Event>, Summary), XmlError> {
    let mut reader = Reader::new();
    let mut events = Vec::new();
    for piece in pieces {
        events.extend(reader.feed(piece)?);
    }
    Ok((events, reader.finish()?))
}
