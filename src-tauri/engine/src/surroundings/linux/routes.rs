//! Word from the kernel that addresses or routes changed. What changed is read from its tables.

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd},
};

use nix::{
    errno::Errno,
    sys::socket::{
        AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, socket,
    },
};
use tokio::io::unix::AsyncFd;

/// `RTMGRP_IPV4_IFADDR` and `RTMGRP_IPV4_ROUTE` of rtnetlink(7).
const GROUPS: u32 = 0x10 | 0x40;

/// A socket on which the kernel tells of addresses and routes.
#[derive(Debug)]
pub(super) struct Routes(AsyncFd<OwnedFd>);

impl Routes {
    /// Begins to listen.
    #[expect(
        unsafe_code,
        reason = "tokio can't see for itself that an owned descriptor stays the same"
    )]
    pub(super) fn listen() -> io::Result<Self> {
        let socket = socket(
            AddressFamily::Netlink,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
            SockProtocol::NetlinkRoute,
        )?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, GROUPS))?;
        // SAFETY: it owns the descriptor, which is the same one for as long as it lives.
        let registered = unsafe { AsyncFd::register(socket) };
        Ok(Self(registered?))
    }

    /// Waits until something changed.
    pub(super) async fn changed(&mut self) {
        let Ok(mut ready) = self.0.readable().await else {
            // The runtime ends.
            return std::future::pending().await;
        };
        let mut message = [0; 4096];
        // All that is there counts as one change. What was lost because there was too much is one as well.
        while let Ok(1..) | Err(Errno::EINTR | Errno::ENOBUFS) = recv(
            ready.get_inner().as_raw_fd(),
            &mut message,
            MsgFlags::MSG_DONTWAIT,
        ) {}
        ready.clear_ready();
    }
}
