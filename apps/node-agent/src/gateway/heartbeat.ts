import type { Jobs } from '../jobs/jobs.ts';
import type { Machine } from '../machine/machine.ts';
import type { HeartbeatBody } from './gateway-client.ts';

const SOONEST_MS = 250;
/** Three beats in a row bring a silent node back (W-30), so a node that starts sends its first three at once. */
const FIRST_BEATS = 3;
const HURRY_MS = 1_000;

/** Beats every `everyMs`, and soon after something happened: the gateway then asks the job itself (W-18). */
export class Beat {
  private timer: NodeJS.Timeout | undefined;
  private sequence = 0;
  private beating = false;
  private closed = false;

  constructor(
    private readonly everyMs: number,
    /** False when the gateway did not take it. */
    private readonly send: (sequence: number) => Promise<boolean>,
  ) {
    this.schedule(0);
  }

  soon(): void {
    if (!this.beating) this.schedule(SOONEST_MS);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private schedule(ms: number): void {
    clearTimeout(this.timer);
    if (!this.closed) this.timer = setTimeout(() => void this.beat(), ms);
  }

  private async beat(): Promise<void> {
    this.beating = true;
    this.sequence += 1;
    const taken = await this.send(this.sequence);
    this.beating = false;
    this.schedule(taken && this.sequence >= FIRST_BEATS ? this.everyMs : HURRY_MS);
  }
}

export function heartbeatOf(bootId: string, sequence: number, jobs: Jobs, machine: Machine): HeartbeatBody {
  const active = jobs.active().map(({ job_id }) => jobs.view(job_id));
  return {
    boot_id: bootId, sequence, availability: jobs.getAvailability(), meter: machine.meter(), gpus_free: jobs.freeGpus().length,
    jobs: active.map(({ job_id, body, state, units_done }) => ({ job_id, fence: body.fence, state, units_done })),
  };
}
