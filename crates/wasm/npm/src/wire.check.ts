/** Checked by the compiler alone: the names of `wire.ts` are those that the rules know. */

import type { CreateSessionField, PrefillField } from "./names.js";
import type { CreateSessionRequest, NormalizedRequest, Prefill } from "./wire.js";

type Same<A, B> = [A, B] extends [B, A] ? true : false;
type Holds<T extends true> = T;

export type Checks = [
  Holds<Same<keyof CreateSessionRequest, CreateSessionField>>,
  Holds<Same<keyof NormalizedRequest, CreateSessionField>>,
  Holds<Same<keyof Prefill, PrefillField>>,
];
