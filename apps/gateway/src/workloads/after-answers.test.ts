import { expect, test } from 'vitest';
import { AfterAnswers } from './after-answers.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Four that are answered when they are told to. */
function burst(after: AfterAnswers) {
  const held = Array.from({ length: 4 }, () => Promise.withResolvers<string>());
  return { held, answers: held.map(({ promise }) => after.answer(() => promise)) };
}

test('waits while many answers are under way, then does all of it', async () => {
  const after = new AfterAnswers();
  const { held, answers } = burst(after);
  const done: number[] = [];
  for (const n of [1, 2, 3]) after.later(async () => void done.push(n));
  await turn();
  expect(done).toEqual([]);
  held[0]!.resolve('answered');
  expect(await answers[0]).toBe('answered');
  await after.done();
  expect(done.sort()).toEqual([1, 2, 3]);
});

test('in a burst without end it waits no longer than its time', async () => {
  const after = new AfterAnswers();
  burst(after);
  let done = 0;
  for (let n = 0; n < 20; n += 1) after.later(async () => void (done += 1));
  await after.done();
  expect(done).toBe(20);
});

test('one that few wait beside is done at once', async () => {
  const after = new AfterAnswers();
  void after.answer(() => new Promise(() => undefined));
  let done = false;
  after.later(async () => void (done = true));
  await turn();
  expect(done).toBe(true);
});

test('an answer that fails is over too', async () => {
  const after = new AfterAnswers();
  const { held, answers } = burst(after);
  held[0]!.reject(new Error('refused'));
  await expect(answers[0]).rejects.toThrow('refused');
  let done = false;
  after.later(async () => void (done = true));
  await turn();
  expect(done).toBe(true);
});
