//! Three servers on one PostgreSQL, each with a data folder of its own, behind a load balancer.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::admin::Admin;
use crate::api::Api;
use crate::balancer::{Balancer, Port};
use crate::program::{Installation, Key, Server};
use crate::wait;

/// The servers, and what stands before them.
#[derive(Debug)]
pub struct Fleet {
    installations: [Installation; 3],
    ports: [Port; 3],
    servers: [Option<Server>; 3],
    balancer: Balancer,
}

impl Fleet {
    /// Starts them, all at once on an empty database. SQLite is for one server: `cargo xtask test api` runs these tests on
    /// PostgreSQL alone.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        let port = Port::reserve();
        let mut one = Installation::empty()
            .with("VOUCHKEY_ROOT_KEY", STANDARD.encode([7; 32]))
            .with("VOUCHKEY_PUBLIC_URL", format!("http://{}", port.address()))
            .with("VOUCHKEY_TRUSTED_PROXIES", "127.0.0.1");
        assert!(
            one.database_url().is_some(),
            "several servers need PostgreSQL: `cargo xtask test api` makes one"
        );
        for (name, value) in settings {
            one = one.with(name, *value);
        }
        let (two, three) = (one.beside(), one.beside());
        let ports = [(); 3].map(|()| Port::reserve());
        let addresses = ports.each_ref().map(Port::address);
        let (first, second, third) = tokio::join!(
            one.serve_at(&addresses[0]),
            two.serve_at(&addresses[1]),
            three.serve_at(&addresses[2]),
        );
        let servers = [first, second, third].map(Some);
        let installations = [one.initialised().await, two, three];
        let balancer = Balancer::before(port, &addresses).await;
        let fleet = Self {
            installations,
            ports,
            servers,
            balancer,
        };
        wait::until_within(
            Duration::from_mins(1),
            "a ready server behind the balancer",
            async || {
                let answer = Api::new(&fleet.balancer.base()).get("/readyz").await;
                (answer.status == 200).then_some(())
            },
        )
        .await;
        fleet
    }

    /// The installation in which commands are run.
    pub fn first(&self) -> &Installation {
        &self.installations[0]
    }

    /// A server that runs.
    pub fn server(&self, number: usize) -> &Server {
        self.servers[number].as_ref().expect("the server runs")
    }

    /// All servers that run.
    pub fn servers(&self) -> impl Iterator<Item = &Server> {
        self.servers.iter().flatten()
    }

    /// A client of the balancer with this key.
    pub fn api(&self, key: &Key) -> Api {
        Api::new(&self.balancer.base()).with_key(&key.secret)
    }

    /// A client with this key for each server.
    pub fn each(&self, key: &Key) -> Vec<Api> {
        self.servers().map(|server| server.api(key)).collect()
    }

    /// Somebody who has not signed in, in front of the balancer.
    pub fn nobody(&self) -> Admin {
        Admin::at(&self.balancer.base())
    }

    /// Takes a server out, to be stopped or killed.
    pub fn take(&mut self, number: usize) -> Server {
        self.servers[number].take().expect("the server runs")
    }

    /// Starts a server again.
    pub async fn restart(&mut self, number: usize) {
        let address = self.ports[number].address();
        let server = self.installations[number].serve_at(&address).await;
        self.servers[number] = Some(server);
    }
}
