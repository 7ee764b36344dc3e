import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { embodiedShare } from './embodied.ts';
import { GPUS, HOSTS, samplePowerModel, type HostClass } from './gpus.ts';
import { energyOver, jobPowerMw, nodePowerMw, UTILISATION_E3, type PowerModel } from './power.ts';

/** W-7's nodes: GPU, GPUs and host. */
const NODES: readonly (readonly [slug: string, gpu: string, gpus: number, host: HostClass, idleW: number, flatOutW: number])[] = [
  ['fr-paris-1', 'h100-sxm-80', 8, 'host-8', 1_060, 6_800], ['gb-london-1', 'h200-sxm-141', 8, 'host-8', 1_100, 6_800], ['es-madrid-1', 'a100-sxm-80', 8, 'host-8', 940, 4_400],
  ['nl-amsterdam-1', 'l40s-48', 8, 'host-8', 780, 4_000], ['be-brussels-1', 'a100-sxm-80', 4, 'host-4', 520, 2_300], ['it-milan-1', 'l40s-48', 4, 'host-4', 440, 2_100],
  ['gamer-ny-1', 'rtx4090-24', 1, 'host-gamer', 80, 610], ['gamer-fr-1', 'rtx4080-16', 1, 'host-gamer', 75, 480], ['gamer-de-1', 'rtx3090-24', 1, 'host-gamer', 85, 510],
];
const model: fc.Arbitrary<PowerModel> = fc.tuple(fc.nat(2_000), fc.nat(2_000), fc.nat(500), fc.nat(1_500))
  .map(([hostIdleW, host, gpuIdleW, gpu]) => ({ version: 'pm', hostIdleW, hostMaxW: hostIdleW + host, gpuIdleW, gpuMaxW: gpuIdleW + gpu }));
const use = fc.integer({ min: 0, max: 1_000 });
const uses = fc.array(use, { minLength: 1, maxLength: 8 });
const away = (a: bigint, b: bigint) => (a > b ? a - b : b - a);

describe('W-8: the sample nodes', () => {
  test.each(NODES)('%s, %s × %i in %s: %i W idle, %i W flat out', (_slug, gpu, gpus, host, idleW, flatOutW) => {
    const power = samplePowerModel(gpu, host)!;
    const at = (u: number) => nodePowerMw(power, Array.from({ length: gpus }, () => u));
    expect([at(0), at(1_000)]).toEqual([BigInt(idleW) * 1_000n, BigInt(flatOutW) * 1_000n]);
  });

  test.each(Object.entries(UTILISATION_E3))('%s on all of fr-paris-1: 1,060 W and u of the 5,740 W between', (_kind, u) => {
    expect(nodePowerMw(samplePowerModel('h100-sxm-80', 'host-8')!, Array.from({ length: 8 }, () => u))).toBe(1_060_000n + 5_740n * BigInt(u));
  });

  test('every model and host draws more at work than idle, and weighs something', () => {
    for (const { idleW, maxW, embodiedKg } of [...Object.values(GPUS), ...Object.values(HOSTS)]) {
      expect(maxW).toBeGreaterThan(idleW);
      expect(embodiedKg).toBeGreaterThan(0);
    }
  });

  test.each(['constructor', 'toString', '__proto__', ''])('a GPU that calls itself %j is not in the table', (name) => {
    expect(GPUS[name]).toBeUndefined();
    expect(samplePowerModel(name, 'host-8')).toBeNull();
  });
});

describe('W-8: any node', () => {
  test('P as the page writes it, to the milliwatt', () => {
    fc.assert(fc.property(model, uses, (power, gpus) => {
      const mean = gpus.reduce((a, b) => a + b, 0) / gpus.length / 1_000;
      const watts = power.hostIdleW + (power.hostMaxW - power.hostIdleW) * mean + gpus.reduce((sum, u) => sum + power.gpuIdleW + (power.gpuMaxW - power.gpuIdleW) * (u / 1_000), 0);
      return Math.abs(Number(nodePowerMw(power, gpus)) - watts * 1_000) <= 0.51;
    }));
  });

  test('lies between idle and flat out, grows with use, and does not care which GPU works', () => {
    fc.assert(fc.property(model, uses, fc.nat(7), (power, gpus, which) => {
      const now = nodePowerMw(power, gpus);
      expect(now >= nodePowerMw(power, gpus.map(() => 0)) && now <= nodePowerMw(power, gpus.map(() => 1_000))).toBe(true);
      expect(nodePowerMw(power, gpus.toReversed())).toBe(now);
      expect(nodePowerMw(power, gpus.map((u, i) => (i === which % gpus.length ? 1_000 : u))) >= now).toBe(true);
    }));
  });

  test('W-25: jobs of one kind and the idle GPUs share out the whole node, to half a milliwatt each', () => {
    fc.assert(fc.property(model, use, fc.integer({ min: 1, max: 8 }), fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }), (power, u, idleGpus, jobs) => {
      const busyGpus = jobs.reduce((a, b) => a + b, 0);
      const node = { gpus: busyGpus + idleGpus, busyGpus };
      const borne = jobs.reduce((sum, gpus) => sum + jobPowerMw(power, { gpus, u }, node), 0n);
      const whole = nodePowerMw(power, Array.from({ length: node.gpus }, (_, i) => (i < busyGpus ? u : 0)));
      // What stays with the owner: the idle GPUs, and their part of the host
      const hostMw = whole - BigInt(power.gpuIdleW * node.gpus) * 1_000n - BigInt((power.gpuMaxW - power.gpuIdleW) * u * busyGpus);
      const idle = BigInt(power.gpuIdleW * idleGpus) * 1_000n + (hostMw * BigInt(idleGpus)) / BigInt(node.gpus);
      return away(borne + idle, whole) <= BigInt(jobs.length + 2);
    }));
  });

  test('energy of a stretch is the energy of its parts, to half a millijoule each', () => {
    const ms = fc.bigInt(0n, 10n ** 10n);
    fc.assert(fc.property(fc.bigInt(0n, 10n ** 8n), ms, ms, (power, a, b) => away(energyOver(power, a) + energyOver(power, b), energyOver(power, a + b)) <= 1n));
  });
});

describe('W-9: embodied', () => {
  const LIFE = 94_608_000_000n;
  const node = fc.record({ gpuKg: fc.nat(300), hostKg: fc.nat(8_000), inNode: fc.constantFrom(1, 2, 4, 8) });

  test('all GPUs for the whole life weigh the whole node: GPUs and host', () => {
    fc.assert(fc.property(node, ({ gpuKg, hostKg, inNode }) => embodiedShare(gpuKg, hostKg, { used: inNode, inNode }, LIFE).value === BigInt(gpuKg * inNode + hostKg) * 10n ** 12n));
  });

  test('shares of the GPUs and of the life sum to it', () => {
    fc.assert(fc.property(node, fc.bigInt(0n, LIFE), ({ gpuKg, hostKg, inNode }, ms) => {
      const share = (used: number, time: bigint) => embodiedShare(gpuKg, hostKg, { used, inNode }, time).value as bigint;
      const whole = share(inNode, LIFE);
      expect(away(share(inNode, ms) + share(inNode, LIFE - ms), whole) <= 1n).toBe(true);
      expect(away(share(1, ms) * BigInt(inNode), share(inNode, ms)) <= BigInt(inNode)).toBe(true);
    }));
  });

  test('the range is ± 40 % of the exact figure, whatever was rounded', () => {
    fc.assert(fc.property(node, fc.bigInt(0n, 10n ** 9n), ({ gpuKg, hostKg, inNode }, ms) => {
      const { value, low, high } = embodiedShare(gpuKg, hostKg, { used: 1, inNode }, ms);
      expect(away((low as bigint) * 10n, (value as bigint) * 6n) <= 8n && away((high as bigint) * 10n, (value as bigint) * 14n) <= 12n).toBe(true);
    }));
  });
});
