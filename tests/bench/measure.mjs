// Times functions side by side: in turns, so that a noisy moment hits all of them alike.

const BATCH_MS = 12;

const median = (sorted) => sorted[Math.floor(sorted.length / 2)];

const quartiles = (values) => {
  const sorted = [...values].sort((one, other) => one - other);
  return {
    low: sorted[Math.floor(sorted.length / 4)],
    median: median(sorted),
    high: sorted[Math.floor((sorted.length * 3) / 4)],
  };
};

const time = async (run, calls) => {
  const start = performance.now();
  // A promise costs its peer a turn of the loop each time, as it does its users.
  for (let call = 0; call < calls; call += 1) {
    const result = run();
    if (result instanceof Promise) await result;
  }
  return ((performance.now() - start) * 1000) / calls;
};

/** How many calls fill a batch, after the engine has compiled them. */
const calibrate = async (run) => {
  let calls = 1;
  for (;;) {
    const took = (await time(run, calls)) * calls;
    if (took > BATCH_MS * 1000) return Math.max(1, Math.round((calls * BATCH_MS * 1000) / took));
    calls *= 2;
  }
};

/**
 * Times the functions of an object; the first is the one that all are compared with.
 * Answers for each `{micros: {low, median, high}, ratio: {low, median, high}}`, the ratio being its time over the first's
 * in the same round.
 */
export const compare = async (subjects, rounds = 31) => {
  const names = Object.keys(subjects);
  const calls = {};
  for (const name of names) calls[name] = await calibrate(subjects[name]);
  const micros = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const turn = round % names.length;
    for (const name of [...names.slice(turn), ...names.slice(0, turn)]) {
      micros[name].push(await time(subjects[name], calls[name]));
    }
  }
  const first = micros[names[0]];
  return Object.fromEntries(
    names.map((name) => [
      name,
      {
        micros: quartiles(micros[name]),
        ratio: quartiles(micros[name].map((value, round) => value / first[round])),
      },
    ]),
  );
};
