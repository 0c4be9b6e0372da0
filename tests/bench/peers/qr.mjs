// The QR packages, each asked for the same picture: level M, 4 modules of margin, 8 pixels a module, a PNG as data URL.
// (fast_qr knows only its own level, Q.) Those that draw no PNG themselves give their modules to fast-png, one bit a pixel.
import { encode } from "fast-png";
import { correction, generate } from "lean-qr";
import encodeQR from "qr";
import QRCode from "qrcode";
import { encode as encodeUqr } from "uqr";

const MARGIN = 4;
const SCALE = 8;

const base64 = (bytes) =>
  typeof Buffer === "undefined" ? btoa(String.fromCharCode(...bytes)) : Buffer.from(bytes).toString("base64");

/** The PNG of a symbol; `isDark(x, y)` counts the modules with the margin. */
const draw = (size, isDark) => {
  const width = size * SCALE;
  const stride = width / 8;
  const data = new Uint8Array(stride * width).fill(255);
  for (let y = 0; y < size; y += 1) {
    const start = y * SCALE * stride;
    // At 8 pixels a module each module is one byte of a row.
    for (let x = 0; x < size; x += 1) if (isDark(x, y)) data[start + x] = 0;
    for (let copy = 1; copy < SCALE; copy += 1) data.copyWithin(start + copy * stride, start, start + stride);
  }
  return `data:image/png;base64,${base64(encode({ width, height: width, channels: 1, depth: 1, data }))}`;
};

export const qrPeers = (fastQr) => ({
  qr: (text) => {
    const rows = encodeQR(text, "raw", { ecc: "medium", border: MARGIN });
    return draw(rows.length, (x, y) => rows[y][x]);
  },
  uqr: (text) => {
    const { size, data } = encodeUqr(text, { ecc: "M", border: MARGIN });
    return draw(size, (x, y) => data[y][x]);
  },
  "lean-qr": (text) => {
    const code = generate(text, { minCorrectionLevel: correction.M, maxCorrectionLevel: correction.M });
    return draw(code.size + 2 * MARGIN, (x, y) => code.get(x - MARGIN, y - MARGIN));
  },
  fast_qr: (text) => {
    const modules = fastQr.qr(text);
    const size = Math.sqrt(modules.length);
    const isInside = (place) => place >= 0 && place < size;
    return draw(size + 2 * MARGIN, (x, y) => {
      const [column, row] = [x - MARGIN, y - MARGIN];
      return isInside(column) && isInside(row) && modules[row * size + column] === 1;
    });
  },
  qrcode: (text) => QRCode.toDataURL(text, { errorCorrectionLevel: "M", margin: MARGIN, scale: SCALE }),
});
