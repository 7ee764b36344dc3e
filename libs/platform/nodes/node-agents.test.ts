import { describe, expect, test } from 'vitest';
import { NodeCallError } from './agent-client.ts';
import { jobIdOf, NodeAgents } from './node-agents.ts';

const ADDRESS = { nodeId: 'n-1', url: 'http://127.0.0.1:9', token: 't' };

/** Agents whose client answers as told, and what was reported as failed. */
function agents(client: Record<string, (...args: any[]) => Promise<unknown>>, known = true) {
  const failed: string[] = [];
  const directory = { find: async (id: string) => (known ? { ...ADDRESS, nodeId: id } : undefined) };
  return { failed, agents: new NodeAgents(directory as never, client as never, async (id) => void failed.push(id)) };
}

describe('agents by the id of their node', () => {
  test.each([
    ['putJob', ['job.1', { fence: 1 }]], ['getJob', ['job.1']], ['checkpoint', ['job.1', 2, 'move']], ['pause', ['job.1', 2]], ['deleteJob', ['job.1', 2]], ['health', []], ['completeJobs', [['job.1']]],
  ] as const)('%s goes to the address that the directory knows', async (method, args) => {
    const calls: unknown[][] = [];
    const { agents: all, failed } = agents({ [method]: async (...given) => { calls.push(given); return 'answer'; } });
    expect(await (all[method] as any)('n-1', ...args)).toBe('answer');
    expect(calls).toEqual([[ADDRESS, ...args]]);
    expect(failed).toEqual([]);
  });

  test('a node that has never registered cannot be reached, and that is no failed call of it', async () => {
    const { agents: all, failed } = agents({}, false);
    await expect(all.health('n-2')).rejects.toMatchObject({ code: 'node_unreachable' });
    expect(failed).toEqual([]);
  });

  test.each(['node_unreachable', 'node_protocol_error'] as const)('W-34: %s is told once, and thrown on', async (code) => {
    const { agents: all, failed } = agents({ getJob: async () => { throw new NodeCallError(code, 'n-1', 'x'); } });
    await expect(all.getJob('n-1', 'job.1')).rejects.toMatchObject({ code });
    expect(failed).toEqual(['n-1']);
  });

  test('a refusal is an answer, and a bug of ours is not the node’s failure', async () => {
    const refused = { ok: false, code: 'no_capacity', detail: 'full' };
    const { agents: all, failed } = agents({ putJob: async () => refused, getJob: async () => { throw new TypeError('ours'); } });
    expect(await all.putJob('n-1', 'job.1', {} as never)).toBe(refused);
    await expect(all.getJob('n-1', 'job.1')).rejects.toThrow(TypeError);
    expect(failed).toEqual([]);
  });

  test('W-16: a job is a workload’s stay', () => expect(jobIdOf('w-1', 3)).toBe('w-1.3'));
});
