//! The system's side: what is taken away before nmap is started, and the one thing that is handed on.

use std::{
    io,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::process::CommandExt,
    },
    path::Path,
    process::Command,
};

use caps::{CapSet, Capability, CapsHashSet};
use nix::{
    errno::Errno,
    fcntl::{FcntlArg, OFlag, fcntl},
    sys::{
        prctl::{set_no_new_privs, set_pdeathsig},
        signal::Signal,
        socket::{AddressFamily, SockFlag, SockProtocol, SockType, socket},
        stat::{Mode, SFlag, fstat, umask},
    },
    unistd::{close, getegid, geteuid, getgid, getppid, getuid},
};

use crate::{Order, Refused, trusted};

const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// What must hold whatever is asked for. Afterwards nothing is open but the three standard streams.
pub(crate) fn before_anything() -> Result<(), Refused> {
    if getuid() != geteuid() || getgid() != getegid() {
        return Err(Refused::Setuid);
    }
    stream(io::stdin().as_fd(), OFlag::O_RDONLY).ok_or(Refused::Closed("standard input"))?;
    stream(io::stdout().as_fd(), OFlag::O_WRONLY).ok_or(Refused::Closed("standard output"))?;
    stream(io::stderr().as_fd(), OFlag::O_WRONLY).ok_or(Refused::Closed("standard error"))?;
    close_the_rest().map_err(|error| Refused::System {
        what: "closing files",
        error,
    })
}

/// Whether a stream is what a caller opened. A closed one has been opened by the runtime before `main`, as a device that
/// swallows everything, for writing where it is to be read; output that is swallowed is of no use either.
fn stream(stream: BorrowedFd<'_>, way: OFlag) -> Option<()> {
    let stat = fstat(stream).ok()?;
    let device = SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits()) == SFlag::S_IFCHR;
    // /dev/null and /dev/full.
    let swallows = device
        && nix::sys::stat::major(stat.st_rdev) == 1
        && matches!(nix::sys::stat::minor(stat.st_rdev), 3 | 7);
    let flags = OFlag::from_bits_retain(fcntl(stream, FcntlArg::F_GETFL).ok()?);
    let mode = flags & OFlag::O_ACCMODE;
    let fits = match way == OFlag::O_RDONLY {
        true => mode == OFlag::O_RDONLY || mode == OFlag::O_RDWR && !swallows,
        false => mode != OFlag::O_RDONLY && !swallows,
    };
    fits.then_some(())
}

fn close_the_rest() -> io::Result<()> {
    let open: Vec<i32> = std::fs::read_dir("/proc/self/fd")?
        .map(|entry| {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.parse().ok());
            number.ok_or_else(|| io::Error::other("a file has no number"))
        })
        .collect::<io::Result<_>>()?;
    for fd in open.into_iter().filter(|fd| *fd > 2) {
        match close(fd) {
            // The folder itself was among them.
            Ok(()) | Err(Errno::EBADF) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// Whether the capability is there and good for a raw socket.
pub(crate) fn check() -> Result<(), Refused> {
    hand_on_net_raw()?;
    socket(
        AddressFamily::Inet,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::Icmp,
    )
    .map(drop)
    .map_err(|errno| Refused::NoRawSocket(errno.into()))
}

/// Becomes nmap; comes back only with why that failed.
pub(crate) fn start(nmap: &Path, order: &Order) -> Refused {
    let system = |what, errno: Errno| Refused::System {
        what,
        error: errno.into(),
    };
    // What the agent has set so that nmap ends with it is taken away by the kernel as a program with a capability is
    // started; from here on it stays.
    if let Err(errno) = set_pdeathsig(Signal::SIGKILL) {
        return system("dying with the parent", errno);
    }
    // The parent may have died before that.
    if u32::try_from(getppid().as_raw()) != Ok(order.parent) {
        return Refused::Parent;
    }
    if let Err(refused) = hand_on_net_raw() {
        return refused;
    }
    if let Err(errno) = set_no_new_privs() {
        return system("giving up new privileges", errno);
    }
    umask(Mode::from_bits_truncate(0o077));
    let mut command = Command::new(nmap);
    if let Some(data) = trusted::data_of(nmap) {
        command.args(["--datadir", data]);
    }
    let error = command
        .args(&order.args)
        .env_clear()
        .env("PATH", PATH)
        .env("LC_ALL", "C")
        .current_dir("/")
        .exec();
    Refused::System {
        what: "starting nmap",
        error,
    }
}

/// Leaves `CAP_NET_RAW` and no other capability, for this program and for the one that it becomes.
fn hand_on_net_raw() -> Result<(), Refused> {
    let raw = Capability::CAP_NET_RAW;
    let has = |set, capability| caps::has_cap(None, set, capability).unwrap_or(false);
    if !has(CapSet::Permitted, raw) {
        return Err(Refused::NoCapability);
    }
    let only: CapsHashSet = [raw].into_iter().collect();
    let set = || {
        // Root would get everything back as it starts a program.
        if has(CapSet::Effective, Capability::CAP_SETPCAP) {
            for capability in caps::runtime::thread_all_supported() {
                if capability != raw {
                    caps::drop(None, CapSet::Bounding, capability)?;
                }
            }
        }
        caps::set(None, CapSet::Inheritable, &only)?;
        caps::set(None, CapSet::Ambient, &only)?;
        caps::set(None, CapSet::Effective, &only)?;
        caps::set(None, CapSet::Permitted, &only)
    };
    set().map_err(|error: caps::errors::CapsError| Refused::System {
        what: "handing the capability on",
        error: io::Error::other(error),
    })
}
