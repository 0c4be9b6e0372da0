import { call } from "./engine.js";
import { answer, answerBytes, put } from "./inbox.js";

/** The size of a picture. */
export interface QrOptions {
  /** Pixels on each side of a module, 1 to 32; by default 8. An SVG, which has any size, knows nothing of it. */
  scale?: number | undefined;
  /** White modules on each side, 0 to 32; by default 4, which readers expect. */
  margin?: number | undefined;
}

/** What the functions below throw for a text that no QR code holds. */
export interface TooLongError extends Error {
  readonly code: "too_long";
  /** How many bytes of such a text fit. */
  readonly limit: number;
}

/**
 * Draws a text as a QR code: a PNG as a `data:` URL.
 *
 * Throws a {@link TooLongError} where the text does not fit, a `TypeError` for what is no text, and a `RangeError` for a
 * size that cannot be.
 */
export function qrPngDataUrl(text: string, options?: QrOptions): string {
  return answer(draw("qr_png_data_url", text, options));
}

/**
 * Draws a text as a QR code: a PNG file. Throws as {@link qrPngDataUrl} does.
 *
 * Its type is `Uint8Array<ArrayBuffer>`, in a form that TypeScript before 5.7 knows too.
 */
export function qrPngBytes(text: string, options?: QrOptions): ReturnType<Uint8ArrayConstructor["of"]> {
  // A copy, since the module's memory changes with the next call.
  return answerBytes(draw("qr_png_bytes", text, options)).slice();
}

/** Draws a text as a QR code: an SVG document. Throws as {@link qrPngDataUrl} does. */
export function qrSvg(text: string, options?: QrOptions): string {
  return answer(draw("qr_svg", text, options));
}

/** More than fits into any QR code, and all that is handed over of a longer text. */
const MOST_UNITS = 5_597;

/** The bytes of the picture. */
function draw(name: "qr_png_data_url" | "qr_png_bytes" | "qr_svg", text: string, options: QrOptions | undefined): number {
  if (typeof text !== "string") {
    throw new TypeError("text must be a string");
  }
  const scale = size("scale", options?.scale ?? 8, 1);
  const margin = size("margin", options?.margin ?? 4, 0);
  const bytes = put(text.slice(0, MOST_UNITS));
  const said = name === "qr_svg" ? call(name, bytes, margin) : call(name, bytes, scale, margin);
  if (said >= 0) {
    return said;
  }
  throw Object.assign(new Error(`The text is too long for a QR code: at most ${-said} bytes fit.`), {
    code: "too_long" as const,
    limit: -said,
  }) satisfies TooLongError;
}

function size(name: string, value: unknown, least: number): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= 32) {
    return value as number;
  }
  throw new RangeError(`${name} must be a whole number from ${least} to 32`);
}
