//! The browser that tests drive: the one that `CHROME` and `CHROMEDRIVER` name, or that PATH has, or Debian's.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{During, Failure, Outcome, find_program};
use crate::debian;
use crate::tools::target_folder;

/// Chromium and its driver, and the file that tells wasm-bindgen's test runner of them.
pub(crate) struct Browser {
    chrome: PathBuf,
    driver: PathBuf,
    settings: PathBuf,
}

impl Browser {
    /// Finds the browser, installing it where that can be done without asking: on Debian, as root.
    pub(crate) fn find() -> Outcome<Self> {
        if look().is_none() {
            debian::install("Chromium and its driver", &["chromium", "chromium-driver"])?;
        }
        let (chrome, driver) = look().ok_or_else(|| {
            Failure("no browser: install Chromium and chromedriver, or name them in CHROME and CHROMEDRIVER".to_owned())
        })?;
        let settings = target_folder()?.join("webdriver.json");
        fs::write(&settings, webdriver_settings(&chrome)).during(settings.display())?;
        Ok(Self {
            chrome,
            driver,
            settings,
        })
    }

    /// Tells a test program which browser to use.
    pub(crate) fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("CHROME", &self.chrome)
            .env("CHROMEDRIVER", &self.driver)
            .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", &self.settings)
            // A busy machine takes longer than the runner's 5 s to start a browser.
            .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60")
            .env("WASM_BINDGEN_TEST_TIMEOUT", "120")
    }
}

fn look() -> Option<(PathBuf, PathBuf)> {
    let chrome = named("CHROME").or_else(|| {
        ["chromium", "chromium-browser", "google-chrome"]
            .into_iter()
            .find_map(find_program)
    })?;
    let driver = named("CHROMEDRIVER").or_else(|| find_program("chromedriver"))?;
    Some((chrome, driver))
}

/// The file that a variable names, if it exists: `.cargo/config.toml` sets CHROMEDRIVER whether it does or not.
fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .map(PathBuf::from)
        .filter(|file| file.is_file())
}

/// `webdriver.json` of the repository, for the browser that was found.
fn webdriver_settings(chrome: &Path) -> String {
    include_str!("../../../webdriver.json")
        .replace("/usr/bin/chromium", &chrome.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_name_the_browser_that_was_found() {
        let settings = webdriver_settings(Path::new("/opt/chrome/chrome"));
        assert!(
            settings.contains(r#""binary": "/opt/chrome/chrome""#),
            "{settings}"
        );
    }
}
