// The tables of docs/performance.md.
import { cpus } from "node:os";

const micros = (value) => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : Math.round(value).toString());

const spread = ({ low, median, high }, show) => `${show(median)} (${show(low)} to ${show(high)})`;

const table = (head, rows) => {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? "---" : "---:"))), ...rows.map(line)].join("\n");
};

const comparison = ({ kind, name, rows, bytes }, where) => {
  const head = ["package", "µs a call", "times ours", ...(bytes ? ["PNG, bytes"] : [])];
  const lines = Object.entries(rows).map(([subject, { micros: time, ratio }]) => [
    subject,
    spread(time, micros),
    spread(ratio, (value) => value.toFixed(2)),
    ...(bytes ? [bytes[subject] ?? ""] : []),
  ]);
  const title = kind === "qr" ? `QR code as PNG data URL, ${name}` : `Validation, ${name} request`;
  return `#### ${title}, ${where}\n\n${table(head, lines)}`;
};

const quartiles = (values) => {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share) => sorted[Math.floor(sorted.length * share)];
  return { low: at(0.25), median: at(0.5), high: at(0.75) };
};

const starts = (measured) =>
  table(
    ["from nothing to the first verdict and the first QR code, ms", "@vouchkey/wasm", "zod and qrcode"],
    Object.entries(measured).map(([where, { starts: times }]) => [
      where,
      ...["ours", "peers"].map((name) => spread(quartiles(times[name]), (value) => value.toFixed(1))),
    ]),
  );

export const report = ({ node, chromium, sizes }, { node: nodeVersion, ...versions }) => {
  const places = { [`Node ${nodeVersion}`]: node, Chromium: chromium };
  const names = Object.entries(versions).filter(([name]) => name !== "esbuild" && name !== "typescript");
  return [
    `${cpus().length} cores, ${cpus()[0].model.trim()}. ${names.map(([name, version]) => `${name} ${version}`).join(", ")}.`,
    "### Time a call",
    "Median and quartiles of 31 rounds; the ratio is taken within each round.",
    ...Object.entries(places).flatMap(([where, { tables }]) => tables.map((one) => comparison(one, where))),
    "### Start",
    starts(places),
    "### Size",
    table(
      ["bytes", "raw", "gzip -9", "brotli 11"],
      Object.entries(sizes).map(([what, { raw, gzip, brotli }]) => [what, raw, gzip, brotli].map((cell) => (typeof cell === "number" ? cell.toLocaleString("en") : cell))),
    ),
  ].join("\n\n");
};
