//! Logging in: SASL over Kafka's own requests (KIP-152), PLAIN (RFC 4616) and SCRAM (RFC 5802, RFC 7677).

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use kafka_protocol::error::ParseResponseErrorCode as _;
use kafka_protocol::messages::{SaslAuthenticateRequest, SaslHandshakeRequest};
use kafka_protocol::protocol::StrBytes;
use ring::rand::SecureRandom as _;
use ring::{digest, hmac, pbkdf2};

use super::cluster::REQUEST_TIMEOUT;
use super::wire::Connection;
use crate::{Error, Login, Mechanism};

const VERSION: i16 = 1;

/// A server that asks for fewer rounds would make the password easy to guess; one that asks for more keeps us busy.
const ROUNDS_MIN: u32 = 4_096;
const ROUNDS_MAX: u32 = 1_000_000;

pub(super) async fn log_in(connection: &mut Connection, login: &Login) -> Result<(), Error> {
    let mechanism = match login.mechanism {
        Mechanism::Plain => "PLAIN",
        Mechanism::ScramSha256 => "SCRAM-SHA-256",
        Mechanism::ScramSha512 => "SCRAM-SHA-512",
    };
    let request =
        SaslHandshakeRequest::default().with_mechanism(StrBytes::from_static_str(mechanism));
    let response = connection.request(VERSION, &request, REQUEST_TIMEOUT).await?;
    if let Some(error) = response.error_code.err() {
        let known: Vec<&str> = response.mechanisms.iter().map(|name| name.as_str()).collect();
        let reason = format!("logging in by {mechanism}: {error}; it knows {}", known.join(", "));
        return Err(Error::Refused(reason));
    }
    if login.mechanism == Mechanism::Plain {
        let text = format!("\0{}\0{}", login.user, login.password);
        return exchange(connection, text.into_bytes()).await.map(drop);
    }
    let scram = Scram::new(login)?;
    let first = exchange(connection, scram.first().into_bytes()).await?;
    let (last, proof) = scram.last(&first)?;
    let verdict = exchange(connection, last.into_bytes()).await?;
    // A server that does not know the password cannot make this.
    match verdict.as_ref() == format!("v={proof}").as_bytes() {
        true => Ok(()),
        false => {
            Err(Error::Refused("the broker does not show that it knows the password".to_owned()))
        }
    }
}

async fn exchange(connection: &mut Connection, bytes: Vec<u8>) -> Result<Bytes, Error> {
    let request = SaslAuthenticateRequest::default().with_auth_bytes(Bytes::from(bytes));
    let response = connection.request(VERSION, &request, REQUEST_TIMEOUT).await?;
    match response.error_code.err() {
        None => Ok(response.auth_bytes),
        Some(error) => {
            let more = response.error_message.map(|text| format!(": {text}")).unwrap_or_default();
            Err(Error::Refused(format!("logging in: {error}{more}")))
        }
    }
}

/// The client's side of one conversation.
struct Scram<'a> {
    login: &'a Login,
    nonce: String,
}

impl<'a> Scram<'a> {
    fn new(login: &'a Login) -> Result<Self, Error> {
        let mut bytes = [0; 18];
        ring::rand::SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| Error::Unreachable("the system gives no random numbers".to_owned()))?;
        Ok(Self { login, nonce: STANDARD.encode(bytes) })
    }

    fn first_bare(&self) -> String {
        let user = self.login.user.replace('=', "=3D").replace(',', "=2C");
        format!("n={user},r={}", self.nonce)
    }

    fn first(&self) -> String {
        format!("n,,{}", self.first_bare())
    }

    /// The answer to the server's challenge, and what the server must show then.
    fn last(&self, challenge: &[u8]) -> Result<(String, String), Error> {
        let wrong = |why: &str| Error::Refused(format!("logging in: the challenge {why}"));
        let challenge = std::str::from_utf8(challenge).map_err(|_| wrong("is no text"))?;
        let part = |name: &str| {
            let mut parts = challenge.split(',');
            parts.find_map(|part| part.strip_prefix(name)).ok_or_else(|| wrong("lacks a part"))
        };
        let nonce = part("r=")?;
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return Err(wrong("answers somebody else"));
        }
        let salt = STANDARD.decode(part("s=")?).map_err(|_| wrong("has no salt"))?;
        let rounds: u32 = part("i=")?.parse().map_err(|_| wrong("has no number of rounds"))?;
        let rounds = NonZeroU32::new(rounds)
            .filter(|rounds| (ROUNDS_MIN..=ROUNDS_MAX).contains(&rounds.get()))
            .ok_or_else(|| wrong("asks for too few or too many rounds"))?;
        let without_proof = format!("c=biws,r={nonce}");
        let signed = format!("{},{challenge},{without_proof}", self.first_bare());
        let (proof, signature) = self.proof(&salt, rounds, signed.as_bytes());
        let last = format!("{without_proof},p={}", STANDARD.encode(proof));
        Ok((last, STANDARD.encode(signature)))
    }

    fn proof(&self, salt: &[u8], rounds: NonZeroU32, signed: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let (derivation, algorithm, digest) = match self.login.mechanism {
            Mechanism::ScramSha512 => {
                (pbkdf2::PBKDF2_HMAC_SHA512, hmac::HMAC_SHA512, &digest::SHA512)
            }
            _ => (pbkdf2::PBKDF2_HMAC_SHA256, hmac::HMAC_SHA256, &digest::SHA256),
        };
        let sign = |key: &[u8], text: &[u8]| hmac::sign(&hmac::Key::new(algorithm, key), text);
        let mut salted = vec![0; digest.output_len()];
        pbkdf2::derive(derivation, rounds, salt, self.login.password.as_bytes(), &mut salted);
        let client = sign(&salted, b"Client Key");
        let stored = digest::digest(digest, client.as_ref());
        let signature = sign(stored.as_ref(), signed);
        let both = client.as_ref().iter().zip(signature.as_ref());
        let proof = both.map(|(key, signature)| key ^ signature).collect();
        let server = sign(&salted, b"Server Key");
        (proof, sign(server.as_ref(), signed).as_ref().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The conversation of RFC 7677 §3.
    #[test]
    fn a_conversation_is_that_of_the_standard() {
        let login = Login {
            mechanism: Mechanism::ScramSha256,
            user: "user".to_owned(),
            password: "pencil".to_owned(),
        };
        let scram = Scram { login: &login, nonce: "rOprNGfwEbeRWgbNEkqO".to_owned() };
        assert_eq!(scram.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let challenge = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let (last, signature) = scram.last(challenge.as_bytes()).unwrap();
        assert_eq!(
            last,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert_eq!(signature, "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn challenges_that_would_weaken_it_are_refused() {
        let login = Login {
            mechanism: Mechanism::ScramSha512,
            user: "a=b,c".to_owned(),
            password: "secret".to_owned(),
        };
        let scram = Scram { login: &login, nonce: "mine".to_owned() };
        assert_eq!(scram.first_bare(), "n=a=3Db=2Cc,r=mine");
        for (challenge, why) in [
            ("r=yours,s=AAAA,i=4096", "answers somebody else"),
            ("r=mine,s=AAAA,i=4096", "answers somebody else"),
            ("r=mine1,s=AAAA,i=1", "asks for too few or too many rounds"),
            ("r=mine1,s=AAAA,i=99999999", "asks for too few or too many rounds"),
            ("r=mine1,s=?,i=4096", "has no salt"),
            ("r=mine1,i=4096", "lacks a part"),
        ] {
            let error = scram.last(challenge.as_bytes()).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("the broker refuses: logging in: the challenge {why}")
            );
        }
        assert_eq!(format!("{login:?}"), "Login(ScramSha512, \"a=b,c\", hidden)");
    }
}
