use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_TYPE, COOKIE,
    HeaderName, LAST_MODIFIED, PROXY_AUTHORIZATION,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use iri_string::types::{UriAbsoluteString, UriReferenceStr};

use crate::Request;

/// Where a redirect leads (RFC 9110 §15.4), seen from the request that it answers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hop {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    /// Another scheme, host or port: credentials stay behind.
    pub(crate) leaves_origin: bool,
    /// The method became `GET`: the answer may stand for work already done, and the body stays behind.
    pub(crate) rewritten: bool,
}

/// `None` where the response is no redirect that can be followed; it is then the answer.
pub(crate) fn hop(
    method: &Method,
    uri: &Uri,
    status: StatusCode,
    headers: &HeaderMap,
) -> Option<Hop> {
    let rewritten = match status {
        // Every client sends a POST on as GET here, and RFC 9110 allows it for that reason.
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => method == Method::POST,
        StatusCode::SEE_OTHER => method != Method::GET && method != Method::HEAD,
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => false,
        _ => return None,
    };
    let target = resolve(uri, headers.get(http::header::LOCATION)?)?;
    Some(Hop {
        method: if rewritten { Method::GET } else { method.clone() },
        leaves_origin: origin(uri) != origin(&target),
        uri: target,
        rewritten,
    })
}

impl Hop {
    /// Turns the request into the one that follows the redirect.
    pub(crate) fn take(self, request: &mut Request) {
        request.method = self.method;
        request.uri = self.uri;
        if self.rewritten {
            request.body = bytes::Bytes::new();
            drop_all(&mut request.headers, &OF_CONTENT);
        }
        if self.leaves_origin {
            drop_all(&mut request.headers, &OF_CREDENTIALS);
            let sensitive = request.headers.iter().filter(|(_, value)| value.is_sensitive());
            let sensitive: Vec<_> = sensitive.map(|(name, _)| name.clone()).collect();
            drop_all(&mut request.headers, &sensitive);
        }
    }
}

const OF_CONTENT: [HeaderName; 5] =
    [CONTENT_TYPE, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, LAST_MODIFIED];
const OF_CREDENTIALS: [HeaderName; 3] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION];

fn drop_all(headers: &mut HeaderMap, names: &[HeaderName]) {
    for name in names {
        headers.remove(name);
    }
}

/// RFC 3986 §5.2; the fragment, which is never sent, is dropped with it.
fn resolve(base: &Uri, location: &HeaderValue) -> Option<Uri> {
    let base = UriAbsoluteString::try_from(base.to_string()).ok()?;
    let reference = UriReferenceStr::new(location.to_str().ok()?).ok()?;
    let target = reference.resolve_against(&base).to_string();
    let uri: Uri = target.split('#').next()?.parse().ok()?;
    let followed = matches!(uri.scheme_str(), Some("http" | "https"));
    (followed && uri.host().is_some_and(|host| !host.is_empty())).then_some(uri)
}

/// Scheme, host and port (RFC 6454 §4).
fn origin(uri: &Uri) -> (Option<&str>, Option<String>, Option<u16>) {
    let port = uri.port_u16().or(match uri.scheme_str() {
        Some("http") => Some(80),
        Some("https") => Some(443),
        _ => None,
    });
    (uri.scheme_str(), uri.host().map(str::to_ascii_lowercase), port)
}
