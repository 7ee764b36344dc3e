import { milliJoules, sum, type MilliJoules } from '../quantities/quantities.ts';
import { splitLargestRemainder } from '../quantities/round.ts';
import type { DeviceReading, EnergyReport } from './report.ts';

/** One device's weight in the split of the host (M-33): divisible by every number of jobs up to 8 that may share it. */
const DEVICE_WEIGHT = 840n;
/** Sorts after every base64url name, so a spare millijoule goes to work before it goes to idleness. */
const IDLE = '~idle';

const mj = (line: { readonly energy_mj: string }): bigint => BigInt(line.energy_mj);

/**
 * M-33: host energy by GPUs used ÷ GPUs in the node, the rest idle; remainders to the lower key.
 * @returns mJ per job, idle among them under the key `~idle`; they sum to `energy`.
 */
export function splitHost(energy: bigint, devices: readonly Pick<DeviceReading, 'jobs'>[]): Map<string, bigint> {
  const weights = new Map<string, bigint>([[IDLE, 0n]]);
  const add = (key: string, weight: bigint) => weights.set(key, (weights.get(key) ?? 0n) + weight);
  for (const { jobs } of devices) {
    if (jobs.length === 0) add(IDLE, DEVICE_WEIGHT);
    for (const { job } of jobs) add(job, DEVICE_WEIGHT / BigInt(jobs.length));
  }
  const keys = [...weights.keys()];
  const parts = splitLargestRemainder(energy, [...weights.values()], keys);
  return new Map(keys.map((key, i) => [key, parts[i]!]));
}

export const hostIdle = (split: ReadonlyMap<string, bigint>): bigint => split.get(IDLE) ?? 0n;
export const hostJobs = (split: ReadonlyMap<string, bigint>): [string, bigint][] => [...split].filter(([key]) => key !== IDLE).sort(([a], [b]) => (a < b ? -1 : 1));

export interface Allocation {
  /** What each unnamed job bears: its work, the idle energy of the devices it holds, its part of the host (M-40 a). */
  readonly byJob: ReadonlyMap<string, MilliJoules>;
  /** What nobody reserved: the owner's (M-40 c). */
  readonly ownerIdle: MilliJoules;
}

/** Σ byJob + ownerIdle = Σ devices + host, to the millijoule (W-25, M-41). */
export function allocate(report: Pick<EnergyReport, 'devices' | 'host'>): Allocation {
  const byJob = new Map<string, bigint>();
  const bear = (job: string, energy: bigint) => byJob.set(job, (byJob.get(job) ?? 0n) + energy);
  let ownerIdle = BigInt(report.host.idle_mj);
  for (const { jobs, idle_mj } of report.devices) {
    if (jobs.length === 0) ownerIdle += BigInt(idle_mj);
    const idle = splitIdle(BigInt(idle_mj), jobs);
    jobs.forEach((line, i) => bear(line.job, mj(line) + idle[i]!));
  }
  for (const line of report.host.jobs) bear(line.job, mj(line));
  return { byJob: new Map([...byJob].map(([job, energy]) => [job, milliJoules(energy)])), ownerIdle: milliJoules(ownerIdle) };
}

/** A job listed with "0" holds its device all the same; when all are 0 they bear the idle energy alike (M-2). */
function splitIdle(idle: bigint, jobs: DeviceReading['jobs']): bigint[] {
  if (jobs.length === 1) return [idle];
  const energies = jobs.map(mj);
  const weights = sum(energies) === 0n ? energies.map(() => 1n) : energies;
  return splitLargestRemainder(idle, weights, jobs.map(({ job }) => job));
}

/** M-44: a report counts whole in the signal interval that holds its start. Times are milliseconds since 1970. */
export const signalIntervalStart = (reportStart: number, intervalS: number): number => Math.floor(reportStart / (intervalS * 1_000)) * intervalS * 1_000;
