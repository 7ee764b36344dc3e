import { hostIdle, splitHost } from './allocation.ts';
import { ReportRefused, type Refusal } from './refusals.ts';
import { commitmentText, gradeOf, jobsOf, messageToSign, partsOf, type EnergyReport, type Hardware, type Opening, type PartReading, type ReportWithOpenings } from './report.ts';

const FUTURE_MS = 5_000;
const OLDEST_MS = 7 * 86_400_000;
const LONGEST_MS = 300_000;

/** Watts of the power model that the node registered (W-13). */
export interface PowerLimits {
  readonly hostMaxW: number;
  readonly gpuIdleW: number;
  readonly gpuMaxW: number;
}

/** What the server knows when a report arrives. Hashing, verifying and look-ups come in, so the rules stay pure. */
export interface ReportContext {
  readonly nodeId: string;
  /** The database's clock, ms since 1970. */
  readonly now: number;
  readonly timeScale: number;
  /** As registered. */
  readonly hardware: Hardware;
  readonly power: PowerLimits;
  /** By the key stored under `keyId`, never by one that came along. */
  verify(keyId: string, message: Uint8Array, signature: string): boolean;
  /** SHA-256 as unpadded base64url. */
  commitment(bytes: Uint8Array): string;
  /** Is `hash` (`sha256:` and hex) that of the report before? A boot's first has 64 zeros (M-32). */
  isNext(bootId: string, sequence: number, hash: string): boolean;
  isNonceGiven(nonce: string, issuedAt: number): boolean;
  overlaps(deviceId: string, start: number, end: number): boolean;
  wasJobHere(jobId: string, fence: number, start: number, end: number): boolean;
}

/**
 * W-22 and W-23, from top to bottom. Returns only when all hold; otherwise throws the code of the first that does not.
 * Replays are decided before, by (node, boot, sequence): see `ReportRefused` codes `equivocation` and the answer `duplicate`.
 * @param message the bytes that were signed, where the caller has them already
 * @throws ReportRefused
 */
export function checkReport({ report, openings }: ReportWithOpenings, context: ReportContext, message = messageToSign(report)): void {
  hold('bad_signature', report.node_id === context.nodeId && context.verify(report.key_id, message, report.signature));
  checkTime(report, context);
  // W-26, M-37: what is simulated never passes for measured, whatever a node says of itself afterwards.
  hold('not_as_registered', report.hardware === context.hardware && (report.hardware === 'real' || report.method === 'model') && report.grade === gradeOf(report.method));
  checkChain(report, context);
  const [start, end] = [Date.parse(report.interval_start), Date.parse(report.interval_end)];
  hold('overlap', !report.devices.some(({ device_id }) => context.overlaps(device_id, start, end)));
  checkSums(report);
  checkOpenings(report, openings, context);
  hold('unknown_job', openings.every(({ job_id, fence }) => context.wasJobHere(job_id, fence, start, end)));
  checkPhysics(report, context);
}

function hold(code: Refusal, condition: boolean): void {
  if (!condition) throw new ReportRefused(code);
}

function checkTime(report: EnergyReport, { now, isNonceGiven }: ReportContext): void {
  const [start, end] = [Date.parse(report.interval_start), Date.parse(report.interval_end)];
  hold('bad_interval', start < end && end - start <= LONGEST_MS);
  hold('future', end <= now + FUTURE_MS);
  hold('too_old', end >= now - OLDEST_MS);
  hold('stale_nonce', isNonceGiven(report.server_nonce, Date.parse(report.issued_at)));
}

/** The hash is written with and without its algorithm's name by agents in the field. */
function checkChain({ boot_id, sequence, previous_sha256 }: EnergyReport, { isNext }: ReportContext): void {
  hold('chain_break', isNext(boot_id, sequence, `sha256:${previous_sha256.replace(/^sha256:/, '')}`));
}

function checkSums(report: EnergyReport): void {
  hold('sum_mismatch', new Set(report.devices.map(({ device_id }) => device_id)).size === report.devices.length);
  for (const part of partsOf(report)) {
    hold('sum_mismatch', isSorted(part));
    hold('sum_mismatch', part.jobs.reduce((total, line) => total + BigInt(line.energy_mj), BigInt(part.idle_mj)) === BigInt(part.energy_mj));
  }
  const split = splitHost(BigInt(report.host.energy_mj), report.devices);
  // The host's jobs are sorted by now, each once: as many as the split has, each with its part, are the split. Idleness is its one key more.
  hold('sum_mismatch', hostIdle(split) === BigInt(report.host.idle_mj) && report.host.jobs.length === split.size - 1);
  hold('sum_mismatch', report.host.jobs.every(({ job, energy_mj }) => split.get(job)?.toString() === energy_mj));
}

/** Ordered by `job`, each once (W-20). */
const isSorted = ({ jobs }: PartReading): boolean => jobs.every(({ job }, i) => i === 0 || jobs[i - 1]!.job < job);

function checkOpenings(report: EnergyReport, openings: readonly Opening[], { commitment }: ReportContext): void {
  const lines = jobsOf(report);
  hold('unopened_job', openings.length === lines.size && new Set(openings.map(({ job }) => job)).size === openings.length);
  hold('unopened_job', openings.every((opening) => lines.has(opening.job) && commitment(commitmentText(opening)) === opening.job));
  hold('unopened_job', new Set(openings.map(({ job_id, fence }) => `${fence} ${job_id}`)).size === openings.length);
}

/** W-23 with a tolerance of 5 % and 1 J above, and half the idle power below for a device that works. */
function checkPhysics(report: EnergyReport, { power, timeScale }: ReportContext): void {
  const nodeMs = (Date.parse(report.interval_end) - Date.parse(report.interval_start)) * timeScale;
  const most = (watts: number) => BigInt(Math.floor(1.05 * watts * nodeMs)) + 1_000n;
  const least = BigInt(Math.floor(0.5 * power.gpuIdleW * nodeMs));
  hold('over_physical', BigInt(report.host.energy_mj) <= most(power.hostMaxW));
  for (const { energy_mj, jobs } of report.devices) {
    hold('over_physical', BigInt(energy_mj) <= most(power.gpuMaxW));
    hold('under_physical', jobs.length === 0 || BigInt(energy_mj) >= least);
  }
}
