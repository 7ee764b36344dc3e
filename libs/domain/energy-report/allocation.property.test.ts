import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sum } from '../quantities/quantities.ts';
import { allocate, hostIdle, hostJobs, signalIntervalStart, splitHost } from './allocation.ts';

const energy = fc.bigInt(0n, 10n ** 13n);
const jobs = (names: readonly string[]) => names.map((job) => ({ job }));
/** Devices that hold up to three of five jobs each, with any energies. */
const node = fc
  .record({
    devices: fc.array(fc.record({ idle: energy, held: fc.uniqueArray(fc.constantFrom('A', 'B', 'C', 'D', 'E'), { maxLength: 3 }), work: fc.tuple(energy, energy, energy) }), { minLength: 1, maxLength: 8 }),
    host: energy,
  })
  .map(({ devices, host }) => {
    const readings = devices.map(({ idle, held, work }, i) => {
      const lines = held.toSorted().map((job, at) => ({ job, energy_mj: String(work[at]) }));
      return { device_id: `gpu${i}`, jobs: lines, idle_mj: String(idle), energy_mj: String(idle + sum(lines.map((line) => BigInt(line.energy_mj)))) };
    });
    const split = splitHost(host, readings);
    return { devices: readings, host: { energy_mj: String(host), idle_mj: String(hostIdle(split)), jobs: hostJobs(split).map(([job, part]) => ({ job, energy_mj: String(part) })) } };
  });

describe('allocate', () => {
  test('W-25: Σ tenants + idle = device + host, to the millijoule', () => {
    fc.assert(
      fc.property(node, (report) => {
        const { byJob, ownerIdle } = allocate(report);
        const whole = sum([...report.devices, report.host].map((part) => BigInt(part.energy_mj)));
        return sum([...byJob.values()]) + ownerIdle === whole;
      }),
      { numRuns: 1_000 },
    );
  });

  test('whoever holds nothing bears nothing, and whoever holds a device bears at least its work', () => {
    fc.assert(
      fc.property(node, (report) => {
        const { byJob } = allocate(report);
        const held = new Set<string>(report.devices.flatMap((device) => device.jobs.map(({ job }) => job)));
        return [...byJob].every(([job, borne]) => held.has(job) && borne >= sum(report.devices.flatMap((device) => device.jobs.filter((line) => line.job === job).map((line) => BigInt(line.energy_mj)))));
      }),
      { numRuns: 500 },
    );
  });

  test('the order of devices changes nothing', () => {
    fc.assert(
      fc.property(node, (report) => {
        const reversed = allocate({ ...report, devices: report.devices.toReversed() });
        expect({ ...reversed, byJob: [...reversed.byJob].sort() }).toEqual({ ...allocate(report), byJob: [...allocate(report).byJob].sort() });
      }),
    );
  });

  test('M-40: a job listed with "0" bears the device\'s idle energy all the same; two such bear it alike', () => {
    const idle = { energy_mj: '0', idle_mj: '0', jobs: [] };
    const device = (names: string[]) => ({ device_id: 'gpu0', energy_mj: '7', idle_mj: '7', jobs: names.map((job) => ({ job, energy_mj: '0' })) });
    expect(allocate({ devices: [device(['A'])], host: idle }).byJob).toEqual(new Map([['A', 7n]]));
    expect(allocate({ devices: [device(['A', 'B'])], host: idle }).byJob).toEqual(new Map([['A', 4n], ['B', 3n]]));
    expect(allocate({ devices: [device([])], host: idle })).toEqual({ byJob: new Map(), ownerIdle: 7n });
  });

  test('the worked example of the receipts: two reports of a shared node, 335,000,124 and 332,000,457 mJ', () => {
    const [ours, theirs] = ['KKUvH0-kpIDeCqsfoaG3T5AD7zWqsLtq_jqa7tNDXjw', 'OwstTtVpV4Q_xQ6ybzthJS0bQB-CTiK6eqxkYBqHBgo'];
    const devices = [
      { device_id: 'gpu0', energy_mj: '195000123', idle_mj: '21000000', jobs: [{ job: ours, energy_mj: '174000123' }] },
      { device_id: 'gpu1', energy_mj: '201000000', idle_mj: '21000000', jobs: [{ job: theirs, energy_mj: '180000000' }] },
    ];
    const split = splitHost(280_000_001n, devices);
    expect(hostJobs(split)).toEqual([[ours, 140_000_001n], [theirs, 140_000_000n]]);
    const host = { energy_mj: '280000001', idle_mj: '0', jobs: hostJobs(split).map(([job, part]) => ({ job, energy_mj: String(part) })) };
    expect(allocate({ devices, host }).byJob.get(ours)).toBe(335_000_124n);
  });
});

describe('splitHost', () => {
  test.each([
    ['nobody', [[], []], 101n, 101n, []],
    ['one of two GPUs used; the odd mJ goes to work', [['A'], []], 101n, 50n, [['A', 51n]]],
    ['two jobs share one GPU of two', [['A', 'B'], []], 100n, 50n, [['A', 25n], ['B', 25n]]],
    ['one job on both', [['A'], ['A']], 101n, 0n, [['A', 101n]]],
    ['three of three', [['C'], ['B'], ['A']], 100n, 0n, [['A', 34n], ['B', 33n], ['C', 33n]]],
  ] as const)('%s', (_name, held, host, idle, expected) => {
    const split = splitHost(host, held.map((names) => ({ jobs: jobs(names).map(({ job }) => ({ job, energy_mj: '0' })) })));
    expect(hostIdle(split)).toBe(idle);
    expect(hostJobs(split)).toEqual(expected);
  });
});

describe('signalIntervalStart', () => {
  test.each([
    ['2026-11-03T10:59:59.999Z', 3_600, '2026-11-03T10:00:00Z'],
    ['2026-11-03T11:00:00Z', 3_600, '2026-11-03T11:00:00Z'],
    ['2026-11-03T11:04:59Z', 300, '2026-11-03T11:00:00Z'],
    ['2026-11-03T11:04:59Z', 60, '2026-11-03T11:04:00Z'],
  ])('%s in intervals of %i s', (at, intervalS, expected) => expect(signalIntervalStart(Date.parse(at), intervalS)).toBe(Date.parse(expected)));
});
