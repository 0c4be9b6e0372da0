// What the tests of a file open, closed when the last of them is done: a process with an open server would not end.

const open = [];

/** Has this called at the end. */
export function atEnd(close) {
  open.push(close);
}

/** For the hook `after`. */
export async function closeAll() {
  while (open.length > 0) {
    await open.pop()();
  }
}
