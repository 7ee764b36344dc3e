import { proxyActivities, sleep } from '@temporalio/workflow';

const { keep } = proxyActivities<{ keep(canary: string): Promise<readonly string[]> }>({ startToCloseTimeout: '10s' });

/** What the rule of O-60 forbids, on purpose: what does the next run see of it? */
const seen: string[] = [];
const box = globalThis as { canaries?: string[] };

export interface Sight {
  readonly module: readonly string[];
  readonly global: readonly string[];
  readonly builtIn: readonly string[];
  readonly activity: readonly string[];
}

/** Writes its canary wherever a run can write, stays alive between tasks, and says all canaries that it finds. */
export async function canary(own: string): Promise<Sight> {
  seen.push(own);
  box.canaries = [...(box.canaries ?? []), own];
  const lists = Array.prototype as { canaries?: string[] };
  lists.canaries = [...(lists.canaries ?? []), own];
  const activity = await keep(own);
  await sleep(200);
  return { module: [...seen], global: [...(box.canaries ?? [])], builtIn: [...(lists.canaries ?? [])], activity };
}
