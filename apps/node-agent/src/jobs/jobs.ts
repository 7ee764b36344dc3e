import { canonicalBytes } from '#domain/energy-report/report';
import { sha256Hex } from '#platform/signing/sha256';
import { refuse } from '../http/protocol-error.ts';
import type { JobChange, Machine } from '../machine/machine.ts';
import type { JobBody } from './job-body.ts';
import { hasEnded, mayFollow, type JobRecord } from './job.ts';
import { Journal } from './journal.ts';

export type Availability = 'available' | 'owner_in_use' | 'draining';
const KEPT_MS = 24 * 3_600_000;

/** Admission and memory of jobs (W-16, W-17): every answer speaks of what is on disk, so a restarted agent gives the same. */
export class Jobs {
  private readonly journal: Journal<JobRecord>;
  private availability: Availability = 'available';

  constructor(
    path: string,
    private readonly machine: () => Machine,
    private readonly changed: (record: JobRecord) => void,
  ) {
    this.journal = new Journal(path, (record) => record.ended_at === null || Date.parse(record.ended_at) > Date.now() - KEPT_MS);
  }

  /** After a restart: what was under way goes on from its last checkpoint, in its own segment and on its own GPUs. */
  resume(): void {
    for (const record of [...this.journal.values()].filter((one) => !hasEnded(one))) {
      const from = record.last_checkpoint;
      this.machine().start({
        jobId: record.job_id, body: record.body, gpus: record.gpus, unitsDone: from?.units_done ?? record.body.units_done,
        restoreBytes: from?.size_bytes ?? record.body.restore?.size_bytes ?? null, energyMj: BigInt(record.energy_mj),
      });
    }
  }

  /** @returns the record, and whether this call made it */
  put(jobId: string, body: JobBody): { readonly record: JobRecord; readonly created: boolean } {
    const digest = sha256Hex(canonicalBytes(body));
    const known = this.journal.get(jobId);
    if (known?.digest === digest) return { record: known, created: false };
    if (known?.body.fence === body.fence) throw refuse(409, 'job_conflict', 'This job exists with another body under the same fence.');
    const newest = Math.max(0, ...[...this.journal.values()].filter((one) => one.body.workload_id === body.workload_id).map((one) => one.body.fence));
    if (body.fence < newest) throw refuse(409, 'fence_too_old', `Fence ${newest} of this workload was here already; a lower one is over.`);
    if (known && !hasEnded(known)) throw refuse(409, 'job_conflict', 'This job still runs under another fence; delete it first.');
    return { record: this.admit(jobId, body, digest), created: true };
  }

  get(jobId: string): JobRecord {
    const record = this.journal.get(jobId);
    if (!record) throw refuse(404, 'not_found', 'This node has no such job.');
    return record;
  }

  /** With progress and energy of this moment. */
  view(jobId: string): JobRecord {
    const now = this.machine().progress(jobId);
    const record = this.get(jobId);
    return now && !hasEnded(record) ? { ...record, units_done: now.unitsDone, energy_mj: String(now.energyMj) } : record;
  }

  checkpoint(jobId: string, fence: number, thenStop: boolean): JobRecord {
    const record = this.fenced(jobId, fence);
    if (hasEnded(record) && thenStop && record.state === 'stopped') return record;
    if (hasEnded(record)) throw refuse(409, 'not_running', `The job is ${record.state}.`);
    if (record.body.checkpoint === null && !thenStop) throw refuse(409, 'checkpoint_unsupported', 'The job was started without checkpoints.');
    this.machine().checkpoint(jobId, thenStop);
    return this.get(jobId);
  }

  stop(jobId: string, fence: number): JobRecord {
    const record = this.fenced(jobId, fence);
    if (!hasEnded(record)) this.machine().stop(jobId);
    return this.get(jobId);
  }

  /** Called by the machine; on disk before anybody is told. */
  apply(jobId: string, change: JobChange): void {
    const before = this.get(jobId);
    if (!mayFollow(before.state, change.state)) throw new Error(`job ${jobId}: ${change.state} cannot follow ${before.state}`);
    const record: JobRecord = {
      ...before, state: change.state, units_done: change.unitsDone, energy_mj: String(change.energyMj),
      ended_at: hasEnded(change) ? new Date(change.at).toISOString() : null,
      last_checkpoint: change.checkpoint ?? before.last_checkpoint, result: change.result ?? null, error: change.error ?? null,
    };
    this.journal.put(jobId, record);
    this.changed(record);
  }

  active(): JobRecord[] {
    return [...this.journal.values()].filter((record) => !hasEnded(record));
  }

  /** GPUs that no job holds. */
  freeGpus() {
    const held = new Set(this.active().flatMap(({ gpus }) => gpus));
    return this.machine().inventory.gpus.filter(({ uuid }) => !held.has(uuid));
  }

  setAvailability(availability: Availability): void {
    this.availability = availability;
  }

  getAvailability(): Availability {
    return this.availability;
  }

  close(): void {
    this.journal.close();
  }

  private admit(jobId: string, body: JobBody, digest: string): JobRecord {
    if (this.availability !== 'available') throw refuse(503, this.availability, this.availability === 'draining' ? 'The node takes no new work.' : 'The owner uses the machine.');
    const free = this.freeGpus().filter(({ memory_gb }) => memory_gb >= body.gpu_memory_gb);
    if (free.length < body.gpu_count) throw refuse(409, 'no_capacity', `${body.gpu_count} GPU(s) of ${body.gpu_memory_gb} GB asked, ${free.length} free.`);
    this.machine().cut(); // what was drawn before this job is a report of its own
    const record: JobRecord = {
      job_id: jobId, body, digest, gpus: free.slice(0, body.gpu_count).map(({ uuid }) => uuid), state: 'starting', units_done: body.units_done, energy_mj: '0',
      started_at: new Date().toISOString(), ended_at: null, last_checkpoint: null, result: null, error: null,
    };
    this.journal.put(jobId, record);
    this.changed(record);
    this.machine().start({ jobId, body, gpus: record.gpus, unitsDone: body.units_done, restoreBytes: body.restore?.size_bytes ?? null, energyMj: 0n });
    return record;
  }

  private fenced(jobId: string, fence: number): JobRecord {
    const record = this.get(jobId);
    if (fence < record.body.fence) throw refuse(409, 'fence_too_old', `The job runs under fence ${record.body.fence}.`);
    return record;
  }
}
