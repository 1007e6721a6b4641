//! A response and how its body travels: whole, cut, slowly, or without an end.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::ext::ReasonPhrase;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::time::Sleep;

/// A response. The body says how it travels, so that a fault can cut or slow it.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The words after the status in the status line; `None`: the usual ones.
    pub(crate) reason: Option<&'static str>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Payload,
}

impl Answer {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Answer {
        Answer {
            status,
            reason: None,
            headers: vec![("content-type", content_type.to_owned())],
            body: Payload::Whole(body.into()),
        }
    }
}

/// How a body is sent.
pub(crate) enum Payload {
    Whole(Bytes),
    /// Half of it, then the connection is closed.
    Half(Bytes),
    /// `size` bytes, a pause, `size` bytes, and so on.
    Slow {
        bytes: Bytes,
        size: usize,
        pause: Duration,
    },
    /// The same bytes again and again, without an end.
    Endless(Bytes),
}

pub(super) fn into_response(answer: Answer) -> Response<PayloadBody> {
    let mut response = Response::new(PayloadBody::new(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(reason) = answer.reason {
        response
            .extensions_mut()
            .insert(ReasonPhrase::from_static(reason.as_bytes()));
    }
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response
                .headers_mut()
                .append(HeaderName::from_static(name), value);
        }
    }
    response
}

/// How long a body rests before it breaks off.
const CUT_PAUSE: Duration = Duration::from_millis(10);

pub(super) struct PayloadBody {
    payload: Payload,
    rest: Bytes,
    nap: Option<Pin<Box<Sleep>>>,
}

impl PayloadBody {
    fn new(payload: Payload) -> PayloadBody {
        let rest = match &payload {
            Payload::Whole(bytes) | Payload::Slow { bytes, .. } | Payload::Endless(bytes) => {
                bytes.clone()
            }
            Payload::Half(bytes) => bytes.slice(..bytes.len() / 2),
        };
        PayloadBody {
            payload,
            rest,
            nap: None,
        }
    }
}

impl Body for PayloadBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(nap) = self.nap.as_mut() {
            std::task::ready!(nap.as_mut().poll(context));
            self.nap = None;
        }
        let this = &mut *self;
        let piece = match &this.payload {
            Payload::Whole(_) => std::mem::take(&mut this.rest),
            Payload::Half(_) => {
                if this.rest.is_empty() {
                    return Poll::Ready(Some(Err(io::Error::other("cut on purpose"))));
                }
                // The pause lets the half go out before the connection is closed.
                this.nap = Some(Box::pin(tokio::time::sleep(CUT_PAUSE)));
                std::mem::take(&mut this.rest)
            }
            Payload::Slow { size, pause, .. } => {
                let piece = this.rest.split_to(this.rest.len().min(*size));
                this.nap = Some(Box::pin(tokio::time::sleep(*pause)));
                piece
            }
            Payload::Endless(bytes) => bytes.clone(),
        };
        if piece.is_empty() {
            Poll::Ready(None)
        } else {
            Poll::Ready(Some(Ok(Frame::data(piece))))
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.payload, Payload::Whole(_)) && self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.payload {
            Payload::Whole(_) => SizeHint::with_exact(self.rest.len() as u64),
            Payload::Half(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Payload::Slow { .. } | Payload::Endless(_) => SizeHint::default(),
        }
    }
}
