import { describe, expect, test } from 'vitest';
import { SIMULATED_ZONES } from './simulated-zones.ts';
import { GRID_ZONES } from './zones.ts';

describe('W-35: the zones of the seed', () => {
  test('are eleven, each with a model', () => {
    expect(GRID_ZONES.map(({ zone }) => zone)).toEqual(['FR', 'DE', 'ES', 'PT', 'NL', 'BE', 'IT', 'GB', 'US-CAL-CISO', 'US-NY-NYIS', 'US-TEX-ERCO']);
    expect(SIMULATED_ZONES.map(({ zone }) => zone)).toEqual(GRID_ZONES.map(({ zone }) => zone));
  });

  test('W-63: residency', () => {
    const of = (residency: string) => GRID_ZONES.filter((zone) => zone.residency === residency).map(({ zone }) => zone);
    expect([of('EU'), of('UK'), of('US')]).toEqual([['FR', 'DE', 'ES', 'PT', 'NL', 'BE', 'IT'], ['GB'], ['US-CAL-CISO', 'US-NY-NYIS', 'US-TEX-ERCO']]);
  });

  // The standard time of W-48's formulas is the winter offset of the zone's own clock.
  test.each(GRID_ZONES.map((zone, i) => [zone.zone, zone.timeZone, SIMULATED_ZONES[i]!.tz] as const))('%s: %s is %s h off UTC in January', (_zone, timeZone, tz) => {
    const noon = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', hourCycle: 'h23' }).format(Date.UTC(2026, 0, 15, 12));
    expect(Number(noon)).toBe(12 + tz);
  });

  test('each names what its fallback rests on', () => {
    for (const { fallback, installedKw } of GRID_ZONES) {
      expect(fallback.source.length).toBeGreaterThan(3);
      expect([2021, 2023]).toContain(fallback.year);
      expect(fallback.intensity).toBeGreaterThan(50_000n);
      expect(installedKw).toBeGreaterThan(2_900_000n);
    }
    expect(GRID_ZONES[1]).toMatchObject({ installedKw: 104_000_000n, fallback: { intensity: 381_000n, source: 'Ember by Our World in Data', year: 2023 } });
  });
});
