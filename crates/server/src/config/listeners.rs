//! Where the server listens: one address for all that it serves, and one for its metrics.

use std::net::{IpAddr, SocketAddr};

use super::sources::Sources;
use super::{Config, ConfigError};

/// Reads an address to listen on.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| "must be an address and a port, such as 127.0.0.1:8080".to_owned())
}

/// Refuses metrics where the server itself listens: one of the two could not be bound.
pub(super) fn check(config: &Config, sources: &Sources) -> Result<(), ConfigError> {
    let listen = config.http.listen;
    match config.telemetry.metrics_listen {
        Some(metrics) if overlap(listen, metrics) => Err(ConfigError::new(
            sources.place("metrics_listen"),
            format!("takes the address of `listen`, which is {listen}: give it another port"),
        )),
        _ => Ok(()),
    }
}

/// Whether two addresses cannot be bound at once. Linux takes `[::]` as all addresses of IPv4 as well.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let [first, second] = [one, other].map(|address| address.ip().to_canonical());
    let takes = |all: IpAddr, ip: IpAddr| all.is_unspecified() && (all.is_ipv6() || ip.is_ipv4());
    one.port() == other.port()
        && one.port() != 0
        && (first == second || takes(first, second) || takes(second, first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_that_share_an_address_are_told_from_those_that_do_not() {
        for (one, other, share) in [
            ("127.0.0.1:1", "127.0.0.1:1", true),
            ("127.0.0.1:1", "127.0.0.1:2", false),
            ("127.0.0.1:1", "127.0.0.2:1", false),
            ("0.0.0.0:1", "127.0.0.2:1", true),
            ("0.0.0.0:1", "[::1]:1", false),
            ("0.0.0.0:1", "[::]:1", true),
            ("[::]:1", "127.0.0.1:1", true),
            ("[::]:1", "[::1]:1", true),
            ("[::ffff:127.0.0.1]:1", "127.0.0.1:1", true),
            ("0.0.0.0:0", "0.0.0.0:0", false),
        ] {
            let [first, second] = [one, other].map(|text| text.parse().unwrap());
            assert_eq!(overlap(first, second), share, "{one} {other}");
            assert_eq!(overlap(second, first), share, "{other} {one}");
        }
    }
}
