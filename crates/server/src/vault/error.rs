//! Why the vault does not open.

use std::path::PathBuf;

use crate::store::StoreError;

/// Why the vault does not open, or its root keys are not changed. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is sealed data, but no key to it.
    #[error(
        "the root key {} is missing, but the database holds data that only it can open: {wanted}. Put the file back \
         from its backup, or give the key by VOUCHKEY_ROOT_KEY or VOUCHKEY_ROOT_KEY_FILE",
        file.display()
    )]
    RootKeyMissing {
        /// Where it should be.
        file: PathBuf,
        /// The ids of those that are right.
        wanted: String,
    },
    /// No key is this database's.
    #[error(
        "the root key {found} does not belong to this database, which was made with {wanted}. Give the right one by \
         VOUCHKEY_ROOT_KEY or VOUCHKEY_ROOT_KEY_FILE, or restore the file from its backup"
    )]
    RootKeyWrong {
        /// The ids of the keys that were given.
        found: String,
        /// The ids of those that are right.
        wanted: String,
    },
    /// Some keys are right, but not all that are needed are there.
    #[error(
        "the root key {missing} is missing beside {found}: data in the database is sealed with it. Add it from its \
         backup to the list, after the first key"
    )]
    RootKeyAbsent {
        /// The ids of those that are missing.
        missing: String,
        /// The ids of the keys that were given.
        found: String,
    },
    /// The key that was to seal was retired.
    #[error(
        "the root key {0} was retired and seals nothing any more; put the key that came after it first"
    )]
    RootKeyRetired(String),
    /// The key cannot be read.
    #[error("the root key in {place} cannot be read: {reason}")]
    RootKeyUnreadable {
        /// The file, or the name of the setting.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// The file cannot be replaced.
    #[error(
        "the root key file {} cannot be replaced: {reason}. Nothing is lost; the same command goes on from here",
        file.display()
    )]
    RootKeyUnwritable {
        /// Which file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A new root key is wanted, but it is the operator who has to give it.
    #[error(
        "the root key comes from VOUCHKEY_ROOT_KEY, where this command cannot put a new one. Make one with `openssl \
         rand -base64 32`; set VOUCHKEY_ROOT_KEY=OLD,NEW for every server and restart each; then set \
         VOUCHKEY_ROOT_KEY=NEW,OLD and restart each; then run this command with that value, and again with --retire; \
         at last set VOUCHKEY_ROOT_KEY=NEW and restart"
    )]
    RootKeyIsASetting,
    /// A key is to be retired that is still needed.
    #[error(
        "the root key {id} cannot be retired: it still seals something (rows: {rows}). Run `vouchkey keys rotate-root` \
         first"
    )]
    RootKeyNamed {
        /// Which key.
        id: String,
        /// How many rows name it.
        rows: i64,
    },
    /// A secret of the server's is not what was sealed.
    #[error(
        "the server's secret `{0}` is missing or damaged; restore the database from its backup"
    )]
    SecretDamaged(&'static str),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}
