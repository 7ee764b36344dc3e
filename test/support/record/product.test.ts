/** Stories told through the API of the whole product: commands of customers and operators. */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { workloadWorkflowId } from '#workflows/workloads/workload.messages';
import { query } from '../database.ts';
import { startSystem, type System } from '../system.ts';
import { recording } from './record.ts';

const WORKLOADS = '/api/v1/workloads';
let system: System;
beforeAll(async () => {
  system = await startSystem({ nodes: ['fr-paris-1', 'de-frankfurt-1', 'be-brussels-1'], pace: { pollMs: 500, progressEveryMs: 1_000 } });
});
afterAll(() => system?.close());

const aurora = (method: string, path: string, body?: unknown) => system.as('aurora-labs')(method, path, body);
const reaches = (id: string, states: RegExp, timeout = 60_000) => expect.poll(async () => (await aurora('GET', `${WORKLOADS}/${id}`)).json.state, { timeout, interval: 100 }).toMatch(states);
const command = async (id: string, name: string, body: object = {}, method = 'POST') => {
  const answer = await aurora(method, `${WORKLOADS}/${id}/${name}`, body);
  expect(answer.status, answer.text).toBeLessThan(300);
  return answer.json;
};
const cancelled = async (id: string) => {
  await command(id, 'cancel');
  await reaches(id, /cancelled/);
};
const recorded = (id: string) => ({ temporal: system.temporal, workflowId: workloadWorkflowId(id) });
const order = async (over: object = {}): Promise<string> => {
  const answer = await aurora('POST', WORKLOADS, {
    name: 'recorded', kind: 'fine_tune', resources: { gpu_count: 1, gpu_memory_gb: 40 }, work: { h100_seconds: 36_000 }, checkpoint: { supported: true, size_gb: 1, interval_s: 300 },
    schedule: { flexible: false }, constraints: { zones: ['FR', 'DE'] }, ...over,
  });
  expect(answer.status, answer.text).toBe(202);
  return answer.json.id;
};

describe('commands', () => {
  recording('workload', 'completed', async () => {
    const id = await order({ work: { h100_seconds: 300 } });
    await reaches(id, /completed/);
    return recorded(id);
  });

  recording('workload', 'cancelled', async () => {
    const id = await order();
    await reaches(id, /running/);
    await cancelled(id);
    return recorded(id);
  });

  recording('workload', 'paused-resumed', async () => {
    const id = await order({ work: { h100_seconds: 900 } });
    await reaches(id, /running/);
    await command(id, 'pause');
    await reaches(id, /paused/);
    await command(id, 'resume');
    await reaches(id, /completed/);
    return recorded(id);
  });

  recording('workload', 'rerouted', async () => {
    const id = await order();
    await reaches(id, /running/);
    const { node } = (await aurora('GET', `${WORKLOADS}/${id}`)).json;
    const target = node === 'fr-paris-1' ? 'de-frankfurt-1' : 'fr-paris-1';
    await command(id, 'reroute', { mode: 'force', target_node: target });
    await expect.poll(async () => { const row = (await aurora('GET', `${WORKLOADS}/${id}`)).json; return `${row.node} ${row.state}`; }, { timeout: 60_000 }).toBe(`${target} running`);
    await command(id, 'reroute', { mode: 'evaluate' });
    await cancelled(id);
    return recorded(id);
  });

  // Labels stay out of it: a recorded history is plain, and holds nothing that a customer wrote
  recording('workload', 'amended', async () => {
    const id = await order();
    await reaches(id, /running/);
    expect((await aurora('PATCH', `${WORKLOADS}/${id}`, { budget: { kwh: '900' } })).status).toBe(200);
    await cancelled(id);
    return recorded(id);
  });

  recording('workload', 'queued-routed', async () => {
    const [{ gpus }] = (await query<{ gpus: number }>(system.database.superuserUrl, `select gpus from nodes where slug = 'be-brussels-1'`)) as [{ gpus: number }];
    const inBe = { constraints: { zones: ['BE'] } };
    const all = await order({ ...inBe, resources: { gpu_count: gpus, gpu_memory_gb: 40 } });
    await reaches(all, /running/);
    const id = await order({ ...inBe, work: { h100_seconds: 300 } });
    await reaches(id, /queued/);
    await command(id, 'route', {}, 'PUT');
    await reaches(id, /queued/);
    await cancelled(all);
    await command(id, 'route', {}, 'PUT');
    await reaches(id, /completed/);
    return recorded(id);
  });

  recording('workload', 'cancelled-in-temporal', async () => {
    const id = await order();
    await reaches(id, /running/);
    await system.temporal.workflow.getHandle(workloadWorkflowId(id)).cancel();
    await reaches(id, /cancelled/);
    return recorded(id);
  });
});
