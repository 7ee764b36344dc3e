import { placesOf, toInteger, type Series, type SignalValue } from './signal.ts';
import type { Fuel } from './factors.ts';

const intensity = (basis: Series['basis']): Series => ({ kind: 'intensity', basis, fuel: null });
const generation = (fuel: Series['fuel']): Series => ({ kind: 'generation', basis: null, fuel });
const plain = (kind: Series['kind']): Series => ({ kind, basis: null, fuel: null });

/** W-42's columns and what they speak of. */
const COLUMNS: Readonly<Record<string, Series>> = {
  carbon_intensity_g_per_kwh: intensity('average_lifecycle'),
  carbon_intensity_direct_g_per_kwh: intensity('average_direct'),
  marginal_intensity_g_per_kwh: intensity('marginal'),
  price_usd_per_mwh: plain('price'),
  generation_mw: generation(null),
  renewable_mw: generation('renewable'),
  nat_gas_mw: generation('gas'),
  ...Object.fromEntries((['solar', 'wind', 'hydro', 'nuclear', 'biomass', 'geothermal', 'coal', 'oil', 'other'] satisfies Fuel[]).map((fuel) => [`${fuel}_mw`, generation(fuel)])),
  demand_mw: plain('demand'),
  curtailed_mw: plain('curtailed'),
};
const REQUIRED = ['zone', 'timestamp', 'carbon_intensity_g_per_kwh', 'price_usd_per_mwh'];
const USED: ReadonlySet<string> = new Set([...REQUIRED, 'estimated', ...Object.keys(COLUMNS)]);
const SHOWN_LINES = 20;
const NUMBER = /^-?\d+(\.\d+)?$/;
const HOUR = /^\d{4}-\d\d-\d\dT\d\d:00(:00(\.0{1,3})?)?Z$/;

/** Refused whole: a file that is wrong somewhere is not trusted elsewhere. `lines` are the first 20 wrong ones. */
export class ReplayFileError extends Error {
  constructor(
    readonly lines: readonly { readonly line: number; readonly problem: string }[],
    readonly count: number,
  ) {
    super(`the replay file has ${count} wrong line(s); mend or remove them: ${lines.map(({ line, problem }) => `line ${line}: ${problem}`).join('; ')}`);
  }
}

interface Hour {
  readonly line: number;
  /** One per column, integers of its unit; NaN is an empty cell. Numbers, because 100,000 rows of bigints would fill the heap. */
  readonly cells: Float64Array;
  readonly estimated: boolean;
}

export interface ReplayFile {
  readonly series: readonly Series[];
  readonly zones: ReadonlyMap<string, ReadonlyMap<number, Hour>>;
  readonly ignoredColumns: readonly string[];
  readonly firstHour: number;
  readonly lastHour: number;
}

/** What the file says of one hour; an empty cell says nothing (W-43). Undefined: it has no such row. */
export function replayHour(file: ReplayFile, zone: string, sourceTime: number): { values: SignalValue[]; estimated: boolean } | undefined {
  const hour = file.zones.get(zone)?.get(sourceTime);
  if (!hour) return undefined;
  const values = file.series.flatMap((series, i) => (Number.isNaN(hour.cells[i]!) ? [] : [{ ...series, value: BigInt(hour.cells[i]!) }]));
  return { values, estimated: hour.estimated };
}

/**
 * W-42, W-43: rows in any order; equal duplicates count once.
 * @throws ReplayFileError for unequal duplicates, unknown zones, bad numbers, times off the hour, missing columns
 */
export function parseReplayCsv(text: string, knownZones: ReadonlySet<string>): ReplayFile {
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  const header = cellsOf(lines[0] ?? '');
  const unusable = headerProblem(header);
  if (unusable) throw new ReplayFileError([{ line: 1, problem: unusable }], 1);
  const columns = header.flatMap((name, at) => (Object.hasOwn(COLUMNS, name) ? [{ at, name, series: COLUMNS[name]! }] : []));
  const place = { zone: header.indexOf('zone'), time: header.indexOf('timestamp'), estimated: header.indexOf('estimated') };

  const zones = new Map<string, Map<number, Hour>>();
  const wrong: { line: number; problem: string }[] = [];
  let count = 0;
  let [firstHour, lastHour] = [Infinity, -Infinity];
  for (let i = 1; i < lines.length; i += 1) {
    if (lines[i]!.trim() === '') continue;
    const parts = cellsOf(lines[i]!);
    const problem = parts.length !== header.length ? `${parts.length} cells, the header has ${header.length}` : take(parts, i + 1);
    if (problem === null) continue;
    count += 1;
    if (wrong.length < SHOWN_LINES) wrong.push({ line: i + 1, problem });
  }
  if (count > 0) throw new ReplayFileError(wrong, count);
  const ignoredColumns = [...new Set(header.filter((name) => !USED.has(name)))];
  return { series: columns.map(({ series }) => series), zones, ignoredColumns, firstHour, lastHour };

  /** Takes a line in; says what is wrong with it, or null. */
  function take(parts: readonly string[], line: number): string | null {
    const zone = parts[place.zone]!;
    if (!knownZones.has(zone)) return `unknown zone "${zone}"`;
    const hourMs = hourStart(parts[place.time]!);
    if (hourMs === null) return `"${parts[place.time]}" is not a UTC hour start like 2021-03-28T01:00Z`;
    const cells = new Float64Array(columns.length);
    for (const [i, { at, name, series }] of columns.entries()) {
      const cell = parts[at]!;
      if (cell !== '' && !NUMBER.test(cell)) return `"${cell}" in ${name} is not a number`;
      cells[i] = cell === '' ? NaN : Number(toInteger(Number(cell), placesOf(series.kind)));
    }
    const hour = { line, cells, estimated: parts[place.estimated] === '1' };
    const hours = zones.get(zone) ?? new Map<number, Hour>();
    const twin = hours.get(hourMs);
    if (twin && !same(twin, hour)) return `${zone} ${parts[place.time]} says otherwise in line ${twin.line}`;
    if (!twin) hours.set(hourMs, hour);
    zones.set(zone, hours);
    [firstHour, lastHour] = [Math.min(firstHour, hourMs), Math.max(lastHour, hourMs)];
    return null;
  }
}

/** What makes a header unusable: a column that must be there is not, or one that is read stands twice; null if nothing does. */
function headerProblem(header: readonly string[]): string | null {
  const missing = REQUIRED.filter((name) => !header.includes(name));
  if (missing.length > 0) return `no column ${missing.join(', ')}`;
  const twice = header.find((name, at) => USED.has(name) && header.indexOf(name) !== at);
  return twice === undefined ? null : `column ${twice} stands twice`;
}

const same = (a: Hour, b: Hour): boolean => a.estimated === b.estimated && a.cells.every((cell, i) => Object.is(cell, b.cells[i]));

/** RFC 4180 as far as hourly figures need it: quotes may stand around a cell, not inside it. */
const cellsOf = (line: string): string[] => line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1'));

function hourStart(text: string): number | null {
  if (!HOUR.test(text)) return null;
  const ms = Date.parse(text);
  // 2021-02-30 parses, as 2 March.
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 13) !== text.slice(0, 13) ? null : ms;
}
