//! A server on loopback that answers as a test says, over HTTP or TLS, and keeps what it was asked.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::pki_types::PrivateKeyDer;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;
use url::Url;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Method, target and headers, as sent.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn target(&self) -> &str {
        self.head.split_whitespace().nth(1).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// What happens on a connection after a request.
pub(crate) enum Act {
    /// Write these bytes and close.
    Write(Vec<u8>),
    /// Write these bytes, then nothing until the client leaves.
    Stall(Vec<u8>),
}

pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Act {
    let body = body.as_ref();
    let mut bytes = format!(
        "HTTP/1.1 {status} Status\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (key, value) in headers {
        bytes += &format!("{key}: {value}\r\n");
    }
    let mut bytes = (bytes + "\r\n").into_bytes();
    bytes.extend_from_slice(body);
    Act::Write(bytes)
}

pub(crate) struct Scripted {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Scripted {
    pub(crate) async fn plain(script: impl Fn(&Asked) -> Act + Send + Sync + 'static) -> Self {
        Self::start(None, script).await
    }

    pub(crate) async fn tls(
        server: &ServerCertificate,
        script: impl Fn(&Asked) -> Act + Send + Sync + 'static,
    ) -> Self {
        let key = PrivateKeyDer::try_from(server.key.serialize_der()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(
            rustls::crypto::ring::default_provider(),
        ))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![server.certificate.der().clone()], key)
        .unwrap();
        Self::start(Some(TlsAcceptor::from(Arc::new(config))), script).await
    }

    async fn start(
        tls: Option<TlsAcceptor>,
        script: impl Fn(&Asked) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        let script = Arc::new(script);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, log, script) = (tls.clone(), Arc::clone(&log), Arc::clone(&script));
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &log, &*script).await;
                            }
                        }
                        None => serve(stream, &log, &*script).await,
                    }
                });
            }
        });
        Self {
            address,
            asked,
            task,
        }
    }

    pub(crate) fn url(&self, scheme: &str, host: &str) -> Url {
        format!("{scheme}://{host}:{}/", self.address.port())
            .parse()
            .unwrap()
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    log: &Mutex<Vec<Asked>>,
    script: &(impl Fn(&Asked) -> Act + ?Sized),
) {
    let mut bytes = Vec::new();
    let (head, mut body) = loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            break (head.to_owned(), body.to_owned());
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
    };
    let mut asked = Asked {
        head,
        body: String::new(),
    };
    let length: usize = asked
        .header("content-length")
        .map_or(0, |length| length.parse().unwrap());
    while body.len() < length {
        let mut more = Vec::new();
        if stream.read_buf(&mut more).await.unwrap_or(0) == 0 {
            return;
        }
        body += &String::from_utf8_lossy(&more);
    }
    asked.body = body;
    log.lock().unwrap().push(asked.clone());
    match script(&asked) {
        Act::Write(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Act::Stall(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.flush().await;
            // Ends when the client gives up.
            let _ = stream.read(&mut [0]).await;
        }
    }
}

/// A private CA.
pub(crate) struct Ca(CertifiedIssuer<'static, KeyPair>);

pub(crate) struct ServerCertificate {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Ca {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A server's certificate for these names, which ended in the given year.
    pub(crate) fn issue(&self, names: &[&str], until: i32) -> ServerCertificate {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        ServerCertificate {
            certificate: params.signed_by(&key, &self.0).unwrap(),
            key,
        }
    }
}

/// A certificate that a server signed itself and that calls itself a CA, as `openssl req -x509` makes it.
pub(crate) fn self_signed(name: &str) -> (ServerCertificate, String) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let pem = certificate.pem();
    (ServerCertificate { certificate, key }, pem)
}
