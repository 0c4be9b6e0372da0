//! Where SQLite's write-ahead log ends. Each change of the database, by whatever process, writes its pages behind that
//! place or begins the log anew with another header: as long as both read as they did, nobody has changed anything.
//!
//! The layout is in "Database File Format", section 4. A file of one's own on the log takes no lock of SQLite's away as
//! it is closed: those are on other files.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use sqlx::{AnyConnection, Row as _};

/// Bytes of the log's header, and of what stands before each page in it.
const HEADER: usize = 32;
const PAGE_HEADER: usize = 24;

/// Where each of them has the salt: 8 bytes that are others whenever the log begins anew, and the same for all pages since.
const HEADER_SALT: usize = 16;
const PAGE_SALT: usize = 8;
const SALT: usize = 8;

/// The end of a log, as it was found.
#[derive(Debug)]
pub(in crate::store) struct LogEnd {
    log: File,
    header: Piece<HEADER>,
    place: u64,
    next: Piece<PAGE_HEADER>,
}

/// So many bytes of a file, or fewer where it ends.
#[derive(Debug, PartialEq, Eq)]
struct Piece<const N: usize> {
    bytes: [u8; N],
    length: usize,
}

impl<const N: usize> Piece<N> {
    fn read(file: &File, place: u64) -> io::Result<Self> {
        let (mut bytes, mut length) = ([0; N], 0);
        while length < N {
            let read = file.read_at(&mut bytes[length..], place + length as u64)?;
            if read == 0 {
                break;
            }
            length += read;
        }
        Ok(Self { bytes, length })
    }

    /// The salt at this place, unless the file ends before it.
    fn salt(&self, place: usize) -> Option<&[u8]> {
        self.bytes.get(..self.length)?.get(place..place + SALT)
    }
}

impl LogEnd {
    /// Finds the end, and the version of the database that it belongs to: a number that another one takes the place of
    /// when somebody else than this connection has changed the database.
    ///
    /// # Errors
    /// Those of the database and of the log's file; [`sqlx::Error::Io`] also while somebody else is about to write.
    pub(in crate::store) async fn find(
        conn: &mut AnyConnection,
        database: &Path,
    ) -> Result<(Self, i64), sqlx::Error> {
        let row = sqlx::query("PRAGMA wal_checkpoint(NOOP)")
            .fetch_one(&mut *conn)
            .await?;
        let pages: i64 = row.try_get(1)?;
        let log = File::open(super::log::file(database)).map_err(sqlx::Error::Io)?;
        let end = Self::at(log, u64::try_from(pages).unwrap_or(0)).map_err(sqlx::Error::Io)?;
        // After the end was read: what somebody else writes from here on is seen there, and what they wrote before, here.
        let row = sqlx::query("PRAGMA data_version").fetch_one(conn).await?;
        Ok((end, row.try_get(0)?))
    }

    fn at(log: File, pages: u64) -> io::Result<Self> {
        let header = Piece::<HEADER>::read(&log, 0)?;
        let salt = header.salt(HEADER_SALT);
        let size = u32::from_be_bytes([8, 9, 10, 11].map(|place| header.bytes[place]));
        let page = PAGE_HEADER as u64 + u64::from(size);
        let place = HEADER as u64 + pages * page;
        let next = Piece::<PAGE_HEADER>::read(&log, place)?;
        // A change that is not committed yet may have written its pages already: they would not change any more.
        if salt.is_some() && next.salt(PAGE_SALT) == salt {
            return Err(io::Error::other("there are pages behind its end"));
        }
        if pages > 0 {
            let last = Piece::<PAGE_HEADER>::read(&log, place - page)?;
            if salt.is_none() || last.salt(PAGE_SALT) != salt {
                return Err(io::Error::other("the log is about to begin anew"));
            }
        }
        Ok(Self {
            log,
            header,
            place,
            next,
        })
    }

    /// Whether the log ends here still. If not, or if that cannot be told, the database may have been changed.
    pub(in crate::store) fn is_still_there(&self) -> bool {
        let is_same = || -> io::Result<bool> {
            Ok(Piece::read(&self.log, 0)? == self.header
                && Piece::read(&self.log, self.place)? == self.next)
        };
        is_same().unwrap_or(false)
    }
}
