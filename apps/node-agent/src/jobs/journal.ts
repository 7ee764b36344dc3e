import { closeSync, existsSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Writes a whole file so that a crash leaves the old or the new one, never a part. */
export function writeDurably(path: string, text: string, mode = 0o600): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const next = `${path}.next`;
  const file = openSync(next, 'w', mode);
  writeSync(file, text);
  fsyncSync(file);
  closeSync(file);
  renameSync(next, path);
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

/**
 * The newest record of each key, on disk before `put` returns: one JSON line a change, written again whole at each start.
 * A last line without its end is a write that a crash cut off; nobody was answered for it.
 */
export class Journal<T> {
  private readonly records = new Map<string, T>();
  private readonly file: number;

  constructor(path: string, keep: (record: T) => boolean = () => true) {
    for (const line of readLines(path)) {
      const { key, value } = JSON.parse(line) as { key: string; value: T };
      this.records.set(key, value);
    }
    for (const [key, value] of this.records) if (!keep(value)) this.records.delete(key);
    writeDurably(path, [...this.records].map(([key, value]) => lineOf(key, value)).join(''));
    this.file = openSync(path, 'a', 0o600);
  }

  get(key: string): T | undefined {
    return this.records.get(key);
  }

  values(): IterableIterator<T> {
    return this.records.values();
  }

  put(key: string, value: T): void {
    writeSync(this.file, lineOf(key, value));
    fdatasyncSync(this.file);
    this.records.set(key, value);
  }

  close(): void {
    closeSync(this.file);
  }
}

const lineOf = (key: string, value: unknown): string => `${JSON.stringify({ key, value })}\n`;

export function readLines(path: string): string[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop();
  return lines.filter((line) => line !== '');
}
