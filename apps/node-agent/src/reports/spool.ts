import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ReportWithOpenings } from '#domain/energy-report/report';
import { writeDurably } from '../jobs/journal.ts';

const KEPT_MS = 7 * 86_400_000;

/**
 * Reports that the gateway has not settled, one file each, oldest first by name (W-19): a week without a gateway costs disk,
 * not memory. Openings lie with their report.
 */
export class Spool {
  private names: string[];

  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.names = readdirSync(folder).filter((name) => name.endsWith('.json')).sort();
  }

  get size(): number {
    return this.names.length;
  }

  put(sent: ReportWithOpenings): void {
    const { interval_start, boot_id, sequence, signature } = sent.report;
    const name = `${String(Date.parse(interval_start)).padStart(15, '0')}-${String(sequence).padStart(12, '0')}-${boot_id}-${signature.slice(0, 8)}.json`;
    writeDurably(join(this.folder, name), JSON.stringify(sent));
    this.names.push(name);
  }

  /** The oldest `limit`, and what settles them. */
  oldest(limit: number): { readonly reports: ReportWithOpenings[]; settle(): void } {
    const names = this.names.slice(0, limit);
    return { reports: names.map((name) => this.read(name)), settle: () => this.drop(names) };
  }

  /** For catch-up: this boot's reports after `sequence`, and all that earlier boots left behind. */
  after(bootId: string, sequence: number, limit: number): ReportWithOpenings[] {
    const isWanted = (name: string) => !name.includes(bootId) || Number(name.slice(16, 28)) > sequence;
    return this.names.filter(isWanted).slice(0, limit).map((name) => this.read(name));
  }

  /** A report older than a week would be refused; it stays missing. @returns how many were given up */
  prune(now: number): number {
    const old = this.names.filter((name) => Number(name.slice(0, 15)) < now - KEPT_MS);
    this.drop(old);
    return old.length;
  }

  private read(name: string): ReportWithOpenings {
    return JSON.parse(readFileSync(join(this.folder, name), 'utf8')) as ReportWithOpenings;
  }

  private drop(names: readonly string[]): void {
    for (const name of names) rmSync(join(this.folder, name), { force: true });
    const gone = new Set(names);
    this.names = this.names.filter((name) => !gone.has(name));
  }
}
