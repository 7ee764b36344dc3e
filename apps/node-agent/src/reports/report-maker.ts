import { randomBytes } from 'node:crypto';
import { hostIdle, hostJobs, splitHost } from '#domain/energy-report/allocation';
import {
  canonicalBytes, commitmentText, gradeOf, messageToSign, NO_PREVIOUS, REPORT_SCHEMA,
  type EnergyReport, type Hardware, type Opening, type ReportMethod, type ReportWithOpenings,
} from '#domain/energy-report/report';
import type { Signer } from '#platform/signing/ed25519';
import { sha256Base64url, sha256Name } from '#platform/signing/sha256';
import { wholeSecond, type Holder, type Slice } from '../machine/energy-book.ts';

export interface ReportIdentity {
  readonly nodeId: string;
  readonly keyId: string;
  readonly bootId: string;
  readonly hardware: Hardware;
  readonly timeScale: number;
  readonly method: ReportMethod;
}

const random16 = (): string => randomBytes(16).toString('base64url');
const iso = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');
const keyOf = ({ jobId, fence }: Holder): string => `${fence} ${jobId}`;

/** Turns metered slices into the signed chain of one boot (W-20, M-32): sequence from 1, each naming the one before. */
export class ReportMaker {
  private sequence = 0;
  private previous = NO_PREVIOUS;

  constructor(
    private readonly identity: ReportIdentity,
    private readonly signer: Signer,
  ) {}

  /** @param clockMs what this node's clock says beyond the meter's, normally 0 */
  make(slice: Slice, serverNonce: string, clockMs = 0): ReportWithOpenings {
    this.sequence += 1;
    const { openings, name } = commit(slice);
    const body = this.body(slice, name, serverNonce, clockMs);
    const report: EnergyReport = { ...body, signature: this.signer.sign(messageToSign(body)) };
    this.sent(report);
    return { report, openings };
  }

  /** The chain goes on over what was really sent. */
  sent(report: EnergyReport): void {
    this.previous = sha256Name(canonicalBytes(report));
  }

  resign(report: EnergyReport): EnergyReport {
    return { ...report, signature: this.signer.sign(messageToSign(report)) };
  }

  private body(slice: Slice, name: (holder: Holder) => string, serverNonce: string, clockMs: number): Omit<EnergyReport, 'signature'> {
    const { nodeId, keyId, bootId, hardware, timeScale, method } = this.identity;
    const devices = slice.devices.map(({ deviceId, idleMj, jobs }) => {
      const lines = jobs.map(({ holder, energyMj }) => ({ job: name(holder), energy_mj: String(energyMj) })).sort(byJob);
      const total = jobs.reduce((sum, { energyMj }) => sum + energyMj, idleMj);
      return { device_id: deviceId, energy_mj: String(total), idle_mj: String(idleMj), jobs: lines };
    });
    const split = splitHost(slice.hostMj, devices);
    return {
      schema: REPORT_SCHEMA, node_id: nodeId, key_id: keyId, boot_id: bootId, sequence: this.sequence,
      interval_start: iso(slice.start + clockMs), interval_end: iso(slice.end + clockMs), issued_at: iso(Math.max(slice.end, wholeSecond(Date.now())) + clockMs),
      nonce: random16(), server_nonce: serverNonce, hardware, time_scale: timeScale, grade: gradeOf(method), method, devices,
      host: { energy_mj: String(slice.hostMj), idle_mj: String(hostIdle(split)), jobs: hostJobs(split).map(([job, energy]) => ({ job, energy_mj: String(energy) })) },
      previous_sha256: this.previous,
    };
  }
}

const byJob = (a: { job: string }, b: { job: string }): number => (a.job < b.job ? -1 : 1);

/** One fresh salt per job and report: the same name on all devices and the host, another one in the next report (W-20). */
function commit(slice: Slice): { openings: Opening[]; name: (holder: Holder) => string } {
  const openings = new Map<string, Opening>();
  for (const { jobs } of slice.devices)
    for (const { holder } of jobs) {
      if (openings.has(keyOf(holder))) continue;
      const own = { job_id: holder.jobId, fence: holder.fence, salt: random16() };
      openings.set(keyOf(holder), { ...own, job: sha256Base64url(commitmentText(own)) });
    }
  return { openings: [...openings.values()].sort(byJob), name: (holder) => openings.get(keyOf(holder))!.job };
}
