import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  canonicalBytes, canonicalReport, commitmentText, jobsOf, messageToSign, NO_PREVIOUS, partsOf, registrationText, REPORT_SCHEMA, type EnergyReport,
} from './report.ts';

const read = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const report: EnergyReport = {
  schema: REPORT_SCHEMA, node_id: '01a0f4c2-c400-7000-8000-0000000000f1', key_id: 'nk-fr-1', boot_id: 'b1', sequence: 1,
  interval_start: '2026-11-03T10:50:00Z', interval_end: '2026-11-03T10:55:00Z', issued_at: '2026-11-03T10:55:00Z', nonce: 'AAAAAAAAAAAAAAAAAAAAAA', server_nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
  hardware: 'simulated', time_scale: 1, grade: 'modelled', method: 'model',
  devices: [{ device_id: 'gpu0', energy_mj: '3', idle_mj: '1', jobs: [{ job: 'B', energy_mj: '1' }, { job: 'C', energy_mj: '1' }] }],
  host: { energy_mj: '2', idle_mj: '0', jobs: [{ job: 'A', energy_mj: '2' }] }, previous_sha256: NO_PREVIOUS, signature: 'c2ln',
};

describe('what is signed (W-21)', () => {
  test('the tag, a line feed, and the members in RFC 8785\'s order without the signature', () => {
    const text = read(messageToSign(report));
    expect(text.startsWith('wattbook/energy-report/v1\n{"boot_id":"b1","devices":[{"device_id":"gpu0",')).toBe(true);
    expect(text.endsWith('"sequence":1,"server_nonce":"AAAAAAAAAAAAAAAAAAAAAA","time_scale":1}')).toBe(true);
    expect(text).not.toContain('c2ln');
  });

  test('the signature\'s own value changes nothing that is signed', () => {
    expect(messageToSign({ ...report, signature: 'other' } as EnergyReport)).toEqual(messageToSign(report));
    expect(canonicalBytes({ ...report, signature: 'other' })).not.toEqual(canonicalBytes(report));
  });

  test('the order in which members were written changes nothing', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(Object.keys(report), { minLength: Object.keys(report).length }), (names) => {
        const shuffled = Object.fromEntries(names.map((name) => [name, report[name as keyof EnergyReport]])) as unknown as EnergyReport;
        return read(messageToSign(shuffled)) === read(messageToSign(report)) && read(canonicalBytes(shuffled)) === read(canonicalBytes(report));
      }),
    );
  });

  test('every member counts: any other text in any of them is another message', () => {
    const texts = (Object.keys(report) as (keyof EnergyReport)[]).filter((name) => typeof report[name] === 'string' && name !== 'signature');
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.string({ minLength: 1 }), (name, value) => {
        fc.pre(value !== report[name]);
        return read(messageToSign({ ...report, [name]: value })) !== read(messageToSign(report));
      }),
    );
  });

  test('written out it is what a canonicalizer gives, whatever stands in the report', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.base64String());
    const line = fc.record({ job: text, energy_mj: text });
    const part = { energy_mj: text, idle_mj: text, jobs: fc.array(line, { maxLength: 3 }) };
    const texts = Object.fromEntries((Object.keys(report) as (keyof EnergyReport)[]).filter((name) => typeof report[name] === 'string').map((name) => [name, text]));
    const any = fc.record({
      ...texts, sequence: fc.maxSafeNat(), time_scale: fc.oneof(fc.nat(), fc.double({ noNaN: true, noDefaultInfinity: true })),
      devices: fc.array(fc.record({ device_id: text, ...part }), { maxLength: 3 }), host: fc.record(part),
    }) as unknown as fc.Arbitrary<EnergyReport>;
    fc.assert(
      fc.property(any, (one) => {
        const { message, whole } = canonicalReport(one);
        expect(whole).toBe(read(canonicalBytes(one)));
        expect(message).toBe(read(messageToSign(one)));
      }),
      { numRuns: 500 },
    );
  });

  test.each(['key_id', 'boot_id'] as const)('a lone surrogate in %s has no canonical form', (name) => expect(() => canonicalReport({ ...report, [name]: '\ud800' })).toThrow('lone surrogate'));
});

describe('what hides a job (W-20)', () => {
  test('the commitment\'s text is RFC 8785 of fence, id and salt behind its tag', () => {
    expect(read(commitmentText({ fence: 2, job_id: 'w.1', salt: 's' }))).toBe('wattbook/job/v1\n{"fence":2,"job_id":"w.1","salt":"s"}');
  });

  test('it is what canonicalization gives, for every id', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), fc.string({ unit: 'grapheme' }), fc.base64String(), (fence, job_id, salt) =>
        read(commitmentText({ fence, job_id, salt })) === `wattbook/job/v1\n${read(canonicalBytes({ salt, job_id, fence }))}`),
      { numRuns: 500 },
    );
  });

  test('two different openings never have one text', () => {
    const opening = fc.record({ fence: fc.integer({ min: 1, max: 9 }), job_id: fc.string(), salt: fc.string() });
    fc.assert(fc.property(opening, opening, (a, b) => (JSON.stringify(a) === JSON.stringify(b)) === (read(commitmentText(a)) === read(commitmentText(b)))), { numRuns: 500 });
  });
});

test('W-13: a node proves its key over the tag and its token', () => expect(read(registrationText('wbn_1'))).toBe('wattbook/register/v1\nwbn_1'));

test('the host is a part like the devices, and each job is named once', () => {
  expect(partsOf(report).map(({ energy_mj }) => energy_mj)).toEqual(['3', '2']);
  expect([...jobsOf(report)].sort()).toEqual(['A', 'B', 'C']);
});

test('a boot\'s first report names 64 zeros', () => expect(NO_PREVIOUS).toMatch(/^sha256:0{64}$/));
