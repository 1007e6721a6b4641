//! How fast nmap's XML is read: a /16 with 20,000 hosts up, in pieces as a pipe gives them.

use std::{fmt::Write as _, hint::black_box};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fieldscan_core::nmap_xml::Reader;

fn document(hosts: u32) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE nmaprun>\n<nmaprun scanner=\"nmap\" args=\"nmap -sn 10.0.0.0/16\" start=\"1795505313\" version=\"7.93\" xmloutputversion=\"1.05\">\n",
    );
    for host in 0..hosts {
        let (high, low) = (host / 256, host % 256);
        let _ = write!(
            out,
            "<host><status state=\"up\" reason=\"arp-response\" reason_ttl=\"0\"/>\n<address addr=\"10.0.{high}.{low}\" addrtype=\"ipv4\"/>\n<address addr=\"00:0C:29:00:{high:02X}:{low:02X}\" addrtype=\"mac\" vendor=\"VMware\"/>\n<hostnames>\n<hostname name=\"host-{host}.example.com\" type=\"PTR\"/>\n</hostnames>\n<times srtt=\"312\" rttvar=\"5000\" to=\"100000\"/>\n</host>\n"
        );
    }
    let _ = write!(
        out,
        "<runstats><finished time=\"1795505313\" elapsed=\"90.00\" exit=\"success\"/><hosts up=\"{hosts}\" down=\"{}\" total=\"65536\"/>\n</runstats>\n</nmaprun>\n",
        65_536 - hosts
    );
    out
}

fn read(c: &mut Criterion) {
    let document = document(20_000);
    let mut group = c.benchmark_group("nmap_xml");
    group.throughput(Throughput::Bytes(document.len() as u64));
    for piece in [4 << 10, 64 << 10] {
        group.bench_function(format!("20000-hosts/{}k-pieces", piece >> 10), |b| {
            b.iter(|| {
                let mut reader = Reader::new();
                let mut events = 0;
                for bytes in document.as_bytes().chunks(piece) {
                    events += reader
                        .feed(black_box(bytes))
                        .map_or(0, |events| events.len());
                }
                assert_eq!(
                    events, 20_002,
                    "each host once, and the beginning and the end"
                );
                reader.finish()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, read);
criterion_main!(benches);
