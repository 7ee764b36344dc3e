import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseReplayCsv, replayHour, ReplayFileError } from './replay-csv.ts';
import { seriesKey } from './signal.ts';
import { HOUR_MS } from './simulate.ts';

const ZONES = new Set(['DE', 'FR', 'ES']);
const FIRST = Date.parse('2021-03-27T00:00Z');
const HEAD = ['zone', 'timestamp', 'carbon_intensity_g_per_kwh', 'price_usd_per_mwh', 'solar_mw', 'estimated'];
const KEYS = ['intensity:average_lifecycle', 'price:', 'generation:solar'];
const PLACES = [3, 6, 3];

interface Row {
  readonly zone: string;
  readonly hour: number;
  /** Integers of W-2, null where the cell is empty. */
  readonly figures: readonly (number | null)[];
  readonly estimated: boolean;
}
const figure = fc.option(fc.integer({ min: -2_000_000_000, max: 2_000_000_000 }), { freq: 5 });
const rows: fc.Arbitrary<Row[]> = fc.uniqueArray(
  fc.record({ zone: fc.constantFrom(...ZONES), hour: fc.nat(60), figures: fc.tuple(figure, figure, figure), estimated: fc.boolean() }),
  { selector: ({ zone, hour }) => `${zone} ${hour}`, minLength: 1, maxLength: 40 },
);

/** Exact: no float is asked what 0.000001 is. */
const decimal = (value: number | null, places: number): string => {
  if (value === null) return '';
  const digits = String(Math.abs(value)).padStart(places + 1, '0');
  return `${value < 0 ? '-' : ''}${digits.slice(0, -places)}.${digits.slice(-places)}`;
};
const time = (hour: number) => `${new Date(FIRST + hour * HOUR_MS).toISOString().slice(0, 16)}Z`;
const cells = ({ zone, hour, figures, estimated }: Row) => [zone, time(hour), ...figures.map((value, i) => decimal(value, PLACES[i]!)), estimated ? '1' : ''];
const line = (row: Row) => cells(row).join();
const parse = (lines: readonly string[]) => parseReplayCsv(lines.join('\n'), ZONES);
const refused = (lines: readonly string[]): ReplayFileError => {
  try {
    parse(lines);
  } catch (error) {
    if (error instanceof ReplayFileError) return error;
    throw error;
  }
  throw new Error('the file was taken');
};
const saysWhat = (file: ReturnType<typeof parse>, wanted: readonly Row[]) => {
  for (const { zone, hour, figures, estimated } of wanted) {
    const said = replayHour(file, zone, FIRST + hour * HOUR_MS)!;
    expect(Object.fromEntries(said.values.map((value) => [seriesKey(value), value.value]))).toEqual(Object.fromEntries(figures.flatMap((value, i) => (value === null ? [] : [[KEYS[i], BigInt(value)]]))));
    expect(said.estimated).toBe(estimated);
  }
  expect([...file.zones.values()].reduce((sum, hours) => sum + hours.size, 0)).toBe(wanted.length);
};

describe('W-42: a file says what was written into it', () => {
  test('whatever the order of its rows and columns, its line ends, a BOM, quotes, and columns of no use', () => {
    const layout = fc.record({ columns: fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 7 }), bom: fc.boolean(), crlf: fc.boolean(), quotes: fc.boolean(), last: fc.boolean() });
    fc.assert(fc.property(rows, layout, fc.infiniteStream(fc.nat()), (wanted, { columns, bom, crlf, quotes, last }, order) => {
      const shuffled = wanted.map((row) => [order.next().value!, row] as const).sort(([a], [b]) => a - b).map(([, row]) => row);
      const table = [[...HEAD, 'remark'], ...shuffled.map((row) => [...cells(row), 'seen'])];
      const lines = table.map((all) => columns.map((at) => (quotes ? `"${all[at]}"` : all[at])).join());
      const file = parseReplayCsv(`${bom ? '\uFEFF' : ''}${lines.join(crlf ? '\r\n' : '\n')}${last ? '\n' : ''}`, ZONES);
      saysWhat(file, wanted);
      expect(file.ignoredColumns).toEqual(['remark']);
      const hours = wanted.map(({ hour }) => FIRST + hour * HOUR_MS);
      expect([file.firstHour, file.lastHour]).toEqual([Math.min(...hours), Math.max(...hours)]);
    }), { numRuns: 150 });
  });

  test('W-43: rows said twice count once, wherever they stand', () => {
    fc.assert(fc.property(rows, fc.array(fc.nat(), { maxLength: 20 }), (wanted, again) => {
      saysWhat(parse([HEAD.join(), ...wanted.map(line), ...again.map((n) => line(wanted[n % wanted.length]!))]), wanted);
    }), { numRuns: 100 });
  });

  test('W-39: in UTC no hour of a change of clocks is missing or doubled', () => {
    // Germany's 28 March 2021 runs from 23:00Z to 22:00Z: 23 hours
    const file = parse([HEAD.join(), ...Array.from({ length: 23 }, (_, i) => `DE,${time(23 + i)},${i},1,,`)]);
    expect(file.zones.get('DE')!.size).toBe(23);
    expect((file.lastHour - file.firstHour) / HOUR_MS).toBe(22);
  });
});

describe('W-43: one wrong line refuses the file', () => {
  const FAULTS: readonly [string, (row: Row) => string][] = [
    ['an unknown zone', (row) => line({ ...row, zone: 'XX' })],
    ['a zone in small letters', (row) => line({ ...row, zone: 'de' })],
    ['no zone', (row) => line({ ...row, zone: '' })],
    ['a time off the hour', (row) => line(row).replace(':00Z', ':30Z')],
    ['a second off the hour', (row) => line(row).replace(':00Z', ':00:01Z')],
    ['a millisecond off the hour', (row) => line(row).replace(':00Z', ':00:00.001Z')],
    ['an hour 24', (row) => line(row).replace(/T\d\d/, 'T24')],
    ['a month 13', (row) => line(row).replace('-03-', '-13-')],
    ['a time without its zone', (row) => line(row).replace(':00Z', ':00')],
    ['an offset', (row) => line(row).replace(':00Z', ':00+00:00')],
    ...['NaN', 'null', '1e9', '0x10', 'Infinity', '1,5', '1.', '.5', '+1', '--1', '12 MW'].map((text) => [`a price of ${text}`, ({ zone, hour }: Row) => `${zone},${time(hour)},1,${text},,`] as [string, (row: Row) => string]),
    ['a cell too many', (row) => `${line(row)},`],
    ['a cell too few', (row) => line(row).replace(/,[^,]*$/, '')],
    ['another price for the same hour', (row) => line({ ...row, figures: [row.figures[0]!, (row.figures[1] ?? 0) + 1, row.figures[2]!] })],
    ['a hole where the same hour had a figure', (row) => line({ ...row, figures: row.figures.map((value) => (value === null ? 1 : null)) })],
    ['another quality for the same hour', (row) => line({ ...row, estimated: !row.estimated })],
  ];
  test.each(FAULTS)('%s', (_name, fault) => {
    fc.assert(fc.property(rows, fc.nat(), (wanted, n) => {
      const error = refused([HEAD.join(), ...wanted.map(line), fault(wanted[n % wanted.length]!)]);
      expect([error.count, error.lines.map((wrong) => wrong.line)]).toEqual([1, [wanted.length + 2]]);
    }), { numRuns: 15 });
  });

  test('every wrong line is counted, the first 20 are named by their number in the file', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom('good', 'wrong', 'empty'), { minLength: 1, maxLength: 80 }).filter((kinds) => kinds.includes('wrong')), (kinds) => {
      const lines = kinds.map((kind, hour) => (kind === 'empty' ? '' : line({ zone: kind === 'good' ? 'DE' : 'XX', hour, figures: [1, 2, 3], estimated: false })));
      const error = refused([HEAD.join(), ...lines]);
      const wrong = kinds.flatMap((kind, i) => (kind === 'wrong' ? [i + 2] : []));
      expect([error.count, error.lines.map((one) => one.line)]).toEqual([wrong.length, wrong.slice(0, 20)]);
    }), { numRuns: 60 });
  });

  test.each(['zone', 'timestamp', 'carbon_intensity_g_per_kwh', 'price_usd_per_mwh'])('a file without %s is refused at its first line', (name) => {
    expect(refused([HEAD.filter((one) => one !== name).join()]).lines).toEqual([{ line: 1, problem: `no column ${name}` }]);
  });
});

describe('a header is words, not names of JavaScript', () => {
  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])('a column called %s is of no use, and no figure', (name) => {
    const file = parse([`${HEAD.join()},${name}`, `DE,${time(0)},1,2,3,0,7`]);
    expect(file.ignoredColumns).toEqual([name]);
    expect(replayHour(file, 'DE', FIRST)!.values).toHaveLength(3);
  });

  test('W-42: a column of no use that stands twice is listed once', () => {
    expect(parse([`${HEAD.join()},remark,remark`, `DE,${time(0)},1,2,3,0,a,b`]).ignoredColumns).toEqual(['remark']);
  });

  test('a figure\'s column that stands twice is refused: nobody knows which one is meant', () => {
    expect(refused([`${HEAD.join()},price_usd_per_mwh`, `DE,${time(0)},1,2,3,0,4`]).lines).toEqual([{ line: 1, problem: 'column price_usd_per_mwh stands twice' }]);
  });
});
