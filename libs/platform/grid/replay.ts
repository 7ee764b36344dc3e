import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { parseReplayCsv, replayHour, type ReplayFile } from '#domain/grid/replay-csv';
import { Refusal, type GridSource, type SourceRequest } from './source.ts';

const unzip = promisify(gunzip);
const GZIP = [0x1f, 0x8b];

/**
 * Reads an hourly file once, plain or gzip by its first bytes.
 * @throws ReplayFileError with the first 20 wrong lines; the file system's error where there is no such file
 */
export async function loadReplayFile(path: string, zones: ReadonlySet<string>): Promise<ReplayFile> {
  const bytes = await readFile(path);
  const plain = GZIP.every((byte, i) => bytes[i] === byte) ? await unzip(bytes) : bytes;
  return parseReplayCsv(plain.toString('utf8'), zones);
}

/** W-42 to W-44: real hours from a file. History is final, unless the file itself calls it estimated. */
export function createReplaySource(file: ReplayFile, path: string): GridSource {
  const sourceRef = basename(path);
  return {
    name: 'replay',
    async fetch({ zone, kinds, interval }: SourceRequest) {
      const hour = replayHour(file, zone, interval.sourceTime);
      const values = hour?.values.filter(({ kind }) => kinds.has(kind)) ?? [];
      if (!hour || values.length === 0) return new Refusal('no_data', `${sourceRef} says nothing of ${zone} at ${new Date(interval.sourceTime).toISOString()}`);
      const quality = hour.estimated ? 'estimated' : 'final';
      return values.map((value) => ({ ...value, zone, intervalStart: interval.start, lengthS: interval.lengthS, sourceTime: interval.sourceTime, sourceRef, quality }));
    },
  };
}
