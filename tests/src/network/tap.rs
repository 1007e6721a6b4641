//! The TAP device that a [`Site`] answers on: one thread that reads frames,
//! asks the site, and writes the answers when they are due.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::{File, OpenOptions},
    io::{ErrorKind, PipeReader, PipeWriter, Read as _, Write as _},
    os::{fd::AsFd as _, unix::fs::OpenOptionsExt as _},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use nix::{
    libc,
    poll::{PollFd, PollFlags, ppoll},
    sys::time::TimeSpec,
};

use super::{Counters, Layout, Reply, Site, namespace};

/// Frames the kernel keeps while the thread is busy: a quarter of a second of
/// the fastest scan.
const QUEUE: usize = 16_384;
/// Frames answered in one go, before the replies that are due and the other
/// users of the site have their turn.
const BATCH: usize = 64;

/// A simulated network that runs. Dropping it removes its interface.
#[derive(Debug)]
pub struct Network {
    site: Arc<Mutex<Site>>,
    interface: String,
    routes: Vec<String>,
    /// Closed to stop the thread.
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
    overruns_before: Mutex<u64>,
}

impl Network {
    /// Makes the interface with the scanner's addresses and routes, and
    /// starts to answer.
    ///
    /// # Errors
    /// When not inside a namespace of our own, when the layout has a part that
    /// could never be reached, or when the system refuses.
    pub fn start(layout: &Layout) -> Result<Self> {
        ensure!(
            namespace::inside(),
            "a simulated network runs only in a namespace of its own"
        );
        let site = Arc::new(Mutex::new(Site::new(layout)?));
        let (tap, interface) = open_tap()?;

        let mut set_up = vec![
            "link set dev lo up".to_owned(),
            // Without a link-local address the kernel has nothing of its own to say.
            format!("link set dev {interface} addrgenmode none"),
            format!("link set dev {interface} txqueuelen {QUEUE}"),
            format!("link set dev {interface} up"),
        ];
        for link in &layout.links {
            let nodad = if link.is_ipv6() { " nodad" } else { "" };
            set_up.push(format!("address add {link} dev {interface}{nodad}"));
        }
        let mut routes = Vec::new();
        for network in &layout.routed {
            let gateway = layout
                .gateway_for(network)
                .context("a routed network has a gateway")?;
            let to = format!("{}/{}", network.network(), network.prefix());
            routes.push(format!("route replace {to} via {gateway} dev {interface}"));
        }
        set_up.extend(routes.iter().cloned());
        // IPv6 addresses go with the link and have to be given again.
        let again = layout.links.iter().filter(|link| link.is_ipv6());
        let again = again.map(|link| format!("address replace {link} dev {interface} nodad"));
        let routes = again.chain(routes).collect();
        namespace::ip(&set_up)?;

        let (stopped, stop) = std::io::pipe()?;
        let answering = Arc::clone(&site);
        let thread = std::thread::Builder::new()
            .name("network".to_owned())
            .spawn(move || run(&tap, &stopped, &answering))?;
        let (stop, thread) = (Some(stop), Some(thread));
        Ok(Self {
            site,
            interface,
            routes,
            stop,
            thread,
            overruns_before: Mutex::new(0),
        })
    }

    /// The name of the scanner's interface.
    pub fn interface(&self) -> &str {
        &self.interface
    }

    /// The hosts and name servers, to look at or change. Nothing is answered
    /// while this is held.
    pub fn site(&self) -> MutexGuard<'_, Site> {
        lock(&self.site)
    }

    /// Takes the interface down: no address of the network has a route.
    ///
    /// # Errors
    /// When `ip` fails.
    pub fn cut(&self) -> Result<()> {
        namespace::ip(&[format!("link set dev {} down", self.interface)])
    }

    /// Undoes [`Self::cut`].
    ///
    /// # Errors
    /// When `ip` fails.
    pub fn restore(&self) -> Result<()> {
        let mut commands = vec![format!("link set dev {} up", self.interface)];
        commands.extend(self.routes.iter().cloned());
        namespace::ip(&commands)
    }

    /// What the scanner has sent.
    pub fn counters(&self) -> Counters {
        let overruns = self.overruns().saturating_sub(*lock(&self.overruns_before));
        Counters {
            overruns,
            ..self.site().counters()
        }
    }

    /// Begins the counts anew.
    pub fn reset_counters(&self) {
        *lock(&self.overruns_before) = self.overruns();
        self.site().reset_counters();
    }

    /// Frames that the kernel could not queue for us, since the start.
    fn overruns(&self) -> u64 {
        let table = std::fs::read_to_string("/proc/self/net/dev").unwrap_or_default();
        let ours = table.lines().filter_map(|line| line.trim().split_once(':'));
        // Eight columns of what the interface received, then of what it sent:
        // bytes, packets, errors, dropped.
        let dropped = ours
            .filter(|(name, _)| *name == self.interface)
            .find_map(|(_, columns)| columns.split_whitespace().nth(11)?.parse().ok());
        dropped.unwrap_or(0)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // Its panic has been told by the hook.
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

mod ioctl {
    #![expect(unsafe_code, reason = "the kernel makes TAP devices by ioctl only")]

    use std::{ffi::c_int, os::fd::AsRawFd as _};

    use nix::libc;

    // TUNSETIFF of linux/if_tun.h is declared as taking an int and takes an ifreq.
    nix::ioctl_readwrite_bad!(
        tunsetiff,
        nix::request_code_write!(b'T', 202, size_of::<c_int>()),
        libc::ifreq
    );

    /// Makes a TAP interface on an open `/dev/net/tun`, and returns its name.
    pub(super) fn make_tap(tun: &std::fs::File, name: &str) -> nix::Result<String> {
        let mut request = libc::ifreq {
            ifr_name: [0; libc::IFNAMSIZ],
            ifr_ifru: libc::__c_anonymous_ifr_ifru {
                ifru_map: libc::__c_anonymous_ifru_map {
                    mem_start: 0,
                    mem_end: 0,
                    base_addr: 0,
                    irq: 0,
                    dma: 0,
                    port: 0,
                },
            },
        };
        request.ifr_ifru.ifru_flags = (libc::IFF_TAP | libc::IFF_NO_PI) as libc::c_short;
        for (to, from) in request
            .ifr_name
            .iter_mut()
            .zip(name.bytes())
            .take(libc::IFNAMSIZ - 1)
        {
            *to = from as libc::c_char;
        }
        // SAFETY: the request is an initialised ifreq that outlives the call.
        unsafe { tunsetiff(tun.as_raw_fd(), &raw mut request) }?;
        let name = request
            .ifr_name
            .iter()
            .take_while(|c| **c != 0)
            .map(|c| *c as u8);
        Ok(String::from_utf8_lossy(&name.collect::<Vec<_>>()).into_owned())
    }
}

fn open_tap() -> Result<(File, String)> {
    let tun = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(libc::O_NONBLOCK)
        .open("/dev/net/tun")
        .context("/dev/net/tun")?;
    let name = ioctl::make_tap(&tun, "site%d").context("making a TAP device")?;
    Ok((tun, name))
}

/// Replies that are on their way, the earliest first, in order of sending when
/// they are due together.
#[derive(Default)]
struct Underway {
    queue: BinaryHeap<Reverse<(Duration, u64, Vec<u8>)>>,
    pushed: u64,
}

impl Underway {
    fn push(&mut self, reply: Reply) {
        self.queue
            .push(Reverse((reply.at, self.pushed, reply.frame)));
        self.pushed += 1;
    }

    fn first_due(&self) -> Option<Duration> {
        self.queue.peek().map(|Reverse((at, ..))| *at)
    }

    fn pop(&mut self, now: Duration) -> Option<Vec<u8>> {
        if self.first_due()? > now {
            return None;
        }
        self.queue.pop().map(|Reverse((.., frame))| frame)
    }
}

fn run(tap: &File, stopped: &PipeReader, site: &Mutex<Site>) {
    let began = Instant::now();
    let mut underway = Underway::default();
    let mut buffer = vec![0; 65_536];
    loop {
        let now = began.elapsed();
        let timeout = underway
            .first_due()
            .map(|at| TimeSpec::from(at.saturating_sub(now)));
        let mut fds = [
            PollFd::new(tap.as_fd(), PollFlags::POLLIN),
            PollFd::new(stopped.as_fd(), PollFlags::POLLIN),
        ];
        // An interrupted wait is the same as one that found nothing.
        let _ = ppoll(&mut fds, timeout, None);
        if fds[1].any() == Some(true) {
            return;
        }
        read_batch(tap, &mut buffer, site, began, &mut underway);
        let now = began.elapsed();
        while let Some(frame) = underway.pop(now) {
            // A full queue loses packets, as do interfaces that are down.
            let _ = (&*tap).write(&frame);
        }
    }
}

fn read_batch(
    mut tap: &File,
    buffer: &mut [u8],
    site: &Mutex<Site>,
    began: Instant,
    underway: &mut Underway,
) {
    let mut site = lock(site);
    for _ in 0..BATCH {
        match tap.read(buffer) {
            Ok(len) => {
                for reply in site.answer(&buffer[..len], began.elapsed()) {
                    underway.push(reply);
                }
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Nothing to read, or an interface that is down.
            Err(_) => return,
        }
    }
}
