import { FACTORS_2026_1, mixIntensity, type Fuel } from './factors.ts';
import { fraction, noise } from './noise.ts';
import { BASES, placesOf, toInteger, type SignalValue } from './signal.ts';
import type { SimulatedZone } from './simulated-zones.ts';

export const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TAU = 2 * Math.PI;
const RADIANS = Math.PI / 180;

/** Plants that sell at the margin: two thirds coal while it is the one that gives way, else gas. */
const COAL_SHARE = 0.66;
const GAS = FACTORS_2026_1.lifecycle.gas;
const COAL_MARGIN = COAL_SHARE * FACTORS_2026_1.lifecycle.coal + (1 - COAL_SHARE) * GAS;
const PRICE_FLOOR = -90;

type Mix = Readonly<Record<Exclude<Fuel, 'geothermal' | 'other'>, number>>;

/** One hour of one zone: g/kWh, USD/MWh, MW. */
export interface SimulatedHour {
  readonly average_lifecycle: number;
  readonly average_direct: number;
  readonly marginal: number;
  readonly price: number;
  readonly demand: number;
  readonly generation: number;
  readonly curtailed: number;
  readonly mix: Mix;
  readonly ownDemand: number;
  readonly exported: number;
}

/**
 * W-48: the hour that starts at `startMs`, from nothing but the seed, the zone and the time (W-45), so any hour can be had
 * alone and by anybody. Trap: the price's noise belongs to the branch without surplus; only so W-50's vectors come out.
 */
export function simulateHour(seed: number, z: SimulatedZone, startMs: number): SimulatedHour {
  const when = instant(startMs);
  const { n, season } = when;
  const { solar: solarP, wind: windP } = weather(seed, z, when);
  const D = z.demandMw;

  const own = D * demandShape(seed, z, when);
  const nuclear = z.nuclear * D * (1 + 0.06 * season);
  const biomass = z.biomass * D;
  const oil = z.oil * D;
  const run = 0.5 * z.hydro * D * (1 + 0.25 * Math.cos((TAU * (n - 120)) / 365));
  const beforeDispatch = own - nuclear - biomass - oil - run - solarP - windP;
  const dispatched = 0.5 * z.hydro * D * clamp(1 + 1.2 * (beforeDispatch / D - 0.3), 0, 2);
  const residual = beforeDispatch - dispatched;

  const thermal = Math.max(residual, z.thermalMin * D);
  const surplus = thermal - residual;
  const exported = Math.min(surplus, z.exports * D);
  const curtailed = Math.min(surplus - exported, solarP + windP);
  const kept = solarP + windP > 0 ? 1 - curtailed / (solarP + windP) : 1;
  const coal = Math.min(z.coal * D, COAL_SHARE * thermal);
  const mix: Mix = { nuclear, hydro: run + dispatched, wind: windP * kept, solar: solarP * kept, biomass, coal, gas: thermal - coal, oil };

  return {
    average_lifecycle: mixIntensity(mix, FACTORS_2026_1.lifecycle),
    average_direct: mixIntensity(mix, FACTORS_2026_1.direct),
    marginal: curtailed > 0 ? 0 : coal > 0 && coal < z.coal * D ? COAL_MARGIN : GAS,
    price: price(z, surplus, residual, 4 * noise(seed, z.zone, 'price', 6, when.t)),
    demand: own / (1 - z.imports),
    generation: Object.values(mix).reduce((sum, mw) => sum + mw, 0),
    curtailed,
    mix,
    ownDemand: own,
    exported,
  };
}

/** Sun by latitude and season with its peak at solar noon; wind that blows against it. MW before any curtailment. */
function weather(seed: number, z: SimulatedZone, { t, n, season }: Instant) {
  const solarHour = (t + z.longitude / 15) % 24;
  const declination = 23.45 * RADIANS * Math.sin((TAU * (284 + n)) / 365);
  const latitude = z.latitude * RADIANS;
  const height = Math.sin(latitude) * Math.sin(declination) + Math.cos(latitude) * Math.cos(declination) * Math.cos((Math.PI * (solarHour - 12)) / 12);
  const sun = Math.max(0, height);
  // +1 is stormy, −1 calm and clear; neighbours share most of it
  const wx = 0.6 * noise(seed, z.region, 'weather', 60, t) + 0.4 * noise(seed, z.zone, 'weather', 18, t);
  return {
    solar: z.solarMw * 0.8 * sun * (1 - 0.7 * clamp(0.4 + 0.12 * season + 0.35 * wx, 0, 1)),
    wind: z.windMw * clamp(0.27 + 0.09 * season + 0.36 * wx - 0.08 * sun, 0.02, 0.95),
  };
}

/** Demand over its mean: weekday, heating or cooling, the evening's peak. */
function demandShape(seed: number, z: SimulatedZone, { t, startMs, season }: Instant): number {
  const hour = (t + z.tz) % 24;
  const weekday = new Date(startMs + z.tz * HOUR_MS).getUTCDay();
  const week = weekday === 0 ? 0.91 : weekday === 6 ? 0.94 : 1.03;
  return week * (1 + z.heat * season + 0.13 * Math.cos((TAU * (hour - 16.5)) / 24) + 0.07 * Math.cos((2 * TAU * (hour - 19.5)) / 24) + 0.03 * noise(seed, z.zone, 'demand', 12, t));
}

function price(z: SimulatedZone, surplus: number, residual: number, jitter: number): number {
  const net = (residual - z.thermalMin * z.demandMw) / z.demandMw;
  const scarce = Math.max(0, net - 0.4);
  const usd = surplus > 0 ? 0.6 * z.basePrice * (1 - surplus / (z.exports * z.demandMw)) : z.basePrice * (0.6 + net + 4 * scarce * scarce) + jitter;
  return clamp(usd, PRICE_FLOOR, 4 * z.basePrice);
}

/** W-52: what the first statement of an hour is off by, ± 3 %, for every kind of row; the final one is exact. */
export const preliminaryFactor = (seed: number, zone: string, startMs: number): number =>
  1 + 0.03 * (2 * fraction(seed, zone, 'prelim', Math.floor(startMs / HOUR_MS + 0.5)) - 1);

/** The 15 series of an hour as integers: three bases, price, total and eight fuels, demand, curtailment. */
export function simulatedValues(seed: number, z: SimulatedZone, startMs: number, quality: 'preliminary' | 'final'): SignalValue[] {
  const hour = simulateHour(seed, z, startMs);
  const factor = quality === 'preliminary' ? preliminaryFactor(seed, z.zone, startMs) : 1;
  const row = (kind: SignalValue['kind'], value: number, basis: SignalValue['basis'] = null, fuel: Fuel | null = null): SignalValue =>
    ({ kind, basis, fuel, value: toInteger(value * factor, placesOf(kind)) });
  return [
    ...BASES.map((basis) => row('intensity', hour[basis], basis)),
    row('price', hour.price),
    row('generation', hour.generation),
    ...Object.entries(hour.mix).map(([fuel, mw]) => row('generation', mw, null, fuel as Fuel)),
    row('demand', hour.demand),
    row('curtailed', hour.curtailed),
  ];
}

type Instant = ReturnType<typeof instant>;

/** `t`: the middle of the hour in hours since 1970; `n`: the UTC day of the year of its start, from 1; `season`: +1 mid-January, −1 mid-July. */
function instant(startMs: number) {
  const n = Math.floor((startMs - Date.UTC(new Date(startMs).getUTCFullYear(), 0, 1)) / DAY_MS) + 1;
  return { startMs, t: startMs / HOUR_MS + 0.5, n, season: Math.cos((TAU * (n - 15)) / 365) };
}

const clamp = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high);
