import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The kernel's powercap interface; reading `energy_uj` needs root or a udev rule on current kernels. */
const POWERCAP = '/sys/class/powercap';
/** Packages, not their parts: `intel-rapl:0`, never `intel-rapl:0:1`. */
const PACKAGE = /^(intel|amd)-rapl:\d+$/;

export interface PowercapFiles {
  list(): readonly string[];
  /** The file's text; throws as the kernel does. */
  read(zone: string, file: string): string;
}

export const powercapFiles: PowercapFiles = {
  list: () => readdirSync(POWERCAP),
  read: (zone, file) => readFileSync(join(POWERCAP, zone, file), 'utf8'),
};

/** Energy of all processor packages since the last look, from counters that wrap. */
export class RaplCounter {
  private readonly zones: readonly string[];
  private last: ReadonlyMap<string, bigint>;

  constructor(private readonly files: PowercapFiles = powercapFiles) {
    this.zones = files.list().filter((name) => PACKAGE.test(name)).sort();
    if (this.zones.length === 0) throw new Error(`no processor package has an energy counter under ${POWERCAP}`);
    this.last = this.look();
  }

  /** µJ since the call before; a counter that stands lower has wrapped once. */
  takeUj(): bigint {
    const now = this.look();
    const drawn = this.zones.reduce((sum, zone) => {
      const [before, after] = [this.last.get(zone)!, now.get(zone)!];
      return sum + (after >= before ? after - before : after + this.number(zone, 'max_energy_range_uj') - before);
    }, 0n);
    this.last = now;
    return drawn;
  }

  /** The most that the packages are allowed to draw, in W; 0 where the kernel does not say. */
  maxW(): number {
    return this.zones.reduce((sum, zone) => {
      try {
        return sum + Number(this.number(zone, 'constraint_0_max_power_uw') / 1_000_000n);
      } catch {
        return sum;
      }
    }, 0);
  }

  private look(): ReadonlyMap<string, bigint> {
    return new Map(this.zones.map((zone) => [zone, this.number(zone, 'energy_uj')]));
  }

  private number(zone: string, file: string): bigint {
    return BigInt(this.files.read(zone, file).trim());
  }
}
