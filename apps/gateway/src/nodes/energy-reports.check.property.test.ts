import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { areEnergyReports } from './energy-reports.check.ts';
import { EnergyReports } from './nodes.schemas.ts';

const BASE64URL = 'ABCxyz019_-'.split('');
const of = (length: number) => fc.array(fc.constantFrom(...BASE64URL), { minLength: length, maxLength: length }).map((all) => all.join(''));
const mj = fc.bigInt({ min: 0n, max: 10n ** 31n - 1n }).map(String);
const name = fc.string({ minLength: 1, maxLength: 200 });
const time = fc.date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }).map((at) => at.toISOString());
const part = { energy_mj: mj, idle_mj: mj, jobs: fc.array(fc.record({ job: of(43), energy_mj: mj }), { maxLength: 3 }) };
const report = fc.record({
  schema: fc.constant('wattbook/energy-report/v1'), node_id: fc.uuid(), key_id: name, boot_id: name, sequence: fc.integer({ min: 1 }),
  interval_start: time, interval_end: time, issued_at: time, nonce: of(22), server_nonce: of(22), hardware: fc.constantFrom('real', 'simulated'), time_scale: fc.integer({ min: 1, max: 3_600 }),
  grade: fc.constantFrom('measured', 'modelled'), method: fc.constantFrom('nvml_counter', 'nvml_power', 'dcgm', 'rapl', 'model'),
  devices: fc.array(fc.record({ device_id: name, ...part }), { minLength: 1, maxLength: 3 }), host: fc.record(part),
  previous_sha256: fc.tuple(fc.constantFrom('', 'sha256:'), fc.constant('0a'.repeat(32))).map((both) => both.join('')), signature: fc.string({ maxLength: 100 }),
});
const openings = fc.array(fc.record({ job: of(43), job_id: name, fence: fc.integer({ min: 1 }), salt: of(22) }), { maxLength: 3 });
const bodies = fc.record({ reports: fc.array(fc.record({ report, openings }), { minLength: 1, maxLength: 2 }) });

/** What stands in JSON where something else should. */
const wrong = fc.constantFrom<unknown>(
  undefined, null, true, 0, -1, 0.5, 1e300, 2 ** 53, 3_601, '', '0', '00', '-1', '1.5', '1e3', 'NaN', ' 1', '1\n', '٣', 'x'.repeat(201), 'x'.repeat(101), 'A'.repeat(43), `${'A'.repeat(43)}\n`, 'A'.repeat(22),
  '2026-11-21T14:00:00Z', '2026-13-21T14:00:00Z', '2026-02-30T14:00:00Z', '2026-11-21T24:00:00Z', '2026-11-21T14:00:00.1234Z', '2026-11-21T14:00:00+01:00',
  '00000000-0000-0000-0000-000000000000', 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF', '01a0f4c2-c400-9000-8000-0000000000f1', '01a0f4c2-c400-7000-c000-0000000000f1', 'sha256:', 'toString',
  [], {}, [{}], { length: 1 }, Array.from({ length: 65 }, () => ({ job: 'A'.repeat(43), energy_mj: '1' })),
);

interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

const placesIn = (value: unknown): Place[] =>
  typeof value !== 'object' || value === null ? [] : Object.entries(value).flatMap(([key, held]) => [{ holder: value as Record<string, unknown>, key }, ...placesIn(held)]);

const agree = (value: unknown) => {
  const body = JSON.parse(JSON.stringify(value)) as unknown;
  const read = EnergyReports.safeParse(body);
  // A UUID of all zeros or ones is left to the schema; in everything else the two say the same.
  if (areEnergyReports(body) !== read.success) expect(JSON.stringify(body)).toMatch(/"node_id":"(0{8}|F{8})-/);
  if (areEnergyReports(body)) expect(read.data).toEqual(body);
  return read.success;
};

describe('the check says what the schema says', () => {
  test('every good batch is taken', () => fc.assert(fc.property(bodies, (body) => { expect(areEnergyReports(JSON.parse(JSON.stringify(body)))).toBe(agree(body)); expect(agree(body)).toBe(true); })));

  test('with one value exchanged, whichever', () => {
    let refused = 0;
    fc.assert(
      fc.property(bodies, fc.nat(), wrong, (body, at, value) => {
        const copy = structuredClone(body);
        const places = placesIn(copy);
        const { holder, key } = places[at % places.length]!;
        holder[key] = value;
        if (!agree(copy)) refused += 1;
      }),
      { numRuns: 3_000 },
    );
    expect(refused).toBeGreaterThan(1_000);
  });

  test('with a member more, or one of another name', () => {
    fc.assert(
      fc.property(bodies, fc.nat(), fc.constantFrom('colour', 'toString', 'Job', 'length'), fc.boolean(), (body, at, other, renames) => {
        const copy = structuredClone(body);
        const places = placesIn(copy).filter(({ holder }) => !Array.isArray(holder));
        const { holder, key } = places[at % places.length]!;
        holder[other] = holder[key];
        if (renames) delete holder[key];
        expect(agree(copy)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([[[]], [null], ['x'], [{}], [{ reports: [] }], [{ reports: {} }], [{ reports: [null] }]])('%j is none', (body) => {
    expect(areEnergyReports(body)).toBe(false);
    expect(EnergyReports.safeParse(body).success).toBe(false);
  });

  test('a thousand reports are taken, one more is not', () => {
    const [body] = fc.sample(fc.record({ report, openings }), 1);
    const of = (count: number) => ({ reports: Array.from({ length: count }, () => body) });
    expect([areEnergyReports(of(1_000)), areEnergyReports(of(1_001)), EnergyReports.safeParse(of(1_001)).success]).toEqual([true, false, false]);
  });
});
