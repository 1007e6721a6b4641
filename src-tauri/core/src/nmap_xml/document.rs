//! What nmap's elements mean: from tags to events.

use std::{borrow::Cow, net::IpAddr, time::Duration};

use super::{
    Event, Finished, XmlError,
    markup::{Attributes, unescape},
};
use crate::host::{Host, Mac, SeenBy};

/// Elements inside each other that are followed.
const DEEPEST: usize = 64;
/// Longest name or vendor that is kept, in bytes. A DNS name has at most 255 bytes, four times that when escaped.
const LONGEST_TEXT: usize = 1024;

/// The elements that matter; all others are [`Element::Other`], with their content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element {
    Run,
    Host,
    HostNames,
    RunStats,
    Other,
}

/// What has been read of a document so far.
#[derive(Debug, Default)]
pub(super) struct Document {
    open: Vec<Element>,
    /// The names of the open elements, one after the other, and where each begins.
    names: Vec<u8>,
    begins: Vec<usize>,
    pub(super) closed: bool,
    pub(super) version: Option<String>,
    host: PartialHost,
    /// From `<finished>`, until `<hosts>` completes it.
    ending: Option<Finished>,
    pub(super) finished: Option<Finished>,
    pub(super) up: u32,
    pub(super) skipped: u32,
}

#[derive(Debug, Default)]
struct PartialHost {
    up: Option<bool>,
    seen_by: Option<SeenBy>,
    ip: Option<IpAddr>,
    mac: Option<Mac>,
    vendor: Option<String>,
    ptr: Option<String>,
    rtt: Option<Duration>,
}

impl Document {
    pub(super) fn text(&self, text: &[u8]) -> Result<(), XmlError> {
        // A byte order mark may come first.
        let nothing = |byte: &u8| byte.is_ascii_whitespace() || b"\xEF\xBB\xBF".contains(byte);
        match !self.open.is_empty() || text.iter().all(nothing) {
            true => Ok(()),
            false => Err(XmlError::NotNmap),
        }
    }

    pub(super) fn start(
        &mut self,
        name: &[u8],
        attributes: Attributes<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), XmlError> {
        let element = match (self.open.last(), name) {
            (None, b"nmaprun") if !self.closed => {
                self.run(attributes, events)?;
                Element::Run
            }
            (None, _) => return Err(XmlError::NotNmap),
            (Some(Element::Run), b"host") => {
                self.host = PartialHost::default();
                Element::Host
            }
            (Some(Element::Run), b"runstats") => Element::RunStats,
            (Some(Element::Run), b"taskprogress") => {
                progress(attributes, events)?;
                Element::Other
            }
            (Some(Element::Run), b"target") => {
                self.target(attributes, events)?;
                Element::Other
            }
            (Some(Element::Host), b"hostnames") => Element::HostNames,
            (Some(Element::Host), b"status" | b"address" | b"times") => {
                self.host.detail(name, attributes)?;
                Element::Other
            }
            (Some(Element::HostNames), b"hostname") => {
                self.host.name(attributes)?;
                Element::Other
            }
            (Some(Element::RunStats), b"finished") => {
                self.finished(attributes)?;
                Element::Other
            }
            (Some(Element::RunStats), b"hosts") => {
                self.hosts(attributes, events)?;
                Element::Other
            }
            (Some(_), _) => Element::Other,
        };
        if self.open.len() >= DEEPEST {
            return Err(XmlError::TooDeep);
        }
        self.open.push(element);
        self.begins.push(self.names.len());
        self.names.extend_from_slice(name);
        Ok(())
    }

    pub(super) fn end(&mut self, name: &[u8], events: &mut Vec<Event>) -> Result<(), XmlError> {
        let (Some(element), Some(begin)) = (self.open.pop(), self.begins.pop()) else {
            return Err(XmlError::Malformed("end without start"));
        };
        if &self.names[begin..] != name {
            return Err(XmlError::Malformed("end of another element"));
        }
        self.names.truncate(begin);
        match element {
            Element::Run => self.closed = true,
            Element::Host => events.extend(self.host_ended()?),
            Element::HostNames | Element::RunStats | Element::Other => {}
        }
        Ok(())
    }

    fn run(&mut self, attributes: Attributes<'_>, events: &mut Vec<Event>) -> Result<(), XmlError> {
        let (mut nmap, mut version) = (false, None);
        attributes.each(|name, value| match name {
            b"scanner" => nmap = value == b"nmap",
            b"version" => version = text(value),
            _ => {}
        })?;
        if !nmap {
            return Err(XmlError::NotNmap);
        }
        let version = version.unwrap_or_default();
        self.version = Some(version.clone());
        events.push(Event::Started { version });
        Ok(())
    }

    fn target(
        &mut self,
        attributes: Attributes<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), XmlError> {
        let (mut skipped, mut target) = (false, None);
        attributes.each(|name, value| match name {
            b"status" => skipped = value == b"skipped",
            b"specification" => target = text(value),
            _ => {}
        })?;
        if skipped {
            self.skipped = self.skipped.saturating_add(1);
            events.push(Event::Skipped {
                target: target.unwrap_or_default(),
            });
        }
        Ok(())
    }

    fn host_ended(&mut self) -> Result<Option<Event>, XmlError> {
        let host = std::mem::take(&mut self.host);
        match host.up {
            Some(true) => {
                self.up = self.up.saturating_add(1);
                Ok(Some(Event::Up(Host {
                    ip: host.ip.ok_or(XmlError::NoAddress)?,
                    also: Vec::new(),
                    vendor: host.mac.and(host.vendor),
                    mac: host.mac,
                    ptr: host.ptr,
                    rtt: host.rtt,
                    seen_by: host.seen_by.unwrap_or(SeenBy::Other),
                })))
            }
            Some(false) => Ok(host.ip.map(Event::Down)),
            // An entry without a status tells nothing of the host.
            None => Ok(None),
        }
    }

    fn finished(&mut self, attributes: Attributes<'_>) -> Result<(), XmlError> {
        let mut finished = Finished {
            // What doesn't call itself a success is none.
            success: false,
            error: None,
            elapsed: None,
            up: 0,
            down: 0,
            total: 0,
        };
        attributes.each(|name, value| match name {
            b"exit" => finished.success = value == b"success",
            b"errormsg" => finished.error = text(value),
            b"elapsed" => {
                finished.elapsed = number::<f64>(value)
                    .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            }
            _ => {}
        })?;
        self.ending = Some(finished);
        Ok(())
    }

    fn hosts(
        &mut self,
        attributes: Attributes<'_>,
        events: &mut Vec<Event>,
    ) -> Result<(), XmlError> {
        let (mut up, mut down, mut total) = (None, None, None);
        attributes.each(|name, value| match name {
            b"up" => up = number(value),
            b"down" => down = number(value),
            b"total" => total = number(value),
            _ => {}
        })?;
        let (Some(up), Some(down), Some(total)) = (up, down, total) else {
            return Err(XmlError::Malformed("counts of hosts"));
        };
        if let Some(ending) = self.ending.take() {
            let finished = Finished {
                up,
                down,
                total,
                ..ending
            };
            self.finished = Some(finished.clone());
            events.push(Event::Finished(finished));
        }
        Ok(())
    }
}

impl PartialHost {
    fn detail(&mut self, element: &[u8], attributes: Attributes<'_>) -> Result<(), XmlError> {
        match element {
            b"status" => attributes.each(|name, value| match name {
                b"state" => self.up = Some(value == b"up"),
                b"reason" => self.seen_by = Some(seen_by(value)),
                _ => {}
            }),
            b"address" => {
                let (mut address, mut kind, mut vendor) = (None, None, None);
                attributes.each(|name, value| match name {
                    b"addr" => address = Some(unescape(value)),
                    b"addrtype" => kind = Some(value),
                    b"vendor" => vendor = text(value),
                    _ => {}
                })?;
                let address = address.as_deref().unwrap_or_default();
                match kind {
                    Some(b"mac") => {
                        self.mac = address.parse().ok();
                        self.vendor = vendor;
                    }
                    Some(b"ipv4" | b"ipv6") => {
                        let bare = address.split_once('%').map_or(address, |(bare, _)| bare);
                        self.ip = bare.parse().ok();
                    }
                    _ => {}
                }
                Ok(())
            }
            b"times" => attributes.each(|name, value| {
                if name == b"srtt" {
                    self.rtt = number(value)
                        .filter(|&micros| micros > 0)
                        .map(Duration::from_micros);
                }
            }),
            _ => Ok(()),
        }
    }

    fn name(&mut self, attributes: Attributes<'_>) -> Result<(), XmlError> {
        let (mut ptr, mut host) = (false, None);
        attributes.each(|name, value| match name {
            b"type" => ptr = value == b"PTR",
            b"name" => host = text(value),
            _ => {}
        })?;
        if ptr && self.ptr.is_none() {
            self.ptr = host;
        }
        Ok(())
    }
}

fn progress(attributes: Attributes<'_>, events: &mut Vec<Event>) -> Result<(), XmlError> {
    let (mut task, mut percent) = (None, None);
    attributes.each(|name, value| match name {
        b"task" => task = text(value),
        b"percent" => percent = number::<f32>(value),
        _ => {}
    })?;
    if let (Some(task), Some(percent)) = (task, percent.filter(|percent| percent.is_finite())) {
        events.push(Event::Progress {
            task,
            percent: percent.clamp(0.0, 100.0),
        });
    }
    Ok(())
}

/// A value as text; none if it is empty or longer than anything that is of use. It is never cut, since a part of a name
/// is another name.
fn text(value: &[u8]) -> Option<String> {
    let text = unescape(value);
    (!text.is_empty() && text.len() <= LONGEST_TEXT).then(|| Cow::into_owned(text))
}

fn number<T: std::str::FromStr>(value: &[u8]) -> Option<T> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn seen_by(reason: &[u8]) -> SeenBy {
    match reason {
        b"arp-response" => SeenBy::ArpResponse,
        b"nd-response" => SeenBy::NdResponse,
        b"echo-reply" => SeenBy::EchoReply,
        b"timestamp-reply" => SeenBy::TimestampReply,
        b"addressmask-reply" => SeenBy::AddressmaskReply,
        b"syn-ack" => SeenBy::SynAck,
        b"reset" => SeenBy::Reset,
        b"conn-refused" => SeenBy::ConnRefused,
        b"localhost-response" => SeenBy::LocalhostResponse,
        _ => SeenBy::Other,
    }
}
