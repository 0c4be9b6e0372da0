//! An installation as a command sees it.

use vouchkey_types::id::OrganizationId;

use super::{CommandError, address_file, complain};
use crate::clock::Clock;
use crate::config::{Config, Flags, PublicUrl};
use crate::store::organizations::{self, OrganizationRow};
use crate::store::{OpenWay, Store, StoreError};
use crate::vault::{ServerSecrets, Vault};

/// Settings, database and keys, opened; made where there are none yet.
pub(super) struct Installation {
    pub(super) config: Config,
    pub(super) store: Store,
    pub(super) vault: Vault,
    pub(super) secrets: ServerSecrets,
    pub(super) clock: Clock,
}

impl Installation {
    pub(super) async fn open(flags: &Flags) -> Result<Self, CommandError> {
        Self::with(Config::load(flags)?).await
    }

    /// With settings that were read.
    pub(super) async fn with(config: Config) -> Result<Self, CommandError> {
        let clock = Clock::system();
        if let Some(way) = OpenWay::of(&config.database) {
            tracing::warn!("{way}");
        }
        let store = Store::open(&config.database, &config.data)
            .await
            .map_err(unopened)?;
        let (vault, secrets) = Vault::open(&store, &config.root_key, &clock).await?;
        Ok(Self {
            config,
            store,
            vault,
            secrets,
            clock,
        })
    }

    /// The organization that a command means: the one it names, else the only one.
    pub(super) async fn organization(
        &self,
        named: Option<OrganizationId>,
    ) -> Result<OrganizationRow, CommandError> {
        if let Some(id) = named {
            let found = self
                .store
                .read(async |conn| organizations::find(conn, id).await)
                .await?;
            return found
                .ok_or_else(|| CommandError::Failed(format!("there is no organization {id}")));
        }
        let mut first_two = self
            .store
            .read(async |conn| organizations::oldest(conn, 2).await)
            .await?;
        match (first_two.pop(), first_two.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(_), false) => Err(CommandError::Usage(
                "there are several organizations; name one with --org: `vouchkey org list` shows them"
                    .to_owned(),
            )),
            (None, _) => Err(CommandError::Failed(
                "there is no organization yet; run `vouchkey init --owner EMAIL`".to_owned(),
            )),
        }
    }

    /// What printed links begin with: the setting, else the running server's address, else a guess,
    /// which is said (decision 23).
    pub(super) fn link_base(&self) -> PublicUrl {
        if let Some(url) = &self.config.http.public_url {
            return url.clone();
        }
        if let Some(server) = address_file::running(&self.config.data.folder) {
            return server.public_url;
        }
        let mut listen = self.config.http.listen;
        if listen.port() == 0 {
            listen.set_port(8080);
        }
        let url = PublicUrl::of_bound(listen);
        complain(&format!(
            "note: no server runs on this data folder, so {url} is a guess; --public-url names another address"
        ));
        url
    }
}

/// Adds what to do to the error of a database that does not open.
fn unopened(error: StoreError) -> CommandError {
    match error {
        StoreError::Unavailable(reason) => CommandError::Failed(format!(
            "the database cannot be reached or written: {reason}. Look whether it runs, whether its disk has room, and \
             whether VOUCHKEY_DATABASE_URL (or --database-url) leads to it with the right user; then start again"
        )),
        other => other.into(),
    }
}
