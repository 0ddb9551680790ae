//! Compression of answers for clients that ask for it (RFC 9110, section 12.5.3).
//!
//! Pages are compressed well, once ([`super::pages`]); answers of the API quickly, each on a thread that may block, and
//! only as many at a time as leave processors to others: when all are busy, an answer is sent as it is. Short answers,
//! as decisions are, fit one packet and are never compressed.
//!
//! What is compressed shows by its length what it has in common with itself (BREACH). No answer of this length holds a
//! secret: tokens are shown once, in a short answer, and credentials are in no answer.

use std::{
    io::{self, Write},
    num::NonZero,
    sync::LazyLock,
};

use brotli::enc::BrotliEncoderParams;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures_util::stream;
use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Body, Frame};
use poem::http::{HeaderMap, HeaderValue, header};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// The least length of an answer of the API that is compressed: shorter ones take one or two packets in any case.
const SHORTEST: u64 = 2 << 10;
/// Limits how many answers are compressed at a time: half of the processors, so that the others serve requests.
static TURNS: LazyLock<Semaphore> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    Semaphore::new((processors / 2).max(1))
});

/// How an answer is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// By gzip (RFC 1952).
    Gzip,
    /// By Brotli (RFC 7932).
    Brotli,
}

/// How much time compression may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Little: the result is sent once.
    Quick,
    /// Much: the result is kept.
    Thorough,
}

impl Encoding {
    /// What a client that sends these headers prefers of `offered`, in the server's order for equal preferences.
    pub fn preferred(headers: &HeaderMap, offered: [Self; 2]) -> Self {
        let mut best = (Self::Identity, 0);
        if headers.contains_key(header::ACCEPT_ENCODING) {
            for encoding in offered {
                let quality = encoding.quality(headers);
                if quality > best.1 {
                    best = (encoding, quality);
                }
            }
        }
        best.0
    }

    /// The quality, in thousandths, that the client gives to the encoding; 0 refuses it.
    fn quality(self, headers: &HeaderMap) -> u16 {
        let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
        let elements = lines.flat_map(|line| line.split(','));
        let (mut of_any, mut of_this) = (None, None);
        for element in elements {
            let (name, parameters) = element.split_once(';').unwrap_or((element, ""));
            let name = name.trim();
            if name == "*" {
                of_any = Some(quality(parameters));
            } else if self.name().is_some_and(|own| own.eq_ignore_ascii_case(name)) {
                of_this = Some(quality(parameters));
            }
        }
        of_this.or(of_any).unwrap_or_default()
    }

    /// Its name in `Content-Encoding`.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }

    /// Encodes. It takes long: call it on a thread that may block.
    pub fn encode(self, bytes: &Bytes, effort: Effort) -> io::Result<Bytes> {
        let is_thorough = effort == Effort::Thorough;
        match self {
            Self::Identity => Ok(bytes.clone()),
            Self::Gzip => {
                let level = if is_thorough { Compression::best() } else { Compression::fast() };
                let mut encoder = GzEncoder::new(Vec::new(), level);
                encoder.write_all(bytes)?;
                encoder.finish().map(Bytes::from)
            }
            Self::Brotli => {
                let quality = if is_thorough { 9 } else { 4 };
                let settings = BrotliEncoderParams { quality, size_hint: bytes.len(), ..Default::default() };
                let mut encoded = Vec::new();
                brotli::BrotliCompress(&mut bytes.as_ref(), &mut encoded, &settings)?;
                Ok(encoded.into())
            }
        }
    }
}

/// The `q` among the parameters of an element, in thousandths; 0 if it is malformed (RFC 9110, section 12.4.2).
fn quality(parameters: &str) -> u16 {
    let given = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then_some(value.trim())
    });
    let Some(given) = given else { return 1000 };
    let quality = given.parse::<f32>().ok().filter(|quality| (0.0..=1.0).contains(quality));
    quality.map_or(0, |quality| (quality * 1000.0) as u16)
}

/// The answer, encoded as the client prefers, if it is long enough and not encoded already. Its entity tag stays: it
/// names the revision, which `If-Match` repeats, and no cache keeps answers of the API.
pub async fn encoded(
    mut answer: hyper::Response<BoxBody<Bytes, io::Error>>,
    preferred: Encoding,
) -> hyper::Response<BoxBody<Bytes, io::Error>> {
    let is_long = answer.body().size_hint().exact().is_some_and(|length| length >= SHORTEST);
    if !is_long || !is_compressible(answer.headers()) {
        return answer;
    }
    answer.headers_mut().append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let Some(name) = preferred.name().filter(|_| !answer.headers().contains_key(header::CONTENT_ENCODING)) else {
        return answer;
    };
    match TURNS.try_acquire() {
        // In a box, so that other answers do not take its memory.
        Ok(_turn) => Box::pin(compressed(answer, preferred, name)).await,
        Err(_) => answer,
    }
}

async fn compressed(
    answer: hyper::Response<BoxBody<Bytes, io::Error>>,
    encoding: Encoding,
    name: &'static str,
) -> hyper::Response<BoxBody<Bytes, io::Error>> {
    let (mut parts, body) = answer.into_parts();
    let plain = match body.collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) => {
            let failed = StreamBody::new(stream::iter([Err::<Frame<Bytes>, _>(error)]));
            return hyper::Response::from_parts(parts, failed.boxed());
        }
    };
    let bytes = plain.clone();
    let done = spawn_blocking(move || encoding.encode(&bytes, Effort::Quick)).await;
    let body = match done {
        Ok(Ok(shorter)) if shorter.len() < plain.len() => {
            parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
            parts.headers.remove(header::CONTENT_LENGTH);
            shorter
        }
        _ => plain,
    };
    hyper::Response::from_parts(parts, Full::new(body).map_err(|never| match never {}).boxed())
}

fn is_compressible(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    media_type.starts_with("text/") || media_type.contains("json") || media_type.contains("yaml")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFERED: [Encoding; 2] = [Encoding::Gzip, Encoding::Brotli];

    fn preferred(lines: &[&'static str]) -> Encoding {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::ACCEPT_ENCODING, HeaderValue::from_static(line));
        }
        Encoding::preferred(&headers, OFFERED)
    }

    #[test]
    fn the_client_chooses_and_the_server_decides_between_equals() {
        for (lines, encoding) in [
            (&[][..], Encoding::Identity),
            (&[""], Encoding::Identity),
            (&["identity"], Encoding::Identity),
            (&["gzip"], Encoding::Gzip),
            (&["BR"], Encoding::Brotli),
            (&["br, gzip, deflate"], Encoding::Gzip),
            (&["gzip;q=0.5, br"], Encoding::Brotli),
            (&["gzip ; Q=0.5", "br;q=0.7"], Encoding::Brotli),
            (&["gzip;q=0, br;q=0"], Encoding::Identity),
            (&["*"], Encoding::Gzip),
            (&["gzip;q=0, *;q=0.1"], Encoding::Brotli),
            (&["gzip;q=2, br;q=x"], Encoding::Identity),
        ] {
            assert_eq!(preferred(lines), encoding, "{lines:?}");
        }
    }
}
