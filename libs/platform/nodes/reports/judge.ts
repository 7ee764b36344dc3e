import { allocate } from '#domain/energy-report/allocation';
import { checkReport, type ReportContext } from '#domain/energy-report/check-report';
import { ReportRefused, type Refusal } from '#domain/energy-report/refusals';
import { canonicalReport, NO_PREVIOUS, type EnergyReport, type ReportWithOpenings } from '#domain/energy-report/report';
import { PublicKey } from '#platform/signing/ed25519';
import { sha256Base64url, sha256Name } from '#platform/signing/sha256';
import { isInTime, type ReportNonces } from '../report-nonce.ts';
import { jobKey, type JobHere } from './jobs-here.ts';
import { reportKey, type NodeFacts, type ReportingNode } from './reporting-node.ts';

/** What a job bears of one report: 0 where its stay was over by then (W-33) or never was. */
export interface Booking {
  readonly job: string;
  readonly jobId: string;
  readonly salt: string;
  readonly here: JobHere;
  readonly bookedMj: bigint;
  /** Its segment is settled: no line takes it any more, a correction does (W-24). */
  readonly isLate: boolean;
}

export type Verdict =
  | { readonly status: 'accepted'; readonly sent: ReportWithOpenings; readonly text: string; readonly sha256: string; readonly energyMj: bigint; readonly bookings: readonly Booking[] }
  | { readonly status: 'duplicate'; readonly sent: ReportWithOpenings }
  | { readonly status: 'rejected'; readonly sent: ReportWithOpenings; readonly sha256: string; readonly code: Refusal };

/** Jobs may be reported from a little before their reservation's time: two clocks. */
const CLOCKS_MS = 5_000;

/** A report with what is computed from its bytes before anything is judged. */
export interface ReadReport {
  readonly sent: ReportWithOpenings;
  /** RFC 8785: what is hashed and stored. */
  readonly text: string;
  readonly sha256: string;
  readonly isSigned: boolean;
}

/** The signed bytes were looked at by `readReports`. */
const NO_BYTES = new Uint8Array();

/** Whether a key may be used is milliseconds of arithmetic and the same for ever: asked once. */
const checkedKeys = new Map<string, PublicKey>();
const MOST_KEYS = 10_000;

function keyOf(x: string): PublicKey {
  const key = checkedKeys.get(x) ?? PublicKey.fromJwk({ kty: 'OKP', crv: 'Ed25519', x });
  if (checkedKeys.size >= MOST_KEYS) checkedKeys.clear();
  checkedKeys.set(x, key);
  return key;
}

/** Hashes and verifies a batch, signatures on other threads, each by the key stored under its `key_id`. */
export function readReports({ keyId, publicKey, retiredKeys }: ReportingNode, batch: readonly ReportWithOpenings[]): Promise<ReadReport[]> {
  const known = [{ key_id: keyId, public_key: publicKey }, ...retiredKeys];
  const keys = new Map(known.map(({ key_id, public_key }) => [key_id, keyOf(public_key)]));
  return Promise.all(batch.map(async (sent) => {
    const { message, whole } = canonicalReport(sent.report);
    const isSigned = (await keys.get(sent.report.key_id)?.verifyAsync(Buffer.from(message), Buffer.from(sent.report.signature, 'base64url'))) ?? false;
    return { sent, text: whole, sha256: sha256Name(whole), isSigned };
  }));
}

/** Judges the reports of a batch in order; each accepted one is known to those after it. */
export class ReportJudge {
  private readonly context: ReportContext;
  private lastReceived: NodeFacts['lastReceived'];
  private isSigned = false;
  private isTaken = false;

  constructor(
    nodeId: string,
    private readonly facts: NodeFacts,
    private readonly jobs: ReadonlyMap<string, JobHere>,
    nonces: ReportNonces,
  ) {
    const given = new Map<string, number | undefined>();
    this.lastReceived = facts.lastReceived;
    this.context = {
      nodeId, now: facts.now, timeScale: facts.timeScale, hardware: facts.hardware, power: facts.power,
      verify: () => this.isSigned,
      commitment: sha256Base64url,
      isNext: (bootId, sequence, hash) => this.isNext(bootId, sequence, hash),
      isNonceGiven: (nonce, issuedAt) => {
        if (!given.has(nonce)) given.set(nonce, nonces.givenAt(nonce, nodeId));
        const at = given.get(nonce);
        return at !== undefined && isInTime(at, issuedAt, facts.nonces.includes(nonce));
      },
      // The host is in every report of a node, so two reports of one time would count it twice whatever their devices.
      overlaps: () => this.isTaken,
      wasJobHere: (jobId, fence, _start, end) => end > (jobs.get(jobKey(jobId, fence))?.reservedAt ?? Infinity) - CLOCKS_MS,
    };
  }

  decide({ sent, text, sha256, isSigned }: ReadReport): Verdict {
    const { report } = sent;
    this.isSigned = isSigned;
    const [start, end] = [Date.parse(report.interval_start), Date.parse(report.interval_end)];
    this.isTaken = this.facts.taken.some((other) => start < other.end && other.start < end);
    const before = this.facts.accepted.get(reportKey(report.boot_id, report.sequence));
    if (before === sha256) return { status: 'duplicate', sent };
    const code = this.refusalOf(sent, before !== undefined);
    this.lastReceived = { bootId: report.boot_id, sequence: report.sequence, sha256 };
    if (code) return { status: 'rejected', sent, sha256, code };
    this.facts.accepted.set(reportKey(report.boot_id, report.sequence), sha256);
    this.facts.newest.set(report.boot_id, { sequence: report.sequence, sha256 });
    this.facts.taken.push({ start, end });
    return { status: 'accepted', sent, text, sha256, ...this.bookingsOf(sent) };
  }

  received(): NodeFacts['lastReceived'] {
    return this.lastReceived;
  }

  private refusalOf(sent: ReportWithOpenings, sequenceUsed: boolean): Refusal | undefined {
    try {
      checkReport(sent, this.context, NO_BYTES);
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
      return { job, jobId: job_id, salt, here, bookedMj: isOver(here, report) ? 0n : (byJob.get(job) ?? 0n), isLate: here.isSettled };
    });
    const energyMj = [...report.devices, report.host].reduce((sum, part) => sum + BigInt(part.energy_mj), 0n);
    return { energyMj, bookings };
  }
}

const isOver = ({ endedAt, neverWas }: JobHere, { interval_start }: EnergyReport): boolean => neverWas || (endedAt !== null && Date.parse(interval_start) >= endedAt);
