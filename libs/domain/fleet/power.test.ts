import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { samplePowerModel } from './gpus.ts';
import { energyOver, jobPowerMw, nodePowerMw, type PowerModel, UTILISATION_E3 } from './power.ts';

const paris = samplePowerModel('h100-sxm-80', 'host-8')!;
const all = (gpus: number, u: number) => Array.from({ length: gpus }, () => u);

describe('W-8: power of a node', () => {
  test.each([
    ['idle fr-paris-1: 500 + 8 × 70', paris, all(8, 0), 1_060_000n],
    ['all 8 GPUs at 0.95: 500 + 700 × 0.95 + 8 × (70 + 630 × 0.95)', paris, all(8, 950), 6_513_000n],
    ['flat out', paris, all(8, 1_000), 6_800_000n],
    ['half of the GPUs at 1: the host at its mean of 0.5', paris, [...all(4, 1_000), ...all(4, 0)], 850_000n + 4n * 700_000n + 4n * 70_000n],
    ['a gamer at 0.98', samplePowerModel('rtx4090-24', 'host-gamer')!, all(1, 980), 158_000n + 20_000n + 421_400n],
    ['a host without GPUs', paris, [], 500_000n],
  ])('%s', (_name, model, gpus, mw) => expect(nodePowerMw(model, gpus)).toBe(mw));
});

describe('W-8, W-25: power of one job', () => {
  test.each([
    ['one of eight, alone: 580.5 W ÷ 8 is 72.5625 W, half to even', { gpus: 1, u: 920 }, { gpus: 8, busyGpus: 1 }, 649_600n + 72_562n],
    ['all of them: the whole node', { gpus: 8, u: 950 }, { gpus: 8, busyGpus: 8 }, 6_513_000n],
    ['one of eight, on a full node: an eighth of the busy host', { gpus: 1, u: 1_000 }, { gpus: 8, busyGpus: 8 }, 700_000n + 150_000n],
  ])('%s', (_name, job, node, mw) => expect(jobPowerMw(paris, job, node)).toBe(mw));

  test('jobs that fill a node share out all of its power, to the rounding of each', () => {
    const parts = fc.constantFrom([1, 7], [2, 2, 4], [8], [1, 1, 1, 1, 1, 1, 1, 1], [3, 5]);
    fc.assert(fc.property(parts, fc.nat(1_000), fc.nat(1_000), fc.nat(1_000), (split, u, hostIdleW, extra) => {
      const model: PowerModel = { ...paris, hostIdleW, hostMaxW: hostIdleW + extra };
      const sum = split.reduce((total, gpus) => total + jobPowerMw(model, { gpus, u }, { gpus: 8, busyGpus: 8 }), 0n);
      const off = sum - nodePowerMw(model, all(8, u));
      return off >= -8n && off <= 8n;
    }));
  });
});

describe('energy and use', () => {
  test.each([[1_000n, 1_000n, 1_000n], [6_513_000n, 3_600_000n, 23_446_800_000n], [1n, 500n, 0n], [1n, 1_500n, 2n], [3n, 500n, 2n]])(
    '%s mW for %s ms is %s mJ', (mw, ms, mj) => expect(energyOver(mw, ms)).toBe(mj));

  test('use by kind is the table of W-8', () => {
    expect(UTILISATION_E3).toEqual({ fine_tune: 920, training: 950, batch_inference: 750, embedding: 600, evaluation: 700, render: 980, custom: 800 });
  });
});
