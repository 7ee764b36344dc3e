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

class Account {
  uj = 0n;

  /** Whole millijoules; what is left stays for the next slice, so nothing is lost by rounding. */
  take(): bigint {
    const whole = this.uj / UJ_PER_MJ;
    this.uj -= whole * UJ_PER_MJ;
    return whole;
  }
}

interface Device {
  readonly idle: Account;
  readonly jobs: Map<string, { holder: Holder; account: Account }>;
}

/**
 * Collects energy in µJ and hands it out in slices that end on whole seconds and never straddle a multiple of `reportS`
 * (so a report lies in one grid interval, M-44). Energy is added for pieces of time in order; `boundary` closes a second.
 */
export class EnergyBook {
  private readonly host = new Account();
  private readonly devices: Map<string, Device>;
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
    this.devices = new Map(deviceIds.map((id) => [id, { idle: new Account(), jobs: new Map() }]));
  }

  addIdle(deviceId: string, uj: bigint): void {
    this.devices.get(deviceId)!.idle.uj += uj;
  }

  addJob(deviceId: string, holder: Holder, uj: bigint): void {
    const { jobs } = this.devices.get(deviceId)!;
    const key = `${holder.fence} ${holder.jobId}`;
    const entry = jobs.get(key) ?? { holder, account: new Account() };
    jobs.set(key, entry);
    entry.account.uj += uj;
  }

  addHost(uj: bigint): void {
    this.host.uj += uj;
  }

  /** All energy before `at` (a whole second) has been added. */
  boundary(at: number): void {
    this.end = at;
    if (at % (this.reportS * SECOND) === 0) this.cut();
  }

  /** Ends the slice at the last closed second; none when no second has passed since the last. */
  cut(): void {
    if (this.end === this.start) return;
    const devices = this.deviceIds.map((deviceId) => this.takeDevice(deviceId));
    this.finished.push({ start: this.start, end: this.end, devices, hostMj: this.host.take() });
    this.start = this.end;
  }

  /** The slices that are finished, oldest first; each is handed out once. */
  takeFinished(): Slice[] {
    return this.finished.splice(0);
  }

  private takeDevice(deviceId: string): DeviceSlice {
    const { idle, jobs } = this.devices.get(deviceId)!;
    const lines = [...jobs.values()].map(({ holder, account }) => ({ holder, energyMj: account.take() }));
    for (const { account } of jobs.values()) idle.uj += account.uj;
    jobs.clear();
    return { deviceId, idleMj: idle.take(), jobs: lines };
  }
}

export const wholeSecond = (ms: number): number => Math.floor(ms / SECOND) * SECOND;
export const nextWholeSecond = (ms: number): number => Math.ceil(ms / SECOND) * SECOND;
