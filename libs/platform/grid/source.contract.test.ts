import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { parseReplayCsv, ReplayFileError } from '#domain/grid/replay-csv';
import { inBounds, seriesKey, SIGNAL_KINDS, type SignalKind } from '#domain/grid/signal';
import { HOUR_MS } from '#domain/grid/simulate';
import { createReplaySource, loadReplayFile } from './replay.ts';
import { createSimulatedSource } from './simulated.ts';
import { Refusal, type GridSource, type SourceRequest, type Statement } from './source.ts';

const SOURCE_TIME = Date.parse('2021-03-28T01:00Z');
const START = Date.parse('2026-11-21T13:00Z');
const CSV = 'zone,timestamp,carbon_intensity_g_per_kwh,price_usd_per_mwh,wind_mw\nDE,2021-03-28T01:00Z,330.62,,12\nDE,2021-03-28T02:00Z,331,40,13';
const never = new AbortController().signal;
const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

async function written(name: string, content: string | Buffer): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'grid-'));
  folders.push(folder);
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

const ask = (over: Partial<SourceRequest> = {}): SourceRequest => ({
  zone: 'DE', kinds: new Set(SIGNAL_KINDS), interval: { start: START, lengthS: 60, sourceTime: SOURCE_TIME }, present: SOURCE_TIME, ...over,
});
const taken = (answer: readonly Statement[] | Refusal) => {
  if (answer instanceof Refusal) throw new Error(answer.detail);
  return answer;
};

/** What every source must hold to, whoever is behind it. */
describe.each<[string, () => GridSource]>([
  ['simulated', () => createSimulatedSource(1)],
  ['replay', () => createReplaySource(parseReplayCsv(CSV, new Set(['DE'])), 'hours.csv')],
])('contract of a grid source: %s', (name, make) => {
  test('names itself, and says which interval and zone it speaks of', async () => {
    const source = make();
    expect(source.name).toBe(name);
    for (const statement of taken(await source.fetch(ask(), never)))
      expect(statement).toMatchObject({ zone: 'DE', intervalStart: START, lengthS: 60, sourceTime: SOURCE_TIME });
  });

  test('each series once, integers inside the bounds, with a reference', async () => {
    const statements = taken(await make().fetch(ask(), never));
    expect(new Set(statements.map(seriesKey)).size).toBe(statements.length);
    expect(statements.every((statement) => typeof statement.value === 'bigint' && inBounds(statement) && statement.sourceRef !== '')).toBe(true);
  });

  test.each<SignalKind>(['intensity', 'generation'])('only what was asked: %s', async (kind) => {
    expect(new Set(taken(await make().fetch(ask({ kinds: new Set([kind]) }), never)).map((statement) => statement.kind))).toEqual(new Set([kind]));
  });

  test('the same question has the same answer', async () => {
    const source = make();
    expect(await source.fetch(ask(), never)).toEqual(await source.fetch(ask(), never));
  });

  test('a zone it does not know is refused, not made up', async () => {
    expect(await make().fetch(ask({ zone: 'ATLANTIS' }), never)).toMatchObject({ code: 'no_data' });
  });
});

describe('simulated', () => {
  test('W-52: final when the hour is 24 source hours old, preliminary before', async () => {
    const quality = async (hours: number) => taken(await createSimulatedSource(1).fetch(ask({ present: SOURCE_TIME + hours * HOUR_MS }), never))[0]!.quality;
    expect([await quality(0), await quality(23), await quality(24), await quality(100)]).toEqual(['preliminary', 'preliminary', 'final', 'final']);
  });

  test('forecasts itself', async () => expect(await createSimulatedSource(1).forecast!('DE', SOURCE_TIME, never)).toHaveLength(288));
});

describe('replay', () => {
  const source = createReplaySource(parseReplayCsv(CSV, new Set(['DE'])), '/data/hours.csv');

  test('W-43: an empty cell is no statement', async () => {
    expect(taken(await source.fetch(ask(), never)).map(seriesKey)).toEqual(['intensity:average_lifecycle', 'generation:wind']);
    expect(await source.fetch(ask({ kinds: new Set(['price']) }), never)).toMatchObject({ code: 'no_data' });
  });

  test('W-44: after the last row nothing is known', async () => {
    expect(await source.fetch(ask({ interval: { start: START, lengthS: 60, sourceTime: SOURCE_TIME + 2 * HOUR_MS } }), never)).toEqual(new Refusal('no_data', 'hours.csv says nothing of DE at 2021-03-28T03:00:00.000Z'));
  });

  test('plain and gzip are the same file', async () => {
    const [plain, zipped] = [await loadReplayFile(await written('a.csv', CSV), new Set(['DE'])), await loadReplayFile(await written('b', gzipSync(CSV)), new Set(['DE']))];
    expect(zipped).toEqual(plain);
  });

  test('W-43: a wrong file is refused whole', async () => {
    await expect(loadReplayFile(await written('c.csv', CSV), new Set(['FR']))).rejects.toThrow(ReplayFileError);
  });

  const real = new URL('../../../../shared/data/grid_2020_2021_6zones_mix.csv.gz', import.meta.url).pathname;
  test.skipIf(!existsSync(real))(`W-43: 100,000 real rows load in 10 s (skipped without ${real})`, async () => {
    const begin = performance.now();
    const file = await loadReplayFile(real, new Set(['US-CAL-CISO', 'US-NY-NYIS', 'US-TEX-ERCO', 'DE', 'ES', 'NL']));
    expect(performance.now() - begin).toBeLessThan(10_000);
    expect([...file.zones.values()].reduce((rows, hours) => rows + hours.size, 0)).toBe(105_264);
    expect(file.ignoredColumns).toEqual(['price', 'price_currency']);
    const first = taken(await createReplaySource(file, real).fetch(ask({ zone: 'US-CAL-CISO', interval: { start: START, lengthS: 60, sourceTime: Date.parse('2020-01-01T00:00Z') } }), never));
    expect(first.find(({ kind }) => kind === 'price')!.value).toBe(42_290_000n);
  });
});
