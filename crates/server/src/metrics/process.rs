//! The process, under the names that every Prometheus client has for it.

use procfs::process::{LimitValue, Process as Found};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// Reads `/proc/self` at each look; what cannot be read is left out.
#[derive(Debug)]
pub(super) struct Process {
    /// In Unix milliseconds. A service sees its own part of `/proc`, and not when the machine was booted.
    pub(super) started_at: i64,
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let started = ConstGauge::new(self.started_at as f64 / 1e3);
        let help = "When the process began to count, in Unix time";
        let unit = Some(&Unit::Seconds);
        show(&mut encoder, "process_start_time", help, unit, &started)?;
        let Ok(process) = Found::myself() else {
            return Ok(());
        };
        if let Ok(stat) = process.stat() {
            // Ticks are hundredths of a second: no process lives so long that a float cannot count them.
            #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
            let seconds = |ticks: u64| ticks as f64 / procfs::ticks_per_second() as f64;
            let cpu = ConstCounter::new(seconds(stat.utime + stat.stime));
            let help = "Processor time that the process used";
            show(
                &mut encoder,
                "process_cpu",
                help,
                Some(&Unit::Seconds),
                &cpu,
            )?;
            let memory = [
                (
                    "process_resident_memory",
                    "Memory that is resident",
                    stat.rss * procfs::page_size(),
                ),
                (
                    "process_virtual_memory",
                    "Memory that is mapped",
                    stat.vsize,
                ),
            ];
            for (name, help, bytes) in memory {
                let bytes = gauge(bytes);
                show(&mut encoder, name, help, Some(&Unit::Bytes), &bytes)?;
            }
            let threads = ConstGauge::new(stat.num_threads);
            show(&mut encoder, "process_threads", "Threads", None, &threads)?;
        }
        if let Ok(count) = process.fd_count() {
            let count = gauge(count);
            show(
                &mut encoder,
                "process_open_fds",
                "Open file descriptors",
                None,
                &count,
            )?;
        }
        if let Ok(limits) = process.limits()
            && let LimitValue::Value(most) = limits.max_open_files.soft_limit
        {
            let most = gauge(most);
            let help = "Most file descriptors that may be open";
            show(&mut encoder, "process_max_fds", help, None, &most)?;
        }
        Ok(())
    }
}

fn gauge(value: impl TryInto<i64>) -> ConstGauge<i64> {
    ConstGauge::new(value.try_into().unwrap_or(i64::MAX))
}

fn show(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    unit: Option<&Unit>,
    metric: &impl EncodeMetric,
) -> Result<(), std::fmt::Error> {
    metric.encode(encoder.encode_descriptor(
        name,
        &format!("{help}."),
        unit,
        metric.metric_type(),
    )?)
}
