import type { ReportWithOpenings } from '#domain/energy-report/report';
import type { Faults } from '../faults.ts';
import type { Slice } from '../machine/energy-book.ts';
import type { ReportMaker } from './report-maker.ts';

const FACTORS: Partial<Record<Faults['report'], bigint>> = { zero: 0n, tenfold: 10n };

/** What a cheating meter would claim (W-174), before signing. */
export function claimed(slice: Slice, fault: Faults['report']): Slice[] {
  if (fault === 'replayed') return [slice, slice];
  const factor = FACTORS[fault] ?? 1n;
  const devices = slice.devices.map(({ deviceId, idleMj, jobs }) => ({ deviceId, idleMj: idleMj * factor, jobs: jobs.map(({ holder, energyMj }) => ({ holder, energyMj: energyMj * factor })) }));
  return [{ ...slice, devices, hostMj: slice.hostMj * factor }];
}

/** What a cheating node would send instead of one good report. */
export function tampered(sent: ReportWithOpenings, fault: Faults['report'], maker: ReportMaker): ReportWithOpenings[] {
  const { report, openings } = sent;
  if (fault === 'altered') {
    const altered = { ...report, host: { ...report.host, energy_mj: String(BigInt(report.host.energy_mj) + 1n), idle_mj: String(BigInt(report.host.idle_mj) + 1n) } };
    maker.sent(altered);
    return [{ report: altered, openings }];
  }
  if (fault === 'equivocal') return [sent, { report: maker.resign({ ...report, nonce: 'AAAAAAAAAAAAAAAAAAAAAA' }), openings }];
  if (fault === 'unopened') return [{ report, openings: [] }];
  return [sent];
}
