/**
 * One reading for all who ask before it begins. Who asks while one is under way shares the next, so nobody gets a state from before
 * his question. To be asked before a transaction is opened: whoever waits inside of one holds a connection that the reading may need.
 */
export function shared<T>(read: () => Promise<T>): () => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  const begin = () => {
    next = undefined;
    return read();
  };
  return () => {
    next ??= last.then(begin, begin);
    last = next;
    return next;
  };
}
