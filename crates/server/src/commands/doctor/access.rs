//! Whether the user of the data folder, as whom a server runs, can use what lies in it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;

/// What the server does with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needed {
    /// Reads it; without a secret in it all may, and with one the start looks after that.
    Settings,
    /// Reads it.
    Key,
    /// Reads and writes it, and has made it.
    Own,
}

/// Whose a file or a folder is, and who may do what with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rights {
    user: u32,
    group: u32,
    mode: u32,
}

impl Rights {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            user: metadata.uid(),
            group: metadata.gid(),
            mode: mode(metadata),
        }
    }
}

/// Whether the user of the data folder, as whom a server runs, can use a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Given,
    /// Only as a member of a group, of which nothing is known here.
    ByGroup,
    /// Not, since its mode keeps out its own user.
    Mode,
    /// Not, since it belongs to another user.
    Owner,
    /// As root only, who may everything: the folder is root's, the file is not.
    OfRoot,
}

impl Access {
    pub(super) fn of(needed: Needed, file: Rights, folder: Rights) -> Self {
        let wanted = if needed == Needed::Own { 0o6 } else { 0o4 };
        let allows = |shift: u32| (file.mode >> shift) & wanted == wanted;
        if folder.user == 0 {
            return if file.user == 0 {
                Self::Given
            } else {
                Self::OfRoot
            };
        }
        if file.user == folder.user {
            return if allows(6) { Self::Given } else { Self::Mode };
        }
        // What the server itself makes is never another user's, whatever its mode.
        if needed == Needed::Own {
            return Self::Owner;
        }
        match (file.group == folder.group, allows(3), allows(0)) {
            (true, true, _) | (false, _, true) => Self::Given,
            (false, true, false) => Self::ByGroup,
            (true, false, _) | (false, false, false) => Self::Owner,
        }
    }
}

pub(super) fn mode(metadata: &Metadata) -> u32 {
    metadata.mode() & 0o7777
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_s_user_must_be_able_to_use_what_lies_in_it() {
        use Needed::{Key, Own, Settings};
        let (server, root, other) = ((998, 998), (0, 0), (997, 997));
        for (needed, owner, mode, folder, access) in [
            (Key, server, 0o600, server, Access::Given),
            (Key, server, 0o400, server, Access::Given),
            (Key, server, 0o200, server, Access::Mode),
            (Key, root, 0o600, server, Access::Owner),
            (Key, root, 0o644, server, Access::Given),
            (Key, (0, 998), 0o640, server, Access::Given),
            (Key, (0, 998), 0o604, server, Access::Owner),
            (Key, root, 0o640, server, Access::ByGroup),
            (Key, other, 0o600, server, Access::Owner),
            (Settings, root, 0o600, server, Access::Owner),
            (Settings, root, 0o644, server, Access::Given),
            (Settings, (0, 998), 0o640, server, Access::Given),
            (Own, server, 0o600, server, Access::Given),
            (Own, server, 0o400, server, Access::Mode),
            (Own, root, 0o600, server, Access::Owner),
            (Own, root, 0o666, server, Access::Owner),
            (Own, root, 0o600, root, Access::Given),
            (Own, server, 0o600, root, Access::OfRoot),
            (Key, server, 0o644, root, Access::OfRoot),
        ] {
            let rights = |(user, group), mode| Rights { user, group, mode };
            let found = Access::of(needed, rights(owner, mode), rights(folder, 0o700));
            assert_eq!(found, access, "{needed:?} {owner:?} {mode:o} {folder:?}");
        }
    }
}
