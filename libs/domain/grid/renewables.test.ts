import { describe, expect, test } from 'vitest';
import { renewablesKw } from './renewables.ts';
import type { Technology } from './signal.ts';

const made = (fuel: Technology | null, value: bigint, source = 'a') => ({ kind: 'generation' as const, fuel, source, value });

describe('W-53: renewables', () => {
  test.each([
    ['the five of them, nothing else', [made('solar', 1n), made('wind', 2n), made('hydro', 4n), made('biomass', 8n), made('geothermal', 16n), made('nuclear', 32n), made('gas', 64n), made(null, 127n)], 31n],
    ['a zone without rivers', [made('solar', 1n), made('wind', 2n)], 3n],
    ['no wind known', [made('solar', 1n), made('hydro', 4n)], null],
    ['no sun known', [made('wind', 2n), made('hydro', 4n)], null],
    ['sun at night is 0, which is known', [made('wind', 2n), made('solar', 0n)], 2n],
    ['another source is not added', [made('wind', 2n), made('solar', 1n), made('hydro', 4n, 'b')], 3n],
    ['sun and wind of two sources do not make a sum', [made('wind', 2n), made('solar', 1n, 'b')], null],
    ['a source that gives only the sum', [made('renewable', 40n), made('wind', 2n)], 40n],
    ['nothing', [], null],
  ])('%s', (_name, rows, expected) => expect(renewablesKw(rows)).toBe(expected));

  test('demand is no generation', () => expect(renewablesKw([{ kind: 'demand', fuel: null, source: 'a', value: 9n }])).toBeNull());
});
