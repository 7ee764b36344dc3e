import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allocate, hostIdle, hostJobs, splitHost } from './allocation.ts';
import { checkReport, type ReportContext } from './check-report.ts';
import { ReportRefused, type Refusal } from './refusals.ts';
import { commitmentText, messageToSign, NO_PREVIOUS, REPORT_SCHEMA, type DeviceReading, type EnergyReport, type Opening, type ReportWithOpenings } from './report.ts';

const NODE = '01a0f4c2-c400-7000-8000-0000000000f1';
const START = Date.parse('2026-11-03T11:00:00Z');
const POWER = { hostMaxW: 1_200, gpuIdleW: 70, gpuMaxW: 700 };
const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64url');
/** Stands in for Ed25519: whatever is signed differs, the signature differs. */
const sign = (report: Omit<EnergyReport, 'signature'>): EnergyReport => ({ ...report, signature: hash(messageToSign(report)) });
const iso = (ms: number) => new Date(ms).toISOString();

const opening = (n: number): Opening => {
  const own = { job_id: `01a1a0d9-a2e0-7000-8000-00000000000${n}.1`, fence: n + 1, salt: Buffer.alloc(16, n).toString('base64url') };
  return { ...own, job: hash(commitmentText(own)) };
};
const OPENINGS = Array.from({ length: 6 }, (_, n) => opening(n));

/** W-20: a good report of 1–8 GPUs, each idle or shared by up to three of six jobs, over 1–300 s. */
const good: fc.Arbitrary<ReportWithOpenings & { readonly ms: number; readonly timeScale: number }> = fc
  .record({
    ms: fc.integer({ min: 1_000, max: 300_000 }), timeScale: fc.constantFrom(1, 12, 3_600),
    devices: fc.array(fc.record({ held: fc.uniqueArray(fc.nat(5), { maxLength: 3 }), load: fc.integer({ min: 50, max: 100 }), cuts: fc.tuple(fc.nat(100), fc.nat(100), fc.nat(100), fc.integer({ min: 1, max: 100 })) }), { minLength: 1, maxLength: 8 }),
    hostLoad: fc.integer({ min: 0, max: 100 }),
  })
  .map(({ ms, timeScale, devices, hostLoad }) => {
    const readings = devices.map(({ held, load, cuts }, i): DeviceReading => {
      const energy = (BigInt(ms * timeScale) * BigInt(POWER.gpuMaxW * load)) / 100n;
      const whole = cuts.reduce((a, b) => a + b, 0);
      const jobs = held.map((n) => OPENINGS[n]!.job).sort().map((job, at) => ({ job, energy_mj: String((energy * BigInt(cuts[at]!)) / BigInt(whole)) }));
      const idle = energy - jobs.reduce((sum, line) => sum + BigInt(line.energy_mj), 0n);
      return { device_id: `gpu${i}`, energy_mj: String(energy), idle_mj: String(idle), jobs };
    });
    const report = fitted({ ...frame(ms, timeScale), devices: readings, host: { energy_mj: String((BigInt(ms * timeScale) * BigInt(POWER.hostMaxW * hostLoad)) / 100n), idle_mj: '0', jobs: [] } });
    return { report: sign(report), openings: OPENINGS.filter(({ job }) => readings.some(({ jobs }) => jobs.some((line) => line.job === job))), ms, timeScale };
  });

const frame = (ms: number, timeScale: number) => ({
  schema: REPORT_SCHEMA, node_id: NODE, key_id: 'nk-1', boot_id: 'b1', sequence: 1, interval_start: iso(START), interval_end: iso(START + ms), issued_at: iso(START + ms), nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
  server_nonce: 'given', hardware: 'simulated', time_scale: timeScale, grade: 'modelled', method: 'model', previous_sha256: NO_PREVIOUS,
} as const);
/** The host split by what its devices hold, so that a change of the devices is the only one. */
function fitted<R extends Pick<EnergyReport, 'devices' | 'host'>>(report: R): R {
  const split = splitHost(BigInt(report.host.energy_mj), report.devices);
  return { ...report, host: { energy_mj: report.host.energy_mj, idle_mj: String(hostIdle(split)), jobs: hostJobs(split).map(([job, energy]) => ({ job, energy_mj: String(energy) })) } };
}

function answer(sent: ReportWithOpenings & { ms: number; timeScale: number }, over: Partial<ReportContext> = {}): Refusal | 'accepted' {
  const context: ReportContext = {
    nodeId: NODE, now: START + sent.ms, timeScale: sent.timeScale, hardware: 'simulated', power: POWER, commitment: hash, verify: (keyId, message, signature) => keyId === 'nk-1' && hash(message) === signature,
    isNext: (_boot, sequence, previous) => sequence === 1 && previous === NO_PREVIOUS, isNonceGiven: (nonce) => nonce === 'given', overlaps: () => false, wasJobHere: () => true, ...over,
  };
  try {
    checkReport(sent, context);
    return 'accepted';
  } catch (error) {
    if (error instanceof ReportRefused) return error.code;
    throw error;
  }
}
const withReport = <S extends ReportWithOpenings>(sent: S, change: Partial<EnergyReport>): S => ({ ...sent, report: sign({ ...sent.report, ...change }) });
const more = (text: string, by: bigint) => String(BigInt(text) + by);
const working = good.filter(({ openings }) => openings.length > 0);
const runs = { numRuns: 60 };

test('W-20: whatever the node did, an honest report of it is accepted', () => {
  fc.assert(fc.property(good, (sent) => answer(sent) === 'accepted'), { numRuns: 200 });
});

describe('W-22: one thing changed in a good report, signed anew, has its own code', () => {
  test.each<[string, Refusal, (sent: ReportWithOpenings & { ms: number; timeScale: number }) => ReturnType<typeof answer>]>([
    ['hardware that it did not register', 'not_as_registered', (sent) => answer(withReport(sent, { hardware: 'real' }))],
    ['simulated hardware of a node that registered real', 'not_as_registered', (sent) => answer(sent, { hardware: 'real' })],
    ['a meter of simulated hardware', 'not_as_registered', (sent) => answer(withReport(sent, { method: 'nvml_counter', grade: 'measured' }))],
    ['a model that is called measured', 'not_as_registered', (sent) => answer(withReport(sent, { grade: 'measured' }))],
    ['its end 301 s after its start', 'bad_interval', (sent) => answer(withReport(sent, { interval_end: iso(START + 300_001) }))],
    ['its end before its start', 'bad_interval', (sent) => answer(withReport(sent, { interval_end: iso(START - 1) }))],
    ['a time that is none', 'bad_interval', (sent) => answer(withReport(sent, { interval_start: 'yesterday' }))],
    ['a clock 5,001 ms ahead', 'future', (sent) => answer(sent, { now: START + sent.ms - 5_001 })],
    ['7 days and a millisecond', 'too_old', (sent) => answer(sent, { now: START + sent.ms + 7 * 86_400_000 + 1 })],
    ['another nonce', 'stale_nonce', (sent) => answer(withReport(sent, { server_nonce: 'other' }))],
    ['another boot\'s number', 'chain_break', (sent) => answer(withReport(sent, { sequence: 2 }))],
    ['another hash before', 'chain_break', (sent) => answer(withReport(sent, { previous_sha256: NO_PREVIOUS.replace(/0$/, '1') }))],
    ['a device twice', 'sum_mismatch', (sent) => answer(withReport(sent, { devices: [...sent.report.devices, sent.report.devices[0]!] }))],
    ['1 mJ more on a device', 'sum_mismatch', (sent) => answer(withReport(sent, { devices: sent.report.devices.map((device, i) => (i === 0 ? { ...device, energy_mj: more(device.energy_mj, 1n) } : device)) }))],
    ['1 mJ of idleness more on a device', 'sum_mismatch', (sent) => answer(withReport(sent, { devices: sent.report.devices.map((device, i) => (i === 0 ? { ...device, idle_mj: more(device.idle_mj, 1n) } : device)) }))],
    ['1 mJ more of the host', 'sum_mismatch', (sent) => answer(withReport(sent, { host: { ...sent.report.host, energy_mj: more(sent.report.host.energy_mj, 1n) } }))],
    ['1 mJ of the host moved to idleness', 'sum_mismatch', (sent) => answer(withReport(sent, { host: { ...sent.report.host, idle_mj: more(sent.report.host.idle_mj, 1n), jobs: sent.report.host.jobs.map((line, i) => (i === 0 ? { ...line, energy_mj: more(line.energy_mj, -1n) } : line)) } }))],
    ['an opening too few', 'unopened_job', (sent) => answer({ ...sent, openings: sent.openings.slice(1) })],
    ['an opening too many', 'unopened_job', (sent) => answer({ ...sent, openings: [...sent.openings, opening(7)] })],
    ['one opening in the place of another', 'unopened_job', (sent) => answer({ ...sent, openings: sent.openings.map((one, i) => (i === 0 ? opening(7) : one)) })],
    ['another salt', 'unopened_job', (sent) => answer({ ...sent, openings: sent.openings.map((one, i) => (i === 0 ? { ...one, salt: 'BBBBBBBBBBBBBBBBBBBBBB' } : one)) })],
    ['the next fence', 'unopened_job', (sent) => answer({ ...sent, openings: sent.openings.map((one, i) => (i === 0 ? { ...one, fence: one.fence + 1 } : one)) })],
    ['another segment', 'unopened_job', (sent) => answer({ ...sent, openings: sent.openings.map((one, i) => (i === 0 ? { ...one, job_id: `${one.job_id}1` } : one)) })],
    ['one job that was elsewhere', 'unknown_job', (sent) => answer(sent, { wasJobHere: (jobId) => jobId !== sent.openings.at(-1)!.job_id })],
    ['one device reported before', 'overlap', (sent) => answer(sent, { overlaps: (deviceId) => deviceId === sent.report.devices.at(-1)!.device_id })],
  ])('%s: %s', (_name, code, change) => fc.assert(fc.property(working, (sent) => {
    expect(change(sent)).toBe(code);
  }), { numRuns: 20 }));

  test('any member changed after signing', () => {
    const members = Object.keys(frame(1_000, 1)) as (keyof ReturnType<typeof frame>)[];
    fc.assert(fc.property(good, fc.constantFrom(...members), (sent, name) => {
      const value = sent.report[name];
      const changed = { ...sent.report, [name]: typeof value === 'number' ? value + 1 : `${value}0` } as EnergyReport;
      return answer({ ...sent, report: changed }) === 'bad_signature';
    }), runs);
  });

  test.each([[5_000, 'accepted'], [5_001, 'future']])('an end %i ms ahead of our clock: %s', (ahead, code) => fc.assert(fc.property(good, (sent) => answer(sent, { now: START + sent.ms - ahead }) === code), runs));
  test.each([[0, 'accepted'], [1, 'too_old']])('7 days and %i ms: %s', (late, code) => fc.assert(fc.property(good, (sent) => answer(sent, { now: START + sent.ms + 7 * 86_400_000 + late }) === code), runs));
});

describe('W-23: physics, at the edge for any length, time scale and load', () => {
  const drawing = (sent: ReportWithOpenings & { ms: number; timeScale: number }, energy: bigint) => {
    const devices = sent.report.devices.map((device, i) => (i === 0 ? { ...device, energy_mj: String(energy), idle_mj: String(energy), jobs: [{ job: OPENINGS[0]!.job, energy_mj: '0' }] } : { ...device, idle_mj: device.energy_mj, jobs: [] }));
    return { ...sent, report: sign(fitted({ ...sent.report, devices })), openings: [OPENINGS[0]!] };
  };

  test('1.05 × 700 W and 1 J is the most a device can draw, half of 70 W the least a busy one does', () => {
    fc.assert(fc.property(good, (sent) => {
      const nodeMs = BigInt(sent.ms) * BigInt(sent.timeScale);
      const [most, least] = [735n * nodeMs + 1_000n, 35n * nodeMs];
      expect([most, most + 1n, least, least - 1n].map((energy) => answer(drawing(sent, energy)))).toEqual(['accepted', 'over_physical', 'accepted', 'under_physical']);
    }), runs);
  });

  test('1.05 × 1,200 W and 1 J is the most a host can draw, and an idle one may draw nothing', () => {
    fc.assert(fc.property(good, (sent) => {
      const most = 1_260n * BigInt(sent.ms) * BigInt(sent.timeScale) + 1_000n;
      const host = (energy: bigint) => answer({ ...sent, report: sign(fitted({ ...sent.report, host: { energy_mj: String(energy), idle_mj: '0', jobs: [] } })) });
      expect([most, most + 1n, 0n].map(host)).toEqual(['accepted', 'over_physical', 'accepted']);
    }), runs);
  });

  test('a device that nobody uses may draw nothing', () => {
    fc.assert(fc.property(good, (sent) => {
      const devices = sent.report.devices.map((device) => ({ ...device, energy_mj: '0', idle_mj: '0', jobs: [] }));
      return answer({ ...sent, report: sign(fitted({ ...sent.report, devices })), openings: [] }) === 'accepted';
    }), runs);
  });
});

describe('W-25: whatever is accepted is conserved', () => {
  test('Σ tenants + owner\'s idleness = Σ devices + host, and only who was opened bears any of it', () => {
    fc.assert(fc.property(good, (sent) => {
      const { byJob, ownerIdle } = allocate(sent.report);
      const borne = [...byJob.values()].reduce((sum, energy) => sum + energy, 0n as bigint);
      expect(borne + ownerIdle).toBe([...sent.report.devices, sent.report.host].reduce((sum, part) => sum + BigInt(part.energy_mj), 0n));
      expect([...byJob.keys()].sort()).toEqual(sent.openings.map(({ job }) => job).sort());
    }), { numRuns: 200 });
  });

  test('M-33: the host goes by GPUs: each job\'s part is within a millijoule of its share, an idle GPU\'s is idle', () => {
    fc.assert(fc.property(good, ({ report }) => {
      const energy = BigInt(report.host.energy_mj);
      const split = splitHost(energy, report.devices);
      for (const [job, part] of hostJobs(split)) {
        // 6 is divisible by each number of jobs that share a device here
        const sixths = report.devices.reduce((sum, { jobs }) => sum + (jobs.some((line) => line.job === job) ? 6 / jobs.length : 0), 0);
        const off = part * 6n * BigInt(report.devices.length) - energy * BigInt(sixths);
        expect((off < 0n ? -off : off) < 6n * BigInt(report.devices.length)).toBe(true);
      }
      if (report.devices.every(({ jobs }) => jobs.length > 0)) expect(hostIdle(split)).toBe(0n);
    }), { numRuns: 100 });
  });
});

test('W-20: a commitment hides: one salt, fence or segment further is another name', () => {
  const salt = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('base64url'));
  fc.assert(fc.property(salt, salt, fc.integer({ min: 1, max: 1_000 }), fc.uuid(), (a, b, fence, id) => {
    const name = (own: Omit<Opening, 'job'>) => hash(commitmentText(own));
    const names = [{ salt: a, fence, job_id: `${id}.1` }, { salt: b, fence, job_id: `${id}.1` }, { salt: a, fence: fence + 1, job_id: `${id}.1` }, { salt: a, fence, job_id: `${id}.2` }].map(name);
    expect(new Set(names).size).toBe(a === b ? 3 : 4);
    for (const one of names) expect(one).toMatch(/^[A-Za-z0-9_-]{43}$/);
  }), { numRuns: 50 });
});
