import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { SAMPLE_NODES, SAMPLE_ORGANISATIONS } from '#platform/db/sample-organisations';
import { startSystem, type System } from '../support/system.ts';

const WORKLOADS = '/api/v1/workloads';
const CANARY = 'canary-4711';

if (!inject('temporal')) console.warn('SKIP history-secrecy: no Temporal server; install the Temporal CLI or set WATTBOOK_TEST_TEMPORAL');

interface Payload {
  readonly metadata: { readonly encoding: string };
  readonly data?: string;
}

describe.skipIf(!inject('temporal'))('what Temporal keeps of a story (O-61 to O-63)', () => {
  let system: System;
  /** By workflow id: the history in protobuf's JSON, then what the server says of the run beside it. */
  const stored = new Map<string, unknown>();
  const aurora = async (method: string, path: string, body?: unknown) => {
    const answer = await system.as('aurora-labs')(method, path, body);
    expect(answer.status, answer.text).toBeLessThan(300);
    return answer.json;
  };
  const reaches = (id: string, state: RegExp) => vi.waitFor(async () => expect((await aurora('GET', `${WORKLOADS}/${id}`)).state).toMatch(state), { timeout: 60_000, interval: 100 });

  beforeAll(async () => {
    system = await startSystem({ nodes: ['fr-paris-1', 'pt-sines-1'], pace: { pollMs: 500 } });
    await tellStory();
    for await (const { workflowId } of system.temporal.workflow.list()) {
      const handle = system.temporal.workflow.getHandle(workflowId);
      const { workflowExecutionInfo, pendingActivities } = await system.temporal.workflowService.describeWorkflowExecution({ namespace: system.temporal.options.namespace, execution: { workflowId } });
      stored.set(workflowId, { history: JSON.parse(historyToJSON(await handle.fetchHistory())), beside: JSON.parse(JSON.stringify({ memo: workflowExecutionInfo?.memo, pendingActivities })) });
    }
  }, 180_000);
  afterAll(() => system?.close());

  /** Everything a customer may write, every command that carries some of it, and a shed. */
  async function tellStory(): Promise<void> {
    const { id } = await aurora('POST', WORKLOADS, {
      name: `${CANARY} name`, kind: 'fine_tune', resources: { gpu_count: 1, gpu_memory_gb: 40 }, work: { h100_seconds: 36_000 }, checkpoint: { supported: true, size_gb: 1, interval_s: 300 },
      labels: { note: `${CANARY} label` }, schedule: { flexible: false }, shed_behaviour: 'pause', constraints: { zones: ['FR', 'PT'] }, budget: { usd: '987.65' },
      program: { image: `registry.example/${CANARY}:1`, command: ['train', CANARY], env: { NOTE: CANARY }, input_uri: `s3://${CANARY}/in` },
    });
    await reaches(id, /running/);
    await aurora('PATCH', `${WORKLOADS}/${id}`, { labels: { note: `${CANARY} amended` }, budget: { usd: '1987.65' } });
    const { zone } = await aurora('GET', `${WORKLOADS}/${id}`);
    const { json } = await system.as('platform')('POST', `/api/v1/zones/${zone}/events`, { kind: 'shed', duration_s: 600, target_percent: 100, reason: `${CANARY} reason` });
    await reaches(id, /paused/);
    await system.as('platform')('POST', `/api/v1/grid-events/${zone}/${json.id}/close`, {});
    await reaches(id, /running/);
    await aurora('POST', `${WORKLOADS}/${id}/cancel`, {});
    await reaches(id, /cancelled/);
  }

  const payloads = (from: unknown, name = ''): (Payload & { readonly name: string })[] => {
    if (typeof from !== 'object' || from === null) return [];
    if ('metadata' in from && typeof (from as Payload).metadata?.encoding === 'string') return [{ ...(from as Payload), name }];
    return Object.entries(from).flatMap(([key, value]) => payloads(value, key === 'indexedFields' || name === 'indexedFields' ? 'indexedFields' : key));
  };
  const text = (base64 = '') => Buffer.from(base64, 'base64').toString('latin1');

  test('the story is there: a workload, its event and the zones', () => {
    const kinds = new Set([...stored.keys()].map((id) => id.split('/')[0]));
    expect([...kinds].sort()).toEqual(['grid-event', 'grid-zone', 'workload']);
  });

  test('no name, label, image, price or reason in plain: neither in texts nor in bytes', () => {
    // Sealed bytes hold every short word by chance
    const names = SAMPLE_ORGANISATIONS.flatMap(({ slug, name }) => [slug, name]).filter((word) => word.length > 5 && word !== 'platform');
    const secrets = [CANARY, '987.65', '987650000', 'micro_usd', 'registry.example', ...names, ...SAMPLE_NODES.map(({ slug }) => slug), ...Object.values(system.keys)];
    for (const [id, run] of stored) {
      const texts = [JSON.stringify(run), ...Array.from(JSON.stringify(run).matchAll(/"([A-Za-z0-9+/]{4,}={0,2})"/g), ([, base64]) => text(base64))];
      expect({ id, leaked: secrets.filter((secret) => texts.some((one) => one.includes(secret))) }).toEqual({ id, leaked: [] });
    }
  });

  test('every payload is sealed, but for search attributes and the correlation id', () => {
    for (const [id, run] of stored) {
      const open = payloads(run).filter(({ metadata }) => !['binary/encrypted', Buffer.from('binary/encrypted').toString('base64')].includes(metadata.encoding));
      const values = open.filter(({ name }) => name !== 'indexedFields').map(({ name, data }) => `${name} ${text(data)}`);
      expect({ id, values: values.filter((value) => !/^(wattbook-)?correlation[-_]id "/.test(value)) }).toEqual({ id, values: [] });
      // Ids, zones and states: one word each
      for (const { data } of open.filter(({ name }) => name === 'indexedFields')) expect(text(data)).toMatch(/^\[?"[\w-]+"\]?$/);
    }
  });

  test('and its owner\'s codec opens it: what was looked for was written', async () => {
    const [codec] = system.temporal.options.loadedDataConverter.payloadCodecs;
    const sealed = [...stored].filter(([id]) => id.startsWith('workload/')).flatMap(([, run]) => payloads((run as { history: unknown }).history)).filter(({ metadata }) => text(metadata.encoding) === 'binary/encrypted');
    const opened = await codec!.decode(sealed.map(({ metadata, data }) => ({ metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')])), data: Buffer.from(data ?? '', 'base64') })));
    const plain = opened.map(({ data }) => Buffer.from(data ?? []).toString());
    expect(plain.filter((one) => one.includes(`${CANARY} amended`)).length).toBeGreaterThan(0);
    expect(plain.filter((one) => one.includes(system.orgs['aurora-labs']!)).length).toBeGreaterThan(0);
  });
});
