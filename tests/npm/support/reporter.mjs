// Prints a line for each test, what went wrong, and the line that `cargo xtask test` adds up.

export default async function* report(events) {
  const counts = { passed: 0, failed: 0, ignored: 0 };
  for await (const { type, data } of events) {
    if (type === "test:pass" || type === "test:fail") {
      if (data.details.type === "suite") {
        continue;
      }
      const outcome = data.skip !== undefined ? "ignored" : type === "test:pass" ? "passed" : "failed";
      counts[outcome] += 1;
      yield `test ${data.name} ... ${outcome} (${Math.round(data.details.duration_ms)} ms)\n`;
      if (outcome === "failed") {
        const { cause } = data.details.error;
        yield `${cause?.stack ?? cause ?? data.details.error}\n`;
      }
    } else if (type === "test:stderr" || type === "test:stdout") {
      yield data.message;
    }
  }
  const verdict = counts.failed === 0 ? "ok" : "FAILED";
  yield `\ntest result: ${verdict}. ${counts.passed} passed; ${counts.failed} failed; ${counts.ignored} ignored\n`;
}
