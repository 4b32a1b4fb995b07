//! Takes connections for the router: how many, from whom, for how long. HTTP/1.1 itself is hyper's.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderMap;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Duration, timeout};

use super::routes::{self, Answering, Caller};
use super::{
    CONNECTION_TIME, CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS, Counts, HEAD_BYTES_MAX, Http,
};
use crate::node::Place;

/// Pause after an accept that failed, as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What all connections share.
struct Server {
    http: Arc<Http>,
    router: TowerToHyperService<Router>,
    counts: Counts,
    /// Connections by address.
    open: Mutex<HashMap<Place, usize>>,
}

/// A connection of an address, until it is dropped.
struct Held<'a>(&'a Server, Place);

/// Serves until it is dropped.
pub(crate) async fn serve(listener: TcpListener, http: Http, answering: Arc<dyn Answering>) {
    let http = Arc::new(http);
    let server = Arc::new(Server {
        http: Arc::clone(&http),
        counts: answering.counts().clone(),
        router: TowerToHyperService::new(routes::router(http, answering)),
        open: Mutex::default(),
    });
    let mut running = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            Some(_) = running.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let ip = peer.ip().to_canonical();
                let is_proxy = server.http.is_proxy(ip);
                let is_stranger = !server.http.proxies.is_empty() && !is_proxy;
                if running.len() >= CONNECTIONS_MAX || is_stranger {
                    // Closed at once.
                    drop(stream);
                    server.counts.dropped();
                    continue;
                }
                running.spawn(Arc::clone(&server).converse(stream, ip, is_proxy));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection to the login can't be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

impl Server {
    async fn converse(self: Arc<Self>, stream: TcpStream, peer: IpAddr, is_proxy: bool) {
        let held = if is_proxy {
            None
        } else {
            self.hold(Place::of_ip(peer))
        };
        if held.is_none() && !is_proxy {
            return self.counts.dropped();
        }
        let service = service_fn(|mut request: Request<Incoming>| {
            let forwarded = if is_proxy {
                forwarded(&self.http, request.headers())
            } else {
                None
            };
            let caller = Caller(forwarded.unwrap_or(peer));
            request.extensions_mut().insert(caller);
            self.router.call(request)
        });
        let connection = http1::Builder::new()
            .keep_alive(false)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service);
        // What is no HTTP, or takes too long, ends with its connection.
        match timeout(CONNECTION_TIME, connection).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                self.counts.broken();
                tracing::debug!(%error, "a connection to the login ends");
            }
            Err(_) => self.counts.broken(),
        }
    }

    /// One more connection of this address, if it may have one.
    fn hold(&self, place: Place) -> Option<Held<'_>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(place).or_default();
        if *count >= CONNECTIONS_PER_ADDRESS {
            return None;
        }
        *count += 1;
        Some(Held(self, place))
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.1);
            }
        }
    }
}

/// Where the client of a proxy is: the last address that no proxy of ours has. What stands before it, the client may
/// have written itself.
fn forwarded(http: &Http, headers: &HeaderMap) -> Option<IpAddr> {
    let values = headers.get_all("x-forwarded-for");
    let values: Vec<_> = values.iter().map(|it| it.to_str().unwrap_or("?")).collect();
    let mut hops = values.iter().flat_map(|value| value.split(',')).rev();
    hops.find_map(|hop| match hop.trim().parse::<IpAddr>() {
        Ok(ip) if http.is_proxy(ip.to_canonical()) => None,
        Ok(ip) => Some(Some(ip.to_canonical())),
        // What is behind it can't be believed.
        Err(_) => Some(None),
    })?
}
