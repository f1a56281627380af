//! Answers the kit's requests as the services that it names would: petstore.swagger.io and httpbin.org.

use motet_engine::{Authorization, Request, Response};

use crate::harness::response;

/// # Panics
/// For a request that the services' real answer is not written down for.
pub(super) fn answer(request: &Request) -> Response {
    let uri = request.uri.strip_prefix("https://").expect("the kit calls over TLS");
    let (host, path) = uri.split_once('/').expect("a path");
    match (request.method.as_str(), host) {
        ("GET", "petstore.swagger.io") => petstore(path),
        ("GET", "httpbin.org") => httpbin(path, request.authorization.as_ref()),
        _ => panic!("no answer to {} {}", request.method, request.uri),
    }
}

fn petstore(path: &str) -> Response {
    let pet = |id: u32| {
        let name = ["Rex", "Milou", "Idefix"][id as usize % 3];
        format!(r#"{{"id":{id},"name":"{name}","photoUrls":[],"tags":[],"status":"available"}}"#)
    };
    match path {
        "v2/pet/findByStatus?status=available" => {
            response(200, &format!("[{},{}]", pet(3), pet(4)))
        }
        "v2/pet/1" => response(200, &pet(1)),
        "v2/pet/2" => response(200, &pet(2)),
        path if path.starts_with("v2/pet/getPetByName/") => {
            response(404, r#"{"code":404,"type":"unknown","message":"null for uri"}"#)
        }
        other => panic!("no answer to GET {other} of the pet store"),
    }
}

/// `/basic-auth/{user}/{password}` wants exactly these credentials.
fn httpbin(path: &str, authorization: Option<&Authorization>) -> Response {
    let segments: Vec<&str> = path.split('/').collect();
    let ["basic-auth", user, wanted] = segments[..] else {
        panic!("no answer to GET {path} of httpbin");
    };
    match authorization {
        Some(Authorization::Basic { username, password })
            if username == user && password == wanted =>
        {
            response(200, &format!(r#"{{"authenticated":true,"user":"{user}"}}"#))
        }
        _ => response(401, "www-authenticate: Basic realm=\"Fake Realm\" | "),
    }
}
