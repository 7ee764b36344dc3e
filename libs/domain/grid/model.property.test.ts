import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fraction, noise } from './noise.ts';
import { HOUR_MS, preliminaryFactor, simulatedValues, simulateHour } from './simulate.ts';
import { SIMULATED_ZONES } from './simulated-zones.ts';

/** W-47 and W-48 written down a second time from the page, table included, so that a slip of the pen on either side shows. */
const PAGE = `
FR           46.6    2.4  1 EU   51000 0    .70  .018 .105 .014 .004 .01 .20 18500 20500  .07 112
DE           51.0   10.4  1 EU   53000 .02  .017 .096 .04  .066 .50  .12 .08 53000 51000  .06  92
ES           40.2   -3.7  1 EU   28000 0    .21  .022 .08  .036 .014 .06 .14 32000 27500  .03  88
PT           39.6   -8.0  0 EU    5800 .18  0    .085 .25  .028 0    .04 .15  4200  6900  .04  88
NL           52.2    5.5  1 EU   13500 0    .033 .066 0    .034 .05  .06 .16 20500 14500  .05  84
BE           50.7    4.6  1 EU    9400 0    .43  .04  .005 .036 0    .04 .16  7500  7600  .06 106
IT           42.8   12.5  1 EU   34000 .15  0    .085 .145 .057 .053 .18 .10 24500 11000  .02 120
GB           53.0   -1.5  0 EU   31500 .08  .14  .115 .018 .036 .014 .05 .10 11500 34500  .07  96
US-CAL-CISO  36.8 -119.8 -8 US-W 25000 .22  .12  .015 .075 .004 0    .06 .10 32000  9000 -.06  38
US-NY-NYIS   42.9  -75.5 -5 US-E 17000 .10  .225 .02  .20  .062 0    .12 .10   900  2100 -.04  44
US-TEX-ERCO  31.0  -99.0 -6 US-C 46000 0    .105 .004 .003 .002 .195 .08 .06 11500 44500 -.08  28`;
const page = PAGE.trim().split('\n').map((line) => {
  const [zone, phi, lon, tz, region, ...shares] = line.trim().split(/\s+/);
  return { zone: zone!, phi: Number(phi), lon: Number(lon), tz: Number(tz), region: region!, shares: shares.map(Number) };
});

const u = (seed: number, key: string, channel: string, k: number): number => {
  let h = 2_166_136_261n;
  const times = (factor: bigint) => (h = (h * factor) % 2n ** 32n);
  for (const byte of new TextEncoder().encode([seed, key, channel, k].join('|'))) {
    h ^= BigInt(byte);
    times(16_777_619n);
  }
  h ^= h >> 16n;
  times(0x85ebca6bn);
  h ^= h >> 13n;
  times(0xc2b2ae35n);
  h ^= h >> 16n;
  return Number(h) / 2 ** 32;
};
const smooth = (seed: number, key: string, channel: string, period: number, t: number): number => {
  const k = Math.floor(t / period);
  const f = t / period - k;
  const [a, b] = [u(seed, key, channel, k), u(seed, key, channel, k + 1)];
  return 2 * (a + (b - a) * f ** 2 * (3 - 2 * f)) - 1;
};
const clamp = (x: number, low: number, high: number) => (x < low ? low : x > high ? high : x);

function reference(seed: number, { zone, phi, lon, tz, region, shares }: (typeof page)[number], start: number) {
  const [D, imp, nuc, bio, hyd, oil, coalShare, gmin, exp, S, W, heat, p0] = shares as [number, number, number, number, number, number, number, number, number, number, number, number, number];
  const { PI, cos, sin, max, min } = Math;
  const date = new Date(start);
  const n = (Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) - Date.UTC(date.getUTCFullYear(), 0, 0)) / 86_400_000;
  const t = start / 3_600_000 + 0.5;
  const season = cos((2 * PI * (n - 15)) / 365);
  const hs = (t + lon / 15) % 24;
  const hl = (t + tz) % 24;
  const delta = ((23.45 * PI) / 180) * sin((2 * PI * (284 + n)) / 365);
  const lat = (phi * PI) / 180;
  const mu = max(0, sin(lat) * sin(delta) + cos(lat) * cos(delta) * cos((PI * (hs - 12)) / 12));
  const wx = 0.6 * smooth(seed, region, 'weather', 60, t) + 0.4 * smooth(seed, zone, 'weather', 18, t);
  const solarP = S * 0.8 * mu * (1 - 0.7 * clamp(0.4 + 0.12 * season + 0.35 * wx, 0, 1));
  const windP = W * clamp(0.27 + 0.09 * season + 0.36 * wx - 0.08 * mu, 0.02, 0.95);
  // 1 January 1970 was a Thursday
  const weekday = (Math.floor((start / 3_600_000 + tz) / 24) + 4) % 7;
  const wk = weekday === 0 ? 0.91 : weekday === 6 ? 0.94 : 1.03;
  const own = D * wk * (1 + heat * season + 0.13 * cos((2 * PI * (hl - 16.5)) / 24) + 0.07 * cos((4 * PI * (hl - 19.5)) / 24) + 0.03 * smooth(seed, zone, 'demand', 12, t));
  const nuclear = nuc * D * (1 + 0.06 * season);
  const run = 0.5 * hyd * D * (1 + 0.25 * cos((2 * PI * (n - 120)) / 365));
  const before = own - nuclear - bio * D - oil * D - run - solarP - windP;
  const dis = 0.5 * hyd * D * clamp(1 + 1.2 * (before / D - 0.3), 0, 2);
  const R = before - dis;
  const thermal = max(R, gmin * D);
  const surplus = thermal - R;
  const curtailed = min(surplus - min(surplus, exp * D), solarP + windP);
  const keep = solarP + windP === 0 ? 1 : 1 - curtailed / (solarP + windP);
  const coal = min(coalShare * D, 0.66 * thermal);
  const gas = thermal - coal;
  const hydro = run + dis;
  const all = nuclear + hydro + windP * keep + solarP * keep + bio * D + coal + gas + oil * D;
  const net = (R - gmin * D) / D;
  const price = surplus > 0 ? 0.6 * p0 * (1 - surplus / (exp * D)) : p0 * (0.6 + net + 4 * max(0, net - 0.4) ** 2) + 4 * smooth(seed, zone, 'price', 6, t);
  return {
    average_lifecycle: (12 * nuclear + 24 * hydro + 11 * windP * keep + 45 * solarP * keep + 230 * bio * D + 820 * coal + 490 * gas + 650 * oil * D) / all,
    average_direct: (760 * coal + 370 * gas + 406 * oil * D) / all,
    marginal: curtailed > 0 ? 0 : coal > 0 && coal < coalShare * D ? 0.66 * 820 + 0.34 * 490 : 490,
    price: clamp(price, -90, 4 * p0), demand: own / (1 - imp), generation: all, curtailed,
    solar: solarP * keep, wind: windP * keep, hydro, nuclear, biomass: bio * D, coal, gas, oil: oil * D,
  };
}

const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const hours = fc.integer({ min: Date.UTC(2019, 0, 1) / HOUR_MS, max: Date.UTC(2033, 0, 1) / HOUR_MS }).map((h) => h * HOUR_MS);
const keys = fc.constantFrom('EU', 'US-W', ...page.map(({ zone }) => zone));
const places = fc.integer({ min: 0, max: page.length - 1 });
const near = (a: number, b: number) => Math.abs(a - b) <= 1e-8 * Math.max(1, Math.abs(b));

describe('W-47, against big integers', () => {
  test('fractions are the same to the last bit', () => {
    fc.assert(fc.property(seeds, keys, fc.constantFrom('weather', 'price', 'prelim', 'fc491000'), fc.integer({ min: -10, max: 600_000 }), (seed, key, channel, k) => fraction(seed, key, channel, k) === u(seed, key, channel, k)), { numRuns: 500 });
  });

  test('noise is the same curve', () => {
    const t = fc.double({ min: 0, max: 600_000, noNaN: true });
    fc.assert(fc.property(seeds, keys, fc.constantFrom(6, 12, 18, 60), t, (seed, key, period, at) => near(noise(seed, key, 'weather', period, at), smooth(seed, key, 'weather', period, at))), { numRuns: 300 });
  });
});

describe('W-48, against the page', () => {
  test.each(page.map((row, i) => [row.zone, row, i] as const))('the parameters of %s', (_zone, { zone, phi, lon, tz, region, shares }, i) => {
    const z = SIMULATED_ZONES[i]!;
    expect([z.zone, z.latitude, z.longitude, z.tz, z.region]).toEqual([zone, phi, lon, tz, region]);
    expect([z.demandMw, z.imports, z.nuclear, z.biomass, z.hydro, z.oil, z.coal, z.thermalMin, z.exports, z.solarMw, z.windMw, z.heat, z.basePrice]).toEqual(shares);
  });

  test('every figure of any hour', () => {
    fc.assert(fc.property(seeds, places, hours, (seed, i, at) => {
      const { mix, ...rest } = simulateHour(seed, SIMULATED_ZONES[i]!, at);
      const made: Record<string, number> = { ...rest, ...mix };
      for (const [name, value] of Object.entries(reference(seed, page[i]!, at))) expect(near(made[name]!, value), `${name}: ${made[name]} is not ${value}`).toBe(true);
    }), { numRuns: 1_500 });
  });

  test('rows hold the hour\'s figures as integers: mg, µUSD, kW', () => {
    fc.assert(fc.property(seeds, places, hours, (seed, i, at) => {
      const expected = reference(seed, page[i]!, at);
      const of = (kind: string) => Number(simulatedValues(seed, SIMULATED_ZONES[i]!, at, 'final').find((row) => row.kind === kind)!.value);
      expect(Math.abs(of('intensity') - expected.average_lifecycle * 1e3)).toBeLessThanOrEqual(0.51);
      expect(Math.abs(of('price') - expected.price * 1e6)).toBeLessThanOrEqual(1.5);
      expect(Math.abs(of('demand') - expected.demand * 1e3)).toBeLessThanOrEqual(0.51);
    }), { numRuns: 100 });
  });

  // ⌊t⌋ is the hour itself, because t is its middle
  test('W-52: the preliminary factor is 1 + 0.03·(2u − 1) of the hour', () => {
    fc.assert(fc.property(seeds, keys, hours, (seed, zone, at) => near(preliminaryFactor(seed, zone, at), 1 + 0.03 * (2 * u(seed, zone, 'prelim', at / HOUR_MS) - 1))), { numRuns: 200 });
  });
});
