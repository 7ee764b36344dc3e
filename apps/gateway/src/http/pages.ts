import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { KeyRing } from '#platform/config/key-ring';
import { Problem } from '#platform/errors/problem';
import { invalidRequest } from './strict-query.ts';

interface Limits {
  readonly most: number;
  readonly usual: number;
}

/** Query of a list: its own filters, a cursor and a limit; strict, so an unknown filter is refused. */
export const listQuery = <Shape extends z.ZodRawShape>(filters: Shape, { most, usual }: Limits = { most: 200, usual: 50 }) =>
  z.strictObject({
    ...filters,
    cursor: z.string().min(1).max(2_000).optional(),
    limit: z.string().regex(/^[1-9]\d{0,4}$/, 'must be a whole number').transform(Number).pipe(z.number().max(most)).default(usual),
  });

export interface ListQuery {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** Values of the last row's sort key, as text. */
export type Position = readonly string[];

export interface Page {
  /** Rows strictly after this; absent on the first page. */
  readonly after: Position | undefined;
  /** Read one row more than the page holds: it says whether a next page exists. */
  readonly take: number;
  close<Row>(rows: readonly Row[], positionOf: (row: Row) => Position): { data: Row[]; next_cursor: string | null };
}

/** Cursors are opaque, signed, and bound to organisation, route and filters (P-3). */
export class Pages {
  readonly #keys: readonly Buffer[];

  constructor({ active, keys }: KeyRing) {
    const ordered = [active, ...[...keys.keys()].filter((id) => id !== active)];
    this.#keys = ordered.map((id) => Buffer.from(hkdfSync('sha256', keys.get(id)!, '', 'wattbook/cursor/v1', 32)));
  }

  /** @param route the list's own name, with ids where the path has some */
  open(route: string, orgId: string, { cursor, limit, ...filters }: ListQuery & Record<string, unknown>): Page {
    const scope = JSON.stringify([route, orgId, Object.entries(filters).filter(([, value]) => value !== undefined).sort(([a], [b]) => (a < b ? -1 : 1))]);
    return {
      after: cursor === undefined ? undefined : this.#read(cursor, scope),
      take: limit + 1,
      close: (rows, positionOf) => {
        const data = rows.slice(0, limit);
        return { data, next_cursor: rows.length > limit ? this.#write(positionOf(data.at(-1)!), scope) : null };
      },
    };
  }

  #write(position: Position, scope: string): string {
    const text = Buffer.from(JSON.stringify(position)).toString('base64url');
    return `${text}.${sign(this.#keys[0]!, text, scope).toString('base64url')}`;
  }

  #read(cursor: string, scope: string): Position {
    const [text = '', signature = '', ...rest] = cursor.split('.');
    const given = Buffer.from(signature, 'base64url');
    const genuine = rest.length === 0 && given.toString('base64url') === signature
      && this.#keys.some((key) => given.length === 32 && timingSafeEqual(given, sign(key, text, scope)));
    if (!genuine) throw new Problem('bad-cursor', 'The cursor was not made for this list, its filters and your organisation; begin without a cursor.');
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as Position;
  }
}

const sign = (key: Buffer, text: string, scope: string): Buffer => createHmac('sha256', key).update(`${text}\n${scope}`).digest();

/** For filters whose values only the handler can judge. */
export const badFilter = (name: string, detail: string) => invalidRequest([{ pointer: `/${name}`, code: 'wrong-value', detail }]);
