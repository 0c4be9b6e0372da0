//! `cargo xtask package deb`: the Debian package, made by `dpkg-deb` itself. It needs nothing that a Debian machine with
//! a C compiler has not, and its bytes depend on the sources and the compiler alone.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::command::{During, Failure, Outcome, call, find_program, output, run, step};
use crate::release;

/// Where it is made.
const FOLDER: &str = "target/deb";

/// Files as they are in the repository, and where they go.
const FILES: [(&str, &str, u32); 9] = [
    (
        "deploy/vouchkey.service",
        "usr/lib/systemd/system/vouchkey.service",
        0o644,
    ),
    ("deploy/vouchkey.toml", "etc/vouchkey/vouchkey.toml", 0o640),
    (
        "deploy/debian/copyright",
        "usr/share/doc/vouchkey/copyright",
        0o644,
    ),
    (
        "docs/operations.md",
        "usr/share/doc/vouchkey/operations.md",
        0o644,
    ),
    (
        "docs/settings.md",
        "usr/share/doc/vouchkey/settings.md",
        0o644,
    ),
    ("CHANGELOG.md", "usr/share/doc/vouchkey/changelog", 0o644),
    ("deploy/debian/postinst", "DEBIAN/postinst", 0o755),
    ("deploy/debian/prerm", "DEBIAN/prerm", 0o755),
    ("deploy/debian/postrm", "DEBIAN/postrm", 0o755),
];

/// Makes the package, and says where it is.
pub(crate) fn run_all() -> Outcome {
    println!("{}", build()?.display());
    Ok(())
}

/// Makes the package from a release build; where it is.
pub(crate) fn build() -> Outcome<PathBuf> {
    need("dpkg-deb", "dpkg")?;
    need("dpkg-shlibdeps", "dpkg-dev")?;
    let program = release::build()?;
    step("making the Debian package");
    let root = PathBuf::from(FOLDER).join("root");
    if root.exists() {
        fs::remove_dir_all(&root).during(root.display())?;
    }
    let installed = root.join("usr/bin/vouchkey");
    make_folder_of(&installed)?;
    run(call("strip").arg("-o").arg(&installed).arg(&program))?;
    set_mode(&installed, 0o755)?;
    for (from, to, mode) in FILES {
        let to = root.join(to);
        make_folder_of(&to)?;
        fs::copy(from, &to).during(from)?;
        set_mode(&to, mode)?;
    }
    compress(&root.join("usr/share/doc/vouchkey/changelog"))?;
    manual_pages(&program, &root)?;
    write(
        &root.join("DEBIAN/conffiles"),
        "/etc/vouchkey/vouchkey.toml\n",
    )?;
    let architecture = output(call("dpkg").arg("--print-architecture"))?;
    let architecture = architecture.trim();
    let size = output(call("du").args(["-sk", "--apparent-size"]).arg(&root))?;
    let size = size.split_whitespace().next().unwrap_or("0").to_owned();
    let needs = libraries(&installed)?;
    write(
        &root.join("DEBIAN/control"),
        &control(architecture, &size, &needs),
    )?;
    sums(&root)?;
    open_folders(&root)?;
    let file = PathBuf::from(FOLDER).join(format!("vouchkey_{}_{architecture}.deb", version()));
    run(call("dpkg-deb")
        .args(["--root-owner-group", "--build"])
        .args([&root, &file])
        .env("SOURCE_DATE_EPOCH", last_change()?))?;
    Ok(file)
}

/// Installs the package in a copy of this machine that nothing outside sees, uses it, removes it and purges it.
pub(crate) fn try_out(package: &Path) -> Outcome {
    let package = fs::canonicalize(package).during(package.display())?;
    run(call("unshare")
        .args(["--mount", "sh", "crates/xtask/src/package/install_deb.sh"])
        .arg(package))
}

fn version() -> String {
    format!("{}-1", env!("CARGO_PKG_VERSION"))
}

fn control(architecture: &str, size: &str, needs: &str) -> String {
    format!(
        "Package: vouchkey\n\
         Version: {}\n\
         Architecture: {architecture}\n\
         Maintainer: The Vouchkey authors <vouchkey@localhost>\n\
         Installed-Size: {size}\n\
         Depends: {needs}, passwd\n\
         Recommends: ca-certificates\n\
         Section: web\n\
         Priority: optional\n\
         Description: self-hosted verification-session server\n \
         A backend or an admin creates a session; the applicant gets a capture URL by\n \
         redirect, embed, QR code or e-mail, and the outcome comes back by API and\n \
         webhook. Needs nothing beside itself to start, and grows onto PostgreSQL and\n \
         SMTP by configuration alone.\n",
        version()
    )
}

/// The packages whose libraries the program needs, at the versions whose symbols it uses.
fn libraries(program: &Path) -> Outcome<String> {
    // dpkg-shlibdeps insists on a source package around it.
    let source = PathBuf::from(FOLDER).join("source");
    let control = source.join("debian/control");
    make_folder_of(&control)?;
    write(
        &control,
        "Source: vouchkey\n\nPackage: vouchkey\nArchitecture: any\n",
    )?;
    let program = fs::canonicalize(program).during(program.display())?;
    let answer = output(
        call("dpkg-shlibdeps")
            .arg("-O")
            .arg(program)
            .current_dir(&source)
            .stderr(Stdio::null()),
    )?;
    answer
        .lines()
        .find_map(|line| line.strip_prefix("shlibs:Depends="))
        .map(str::to_owned)
        .ok_or_else(|| Failure("dpkg-shlibdeps named no library".to_owned()))
}

/// The pages that the program writes about itself.
fn manual_pages(program: &Path, root: &Path) -> Outcome {
    let folder = root.join("usr/share/man/man1");
    fs::create_dir_all(&folder).during(folder.display())?;
    run(call(program).arg("manual").arg(&folder))?;
    for page in files(&folder)? {
        compress(&page)?;
    }
    Ok(())
}

/// Without a name and a time in it, so that the same text gives the same bytes.
fn compress(file: &Path) -> Outcome {
    set_mode(file, 0o644)?;
    run(call("gzip").args(["-9", "--no-name", "--force"]).arg(file))
}

/// The sums by which dpkg verifies what it installed.
fn sums(root: &Path) -> Outcome {
    let mut names = files(&root.join("usr"))?;
    names.sort();
    let relative = names.iter().filter_map(|name| name.strip_prefix(root).ok());
    let text = output(call("md5sum").args(relative).current_dir(root))?;
    write(&root.join("DEBIAN/md5sums"), &text)
}

/// All files in a folder and below.
fn files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).during(folder.display())? {
        let path = entry.during(folder.display())?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

/// Folders are for all to read, whatever the mask of who makes the package.
fn open_folders(folder: &Path) -> Outcome {
    set_mode(folder, 0o755)?;
    for entry in fs::read_dir(folder).during(folder.display())? {
        let path = entry.during(folder.display())?.path();
        if path.is_dir() {
            open_folders(&path)?;
        }
    }
    Ok(())
}

/// When the sources last changed, in Unix seconds: the time of everything in the package.
fn last_change() -> Outcome<String> {
    let answer = output(call("git").args(["log", "-1", "--format=%ct"]))?;
    Ok(answer.trim().to_owned())
}

fn need(program: &str, package: &str) -> Outcome {
    match find_program(program) {
        Some(_) => Ok(()),
        None => Err(Failure(format!(
            "{program} is needed, which Debian has in the package {package}"
        ))),
    }
}

fn make_folder_of(file: &Path) -> Outcome {
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder).during(folder.display())
}

fn write(file: &Path, text: &str) -> Outcome {
    make_folder_of(file)?;
    fs::write(file, text).during(file.display())?;
    set_mode(file, 0o644)
}

fn set_mode(path: &Path, mode: u32) -> Outcome {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).during(path.display())
}
