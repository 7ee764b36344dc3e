import { expect, test } from 'vitest';
import { AfterAnswers } from './after-answers.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('waits until the last answer that is under way, then does all of it', async () => {
  const after = new AfterAnswers();
  const [slow, done] = [Promise.withResolvers<string>(), [] as number[]];
  const answer = after.answer(() => slow.promise);
  for (const n of [1, 2, 3]) after.later(async () => void done.push(n));
  await turn();
  expect(done).toEqual([]);
  slow.resolve('answered');
  expect(await answer).toBe('answered');
  await after.done();
  expect(done.sort()).toEqual([1, 2, 3]);
});

test('under answers without end it waits no longer than its time', async () => {
  const after = new AfterAnswers();
  void after.answer(() => new Promise(() => undefined));
  let done = 0;
  for (let n = 0; n < 20; n += 1) after.later(async () => void (done += 1));
  await after.done();
  expect(done).toBe(20);
});

test('an answer that fails is over too', async () => {
  const after = new AfterAnswers();
  await expect(after.answer(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  let done = false;
  after.later(async () => void (done = true));
  await turn();
  expect(done).toBe(true);
});
