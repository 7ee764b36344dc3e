import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { sha256Hex } from '#platform/signing/sha256';
import { JobBody } from '../jobs/job-body.ts';
import type { JobChange } from './machine.ts';
import { modelOf, parseNvidiaSmi, type GpuReading } from './nvidia-smi.ts';
import { RaplCounter, type PowercapFiles } from './rapl.ts';
import { RealMachine } from './real-machine.ts';

// As `nvidia-smi --query-gpu=uuid,name,memory.total,power.draw,power.max_limit,utilization.gpu --format=csv,noheader,nounits` prints it.
const TWO_GPUS = [
  'GPU-8a56a4bc-d4a6-4b4c-9a0e-3d2c0d3c3f10, NVIDIA H100 80GB HBM3, 81559, 68.94, 700.00, 0',
  'GPU-8a56a4bc-d4a6-4b4c-9a0e-3d2c0d3c3f11, NVIDIA H100 80GB HBM3, 81559, 649.60, 700.00, 97',
  '',
].join('\n');

describe('nvidia-smi', () => {
  test('two cards, one at work', () => {
    expect(parseNvidiaSmi(TWO_GPUS)).toMatchObject([
      { gpu: { model: 'h100-sxm-80', memory_gb: 80 }, powerMw: 68_940n, maxW: 700, utilisationE3: 0 },
      { powerMw: 649_600n, utilisationE3: 970 },
    ]);
  });

  test.each(['[N/A]', '[Not Supported]', '[GPU requires reset]', 'N/A', '-1'])('%s is no reading, not 0', (power) => {
    expect(parseNvidiaSmi(TWO_GPUS.replace('68.94', power))[0]!.powerMw).toBeNull();
  });

  test.each([
    'NVIDIA-SMI has failed because it couldn\'t communicate with the NVIDIA driver.',
    'No devices were found',
    'GPU-1, NVIDIA H100 80GB HBM3, [N/A], 68.94, 700.00, 0',
  ])('an error text is no card: %s', (text) => expect(() => parseNvidiaSmi(text)).toThrow('nvidia-smi said'));

  test.each([
    ['NVIDIA GeForce RTX 4090', 'rtx4090-24'], ['NVIDIA GeForce RTX 3090', 'rtx3090-24'], ['NVIDIA GeForce RTX 3090 Ti', 'nvidia-geforce-rtx-3090-ti'], ['NVIDIA A100-SXM4-80GB', 'a100-sxm-80'],
    ['NVIDIA L40S', 'l40s-48'], ['NVIDIA H200', 'h200-sxm-141'], ['Tesla T4', 'tesla-t4'],
  ])('%s is %s', (name, model) => expect(modelOf(name)).toBe(model));
});

/** The kernel's files as they lie under /sys/class/powercap on a machine with two packages. */
const powercap = (energies: Record<string, bigint>): PowercapFiles => ({
  list: () => ['dtpm', 'intel-rapl', 'intel-rapl:0', 'intel-rapl:0:0', 'intel-rapl:1', 'intel-rapl:1:0'],
  read: (zone, file) => {
    if (file === 'energy_uj' && zone in energies) return `${energies[zone]}\n`;
    if (file === 'max_energy_range_uj') return '262143328850\n';
    if (file === 'constraint_0_max_power_uw') return '270000000\n';
    throw Object.assign(new Error(`ENOENT: ${zone}/${file}`), { code: 'ENOENT' });
  },
});

describe('RAPL', () => {
  test('the packages\' counters, without their parts; a counter that wraps is not negative', () => {
    const energies = { 'intel-rapl:0': 262_143_000_000n, 'intel-rapl:1': 5n };
    const counter = new RaplCounter(powercap(energies));
    energies['intel-rapl:0'] = 1_000n;
    energies['intel-rapl:1'] = 2_000_005n;
    expect(counter.takeUj()).toBe(1_000n + 262_143_328_850n - 262_143_000_000n + 2_000_000n);
    expect(counter.takeUj()).toBe(0n);
    expect(counter.maxW()).toBe(540);
  });

  test('a machine without counters, or without leave to read them, says so', () => {
    expect(() => new RaplCounter({ list: () => ['dtpm'], read: () => '' })).toThrow('no processor package');
    expect(() => new RaplCounter(powercap({}))).toThrow('ENOENT');
  });
});

const machines: RealMachine[] = [];
afterEach(() => machines.splice(0).forEach((machine) => machine.close()));

function real(readings: () => readonly GpuReading[] | Error, energies = { 'intel-rapl:0': 0n, 'intel-rapl:1': 0n }) {
  const changes: (JobChange & { jobId: string })[] = [];
  const machine = new RealMachine({
    readings: parseNvidiaSmi(TWO_GPUS), rapl: new RaplCounter(powercap(energies)), jobsFolder: mkdtempSync(join(tmpdir(), 'jobs-')), reportS: 10,
    readGpus: async () => { const now = readings(); if (now instanceof Error) throw now; return now; }, onChange: (jobId, change) => changes.push({ jobId, ...change }),
  });
  machines.push(machine);
  return { machine, changes, start: (machine as unknown as { at: number }).at, energies };
}
const at = (first: number, second: number): GpuReading[] => parseNvidiaSmi(TWO_GPUS.replace('68.94', String(first)).replace('649.60', String(second)));

describe('RealMachine', () => {
  test('it is what driver and kernel say', () => {
    const { machine } = real(() => at(70, 70));
    expect(machine.inventory).toMatchObject({ hardware: 'real', timeScale: 1, power: { gpuIdleW: 70, gpuMaxW: 700, hostMaxW: 540 }, gpus: [{ memory_gb: 80 }, { memory_gb: 80 }] });
    expect(machine.method).toBe('nvml_power');
  });

  test('power is integrated by trapezoids, the host by its counters', async () => {
    let power = [68.94, 649.6] as [number, number];
    const { machine, start, energies } = real(() => at(...power));
    for (const [seconds, watts] of [[1, 100], [2, 300]] as const) {
      power = [watts, 649.6];
      energies['intel-rapl:0'] += 150_000_000n;
      if (seconds === 1) (machine as unknown as { lookedAt: number }).lookedAt = start;
      await machine.sample(start + seconds * 1_000);
    }
    machine.cut();
    // A slice may end at a whole second in between; what they hold together is the same.
    const slices = machine.takeSlices();
    const total = (of: (slice: (typeof slices)[number]) => bigint) => slices.reduce((sum, slice) => sum + of(slice), 0n);
    // (68.94 + 100) ÷ 2 + (100 + 300) ÷ 2 = 284.47 J; 2 × 649.6 J; host 2 × 150 J
    expect([0, 1].map((device) => total(({ devices }) => devices[device]!.idleMj))).toEqual([284_470n, 1_299_200n]);
    expect(total(({ hostMj }) => hostMj)).toBe(300_000n);
  });

  test('a second without a reading is missing, not zero: the slice ends before it', async () => {
    let now: readonly GpuReading[] | Error = at(100, 100);
    const { machine, start } = real(() => now);
    await machine.sample(start + 1_000);
    now = new Error('driver gone');
    await machine.sample(start + 2_000);
    expect(machine.meter()).toBe('no_reading');
    now = at(100, 100);
    await machine.sample(start + 3_000);
    machine.cut();
    expect(machine.takeSlices().map((slice) => [(slice.start - start) / 1_000, (slice.end - start) / 1_000])).toEqual([[0, 1], [2, 3]]);
    expect(machine.meter()).toBe('ok');
  });

  const job = (image: string, over: object = {}) => JobBody.parse({
    fence: 1, workload_id: '01a1a0d9-a2e0-7000-8000-000000000001', segment: 1, kind: 'custom', program: { image, command: [], env: { GREETING: 'hello' } }, gpu_count: 1, gpu_memory_gb: 80, units_total: 10, units_done: 0,
    restore: null, checkpoint: { interval_s: 300, upload_uri: 'file:///tmp' }, limits: { max_seconds: null, max_mj: null }, nonce: 'n', ...over,
  });
  const run = (machine: RealMachine, script: string, over: object = {}) => {
    const path = join(mkdtempSync(join(tmpdir(), 'program-')), 'program.sh');
    writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    machine.start({ jobId: 'w.1', body: job(path, over), gpus: [machine.inventory.gpus[0]!.uuid], unitsDone: 0, restoreBytes: null, energyMj: 0n });
  };

  test('a program runs to its end: progress, result, and the energy of its GPU', async () => {
    const { machine, changes, start, energies } = real(() => at(100, 100));
    run(machine, 'echo "wattbook progress 7"; sleep 0.4; printf %s "$GREETING $CUDA_VISIBLE_DEVICES" > result');
    energies['intel-rapl:0'] += 10_000_000n;
    await machine.sample(start + 1_000);
    await expect.poll(() => machine.progress('w.1')?.unitsDone ?? 7).toBe(7);
    await expect.poll(() => changes.at(-1)?.state, { timeout: 5_000 }).toBe('completed');
    expect(changes.at(-1)).toMatchObject({ unitsDone: 10, result: { sha256: sha256Hex(`hello ${machine.inventory.gpus[0]!.uuid}`) } });
    machine.cut();
    expect(machine.takeSlices()[0]!.devices[0]!.jobs).toMatchObject([{ holder: { jobId: 'w.1', fence: 1 } }]);
  });

  test('pause: the program saves when it is asked, then it is stopped', async () => {
    const { machine, changes } = real(() => at(100, 100));
    run(machine, 'trap \'echo weights > saved; echo "wattbook progress 4"; echo "wattbook checkpoint saved"\' USR1; echo "wattbook progress 1"; while true; do sleep 0.05; done');
    await expect.poll(() => machine.progress('w.1')?.unitsDone).toBe(1);
    machine.checkpoint('w.1', true);
    await expect.poll(() => changes.map(({ state }) => state), { timeout: 5_000 }).toEqual(['running', 'checkpointing', 'running', 'stopped']);
    expect(changes[2]!.checkpoint).toMatchObject({ units_done: 4, size_bytes: 8, sha256: sha256Hex('weights\n') });
  });

  test.each([
    ['a program that fails', 'exit 3', 'program_failed'],
    ['a program without a result', 'exit 0', 'no_result'],
  ])('%s is an error with a code', async (_name, script, code) => {
    const { machine, changes } = real(() => at(100, 100));
    run(machine, script);
    await expect.poll(() => changes.at(-1)?.error?.code, { timeout: 5_000 }).toBe(code);
  });

  test('a job without a program, and a program that is not there, fail', async () => {
    const { machine, changes } = real(() => at(100, 100));
    machine.start({ jobId: 'w.1', body: job('x', { program: null }), gpus: [], unitsDone: 0, restoreBytes: null, energyMj: 0n });
    expect(changes.at(-1)).toMatchObject({ state: 'failed', error: { code: 'no_program' } });
    machine.start({ jobId: 'w.2', body: job('/nowhere/at/all'), gpus: [], unitsDone: 0, restoreBytes: null, energyMj: 0n });
    await expect.poll(() => changes.at(-1)?.error?.code).toBe('cannot_start');
  });
});
