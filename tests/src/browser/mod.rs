//! A person at a browser: headless Chromium by WebDriver, with words for what a person does.

mod check;
mod driver;
mod page;

use std::sync::{Arc, Mutex};

use thirtyfour::{
    ChromiumLikeCapabilities as _, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver,
};
use tokio::task::{self, LocalSet};

use self::driver::Driver;

/// A browser window.
#[derive(Clone, Debug)]
pub struct Browser {
    driver: WebDriver,
    /// The driver forgets what it has handed out, so that it is kept here.
    console: Arc<Mutex<Vec<String>>>,
}

/// Light or dark, as the person's system prefers it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scheme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// How often a window is asked for before a test gives up.
const ATTEMPTS: usize = 3;

/// Opens a browser, lets `visit` use it and closes it, whatever happened.
///
/// The visit runs in a task of its own, so that a failed assertion in it does not leave the
/// browser behind (it then blocks the test for two minutes).
pub async fn visit<Visit, Body>(body: Visit)
where
    Visit: FnOnce(Browser) -> Body,
    Body: Future<Output = ()> + 'static,
{
    let driver = Driver::start().await;
    let browser = Browser::open(driver.url()).await;
    let task = async { task::spawn_local(body(browser.clone())).await };
    let outcome = LocalSet::new().run_until(task).await;
    if outcome.is_err() {
        browser.describe().await;
    }
    browser.driver.quit().await.expect("the browser closes");
    if let Err(failure) = outcome {
        std::panic::resume_unwind(failure.into_panic());
    }
}

impl Browser {
    async fn open(driver_url: &str) -> Self {
        let mut wishes = DesiredCapabilities::chrome();
        wishes
            .set_binary(&driver::chromium())
            .expect("a capability");
        for flag in driver::FLAGS {
            wishes.add_arg(flag).expect("a capability");
        }
        wishes
            .set_browser_log_level(LoggingPrefsLogLevel::All)
            .expect("a capability");
        // Where the machine is too busy for Chromium to come up in time, it is asked again.
        let mut driver = WebDriver::new(driver_url, wishes.clone()).await;
        for _ in 1..ATTEMPTS {
            if driver.is_err() {
                driver = WebDriver::new(driver_url, wishes.clone()).await;
            }
        }
        Self {
            driver: driver.expect("a browser window"),
            console: Arc::default(),
        }
    }

    /// The driver, for what has no word of its own here.
    pub fn driver(&self) -> &WebDriver {
        &self.driver
    }

    /// Tells the page which colours the person prefers.
    pub async fn prefer(&self, scheme: Scheme) {
        let value = if scheme == Scheme::Dark {
            "dark"
        } else {
            "light"
        };
        let features = serde_json::json!({
            "features": [
                {"name": "prefers-color-scheme", "value": value},
                {"name": "prefers-reduced-motion", "value": "reduce"},
            ]
        });
        self.tell("Emulation.setEmulatedMedia", features).await;
    }

    /// Makes the window so wide and high, in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        let size = serde_json::json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600
        });
        self.tell("Emulation.setDeviceMetricsOverride", size).await;
    }

    async fn tell(&self, command: &str, parameters: serde_json::Value) {
        self.driver
            .cdp()
            .send_raw(command, parameters)
            .await
            .expect("Chromium obeys");
    }
}
