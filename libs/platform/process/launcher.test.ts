import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';

const MODULE = JSON.stringify(new URL('./launcher.ts', import.meta.url).href);
/** Says when it is ready, then lives for ever unless it is told to leave. */
const WATCH = `import(${MODULE}).then(({ exitWhenLauncherDies }) => { exitWhenLauncherDies(() => process.exit(7)); setInterval(() => {}, 1_000); console.log('ready'); });`;

/** With `ipc` the child is one of a launcher's, without it is on its own. */
const child = (script: string, pipe: 'ipc' | 'ignore') => spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore', pipe] });

test('O-14: a closed control pipe ends the process', async () => {
  const one = child(WATCH, 'ipc');
  await once(one.stdout!, 'data');
  one.disconnect();
  expect(await once(one, 'exit')).toEqual([7, null]);
});

test('O-14: a pipe that closed before is seen too', async () => {
  const one = child(`console.log('up'); process.once('disconnect', () => { ${WATCH} });`, 'ipc');
  await once(one.stdout!, 'data');
  one.disconnect();
  expect(await once(one, 'exit')).toEqual([7, null]);
});

test('without a launcher nothing changes', async () => {
  const one = child(WATCH, 'ignore');
  await once(one.stdout!, 'data');
  one.kill('SIGTERM');
  expect(await once(one, 'exit')).toEqual([null, 'SIGTERM']);
});
