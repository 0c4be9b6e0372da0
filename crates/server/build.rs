//! Makes sure that the dashboard's folder exists, so that the server compiles without it, and that
//! a new build of it is embedded, as is a new migration.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let dist = Path::new("../../www/dist");
    std::fs::create_dir_all(dist)?;
    println!("cargo::rerun-if-changed={}", dist.display());
    println!("cargo::rerun-if-changed=src/store/migrations");
    Ok(())
}
