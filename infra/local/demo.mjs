// `npm run demo [-- --json --seed N]` (O-20): the main job, observed step by step from outside.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { EXIT } from './parts/exit-codes.mjs';
import { instanceForDemo } from './parts/demo-instance.mjs';
import { ROOT } from './parts/paths.mjs';

const LIMIT_MS = 180_000;

const { values: { json, seed, steps: stepsFile } } = parseArgs({
  options: { json: { type: 'boolean' }, seed: { type: 'string', default: '1' }, steps: { type: 'string', default: join(ROOT, 'infra/local/demo/steps.mjs') }, state: { type: 'string' } },
});
const begin = Date.now();
const left = () => LIMIT_MS - (Date.now() - begin);
const print = (document, text) => process.stdout.write(`${json ? JSON.stringify(document) : text}\n`);

const withinLimit = (work) => {
  const late = new Promise((_, reject) => setTimeout(reject, Math.max(0, left()), new Error(`the demo's ${LIMIT_MS / 1000} s are over`)).unref());
  return Promise.race([work, late]);
};

async function runSteps(ready) {
  const { steps } = await import(pathToFileURL(stepsFile).href);
  const context = { ready, seed: Number(seed), msLeft: left, kept: {} };
  for (const { name, run } of steps) {
    const from = Date.now();
    const seconds = () => Math.round((Date.now() - from) / 100) / 10;
    try {
      const evidence = await withinLimit(run(context));
      print({ step: name, ok: true, seconds: seconds(), evidence }, `✓ ${name} (${seconds()} s)\n    ${evidence}`);
    } catch (error) {
      print({ step: name, ok: false, seconds: seconds(), error: error.message }, `✗ ${name}: ${error.message}`);
      process.stderr.write(`The demo failed at the step "${name}".\n`);
      return EXIT.failed;
    }
  }
  return EXIT.done;
}

const instance = await withinLimit(instanceForDemo({ seed, say: (text) => print({ step: 'instance', detail: text }, text) })).catch((error) => {
  process.stderr.write(`The demo found no instance to use: ${error.message}\n`);
  process.exit(error.exit ?? EXIT.failed);
});
const end = async (code) => {
  await instance.end();
  process.exit(code);
};
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void end(EXIT.failed));
await end(await runSteps(instance.ready));
