import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resumeWaitMs, type Resumed } from './resume.ts';

const at = (atMs: number, gpus = 1): Resumed => ({ gpus, atMs });

describe('W-105: at most 10 % of the zone\'s GPUs per 10 s', () => {
  test.each<[string, Resumed[], number, number, number, number]>([
    ['the first comes at once', [], 1, 80, 0, 0],
    ['8 of 80 GPUs come at once', Array.from({ length: 7 }, () => at(0)), 1, 80, 0, 0],
    ['the ninth waits until the first is 10 s old', Array.from({ length: 8 }, () => at(0)), 1, 80, 4_000, 6_000],
    ['and comes then', Array.from({ length: 8 }, () => at(0)), 1, 80, 10_000, 0],
    ['4 GPUs wait for 4 places', [at(0, 4), at(1_000, 4)], 4, 80, 2_000, 8_000],
    ['8 GPUs wait for all 8', [at(0, 4), at(1_000, 4)], 8, 80, 2_000, 9_000],
    // 9 GPUs in France: 10 % are 0.9, so 1 GPU comes alone, and the next after 10 s × 1 ÷ 0.9
    ['more than 10 % comes alone', [at(0)], 1, 9, 0, 11_112],
    ['a job of 8 of 80 in a zone of 20 holds its place for 40 s', [at(0, 8)], 1, 20, 0, 40_000],
    ['a zone without GPUs has no pace: placement decides', [at(0)], 1, 0, 0, 0],
  ])('%s', (_, resumed, gpus, zoneGpus, nowMs, wait) => expect(resumeWaitMs(resumed, { gpus }, zoneGpus, nowMs)).toBe(wait));
});

test('whatever comes back, no 10 s see more than 10 % of the GPUs, or one job alone; and it takes no longer than the pace needs', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 200 }), (jobs, zoneGpus) => {
    const resumed: Resumed[] = [];
    let nowMs = 0;
    for (const gpus of jobs) {
      nowMs += resumeWaitMs(resumed, { gpus }, zoneGpus, nowMs);
      expect(resumeWaitMs(resumed, { gpus }, zoneGpus, nowMs)).toBe(0);
      resumed.push({ gpus, atMs: nowMs });
    }
    for (const { atMs } of resumed) {
      const within = resumed.filter((other) => other.atMs >= atMs && other.atMs < atMs + 10_000);
      const gpus = within.reduce((sum, one) => sum + one.gpus, 0);
      expect(within.length === 1 || gpus * 10 <= zoneGpus).toBe(true);
    }
    const total = jobs.reduce((sum, gpus) => sum + gpus, 0);
    // Twice the ideal time, because a job that does not fit waits for a whole place, and one place more at the end.
    expect(nowMs).toBeLessThanOrEqual(2 * ((total * 100_000) / zoneGpus) + 10_000);
  }));
});
