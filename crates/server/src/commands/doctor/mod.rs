//! `vouchkey doctor`: looks at an installation and says what to mend.
//!
//! It changes nothing, so it opens everything by itself instead of as the other commands do, which make and mend what
//! is missing. What it says is for a ticket or a chat as well: no secret, no key, nobody's data.

mod access;
mod database;
mod files;
mod reach;
mod rows;
mod sealed;
#[cfg(test)]
mod tests;

use vouchkey_types::json::Json;
use vouchkey_types::object;

use super::CommandError;
use super::arguments::DoctorArguments;
use crate::clock::Clock;
use crate::config::Config;

/// How things stand; the later, the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// As it should be.
    Ok,
    /// It works, but somebody should know.
    Warning,
    /// It does not work, or what was answered could be lost or read by others.
    Problem,
}

impl Level {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// What one look showed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    check: &'static str,
    level: Level,
    message: String,
}

/// What all looks showed, in their order.
#[derive(Debug, Default)]
struct Report(Vec<Finding>);

impl Report {
    fn ok(&mut self, check: &'static str, message: impl Into<String>) {
        self.add(check, Level::Ok, message);
    }

    fn warning(&mut self, check: &'static str, message: impl Into<String>) {
        self.add(check, Level::Warning, message);
    }

    fn problem(&mut self, check: &'static str, message: impl Into<String>) {
        self.add(check, Level::Problem, message);
    }

    fn add(&mut self, check: &'static str, level: Level, message: impl Into<String>) {
        self.0.push(Finding {
            check,
            level,
            message: message.into(),
        });
    }

    /// The worst of all.
    fn level(&self) -> Level {
        let levels = self.0.iter().map(|finding| finding.level);
        levels.max().unwrap_or(Level::Ok)
    }

    fn to_text(&self) -> String {
        let lines = self.0.iter().map(|finding| {
            format!(
                "{:<8} {:<11} {}",
                finding.level.as_str(),
                finding.check.replace('_', " "),
                finding.message
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn to_json(&self) -> Json {
        let checks = self.0.iter().map(|finding| {
            Json::from(object! {
                "check": finding.check,
                "status": finding.level.as_str(),
                "message": finding.message.as_str(),
            })
        });
        Json::from(object! {
            "status": self.level().as_str(),
            "checks": Json::Array(checks.collect()),
        })
    }
}

/// Looks at everything.
///
/// # Errors
/// [`CommandError::Found`] with the report, if there is a problem.
pub(super) async fn examine(arguments: &DoctorArguments) -> Result<String, CommandError> {
    let report = look(arguments, &Clock::system()).await;
    let answer = if arguments.json {
        report.to_json().to_text()
    } else {
        report.to_text()
    };
    if report.level() == Level::Problem {
        return Err(CommandError::Found(answer));
    }
    Ok(answer)
}

async fn look(arguments: &DoctorArguments, clock: &Clock) -> Report {
    let mut report = Report::default();
    let config = match Config::load(&arguments.flags()) {
        Ok(config) => config,
        Err(error) => {
            report.problem("settings", error.to_string());
            return report;
        }
    };
    report.ok(
        "settings",
        "all can be read; `vouchkey check-config` shows them",
    );
    files::look(&mut report, &config);
    let seen = database::look(&mut report, &config, clock, arguments.quick).await;
    reach::look(&mut report, &config, &seen).await;
    report
}
