import { describe, expect, test } from 'vitest';
import { GPUS, hostClass, HOSTS, samplePowerModel } from './gpus.ts';

describe('W-7: GPU models and hosts', () => {
  test.each([
    ['h100-sxm-80', 80, 70, 700, 1_000, 164], ['h200-sxm-141', 141, 75, 700, 1_150, 190], ['a100-sxm-80', 80, 55, 400, 500, 150],
    ['l40s-48', 48, 35, 350, 400, 110], ['rtx4090-24', 24, 20, 450, 350, 105], ['rtx3090-24', 24, 25, 350, 200, 100], ['rtx4080-16', 16, 15, 320, 250, 90],
  ])('%s', (model, memoryGb, idleW, maxW, speedE3, embodiedKg) => {
    expect(GPUS[model]).toEqual({ memoryGb, idleW, maxW, speedE3, embodiedKg });
    expect(model.endsWith(`-${memoryGb}`), 'the memory is in the name').toBe(true);
  });

  test.each([
    ['owner_datacenter', 8, 'host-8', 500, 1_200, 5_700], ['owner_datacenter', 4, 'host-4', 300, 700, 3_400], ['owner_gamer', 1, 'host-gamer', 60, 160, 350],
  ] as const)('%s with %s GPUs has a %s', (owner, gpus, host, idleW, maxW, embodiedKg) => {
    expect(hostClass(owner, gpus)).toBe(host);
    expect(HOSTS[host]).toEqual({ idleW, maxW, embodiedKg });
  });

  test('a model that the table does not have has no sample power model', () => {
    expect(samplePowerModel('abacus-1', 'host-4')).toBeNull();
    expect(samplePowerModel('l40s-48', 'host-4')).toEqual({ version: 'pm-2026.1', hostIdleW: 300, hostMaxW: 700, gpuIdleW: 35, gpuMaxW: 350 });
  });
});
