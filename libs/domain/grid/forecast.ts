import { noise } from './noise.ts';
import { BASES, placesOf, toInteger, type SignalValue } from './signal.ts';
import type { SimulatedZone } from './simulated-zones.ts';
import { HOUR_MS, simulateHour } from './simulate.ts';

export const FORECAST_HOURS = 72;
const DAY_MS = 24 * HOUR_MS;
/** The day-ahead auction's result is out at noon. */
const AUCTION_MS = 12 * HOUR_MS;
const PRICE_ERROR_USD = 40;

export interface ForecastRow extends SignalValue {
  readonly sourceTime: number;
}

/**
 * W-52: the next 72 hours as seen at source time `issuedMs`. Intensity errs more the further ahead, at most 15 %; prices
 * are exact as far as the day-ahead auction has gone.
 */
export function simulatedForecast(seed: number, z: SimulatedZone, issuedMs: number): ForecastRow[] {
  const channel = `fc${Math.floor(issuedMs / HOUR_MS)}`;
  const auctioned = knownPricesUntil(issuedMs);
  const rows: ForecastRow[] = [];
  for (let ahead = 1; ahead <= FORECAST_HOURS; ahead += 1) {
    const sourceTime = issuedMs + ahead * HOUR_MS;
    const hour = simulateHour(seed, z, sourceTime);
    const sigma = Math.min(0.02 * Math.sqrt(ahead), 0.15);
    const wobble = noise(seed, z.zone, channel, 6, sourceTime / HOUR_MS + 0.5);
    const price = sourceTime < auctioned ? hour.price : hour.price + PRICE_ERROR_USD * sigma * wobble;
    for (const basis of BASES) rows.push({ kind: 'intensity', basis, fuel: null, sourceTime, value: toInteger(hour[basis] * (1 + sigma * wobble), placesOf('intensity')) });
    rows.push({ kind: 'price', basis: null, fuel: null, sourceTime, value: toInteger(price, placesOf('price')) });
  }
  return rows;
}

/** The end of the UTC day, from 12:00 UTC the end of the next. */
export function knownPricesUntil(issuedMs: number): number {
  const midnight = Math.floor(issuedMs / DAY_MS) * DAY_MS;
  return midnight + (issuedMs - midnight >= AUCTION_MS ? 2 : 1) * DAY_MS;
}
