// How long what hangs may hang. On a slow machine with much to do all else takes its time, and passes.

/** How long a condition is waited for, in milliseconds. */
export const PATIENCE_MS = 60_000;

/** For `describe`: a suite whose time, with all that its hooks build and start, is over is ended. */
export const ENDED = { timeout: 900_000 };
