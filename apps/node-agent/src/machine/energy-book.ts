/** One job's stay on this node, as reports know it. */
export interface Holder {
  readonly jobId: string;
  readonly fence: number;
}

export interface DeviceSlice {
  readonly deviceId: string;
  readonly idleMj: bigint;
  /** Every job that held the device in the slice, also one that drew nothing beyond idle. */
  readonly jobs: readonly { readonly holder: Holder; readonly energyMj: bigint }[];
}

/** Metered energy of [start, end), both whole seconds in ms since 1970. */
export interface Slice {
  readonly start: number;
  readonly end: number;
  readonly devices: readonly DeviceSlice[];
  readonly hostMj: bigint;
}

const SECOND = 1_000;
const UJ_PER_MJ = 1_000n;

interface DeviceTally {
  idle: bigint;
  readonly jobs: Map<string, { readonly holder: Holder; uj: bigint }>;
}

/** Energy in µJ by device, job and host. */
class Tally {
  host = 0n;
  readonly devices: ReadonlyMap<string, DeviceTally>;

  constructor(deviceIds: readonly string[]) {
    this.devices = new Map(deviceIds.map((id) => [id, { idle: 0n, jobs: new Map() }]));
  }

  addJob(deviceId: string, holder: Holder, uj: bigint): void {
    const { jobs } = this.devices.get(deviceId)!;
    const key = `${holder.fence} ${holder.jobId}`;
    const entry = jobs.get(key) ?? { holder, uj: 0n };
    entry.uj += uj;
    jobs.set(key, entry);
  }

  /** Takes over what another holds, and empties it. */
  take(other: Tally): void {
    this.host += other.host;
    other.host = 0n;
    for (const [id, device] of other.devices) {
      this.devices.get(id)!.idle += device.idle;
      for (const { holder, uj } of device.jobs.values()) this.addJob(id, holder, uj);
      device.idle = 0n;
      device.jobs.clear();
    }
  }
}

/**
 * Collects energy in µJ and hands it out in slices that end on whole seconds and never straddle a multiple of `reportS`
 * (so a report lies in one grid interval, M-44). Energy is added for pieces of time in order. The second that runs is kept
 * apart until `boundary` closes it: a cut in its middle must not put its energy into the time before.
 */
export class EnergyBook {
  private running: Tally;
  private closed: Tally;
  private readonly finished: Slice[] = [];
  private start: number;
  private end: number;

  constructor(
    private readonly deviceIds: readonly string[],
    start: number,
    private readonly reportS: number,
  ) {
    this.start = start;
    this.end = start;
    this.running = new Tally(deviceIds);
    this.closed = new Tally(deviceIds);
  }

  addIdle(deviceId: string, uj: bigint): void {
    this.running.devices.get(deviceId)!.idle += uj;
  }

  addJob(deviceId: string, holder: Holder, uj: bigint): void {
    this.running.addJob(deviceId, holder, uj);
  }

  addHost(uj: bigint): void {
    this.running.host += uj;
  }

  /** All energy before `at` (a whole second) has been added. */
  boundary(at: number): void {
    this.closed.take(this.running);
    this.end = at;
    if (at % (this.reportS * SECOND) === 0) this.cut();
  }

  /** Ends the slice at the last closed second; none when no second has passed since the last. */
  cut(): void {
    if (this.end === this.start) return;
    const devices = this.deviceIds.map((deviceId) => this.takeDevice(deviceId));
    this.finished.push({ start: this.start, end: this.end, devices, hostMj: this.closed.host / UJ_PER_MJ });
    this.closed.host %= UJ_PER_MJ;
    this.start = this.end;
  }

  /** Nothing was read until `at`: the slice ends before the hole, and the next begins after it. */
  skipTo(at: number): void {
    this.cut();
    this.running = new Tally(this.deviceIds);
    this.closed = new Tally(this.deviceIds);
    this.start = at;
    this.end = at;
  }

  /** The slices that are finished, oldest first; each is handed out once. */
  takeFinished(): Slice[] {
    return this.finished.splice(0);
  }

  /** Whole millijoules; what is left goes on in the device's idle energy, so nothing is lost by rounding. */
  private takeDevice(deviceId: string): DeviceSlice {
    const device = this.closed.devices.get(deviceId)!;
    const jobs = [...device.jobs.values()].map(({ holder, uj }) => ({ holder, energyMj: uj / UJ_PER_MJ }));
    for (const { uj } of device.jobs.values()) device.idle += uj % UJ_PER_MJ;
    device.jobs.clear();
    const idleMj = device.idle / UJ_PER_MJ;
    device.idle %= UJ_PER_MJ;
    return { deviceId, idleMj, jobs };
  }
}

export const wholeSecond = (ms: number): number => Math.floor(ms / SECOND) * SECOND;
export const nextWholeSecond = (ms: number): number => Math.ceil(ms / SECOND) * SECOND;
