// Prints a line for each test and, as libtest does, what went wrong and the line that `cargo xtask test` adds up.

export default async function* report(events) {
  const counts = { passed: 0, failed: 0, ignored: 0 };
  const failures = [];
  for await (const { type, data } of events) {
    if (type === "test:pass" || type === "test:fail") {
      const outcome = data.skip !== undefined ? "ignored" : type === "test:pass" ? "passed" : "failed";
      const { failureType, cause } = data.details.error ?? {};
      if (outcome === "failed" && failureType !== "subtestsFailed") {
        failures.push(`---- ${data.name} (${data.file}) ----\n${cause?.stack ?? cause ?? data.details.error}\n`);
      }
      if (data.details.type === "suite") {
        continue;
      }
      counts[outcome] += 1;
      yield `test ${data.name} ... ${outcome} (${Math.round(data.details.duration_ms)} ms)\n`;
    } else if (type === "test:diagnostic" && data.message.startsWith("Error: ")) {
      // What went wrong after its test had ended.
      failures.push(data.message);
    } else if (type === "test:stderr" || type === "test:stdout") {
      yield data.message;
    }
  }
  if (failures.length > 0) {
    yield `\nfailures:\n\n${failures.join("\n")}`;
  }
  const verdict = counts.failed === 0 ? "ok" : "FAILED";
  yield `\ntest result: ${verdict}. ${counts.passed} passed; ${counts.failed} failed; ${counts.ignored} ignored\n`;
}
