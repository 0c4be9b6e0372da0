//! The manual pages, made from the command line itself: what packages put where `man` looks.

use std::path::Path;

use clap::CommandFactory as _;

use super::CommandError;
use super::arguments::Cli;

/// Writes `vouchkey.1` and a page for each command into a folder.
pub(super) fn write(folder: &Path) -> Result<(), CommandError> {
    Ok(clap_mangen::generate_to(Cli::command(), folder)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        let page = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(page("vouchkey.1").contains("vouchkey\\-serve(1)"));
        assert!(page("vouchkey-serve.1").contains("\\-\\-listen"));
        assert!(page("vouchkey-keys-create.1").contains("\\-\\-environment"));
        assert!(!folder.path().join("vouchkey-manual.1").exists());
    }
}
