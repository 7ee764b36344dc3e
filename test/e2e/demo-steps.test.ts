import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stubProduct, type StubProduct } from '../support/stub-product.ts';

interface Step {
  readonly name: string;
  run(context: object): Promise<string>;
}
const { steps } = (await import(new URL('../../infra/local/demo/steps.mjs', import.meta.url).href)) as { steps: readonly Step[] };

const NAMES = ['grid-signals', 'workload-placed', 'grid-event-opened', 'workload-moved', 'workload-completed', 'one-correlation-id'];
const WORKLOAD = '/api/v1/workloads/01a1fe7a-814b-7b53-8287-ed010290ecbf';
const EVENT = '/api/v1/grid-events/FR/shed-20261121T142005Z';

let product: StubProduct;
beforeEach(async () => {
  product = await stubProduct();
});
afterEach(() => product.close());

/** Runs the steps as the demo does. @returns the names that passed, and the first that did not */
async function walk(): Promise<{ passed: string[]; failed?: string; because?: string }> {
  const context = { ready: product.ready, seed: 1, kept: {}, patienceS: 0.2 };
  const passed: string[] = [];
  for (const { name, run } of steps) {
    try {
      expect((await run(context)).length).toBeGreaterThan(10);
    } catch (error) {
      return { passed, failed: name, because: (error as Error).message };
    }
    passed.push(name);
  }
  return { passed };
}

test('every step of the demo passes on a product that works, each with its evidence', async () => {
  expect(await walk()).toEqual({ passed: NAMES });
});

/** O-21: each thing that can be wrong is noticed by the step that promises it. */
const emptied = (list: { data: unknown[] }) => ({ ...list, data: list.data.slice(1) });
const withSignal = (list: { data: unknown[] }, signal: unknown) => ({ ...list, data: list.data.with(3, { zone: 'FR', signal }) });
const BREAKS: readonly (readonly [step: string, what: string, at: string, change: (answer: any) => unknown])[] = [
  ['grid-signals', 'a zone is missing', 'GET /api/v1/zones', emptied],
  ['grid-signals', 'a zone has no signal', 'GET /api/v1/zones', (list) => withSignal(list, null)],
  ['grid-signals', 'a signal has no source', 'GET /api/v1/zones', (list) => withSignal(list, { ...list.data[3].signal, source: null })],
  ['grid-signals', 'a signal is no number', 'GET /api/v1/zones', (list) => withSignal(list, { ...list.data[3].signal, price: { value: 'cheap', unit: 'USD/MWh' } })],
  ['workload-placed', 'the order is refused', 'POST /api/v1/workloads', () => undefined],
  ['workload-placed', 'it fails', `GET ${WORKLOAD}`, (row) => ({ ...row, state: 'failed', reason: 'job_error' })],
  ['workload-placed', 'it runs elsewhere than decided', 'GET /api/v1/decisions/d', (decision) => ({ ...decision, winner: { ...decision.winner, node: 'de-frankfurt-1' } })],
  ['workload-placed', 'there is no runner-up', 'GET /api/v1/decisions/d', (decision) => ({ ...decision, runner_up: null })],
  ['workload-placed', 'no score is shown', 'GET /api/v1/decisions/d', (decision) => ({ ...decision, candidates: [] })],
  ['grid-event-opened', 'the event has no evidence', `GET ${EVENT}`, (event) => ({ ...event, evidence: {} })],
  ['grid-event-opened', 'the event is closed', `GET ${EVENT}`, (event) => ({ ...event, open: false })],
  ['workload-moved', 'progress falls', `GET ${WORKLOAD}`, (row) => (row.zone === 'PT' ? { ...row, progress: { ...row.progress, units_done: 3 } } : row)],
  ['workload-moved', 'the old segment ended by loss', `GET ${WORKLOAD}/segments`, (list) => ({ ...list, data: [{ ...list.data[0], end_reason: 'node_lost' }, list.data[1]] })],
  ['workload-moved', 'the event says it was paused', `GET ${EVENT}`, (event) => ({ ...event, answers: [{ ...event.answers[0], answer: 'paused' }] })],
  ['workload-completed', 'no job was told', 'POST /demo/simulate/complete_workloads', () => ({ count: 0 })],
  ['workload-completed', 'a millijoule is missing in the lines', `GET ${WORKLOAD}/energy`, (list) => ({ ...list, data: [{ energy_mj: '99' }, list.data[1]] })],
  ['workload-completed', 'a millijoule is missing in the segments', `GET ${WORKLOAD}/segments`, (list) => (list.data[1].energy_mj === '200' ? { ...list, data: [list.data[0], { ...list.data[1], energy_mj: '199' }] } : list)],
  ['workload-completed', 'there is no result', `GET ${WORKLOAD}/result`, () => undefined],
  ['one-correlation-id', 'the audit event has another id', 'GET /api/v1/audit/events', (list) => ({ ...list, data: [{ ...list.data[0], trace_id: 'another' }] })],
];

describe('a broken promise is named (O-21)', () => {
  test.each(BREAKS)('%s: %s', async (step, _what, at, change) => {
    // `undefined` means a refusal here: 404, as a product that lacks it would answer.
    product.broken.set(at, (answer) => change(answer) ?? null);
    const { passed, failed, because } = await walk();
    expect({ failed, passed }).toEqual({ failed: step, passed: NAMES.slice(0, NAMES.indexOf(step)) });
    expect(because).toMatch(/^expected .+, saw .+/s);
  });

  test.each(['gateway', 'worker', 'node-fr-paris-1'])('one-correlation-id: the %s log lacks it', async (log) => {
    const file = join(product.logs, `${log}.log`);
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('54b15448076bb4dbd9c7c71de72f1574', 'another'));
    expect(await walk()).toMatchObject({ failed: 'one-correlation-id' });
  });

  test('one-correlation-id: a worker’s line that no activity wrote is not enough', async () => {
    const file = join(product.logs, 'worker.log');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('activity_type', 'workflow_type'));
    expect(await walk()).toMatchObject({ failed: 'one-correlation-id' });
  });

  test('one-correlation-id: the memo holds another', async () => {
    product.memo = 'another';
    expect(await walk()).toMatchObject({ failed: 'one-correlation-id' });
  });
});
