// A server that creates sessions as ours does, made of what one would take from npm: Fastify, better-sqlite3, ajv
// (Fastify's own), and one of two makers of QR codes. `cargo xtask bench server` runs it:
//
//   node peer.mjs qrcode|qr DATABASE API_KEY PROCESSES
//
// Each create is one transaction of prepared statements with a full sync, the personal values sealed, the answer with the
// QR code. It writes less than ours (no key, no link, one event) and sends no e-mail, so that the comparison is in its favour.
import cluster from "node:cluster";
import { createCipheriv, createDecipheriv, createHash, createHmac, hash, randomBytes } from "node:crypto";
import Database from "better-sqlite3";
import fastify from "fastify";

const [maker, file, apiKey, processes] = process.argv.slice(2);

const qrMakers = {
  async qrcode() {
    const { default: QRCode } = await import("qrcode");
    return (text) => QRCode.toDataURL(text, { errorCorrectionLevel: "M", margin: 4, scale: 8 });
  },
  async qr() {
    const { default: encodeQR } = await import("qr");
    const { encode } = await import("fast-png");
    const scale = 8;
    return (text) => {
      const rows = encodeQR(text, "raw", { ecc: "medium", border: 4 });
      const width = rows.length * scale;
      const stride = width / 8;
      const data = new Uint8Array(stride * width).fill(255);
      for (const [y, row] of rows.entries()) {
        const start = y * scale * stride;
        // At 8 pixels a module each module is one byte of a row.
        for (let x = 0; x < row.length; x += 1) if (row[x]) data[start + x] = 0;
        for (let copy = 1; copy < scale; copy += 1) data.copyWithin(start + copy * stride, start, start + stride);
      }
      const png = encode({ width, height: width, data, depth: 1, channels: 1 });
      return `data:image/png;base64,${Buffer.from(png.buffer, png.byteOffset, png.length).toString("base64")}`;
    };
  },
};

const short = (maxLength) => ({ type: "string", minLength: 1, maxLength });
const optional = (maxLength) => ({ anyOf: [{ type: "null" }, short(maxLength)] });
const request = {
  type: "object",
  additionalProperties: false,
  properties: {
    external_ref: short(255),
    country: { type: "string", pattern: "^[A-Z]{2}$" },
    send_email: { type: "boolean" },
    applicant_email: { type: "string", format: "email", maxLength: 254 },
    applicant_name: short(200),
    fields: {
      type: "object",
      additionalProperties: false,
      properties: {
        name_first: short(100),
        name_last: short(100),
        birthdate: { type: "string", format: "date" },
      },
    },
    metadata: { type: "object", maxProperties: 50, additionalProperties: short(500) },
    redirect_url: { type: "string", format: "uri", maxLength: 2048 },
    expires_in_minutes: { type: "integer", minimum: 5, maximum: 10080 },
  },
};
const response = {
  type: "object",
  properties: {
    id: { type: "string" },
    status: { type: "string" },
    capture_url: { type: "string" },
    is_sandbox: { type: "boolean" },
    created_at: { type: "string" },
    token_expires_at: { type: "string" },
    external_ref: optional(255),
    qr_code_data_url: { type: "string" },
  },
};

function openStore() {
  const db = new Database(file, { timeout: 30_000 });
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.pragma("cache_size = -16384");
  db.exec(`
    CREATE TABLE IF NOT EXISTS sessions (
      organization TEXT NOT NULL, id TEXT NOT NULL, status TEXT NOT NULL, external_ref TEXT, country TEXT,
      send_email INTEGER NOT NULL, metadata BLOB, prefill BLOB, email BLOB, name BLOB, redirect_url BLOB,
      created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, PRIMARY KEY (organization, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS sessions_by_time ON sessions (organization, created_at);
    CREATE TABLE IF NOT EXISTS events (
      organization TEXT NOT NULL, session TEXT NOT NULL, sequence INTEGER NOT NULL, kind TEXT NOT NULL,
      created_at INTEGER NOT NULL, PRIMARY KEY (organization, session, sequence)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS outbox (
      id TEXT PRIMARY KEY, organization TEXT NOT NULL, session TEXT NOT NULL, kind TEXT NOT NULL, due_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS idempotency (
      organization TEXT NOT NULL, key BLOB NOT NULL, fingerprint BLOB NOT NULL, answer BLOB NOT NULL,
      created_at INTEGER NOT NULL, PRIMARY KEY (organization, key)
    ) STRICT, WITHOUT ROWID;`);
  const claim = db.prepare("INSERT INTO idempotency VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
  const session = db.prepare("INSERT INTO sessions VALUES (?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const event = db.prepare("INSERT INTO events VALUES (?, ?, 1, 'session.created', ?)");
  const invitation = db.prepare("INSERT INTO outbox VALUES (?, ?, ?, 'email', ?)");
  const earlier = db.prepare("SELECT fingerprint, answer FROM idempotency WHERE organization = ? AND key = ?");
  const create = db.transaction((record, row, sent) => {
    if (record && claim.run(record).changes === 0) return earlier.get(record[0], record[1]);
    const [organization, id] = row;
    session.run(row);
    event.run(organization, id, row[10]);
    if (sent) invitation.run(randomBytes(16).toString("hex"), organization, id, row[10]);
    return undefined;
  });
  // The lock at the beginning: a transaction that first reads cannot wait for another process.
  return create.immediate;
}

const sealingKey = createHash("sha256").update("the key of a benchmark").digest();
function seal(text, place) {
  if (text === undefined) return null;
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", sealingKey, nonce).setAAD(Buffer.from(place));
  return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
}
function open(sealed, place) {
  const decipher = createDecipheriv("aes-256-gcm", sealingKey, sealed.subarray(0, 12)).setAAD(Buffer.from(place));
  decipher.setAuthTag(sealed.subarray(-16));
  return decipher.update(sealed.subarray(12, -16), undefined, "utf8") + decipher.final("utf8");
}

async function serve() {
  const drawQr = await qrMakers[maker]();
  const create = openStore();
  // Bytes of a digest: `hash` is the quick one of newer Nodes.
  const digest = (data) => (hash ? hash("sha256", data, "buffer") : createHash("sha256").update(data).digest());
  const organizations = new Map([[digest(apiKey).toString("hex"), "org_benchmark"]]);

  const app = fastify({ logger: false, bodyLimit: 65_536, ajv: { customOptions: { coerceTypes: false, removeAdditional: false } } });
  app.decorateRequest("fingerprint", null);
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (call, body, done) => {
    call.fingerprint = digest(body);
    try {
      done(null, JSON.parse(body));
    } catch (error) {
      error.statusCode = 400;
      done(error);
    }
  });
  app.post("/api/v1/sessions", { schema: { body: request, response: { 201: response } } }, async (call, reply) => {
    const organization = organizations.get(digest(call.headers["x-api-key"] ?? "").toString("hex"));
    if (!organization) return reply.code(401).send({ code: "unauthorized" });
    const { body } = call;
    const now = Date.now();
    const id = `sess_${randomBytes(16).toString("hex")}`;
    const expiresAt = now + (body.expires_in_minutes ?? 10_080) * 60_000;
    const signature = createHmac("sha256", sealingKey).update(id).digest("base64url");
    let answer = {
      id,
      status: "pending",
      capture_url: `http://127.0.0.1:8080/c/${id.slice(5)}.${signature.slice(0, 22)}`,
      is_sandbox: true,
      created_at: new Date(now).toISOString(),
      token_expires_at: new Date(expiresAt).toISOString(),
      external_ref: body.external_ref ?? null,
    };
    const sent = call.headers["idempotency-key"];
    const record = sent && [
      organization,
      createHmac("sha256", sealingKey).update(sent).digest(),
      call.fingerprint,
      seal(JSON.stringify(answer), "answer"),
      now,
    ];
    const json = (value) => value && JSON.stringify(value);
    const earlier = create(
      record,
      [
        organization,
        id,
        body.external_ref ?? null,
        body.country ?? null,
        Number(body.send_email ?? false),
        seal(json(body.metadata), `${id}.metadata`),
        seal(json(body.fields), `${id}.prefill`),
        seal(body.applicant_email, `${id}.email`),
        seal(body.applicant_name, `${id}.name`),
        seal(body.redirect_url, `${id}.redirect_url`),
        now,
        expiresAt,
      ],
      body.send_email,
    );
    if (earlier) {
      if (!earlier.fingerprint.equals(call.fingerprint)) return reply.code(422).send({ code: "idempotency_key_reused" });
      answer = JSON.parse(open(earlier.answer, "answer"));
    }
    answer.qr_code_data_url = await drawQr(answer.capture_url);
    return reply.code(201).send(answer);
  });
  return app.listen({ host: "127.0.0.1", port: Number(process.env.PORT ?? 0) });
}

if (Number(processes) === 1) {
  console.log(`listening on ${await serve()}`);
} else if (cluster.isPrimary) {
  openStore();
  // Workers that ask for port 0 share the one that the first of them gets.
  let waiting = Number(processes);
  cluster.on("listening", (_, { port }) => {
    waiting -= 1;
    if (waiting === 0) console.log(`listening on http://127.0.0.1:${port}`);
  });
  for (let started = 0; started < Number(processes); started += 1) cluster.fork();
} else {
  await serve();
}
