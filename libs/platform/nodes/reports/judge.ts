import { allocate } from '#domain/energy-report/allocation';
import { checkReport, type ReportContext } from '#domain/energy-report/check-report';
import { ReportRefused, type Refusal } from '#domain/energy-report/refusals';
import { canonicalReport, NO_PREVIOUS, type EnergyReport, type ReportWithOpenings } from '#domain/energy-report/report';
import { PublicKey } from '#platform/signing/ed25519';
import { sha256Base64url, sha256Name } from '#platform/signing/sha256';
import type { ReportNonces } from '../report-nonce.ts';
import { jobKey, type JobHere } from './jobs-here.ts';
import { reportKey, type NodeFacts, type ReportingNode } from './reporting-node.ts';

/** What a job bears of one report; `booked` is 0 where its stay was over by then (W-33) or is closed. */
export interface Booking {
  readonly job: string;
  readonly jobId: string;
  readonly salt: string;
  readonly here: JobHere;
  readonly bookedMj: bigint;
}

export type Verdict =
  | { readonly status: 'accepted'; readonly sent: ReportWithOpenings; readonly sha256: string; readonly energyMj: bigint; readonly bookings: readonly Booking[] }
  | { readonly status: 'duplicate'; readonly sent: ReportWithOpenings }
  | { readonly status: 'rejected'; readonly sent: ReportWithOpenings; readonly sha256: string; readonly code: Refusal };

/** Jobs may be reported from a little before their reservation's time: two clocks. */
const CLOCKS_MS = 5_000;

/** Judges the reports of a batch in order; each accepted one is known to those after it. */
export class ReportJudge {
  private readonly keys: ReadonlyMap<string, PublicKey>;
  private readonly context: ReportContext;
  private lastReceived: NodeFacts['lastReceived'];

  constructor(
    node: ReportingNode,
    private readonly facts: NodeFacts,
    private readonly jobs: ReadonlyMap<string, JobHere>,
    nonces: ReportNonces,
  ) {
    const known = [{ key_id: node.keyId, public_key: node.publicKey }, ...node.retiredKeys];
    this.keys = new Map(known.map(({ key_id, public_key }) => [key_id, PublicKey.fromJwk({ kty: 'OKP', crv: 'Ed25519', x: public_key })]));
    this.lastReceived = facts.lastReceived;
    this.context = {
      nodeId: node.nodeId, now: facts.now, timeScale: facts.timeScale, power: facts.power,
      verify: (keyId, message, signature) => this.keys.get(keyId)?.verify(message, Buffer.from(signature, 'base64url')) ?? false,
      commitment: sha256Base64url,
      isNext: (bootId, sequence, hash) => this.isNext(bootId, sequence, hash),
      isNonceGiven: (nonce, issuedAt) => nonces.isGiven(nonce, node.nodeId, issuedAt, facts.nonces),
      // The host is in every report of a node, so two reports of one time would count it twice whatever their devices.
      overlaps: (_device, start, end) => facts.taken.some((other) => start < other.end && other.start < end),
      wasJobHere: (jobId, fence, _start, end) => end > (jobs.get(jobKey(jobId, fence))?.reservedAt ?? Infinity) - CLOCKS_MS,
    };
  }

  decide(sent: ReportWithOpenings): Verdict {
    const { report } = sent;
    const { message, whole } = canonicalReport(report);
    const sha256 = sha256Name(whole);
    const before = this.facts.accepted.get(reportKey(report.boot_id, report.sequence));
    if (before === sha256) return { status: 'duplicate', sent };
    const code = this.refusalOf(sent, before !== undefined, message);
    this.lastReceived = { bootId: report.boot_id, sequence: report.sequence, sha256 };
    if (code) return { status: 'rejected', sent, sha256, code };
    this.facts.accepted.set(reportKey(report.boot_id, report.sequence), sha256);
    this.facts.newest.set(report.boot_id, { sequence: report.sequence, sha256 });
    this.facts.taken.push({ start: Date.parse(report.interval_start), end: Date.parse(report.interval_end) });
    return { status: 'accepted', sent, sha256, ...this.bookingsOf(sent) };
  }

  received(): NodeFacts['lastReceived'] {
    return this.lastReceived;
  }

  private refusalOf(sent: ReportWithOpenings, sequenceUsed: boolean, message: Uint8Array): Refusal | undefined {
    try {
      checkReport(sent, this.context, message);
    } catch (error) {
      if (!(error instanceof ReportRefused)) throw error;
      // Other bytes under a used sequence: only the node's own signature can accuse it.
      return sequenceUsed && error.code !== 'bad_signature' ? 'equivocation' : error.code;
    }
    return sequenceUsed ? 'equivocation' : undefined;
  }

  /** After a refused report the chain may go on from it or from the last accepted one: both are what was sent before. */
  private isNext(bootId: string, sequence: number, hash: string): boolean {
    const accepted = this.facts.newest.get(bootId);
    if (hash === (accepted?.sha256 ?? NO_PREVIOUS) && sequence > (accepted?.sequence ?? 0)) return true;
    const last = this.lastReceived;
    return last?.bootId === bootId && last.sequence === sequence - 1 && last.sha256 === hash;
  }

  private bookingsOf({ report, openings }: ReportWithOpenings): { energyMj: bigint; bookings: Booking[] } {
    const { byJob } = allocate(report);
    const bookings = openings.map(({ job, job_id, fence, salt }) => {
      const here = this.jobs.get(jobKey(job_id, fence))!;
      return { job, jobId: job_id, salt, here, bookedMj: isOver(here, report) ? 0n : (byJob.get(job) ?? 0n) };
    });
    const energyMj = [...report.devices, report.host].reduce((sum, part) => sum + BigInt(part.energy_mj), 0n);
    return { energyMj, bookings };
  }
}

const isOver = ({ endedAt, closed }: JobHere, { interval_start }: EnergyReport): boolean => closed || (endedAt !== null && Date.parse(interval_start) >= endedAt);
