import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { sha256Hex } from '#platform/signing/sha256';
import { JobBody } from '../jobs/job-body.ts';
import type { JobChange } from './machine.ts';
import { simulatedInventory } from './simulated-inventory.ts';
import { SimulatedMachine } from './simulated-machine.ts';

const T0 = Date.parse('2026-11-03T11:00:00Z');
const WORKLOAD = '01a1a0d9-a2e0-7000-8000-000000000001';
const body = (over: object = {}) => JobBody.parse({
  fence: 1, workload_id: WORKLOAD, segment: 1, kind: 'training', program: null, gpu_count: 8, gpu_memory_gb: 80, units_total: 36_000, units_done: 0, restore: null,
  checkpoint: { interval_s: 300, upload_uri: 'sim://store', size_bytes: 20_000_000_000 }, limits: { max_seconds: null, max_mj: null }, nonce: 'n', ...over,
});

let changes: (JobChange & { jobId: string })[];
const machine = (slug = 'fr-paris-1', timeScale = 60) => {
  changes = [];
  const { inventory, speedE3 } = simulatedInventory(slug, timeScale);
  return new SimulatedMachine({ inventory, speedE3, slug, reportS: 10, onChange: (jobId, change) => changes.push({ jobId, ...change }) });
};
const start = (on: SimulatedMachine, over: object = {}, jobId = 'job.1') => {
  const spec = body(over);
  const gpus = on.inventory.gpus.slice(0, spec.gpu_count).map(({ uuid }) => uuid);
  on.start({ jobId, body: spec, gpus, unitsDone: spec.units_done, restoreBytes: spec.restore?.size_bytes ?? null, energyMj: 0n });
};
const after = (seconds: number) => vi.setSystemTime(T0 + seconds * 1_000);
const states = () => changes.map(({ state, at }) => `${(at - T0) / 1_000} ${state}`);

beforeEach(() => vi.useFakeTimers({ now: T0, toFake: ['Date', 'setTimeout', 'clearTimeout'] }));
afterEach(() => vi.useRealTimers());

describe('power (W-8)', () => {
  test('idle fr-paris-1 draws 1,060 W; all 8 GPUs at training\'s 0.95 draw 6,513 W (± 1 W)', () => {
    const node = machine();
    expect(node.draw().powerMw).toBe(1_060_000n);
    start(node, { checkpoint: null });
    expect(Math.abs(Number(node.draw().powerMw) / 1_000 - 6_513)).toBeLessThanOrEqual(1);
  });

  test('ten seconds of wall time at scale 60 are 600 node seconds of energy, split by device', () => {
    const node = machine();
    start(node, { checkpoint: null, gpu_count: 1 });
    after(10);
    const [slice, ...more] = node.takeSlices();
    expect(more).toEqual([]);
    expect([slice!.start, slice!.end]).toEqual([T0, T0 + 10_000]);
    expect(slice!.devices[0]).toMatchObject({ idleMj: 42_000_000n, jobs: [{ holder: { jobId: 'job.1', fence: 1 }, energyMj: (630_000n * 950n * 600n) / 1_000n }] });
    expect(slice!.devices.slice(1).every(({ idleMj, jobs }) => idleMj === 42_000_000n && jobs.length === 0)).toBe(true);
    expect(slice!.hostMj).toBe((500n + (700n * 950n) / 8_000n) * 600_000n + 75_000n);
  });

  test('streams of inference share a GPU and are nobody\'s job; a GPU with a job takes none', () => {
    const node = machine('gamer-fr-1');
    expect(Array.from({ length: 65 }, () => node.openStream())).toEqual([...Array(64).fill(0), undefined]);
    expect(node.draw().utilisationE3).toEqual([1_000]);
    for (let i = 0; i < 64; i += 1) node.closeStream(0);
    start(node, { gpu_count: 1, gpu_memory_gb: 16 });
    expect(node.openStream()).toBeUndefined();
  });
});

describe('work (W-28)', () => {
  test('speed × GPUs units per node second: 8 H100 at scale 60 finish 36,000 units in 75 s', () => {
    const node = machine();
    start(node, { checkpoint: null });
    after(37.5);
    expect(node.progress('job.1')?.unitsDone).toBe(18_000);
    after(80);
    node.cut();
    expect(states()).toEqual(['0 running', '75 completed']);
    expect(changes.at(-1)).toMatchObject({ unitsDone: 36_000, result: { sha256: sha256Hex(`${WORKLOAD}:36000`) } });
  });

  test('a slower GPU does less: an A100 half as many units', () => {
    const node = machine('be-brussels-1');
    start(node, { checkpoint: null, gpu_count: 1 });
    after(10);
    expect(node.progress('job.1')?.unitsDone).toBe(300);
  });

  test('a checkpoint every 300 node seconds takes 20 s and 20 GB at 2 GB/s, at full power, without progress', () => {
    const node = machine();
    start(node);
    after(6);
    expect(node.progress('job.1')?.unitsDone).toBe(5 * 60 * 8 + 0.5 * 60 * 8);
    expect(states()).toEqual(['0 running', '5 checkpointing', '5.5 running']);
    expect(changes[2]!.checkpoint).toMatchObject({ units_done: 2_400, size_bytes: 20_000_000_000, uri: 'sim://store/job.1@2400', at: '2026-11-03T11:00:05.500Z' });
    after(10.6);
    expect(node.draw().utilisationE3).toEqual(Array(8).fill(1_000));
  });

  test('a restore of 20 GB takes 30 node seconds before the first unit, and work goes on from there', () => {
    const node = machine();
    start(node, { units_done: 12_000, restore: { uri: 'x', sha256: 'a'.repeat(64), size_bytes: 20_000_000_000 } });
    after(0.499);
    expect(node.progress('job.1')?.unitsDone).toBe(12_000);
    after(1.5);
    expect(node.progress('job.1')?.unitsDone).toBe(12_480);
    expect(states()).toEqual(['0.5 running']);
  });

  test('pause saves, then stops; asking twice saves once', () => {
    const node = machine();
    start(node);
    after(2);
    node.checkpoint('job.1', true);
    after(2.2);
    node.checkpoint('job.1', true);
    after(3);
    node.cut();
    expect(states()).toEqual(['0 running', '2 checkpointing', '2.5 stopped']);
    expect(changes.at(-1)?.checkpoint?.units_done).toBe(960);
  });

  test('pause of what cannot be saved stops it at once; a stop needs no save', () => {
    const node = machine();
    start(node, { checkpoint: null, gpu_count: 1 }, 'job.1');
    after(1);
    node.checkpoint('job.1', true);
    expect(states()).toEqual(['0 running', '1 stopped']);
    start(node, {}, 'job.2');
    node.stop('job.2');
    expect(changes.at(-1)).toMatchObject({ jobId: 'job.2', state: 'stopped' });
    expect(node.draw().powerMw).toBe(1_060_000n);
  });

  test.each([
    ['max_seconds', { max_seconds: 120, max_mj: null }, 2],
    ['max_mj', { max_seconds: null, max_mj: '651300000' }, 1.667],
  ])('limits end a job: %s', (_name, limits, at) => {
    const node = machine();
    start(node, { checkpoint: null, limits });
    after(3);
    node.cut();
    expect(changes.at(-1)).toMatchObject({ state: 'failed', error: { code: 'limit_exceeded' } });
    expect((changes.at(-1)!.at - T0) / 1_000).toBeCloseTo(at, 2);
  });

  test('the demo\'s control finishes a job by its normal path', () => {
    const node = machine();
    start(node);
    after(1);
    expect([node.complete('job.1'), node.complete('nobody')]).toEqual([true, false]);
    expect(changes.at(-1)).toMatchObject({ state: 'completed', unitsDone: 36_000 });
  });

  test('whoever looks, and how often, changes nothing', () => {
    const [seldom, often] = [machine(), machine()].map((node, i) => {
      vi.setSystemTime(T0);
      const one = i === 0 ? machine() : node;
      start(one, { kind: 'render' });
      if (i === 1) for (let ms = 7; ms < 30_000; ms += 613) {
        vi.setSystemTime(T0 + ms);
        one.progress('job.1');
      }
      after(30);
      return { progress: one.progress('job.1'), slices: one.takeSlices() };
    });
    expect(often).toEqual(seldom);
  });
});

describe('what a report may cover', () => {
  test('slices end at multiples of the report time, also when nobody came by for a minute', () => {
    vi.setSystemTime(T0 + 3_400);
    const node = machine();
    after(61);
    expect(node.takeSlices().map(({ start: from, end }) => [(from - T0) / 1_000, (end - T0) / 1_000])).toEqual([[4, 10], [10, 20], [20, 30], [30, 40], [40, 50], [50, 60]]);
  });

  test('a cut ends the slice at the last whole second; a second is never cut twice', () => {
    const node = machine();
    after(3.7);
    node.cut();
    node.cut();
    after(10);
    expect(node.takeSlices().map(({ start: from, end }) => [(from - T0) / 1_000, (end - T0) / 1_000])).toEqual([[0, 3], [3, 10]]);
  });

  test('a cut in the middle of a second takes none of its energy: every slice lies within what its time can hold', () => {
    const node = machine();
    start(node, { kind: 'training', checkpoint: null, units_total: 10_000_000 });
    for (let ms = 0; ms < 20_000; ms += 457) {
      vi.setSystemTime(T0 + ms);
      node.cut();
    }
    const slices = node.takeSlices();
    expect(slices.length).toBeGreaterThan(15);
    // 8 GPUs at 668.5 W, idle 70 W apart; scale 60
    for (const { start: from, end, devices } of slices) expect(devices[0]!.jobs[0]!.energyMj).toBe((630n * 950n * 60n * BigInt(end - from)) / 1_000n);
  });

  test('a meter that is off reads nothing, and says so', () => {
    const node = machine();
    node.setMeter(false);
    after(10);
    expect([node.takeSlices(), node.meter()]).toEqual([[], 'no_reading']);
  });

  test('no microjoule is lost between slices', () => {
    const node = machine('it-milan-1', 7);
    start(node, { gpu_count: 3, gpu_memory_gb: 40, kind: 'fine_tune', checkpoint: null, units_total: 10_000_000 });
    after(100);
    const slices = node.takeSlices();
    const total = slices.flatMap(({ devices }) => devices).reduce((sum, { idleMj, jobs }) => sum + idleMj + jobs.reduce((all, { energyMj }) => all + energyMj, 0n), 0n);
    expect(total).toBe(4n * 35n * 700_000n + (3n * 315n * 920n * 700_000n) / 1_000n);
  });
});

test('simulated hardware exists for the sample fleet only', () => {
  expect(() => simulatedInventory('somewhere-1', 12)).toThrow('NODE_HARDWARE=real');
  expect(simulatedInventory('us-tx-1', 12)).toMatchObject({ speedE3: 1_150, inventory: { hardware: 'simulated', host: { model: 'host-8' }, power: { gpuMaxW: 700, hostMaxW: 1_200 } } });
  const ids = ['fr-paris-1', 'de-frankfurt-1'].flatMap((slug) => simulatedInventory(slug, 1).inventory.gpus.map(({ uuid }) => uuid));
  expect(new Set(ids).size).toBe(16);
});
