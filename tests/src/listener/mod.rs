//! An HTTP/1.1 listener on a thread of its own, shared by the simulated servers.
//!
//! It can refuse, or accept and say nothing, and come back on the same port. What is answered is not decided here: the
//! owner gives a function from [`Call`] to [`Outcome`].
//!
//! It has its own runtime so that blocking tests, async tests and the demo use it alike.

mod answer;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, mpsc as std_mpsc};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::HeaderMap;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

pub(crate) use answer::{Answer, Payload};
use answer::{PayloadBody, into_response};

/// One request, read to its end.
pub(crate) struct Call {
    pub(crate) method: String,
    /// Percent-encoded, as sent.
    pub(crate) path: String,
    /// What follows `?`, percent-encoded, without the `?`.
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Whether it came over TLS.
    pub(crate) secure: bool,
}

impl Call {
    /// A header's value as text; `None` where absent or not text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// What the listener does with a request.
pub(crate) enum Outcome {
    Answer(Answer),
    /// Closes the connection without a word.
    HangUp,
    /// Keeps the connection and never answers.
    Silence,
}

pub(crate) type AnswerFuture = Pin<Box<dyn Future<Output = Outcome> + Send>>;
pub(crate) type AnswerFn = Arc<dyn Fn(Call) -> AnswerFuture + Send + Sync>;

/// What a listener does with a new connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doors {
    /// Accepts and answers.
    Open,
    /// Refuses connections. The port stays reserved for this listener.
    Closed,
    /// Accepts and then neither speaks TLS nor answers.
    Mute,
}

pub(crate) struct Listener {
    address: SocketAddr,
    secure: bool,
    commands: mpsc::UnboundedSender<(Doors, std_mpsc::Sender<()>)>,
    runtime: Option<Runtime>,
}

impl Listener {
    /// Binds `address` (port 0: any free port) and starts answering.
    pub(crate) fn start(
        address: SocketAddr,
        tls: Option<Arc<ServerConfig>>,
        answer: AnswerFn,
    ) -> io::Result<Listener> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("simulated-server")
            .enable_all()
            .build()?;
        let std_listener = std::net::TcpListener::bind(address)?;
        std_listener.set_nonblocking(true)?;
        let address = std_listener.local_addr()?;
        let secure = tls.is_some();
        let (commands, inbox) = mpsc::unbounded_channel();
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(std_listener)?
        };
        runtime.spawn(keep_doors(
            listener,
            address,
            inbox,
            Connections {
                tls: tls.map(TlsAcceptor::from),
                answer,
            },
        ));
        Ok(Listener {
            address,
            secure,
            commands,
            runtime: Some(runtime),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://…` or `https://…`, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!(
            "{}://{}",
            if self.secure { "https" } else { "http" },
            self.address
        )
    }

    /// Changes the doors; returns when it is done. A change cuts the open connections.
    pub(crate) fn set_doors(&self, doors: Doors) {
        let (done, wait) = std_mpsc::channel();
        if self.commands.send((doors, done)).is_ok() {
            // An error here means that the listener's task has ended, and with it every connection.
            let _ended = wait.recv();
        }
    }

    /// Runs the owner's background work beside the connections; `None` while shutting down.
    pub(crate) fn spawn(
        &self,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> Option<AbortHandle> {
        self.runtime
            .as_ref()
            .map(|runtime| runtime.spawn(work).abort_handle())
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.set_doors(Doors::Closed);
        if let Some(runtime) = self.runtime.take() {
            // Not a plain drop: that panics when a test drops the server inside its own runtime.
            runtime.shutdown_background();
        }
    }
}

/// What stands at the port.
enum Entrance {
    Listening(TcpListener),
    /// Bound but not listening: the system refuses connections and nobody else gets the port.
    Reserved(Option<TcpSocket>),
}

async fn keep_doors(
    listener: TcpListener,
    address: SocketAddr,
    mut inbox: mpsc::UnboundedReceiver<(Doors, std_mpsc::Sender<()>)>,
    connections: Connections,
) {
    let mut entrance = Entrance::Listening(listener);
    let mut current = Doors::Open;
    let mut open = JoinSet::new();
    loop {
        let accepted = async {
            match &entrance {
                Entrance::Listening(listener) => listener.accept().await,
                Entrance::Reserved(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            command = inbox.recv() => {
                let Some((doors, done)) = command else { return };
                if doors == current {
                    let _nobody_waits = done.send(());
                    continue;
                }
                open.abort_all();
                while open.join_next().await.is_some() {}
                current = doors;
                entrance = match doors {
                    Doors::Closed => {
                        drop(entrance);
                        Entrance::Reserved(reserve(address).ok())
                    }
                    Doors::Open | Doors::Mute => match entrance {
                        Entrance::Listening(listener) => Entrance::Listening(listener),
                        Entrance::Reserved(socket) => match reopen(socket, address) {
                            Ok(listener) => Entrance::Listening(listener),
                            Err(error) => panic!("the simulated server cannot listen on {address} again: {error}"),
                        },
                    },
                };
                let _nobody_waits = done.send(());
            }
            accepted = accepted => {
                if let Ok((stream, _)) = accepted {
                    let connections = connections.clone();
                    let mute = current == Doors::Mute;
                    open.spawn(async move {
                        if mute {
                            std::future::pending::<()>().await;
                        }
                        connections.serve(stream).await;
                    });
                }
            }
            Some(_) = open.join_next(), if !open.is_empty() => {}
        }
    }
}

fn reserve(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

fn reopen(socket: Option<TcpSocket>, address: SocketAddr) -> io::Result<TcpListener> {
    match socket {
        Some(socket) => socket.listen(1024),
        None => reserve(address)?.listen(1024),
    }
}

#[derive(Clone)]
struct Connections {
    tls: Option<TlsAcceptor>,
    answer: AnswerFn,
}

impl Connections {
    async fn serve(self, stream: TcpStream) {
        // Without this, small answers wait for the client's delayed ACK.
        let _best_effort = stream.set_nodelay(true);
        match &self.tls {
            Some(tls) => {
                if let Ok(stream) = tls.accept(stream).await {
                    self.speak_http(TokioIo::new(stream)).await;
                }
            }
            None => self.speak_http(TokioIo::new(stream)).await,
        }
    }

    async fn speak_http<S>(&self, stream: S)
    where
        S: hyper::rt::Read + hyper::rt::Write + Unpin,
    {
        let secure = self.tls.is_some();
        let service = service_fn(|request: Request<Incoming>| async move {
            match self.respond(request, secure).await {
                Some(response) => Ok(response),
                None => Err(io::Error::other("hung up on purpose")),
            }
        });
        // A broken connection is the client's to notice: that is what the faults are for.
        let _ended = hyper::server::conn::http1::Builder::new()
            .serve_connection(stream, service)
            .await;
    }

    async fn respond(
        &self,
        request: Request<Incoming>,
        secure: bool,
    ) -> Option<Response<PayloadBody>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        let call = Call {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().map(str::to_owned),
            headers: head.headers,
            body,
            secure,
        };
        match (self.answer)(call).await {
            Outcome::Answer(answer) => Some(into_response(answer)),
            Outcome::HangUp => None,
            Outcome::Silence => std::future::pending().await,
        }
    }
}
