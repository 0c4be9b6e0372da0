//! A plain load balancer, the distribution's `HAProxy`, before servers of the tests.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tokio::net::{TcpSocket, TcpStream};

use crate::wait;

/// A port on loopback that nobody else is given, and on which a program can listen.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _held: TcpSocket,
}

impl Port {
    /// Takes a free port without listening on it.
    pub fn reserve() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("a setting of the socket");
        socket
            .bind(([127, 0, 0, 1], 0).into())
            .expect("a free port");
        let address = socket.local_addr().expect("a bound socket has an address");
        Self {
            number: address.port(),
            _held: socket,
        }
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.number)
    }
}

/// A running load balancer. It ends when the value is dropped.
#[derive(Debug)]
pub struct Balancer {
    process: Child,
    port: Port,
    _folder: TempDir,
}

impl Balancer {
    /// Starts it before these addresses, each of which is asked five times a second whether it is ready.
    pub async fn before(port: Port, servers: &[String]) -> Self {
        let folder = TempDir::with_prefix("haproxy-").expect("a folder for the balancer");
        let servers = servers.iter().enumerate();
        let servers: Vec<String> = servers
            .map(|(number, address)| format!("    server s{number} {address}\n"))
            .collect();
        let settings = format!(
            "global\n    maxconn 1000\n\
             defaults\n    mode http\n    option forwardfor\n    option redispatch\n    retries 3\n    \
             timeout connect 2s\n    timeout client 60s\n    timeout server 60s\n    timeout queue 10s\n    \
             timeout check 2s\n\
             listen all\n    bind {}\n    balance roundrobin\n    option httpchk GET /readyz\n    \
             default-server check inter 200ms fall 1 rise 1\n{}",
            port.address(),
            servers.concat(),
        );
        let file = folder.path().join("haproxy.cfg");
        std::fs::write(&file, settings).expect("the balancer's settings are written");
        let process = Command::new(program())
            .args(["-db", "-f"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("HAProxy starts: install it (Debian: haproxy), or name it in HAPROXY");
        let mut balancer = Self {
            process,
            port,
            _folder: folder,
        };
        wait::until("the load balancer", async || {
            if let Ok(Some(status)) = balancer.process.try_wait() {
                panic!("HAProxy stopped at once: {status}");
            }
            TcpStream::connect(balancer.port.address()).await.ok()
        })
        .await;
        balancer
    }

    /// What clients call: `http://127.0.0.1:PORT`.
    pub fn base(&self) -> String {
        format!("http://{}", self.port.address())
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What `HAPROXY` names, else what PATH or Debian has.
fn program() -> PathBuf {
    std::env::var_os("HAPROXY").map_or_else(
        || {
            let debian = PathBuf::from("/usr/sbin/haproxy");
            if debian.is_file() {
                debian
            } else {
                PathBuf::from("haproxy")
            }
        },
        PathBuf::from,
    )
}
