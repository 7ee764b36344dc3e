/**
 * W-150 to W-152, O-134: what routing saves, by its own code on real hours. `--grid FILE --jobs FILE --hours 24,72 --step 37`.
 * Rules were tuned on the first year of the shared file; every later year is reported untouched. Nothing here knows a zone by name.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { namedPolicy, type PolicyName } from '#domain/routing/policy';
import { type Bench, type Row } from './bench.ts';
import { type Grid, readGrid, yearOf } from './outcome/grid.ts';
import { type Job, LoadedFleet, type LoadResult, readJobs } from './outcome/load.ts';
import { type Sides, summarise, type Summary } from './outcome/report.ts';
import { type JobResult, runJob } from './outcome/run.ts';
import { Eyes } from './outcome/world.ts';

const HOUR_MS = 3_600_000;
const WEEK_H = 168;
const SHARES: Readonly<Record<string, number>> = { 24: 0.97, 72: 0.95 };
const CARBON_SHARE = 0.98;
const SHARED_GRID = 'grid_2020_2021_6zones_mix.csv.gz';
const SHARED_JOBS = 'alibaba_pai_jobs_1k.csv';

interface Settings {
  readonly grid: Grid;
  readonly jobs: readonly Job[] | null;
  readonly hours: readonly number[];
  /** Hours between the starts of jobs; prime to 24, so that all hours of the day are met. */
  readonly step: number;
  /** A file of ours has a year that the rules were tuned on. */
  readonly tunedYear: number | null;
}

export const bench: Bench = {
  name: 'outcome', bar: '≥ 97 % (24 h), ≥ 95 % (72 h)',
  run({ args }): Promise<Row[]> {
    const settings = settingsOf(args);
    if (typeof settings === 'string') return Promise.resolve([{ name: 'share of clairvoyant saving', figure: Number.NaN, unit: '', bar: bench.bar, verdict: 'void', detail: settings }]);
    const years = yearsOf(settings.grid);
    const rows = years.flatMap(({ year, range }) => {
      const eyes = new Eyes(settings.grid);
      const tuned = year === settings.tunedYear;
      const single = (['balanced', 'carbon'] as const).flatMap((policy) => settings.hours.flatMap((hours) => yearRows(settings, eyes, { year, range, policy, hours, tuned })));
      return [...single, ...loadRows(settings, eyes, { year, range, tuned })];
    });
    return Promise.resolve(rows);
  },
};

function settingsOf(args: readonly string[]): Settings | string {
  const { values } = parseArgs({ args: [...args], strict: false, options: { grid: { type: 'string' }, jobs: { type: 'string' }, hours: { type: 'string' }, step: { type: 'string' } } });
  const folder = join(process.env['WATTBOOK_SHARED_DIR'] ?? new URL('../../../shared', import.meta.url).pathname, 'data');
  const text = (value: unknown, fallback: string) => (typeof value === 'string' ? value : fallback);
  const gridFile = text(values.grid, join(folder, SHARED_GRID));
  const jobsFile = text(values.jobs, join(folder, SHARED_JOBS));
  if (!existsSync(gridFile)) return `no grid data at ${gridFile}: set WATTBOOK_SHARED_DIR or give --grid FILE`;
  return {
    grid: readGrid(gridFile), jobs: existsSync(jobsFile) ? readJobs(readFileSync(jobsFile, 'utf8')) : null,
    hours: text(values.hours, '24,72').split(',').map(Number), step: Number(text(values.step, '37')), tunedYear: typeof values.grid === 'string' ? null : 2020,
  };
}

/** Whole calendar years of the file, or all of it where it has none. The first week of the file is history only. */
function yearsOf(grid: Grid): { year: number; range: { from: number; to: number } }[] {
  const first = new Date(grid.startMs).getUTCFullYear();
  const years = Array.from({ length: Math.ceil(grid.hours / 8_760) + 1 }, (_, i) => ({ year: first + i, range: yearOf(grid, first + i) }));
  const whole = years.flatMap(({ year, range }) => (range ? [{ year, range: { from: Math.max(range.from, WEEK_H), to: range.to } }] : []));
  return whole.length > 0 ? whole : [{ year: first, range: { from: WEEK_H, to: grid.hours } }];
}

interface Part {
  readonly year: number;
  readonly range: { readonly from: number; readonly to: number };
  readonly tuned: boolean;
}

function yearRows({ grid, step }: Settings, eyes: Eyes, { year, range, policy, hours, tuned }: Part & { policy: PolicyName; hours: number }): Row[] {
  const study = { grid, eyes, policy: namedPolicy(policy), hours };
  const results: JobResult[] = [];
  for (let start = range.from, i = 0; start + hours <= range.to; start += step, i += 1) {
    const one = runJob(study, start, i % grid.zones.length);
    if (one) results.push(one);
  }
  const name = `${year}${tuned ? ' (tuned on)' : ''} ${policy} ${hours} h`;
  if (results.length === 0) return [{ name, figure: Number.NaN, unit: '%', bar: '', verdict: 'void', detail: 'no stretch of hours without a missing row' }];
  const summary = summarise(results, hours, (start) => new Date(grid.startMs + start * HOUR_MS).getUTCMonth());
  const bar = policy === 'carbon' ? CARBON_SHARE : SHARES[hours] ?? null;
  return [shareRow(name, summary, tuned ? null : bar), ...(policy === 'balanced' ? moveRows(name, summary, tuned) : [])];
}

const percent = (share: number): number => Math.round(share * 10_000) / 100;
const verdict = (met: boolean, tuned: boolean): Row['verdict'] => (tuned ? 'shown' : met ? 'pass' : 'fail');

function shareRow(name: string, one: Summary, bar: number | null): Row {
  const [low, high] = one.shareInterval;
  const sides = ({ routed, placeOnce, stay, clairvoyant }: Sides, unit: string) =>
    `${routed.toFixed(0)} ${unit} (place-once ${placeOnce.toFixed(0)}, stay ${stay.toFixed(0)}, clairvoyant ${clairvoyant.toFixed(0)})`;
  return {
    name: `${name}: share of clairvoyant saving`, figure: percent(one.share), unit: '%', bar: bar === null ? '' : `≥ ${bar * 100} %`, verdict: bar === null ? 'shown' : one.share >= bar ? 'pass' : 'fail',
    detail: `95 % of weeks ${percent(low)}–${percent(high)}; ${one.jobs} jobs; place-once ${percent(one.placeOnceShare)}; ${sides(one.kilograms, 'kg')}; ${sides(one.usd, 'USD of energy')}; `
      + `lost to staying at home ${one.losses}, to place-once ${one.lossesToPlaceOnce}; worst month ${percent(one.worstMonth)} % below place-once`,
  };
}

const moveRows = (name: string, one: Summary, tuned: boolean): Row[] => [
  { name: `${name}: moves per day`, figure: Math.round(one.movesPerDay * 1_000) / 1_000, unit: '', bar: '≤ 2', verdict: verdict(one.movesPerDay <= 2, tuned) },
  { name: `${name}: energy spent on moves`, figure: percent(one.moveEnergy), unit: '%', bar: '< 2 %', verdict: verdict(one.moveEnergy < 0.02, tuned) },
];

/** W-151 on the second week of each month: the router against the bound of each hour, and month by month against itself without moves. */
function loadRows({ grid, jobs }: Settings, eyes: Eyes, { year, range, tuned }: Part): Row[] {
  const name = `${year}${tuned ? ' (tuned on)' : ''} at 80 % load`;
  if (!jobs) return [{ name, figure: Number.NaN, unit: '%', bar: '≥ 90 %', verdict: 'void', detail: 'no file of jobs: give --jobs FILE' }];
  const months = Array.from({ length: Math.floor((range.to - range.from) / 730) }, (_, i) => range.from + i * 730 + WEEK_H).filter((from) => from + WEEK_H <= range.to);
  const study = { grid, eyes, policy: namedPolicy('balanced') };
  const weeks = months.map((from) => ({ routed: new LoadedFleet(study, true).over({ from, to: from + WEEK_H }, jobs), once: new LoadedFleet(study, false).over({ from, to: from + WEEK_H }, jobs) }));
  const sum = (read: (one: LoadResult) => number, side: 'routed' | 'once') => weeks.reduce((total, week) => total + read(week[side]), 0);
  const share = (side: 'routed' | 'once') => (sum((one) => one.even, side) - sum((one) => one.spent, side)) / (sum((one) => one.even, side) - sum((one) => one.bound, side));
  const worst = Math.min(...weeks.map(({ routed, once }) => 1 - routed.spent / once.spent));
  const load = sum((one) => one.busy, 'routed') / sum((one) => one.offered, 'routed');
  return [
    { name: `${name}: saving ÷ bound`, figure: percent(share('routed')), unit: '%', bar: '≥ 90 %', verdict: verdict(share('routed') >= 0.9, tuned),
      detail: `greedy by arrival, GPUs busy ${percent(load)} %; place-once ${percent(share('once'))}; ${weeks.length} weeks; ${(sum((one) => one.moves, 'routed') / (sum((one) => one.busy, 'routed') / 24)).toFixed(2)} moves per job day` },
    { name: `${name}: worst month against place-once`, figure: percent(worst), unit: '%', bar: '≥ 0 %', verdict: verdict(worst >= 0, tuned) },
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const { name, figure, unit, bar, verdict: said, detail } of await bench.run({ rounds: 1, seconds: 1, args: process.argv.slice(2) })) console.log(`${said.toUpperCase().padEnd(6)}${name}: ${figure} ${unit}  bar ${bar || '–'}  ${detail ?? ''}`);
}
