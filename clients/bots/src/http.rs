//! Logging in over HTTP, as a launcher does: one request, one answer, and the connection is over.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use playhouse_client::Uuid;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::account::ClientInfo;
use crate::common::AccountId;

/// Most bytes of an answer that are read.
const ANSWER_MAX: u64 = 64 * 1024;
/// How often a login is tried again that came too soon after others, and the pause before it.
const TRIES: u32 = 60;
const PAUSE: Duration = Duration::from_secs(1);

/// Comes in as a guest; whose account it is, and the pass that opens its session.
pub(crate) async fn enter_as_guest(
    at: &str,
    installation: Uuid,
    info: &ClientInfo,
) -> Result<(AccountId, Vec<u8>), String> {
    let body = json!({
        "installation": installation.to_string(),
        "client": { "version": info.version, "region": "europe", "language": info.language },
    });
    for _ in 1..TRIES {
        let (status, answer) = ask(at, &body.to_string()).await?;
        match status {
            200 => return granted(&answer).ok_or_else(|| format!("no grant: {answer}")),
            // All bots have one address.
            0 | 429 | 503 => sleep(PAUSE).await,
            _ => return Err(format!("{status}: {answer}")),
        }
    }
    Err(format!("no answer in {TRIES} tries"))
}

fn granted(answer: &str) -> Option<(AccountId, Vec<u8>)> {
    let answer: Value = serde_json::from_str(answer).ok()?;
    let account = answer["account"].as_str()?.parse().ok()?;
    let pass = STANDARD.decode(answer["pass"].as_str()?).ok()?;
    Some((AccountId(account), pass))
}

/// Status and body; status 0 if the connection was closed without one.
async fn ask(at: &str, body: &str) -> Result<(u16, String), String> {
    let said = |error: std::io::Error| format!("http://{at}: {error}");
    let mut stream = TcpStream::connect(at).await.map_err(said)?;
    let request = format!(
        "POST /v1/guest HTTP/1.1\r\nHost: {at}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut answer = Vec::new();
    let asked = async {
        stream.write_all(request.as_bytes()).await?;
        stream.take(ANSWER_MAX).read_to_end(&mut answer).await
    };
    if asked.await.is_err() && answer.is_empty() {
        return Ok((0, String::new()));
    }
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|it| it.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status.unwrap_or_default(), body.to_owned()))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn an_answer_is_taken_apart() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap().to_string();
        let serves = async {
            // The first one is closed without a word: there were too many.
            drop(listener.accept().await.unwrap());
            let (mut stream, _) = listener.accept().await.unwrap();
            let body = r#"{"account":"7","pass":"AQI="}"#;
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\n{body}");
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&request[..read]).into_owned()
        };
        let info = ClientInfo {
            version: "1.0".to_owned(),
            region: crate::common::Region::Europe,
            language: "en".to_owned(),
        };
        let enters = enter_as_guest(&at, Uuid([0x11; 16]), &info);
        let (request, granted) = tokio::join!(serves, enters);
        assert_eq!(granted, Ok((AccountId(7), vec![1, 2])));
        assert!(
            request.contains("\"11111111-1111-1111-1111-111111111111\""),
            "{request}"
        );
    }
}
