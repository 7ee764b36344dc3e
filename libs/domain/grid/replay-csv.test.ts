import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseReplayCsv, replayHour, ReplayFileError } from './replay-csv.ts';
import { seriesKey } from './signal.ts';

const ZONES = new Set(['DE', 'FR']);
const HEAD = 'zone,timestamp,carbon_intensity_g_per_kwh,price_usd_per_mwh';
const parse = (...lines: string[]) => parseReplayCsv(lines.join('\n'), ZONES);
const HOUR = Date.parse('2021-03-28T01:00Z');

/** Series → integer, of one hour. */
const said = (file: ReturnType<typeof parse>, zone = 'DE', at = HOUR) => Object.fromEntries((replayHour(file, zone, at)?.values ?? []).map((value) => [seriesKey(value), value.value]));

function refused(...lines: string[]): ReplayFileError {
  try {
    parse(...lines);
  } catch (error) {
    if (error instanceof ReplayFileError) return error;
    throw error;
  }
  throw new Error('the file was taken');
}

describe('W-42: columns', () => {
  test('the four that must be there', () => {
    expect(said(parse(HEAD, 'DE,2021-03-28T01:00Z,330.62,-42.29'))).toEqual({ 'intensity:average_lifecycle': 330_620n, 'price:': -42_290_000n });
  });

  test('every other one', () => {
    const more = ['carbon_intensity_direct_g_per_kwh', 'marginal_intensity_g_per_kwh', 'solar_mw', 'wind_mw', 'hydro_mw', 'nuclear_mw', 'biomass_mw', 'geothermal_mw', 'coal_mw', 'nat_gas_mw', 'oil_mw', 'other_mw', 'renewable_mw', 'generation_mw', 'demand_mw', 'curtailed_mw'];
    const file = parse(`${HEAD},${more.join(',')}`, `DE,2021-03-28T01:00Z,1,2,${more.map((_, i) => i + 3).join(',')}`);
    expect(said(file)).toEqual({
      'intensity:average_lifecycle': 1_000n, 'price:': 2_000_000n, 'intensity:average_direct': 3_000n, 'intensity:marginal': 4_000n, 'generation:solar': 5_000n, 'generation:wind': 6_000n,
      'generation:hydro': 7_000n, 'generation:nuclear': 8_000n, 'generation:biomass': 9_000n, 'generation:geothermal': 10_000n, 'generation:coal': 11_000n, 'generation:gas': 12_000n,
      'generation:oil': 13_000n, 'generation:other': 14_000n, 'generation:renewable': 15_000n, 'generation:': 16_000n, 'demand:': 17_000n, 'curtailed:': 18_000n,
    });
  });

  test('others are ignored and listed once', () => {
    expect(parse(`${HEAD},price,price_currency`, 'DE,2021-03-28T01:00Z,1,2,9,EUR', 'FR,2021-03-28T01:00Z,1,2,9,EUR').ignoredColumns).toEqual(['price', 'price_currency']);
  });

  test('columns and rows in any order; BOM, CRLF, quotes and a last empty line are no matter', () => {
    const file = parse('\uFEFFprice_usd_per_mwh,timestamp,carbon_intensity_g_per_kwh,zone\r', '2,2021-03-28T02:00:00Z,1,"DE"\r', '1,2021-03-28T01:00Z,1,DE\r', '');
    expect(said(file)['price:']).toBe(1_000_000n);
    expect([file.firstHour, file.lastHour]).toEqual([HOUR, HOUR + 3_600_000]);
  });

  test('estimated is 1', () => {
    const file = parse(`${HEAD},estimated`, 'DE,2021-03-28T01:00Z,1,2,1', 'FR,2021-03-28T01:00Z,1,2,0');
    expect([replayHour(file, 'DE', HOUR)!.estimated, replayHour(file, 'FR', HOUR)!.estimated]).toEqual([true, false]);
  });
});

describe('W-43: what is not there, and what is wrong', () => {
  test('an empty cell says nothing, and 0 says 0', () => {
    expect(said(parse(HEAD, 'DE,2021-03-28T01:00Z,0,'))).toEqual({ 'intensity:average_lifecycle': 0n });
  });

  test('an hour that the file does not have', () => expect(replayHour(parse(HEAD, 'DE,2021-03-28T01:00Z,1,2'), 'DE', HOUR + 3_600_000)).toBeUndefined());

  test('equal duplicates count once', () => expect(said(parse(HEAD, 'DE,2021-03-28T01:00Z,1,', 'DE,2021-03-28T01:00:00Z,1.0,'))).toEqual({ 'intensity:average_lifecycle': 1_000n }));

  test.each([
    ['unequal duplicates', 'DE,2021-03-28T01:00Z,1,2', 'DE,2021-03-28T01:00Z,1,3', 'DE 2021-03-28T01:00Z says otherwise in line 2'],
    ['a duplicate with a hole', 'DE,2021-03-28T01:00Z,1,2', 'DE,2021-03-28T01:00Z,1,', 'DE 2021-03-28T01:00Z says otherwise in line 2'],
    ['an unknown zone', 'DE,2021-03-28T01:00Z,1,2', 'XX,2021-03-28T01:00Z,1,2', 'unknown zone "XX"'],
    ['text', 'DE,2021-03-28T01:00Z,1,2', 'FR,2021-03-28T01:00Z,null,2', '"null" in carbon_intensity_g_per_kwh is not a number'],
    ['1e9', 'DE,2021-03-28T01:00Z,1,2', 'FR,2021-03-28T01:00Z,1,1e9', '"1e9" in price_usd_per_mwh is not a number'],
    ['a quarter past', 'DE,2021-03-28T01:00Z,1,2', 'FR,2021-03-28T01:15Z,1,2', '"2021-03-28T01:15Z" is not a UTC hour start like 2021-03-28T01:00Z'],
    ['local time', 'DE,2021-03-28T01:00Z,1,2', 'FR,2021-03-28T01:00+01:00,1,2', '"2021-03-28T01:00+01:00" is not a UTC hour start like 2021-03-28T01:00Z'],
    ['30 February', 'DE,2021-03-28T01:00Z,1,2', 'FR,2021-02-30T01:00Z,1,2', '"2021-02-30T01:00Z" is not a UTC hour start like 2021-03-28T01:00Z'],
    ['a cell too few', 'DE,2021-03-28T01:00Z,1,2', 'FR,2021-03-28T01:00Z,1', '3 cells, the header has 4'],
  ])('%s', (_name, good, bad, problem) => expect(refused(HEAD, good, bad).lines).toEqual([{ line: 3, problem }]));

  test('a missing column', () => expect(refused('zone,timestamp', 'DE,2021-03-28T01:00Z').message).toContain('line 1: no column carbon_intensity_g_per_kwh, price_usd_per_mwh'));

  test('the first 20 wrong lines are named, all are counted', () => {
    const error = refused(HEAD, ...Array.from({ length: 50 }, () => 'XX,2021-03-28T01:00Z,1,2'));
    expect([error.count, error.lines.length, error.lines[19]!.line]).toEqual([50, 20, 21]);
  });
});

test('what is written reads back', () => {
  const cell = fc.option(fc.integer({ min: -1_000_000, max: 1_000_000 }));
  fc.assert(
    fc.property(cell, cell, (grams, price) => {
      const text = (value: number | null, places: number) => (value === null ? '' : (value / 10 ** places).toFixed(places));
      const values = said(parse(HEAD, `DE,2021-03-28T01:00Z,${text(grams, 3)},${text(price, 6)}`));
      return values['intensity:average_lifecycle'] === (grams === null ? undefined : BigInt(grams)) && values['price:'] === (price === null ? undefined : BigInt(price));
    }),
  );
});
