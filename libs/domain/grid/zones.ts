import { mgPerKwh, type MgPerKwh } from '../quantities/quantities.ts';
import { simulatedZone } from './simulated-zones.ts';

export type Residency = 'EU' | 'UK' | 'US';

/** A zone as data (W-35): one more row is one more zone. */
export interface GridZone {
  readonly zone: string;
  readonly name: string;
  readonly latitude: number;
  readonly longitude: number;
  /** IANA name: local days have 23, 24 or 25 hours. */
  readonly timeZone: string;
  readonly residency: Residency;
  /** Installed wind and solar together, for W-52's margin. */
  readonly installedKw: bigint;
  /** The published mean of a year, for when nothing else answers (W-41): ± 60 %. */
  readonly fallback: { readonly intensity: MgPerKwh; readonly source: string; readonly year: number };
}

const EMBER = { source: 'Ember by Our World in Data', year: 2023 };
const CARBONCAST = { source: 'CarbonCast', year: 2021 };

function zone(key: string, name: string, timeZone: string, residency: Residency, meanMg: bigint): GridZone {
  const { latitude, longitude, solarMw, windMw } = simulatedZone(key)!;
  const published = residency === 'US' ? CARBONCAST : EMBER;
  return { zone: key, name, latitude, longitude, timeZone, residency, installedKw: BigInt((solarMw + windMw) * 1_000), fallback: { intensity: mgPerKwh(meanMg), ...published } };
}

/** The zones of the seed, with the yearly life-cycle means of W-49 (WD-10: production-based). */
export const GRID_ZONES: readonly GridZone[] = [
  zone('FR', 'France', 'Europe/Paris', 'EU', 56_000n),
  zone('DE', 'Germany', 'Europe/Berlin', 'EU', 381_000n),
  zone('ES', 'Spain', 'Europe/Madrid', 'EU', 174_100n),
  zone('PT', 'Portugal', 'Europe/Lisbon', 'EU', 165_600n),
  zone('NL', 'Netherlands', 'Europe/Amsterdam', 'EU', 267_600n),
  zone('BE', 'Belgium', 'Europe/Brussels', 'EU', 138_100n),
  zone('IT', 'Italy', 'Europe/Rome', 'EU', 330_700n),
  zone('GB', 'Great Britain', 'Europe/London', 'UK', 237_600n),
  zone('US-CAL-CISO', 'California (CAISO)', 'America/Los_Angeles', 'US', 268_100n),
  zone('US-NY-NYIS', 'New York (NYISO)', 'America/New_York', 'US', 264_300n),
  zone('US-TEX-ERCO', 'Texas (ERCOT)', 'America/Chicago', 'US', 361_500n),
];
