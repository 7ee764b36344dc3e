import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { hostIdle, hostJobs, splitHost } from './allocation.ts';
import { checkReport, type ReportContext } from './check-report.ts';
import { isStrike, REFUSALS, ReportRefused, type Refusal } from './refusals.ts';
import { canonicalBytes, canonicalReport, commitmentText, gradeOf, jobsOf, messageToSign, NO_PREVIOUS, type EnergyReport, type Opening, type ReportWithOpenings } from './report.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('ed25519');
const NODE = '01a0f4c2-c400-7000-8000-0000000000f1';
const NOW = Date.parse('2026-11-03T11:00:12Z');
const commitment = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64url');
const opened = (salt: string, over: Partial<Opening> = {}): Opening => {
  const own = { fence: 2, job_id: '01a1a0d9-a2e0-7000-8000-000000000001.1', salt, ...over };
  return { ...own, job: commitment(commitmentText(own)) };
};
const own = opened('AAAAAAAAAAAAAAAAAAAAAA');

const bare = {
  schema: 'wattbook/energy-report/v1', node_id: NODE, key_id: 'nk-1', boot_id: 'b1', sequence: 1,
  interval_start: '2026-11-03T11:00:00Z', interval_end: '2026-11-03T11:00:10Z', issued_at: '2026-11-03T11:00:10Z',
  nonce: 'AAAAAAAAAAAAAAAAAAAAAA', server_nonce: 'given', hardware: 'simulated', time_scale: 12, grade: 'modelled', method: 'model',
  devices: [
    { device_id: 'gpu0', energy_mj: '77952000', idle_mj: '8400000', jobs: [{ job: own.job, energy_mj: '69552000' }] },
    { device_id: 'gpu1', energy_mj: '8400000', idle_mj: '8400000', jobs: [] },
  ],
  host: { energy_mj: '60000001', idle_mj: '30000000', jobs: [{ job: own.job, energy_mj: '30000001' }] },
  previous_sha256: NO_PREVIOUS,
} as const;
type Bare = Omit<EnergyReport, 'signature'>;
const signed = (over: Partial<Bare> = {}, key = privateKey): EnergyReport => {
  const report = { ...bare, ...over };
  return { ...report, signature: sign(null, messageToSign(report), key).toString('base64url') };
};

const context: ReportContext = {
  nodeId: NODE, now: NOW, timeScale: 12, hardware: 'simulated', power: { hostMaxW: 1_200, gpuIdleW: 70, gpuMaxW: 700 },
  verify: (keyId, message, signature) => keyId === 'nk-1' && verify(null, message, publicKey, Buffer.from(signature, 'base64url')),
  commitment, isNext: (_boot, sequence, hash) => sequence === 1 && hash === NO_PREVIOUS, isNonceGiven: (nonce) => nonce === 'given', overlaps: () => false, wasJobHere: () => true,
};
const refusal = (sent: ReportWithOpenings, over: Partial<ReportContext> = {}): Refusal | 'accepted' => {
  try {
    checkReport(sent, { ...context, ...over });
    return 'accepted';
  } catch (error) {
    if (error instanceof ReportRefused) return error.code;
    throw error;
  }
};
const sent = (over: Partial<Bare> = {}, openings: readonly Opening[] = [own]): ReportWithOpenings => ({ report: signed(over), openings });

/** One device with the given energy at work, host and sums fitting. */
const drawing = (work: bigint, idle = 8_400_000n, hostEnergy = 60_000_000n): Partial<Bare> => {
  const devices = [{ device_id: 'gpu0', energy_mj: String(work + idle), idle_mj: String(idle), jobs: [{ job: own.job, energy_mj: String(work) }] }];
  const split = splitHost(hostEnergy, devices);
  return { devices, host: { energy_mj: String(hostEnergy), idle_mj: String(hostIdle(split)), jobs: hostJobs(split).map(([job, energy]) => ({ job, energy_mj: String(energy) })) } };
};

describe('checkReport', () => {
  test('a report as W-20 says is accepted', () => expect(refusal(sent())).toBe('accepted'));

  test('W-20: check value of the commitment', () => {
    expect(opened('AAAAAAAAAAAAAAAAAAAAAA', { fence: 1, job_id: '01a1a0d9-a2e0-7000-8000-000000000001.0' }).job).toBe('U1JkroCRkszP8slBekwKvaizVz2ehtW0GKrlljphI0o');
  });

  test.each<[string, Refusal, ReportWithOpenings, Partial<ReportContext>?]>([
    ['a stranger\'s key', 'bad_signature', { report: signed({}, stranger.privateKey), openings: [own] }],
    ['another key id', 'bad_signature', sent({ key_id: 'nk-2' })],
    ['another node', 'bad_signature', sent({ node_id: '01a0f4c2-c400-7000-8000-0000000000e1' })],
    ['one digit altered after signing', 'bad_signature', { report: { ...signed(), host: { ...bare.host, energy_mj: '60000002' } }, openings: [own] }],
    ['an end before its start', 'bad_interval', sent({ interval_end: '2026-11-03T10:59:59Z' })],
    ['an empty interval', 'bad_interval', sent({ interval_end: bare.interval_start })],
    ['more than 300 s', 'bad_interval', sent({ interval_start: '2026-11-03T10:55:09Z' })],
    ['an end 6 s ahead of our clock', 'future', sent(), { now: NOW - 8_001 }],
    ['a week and a second old', 'too_old', sent(), { now: Date.parse('2026-11-10T11:00:11Z') }],
    ['a nonce we never gave', 'stale_nonce', sent({ server_nonce: 'invented' })],
    ['a first report that names one before', 'chain_break', sent({ previous_sha256: `sha256:${'1'.repeat(64)}` })],
    ['a second report whose predecessor is missing', 'chain_break', sent({ sequence: 2 })],
    ['a second report that names another', 'chain_break', sent({ sequence: 2, previous_sha256: `sha256:${'1'.repeat(64)}` }), { isNext: (_boot, _sequence, hash) => hash === `sha256:${'2'.repeat(64)}` }],
    ['a device that already has a report for that time', 'overlap', sent(), { overlaps: (device) => device === 'gpu1' }],
    ['a device whose parts do not sum', 'sum_mismatch', sent({ devices: [{ ...bare.devices[0], idle_mj: '8400001' }, bare.devices[1]] })],
    ['a host that is not split by its devices', 'sum_mismatch', sent({ host: { energy_mj: '60000001', idle_mj: '30000001', jobs: [{ job: own.job, energy_mj: '30000000' }] } })],
    ['a device named twice', 'sum_mismatch', sent({ devices: [bare.devices[0], { ...bare.devices[1], device_id: 'gpu0' }] })],
    ['a job that no opening opens', 'unopened_job', sent({}, [])],
    ['an opening that opens no line', 'unopened_job', sent({}, [own, opened('BBBBBBBBBBBBBBBBBBBBBB')])],
    ['one opening sent twice', 'unopened_job', sent({}, [own, own])],
    ['another salt', 'unopened_job', sent({}, [{ ...own, salt: 'AAAAAAAAAAAAAAAAAAAAAB' }])],
    ['another fence', 'unopened_job', sent({}, [{ ...own, fence: 3 }])],
    ['a job that was not here', 'unknown_job', sent(), { wasJobHere: () => false }],
    ['ten times the device\'s maximum', 'over_physical', sent(drawing(840_000_000n))],
    ['ten times the host\'s maximum', 'over_physical', sent(drawing(69_552_000n, 8_400_000n, 1_440_000_000n))],
    ['0 J from a device at work', 'under_physical', sent(drawing(0n, 0n))],
  ])('%s: %s', (_name, code, report, over) => expect(refusal(report, over)).toBe(code));

  test('one job under two names in a report is refused (both would be counted)', () => {
    const second = opened('BBBBBBBBBBBBBBBBBBBBBB');
    const devices = [bare.devices[0], { device_id: 'gpu1', energy_mj: '8400000', idle_mj: '8400000', jobs: [{ job: second.job, energy_mj: '0' }] }];
    const split = splitHost(60_000_001n, devices);
    const host = { energy_mj: '60000001', idle_mj: '0', jobs: hostJobs(split).map(([job, energy]) => ({ job, energy_mj: String(energy) })) };
    expect(refusal(sent({ devices, host }, [own, second]))).toBe('unopened_job');
  });

  test('jobs out of order are refused: one report has one canonical form', () => {
    const names = [own, opened('BBBBBBBBBBBBBBBBBBBBBB', { job_id: 'other.1' })].sort((a, b) => (a.job < b.job ? 1 : -1));
    const devices = [{ device_id: 'gpu0', energy_mj: '8400000', idle_mj: '8400000', jobs: names.map(({ job }) => ({ job, energy_mj: '0' })) }];
    expect(refusal(sent({ devices, host: { energy_mj: '0', idle_mj: '0', jobs: [] } }, names))).toBe('sum_mismatch');
  });

  test.each([
    ['the limit itself', (70n + 630n) * 105n * 1_200n + 1_000n, 'accepted'],
    ['1 mJ above it', (70n + 630n) * 105n * 1_200n + 1_001n, 'over_physical'],
  ])('W-23: 1.05 × 700 W × 120 node seconds + 1 J: %s', (_name, energy, expected) => {
    expect(refusal(sent(drawing(energy - 8_400_000n)))).toBe(expected);
  });

  test.each([
    ['half the idle power', 4_200_000n, 'accepted'],
    ['1 mJ less', 4_199_999n, 'under_physical'],
  ])('W-23: a busy device at 0.5 × 70 W × 120 node seconds: %s', (_name, energy, expected) => expect(refusal(sent(drawing(0n, energy)))).toBe(expected));

  test('the fourth second ahead is a clock that differs, the sixth is the future', () => {
    expect(refusal(sent(), { now: NOW - 7_000 })).toBe('accepted');
    expect(refusal(sent(), { now: NOW - 7_001 })).toBe('future');
  });

  test('a previous hash is the same with and without its algorithm\'s name', () => {
    const hash = createHash('sha256').update(canonicalBytes(signed())).digest('hex');
    for (const previous_sha256 of [hash, `sha256:${hash}`]) expect(refusal(sent({ sequence: 2, previous_sha256 }), { isNext: (_boot, _sequence, named) => named === `sha256:${hash}` })).toBe('accepted');
    expect(refusal(sent({ previous_sha256: '0'.repeat(64) }))).toBe('accepted');
  });
});

describe('what a refusal says', () => {
  test.each(Object.entries(REFUSALS))('%s names what to do or what follows', (_code, text) => expect(text.length).toBeGreaterThan(30));

  test('W-31: physics and openings are strikes, a broken chain or a late report is none', () => {
    expect((Object.keys(REFUSALS) as Refusal[]).filter(isStrike).sort()).toEqual(['equivocation', 'over_physical', 'under_physical', 'unknown_job', 'unopened_job']);
  });
});

test('M-37: only a model is modelled', () => {
  expect((['nvml_counter', 'nvml_power', 'dcgm', 'rapl', 'model'] as const).map(gradeOf)).toEqual(['measured', 'measured', 'measured', 'measured', 'modelled']);
});

test('one canonicalization gives the signed bytes and the whole, whatever stands in the report', () => {
  for (const report of [signed(), signed({ boot_id: '"signature":"x",' }), signed({ key_id: 'signature' })]) {
    const { message, whole } = canonicalReport(report);
    expect(Buffer.from(message)).toEqual(Buffer.from(messageToSign(report)));
    expect(Buffer.from(whole)).toEqual(Buffer.from(canonicalBytes(report)));
  }
});

test('jobsOf lists each job once, also one that only the host names', () => {
  expect([...jobsOf({ devices: [{ ...bare.devices[0] }], host: { energy_mj: '1', idle_mj: '0', jobs: [{ job: own.job, energy_mj: '0' }, { job: 'z', energy_mj: '1' }] } })]).toEqual([own.job, 'z']);
});
