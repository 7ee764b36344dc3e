import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { Database } from '#platform/db/in-org';
import { horizon, orgsWithNews, readMerged, readPublic, readTenant, readWorkload, type Range, type StoredEvent } from '#platform/stream/read';
import type { Logger } from '#platform/telemetry/logger';
import { DATABASE, LOGGER } from '../tokens.ts';
import type { EventStream } from './event-stream.ts';

/** What a stream tells: all of its organisation and the public events, or one workload's own. */
export interface Feed {
  readonly orgId: string;
  readonly workloadId?: string;
  /** What the credential may read; another event of the stream is left out. */
  readonly sees: (name: string) => boolean;
  /** Asked now and then: a credential that was withdrawn ends what it opened. */
  readonly stillAllowed: () => Promise<boolean>;
}

interface Reader extends Feed {
  readonly stream: EventStream;
}

const TICK_MS = 250;
const COMMENT_MS = 15_000;
const CREDENTIAL_MS = 2_000;
const A_PAGE = 500;

/**
 * One look at the database every 250 ms for all open streams. All ids below `told` have been handed to every live reader; a reader
 * that resumes reads what it missed from the database until it stands there too, and joins between two ticks. So each reader sees each
 * event once, in the order of ids.
 */
@Injectable()
export class StreamHub implements BeforeApplicationShutdown {
  readonly #live = new Set<Reader>();
  readonly #open = new Set<EventStream>();
  #told: bigint | undefined;
  #tick: Promise<void> | undefined;
  #timers: NodeJS.Timeout[] = [];

  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(LOGGER) private readonly log: Logger,
  ) {}

  beforeApplicationShutdown(): void {
    this.#stop();
    for (const stream of this.#open) stream.end();
  }

  /** Tells `stream` what happened after the id, then what happens, until one side ends it. */
  async follow(stream: EventStream, feed: Feed, after: bigint | undefined): Promise<void> {
    this.#open.add(stream);
    try {
      let position = after ?? (await this.#begin()) - 1n;
      await this.#begin();
      while (!stream.over) {
        await this.#tick;
        if (stream.over) break;
        if (position >= this.#told! - 1n) return void this.#live.add({ ...feed, stream });
        position = await this.#catchUp(stream, feed, { after: position, below: this.#told! });
      }
    } finally {
      if (stream.over) this.leave(stream);
    }
  }

  leave(stream: EventStream): void {
    this.#open.delete(stream);
    for (const reader of this.#live) if (reader.stream === stream) this.#live.delete(reader);
    if (this.#open.size === 0) this.#stop();
  }

  /** One page of the past. @returns the position after it */
  async #catchUp(stream: EventStream, { orgId, workloadId, sees }: Feed, range: Range): Promise<bigint> {
    const events = await this.database.inOrg(orgId, (em) => (workloadId === undefined ? readMerged(em, range, A_PAGE) : readWorkload(em, workloadId, range, A_PAGE)));
    for (const event of events) {
      if (sees(event.name)) stream.send(event);
      await stream.free();
    }
    return events.length === A_PAGE ? BigInt(events.at(-1)!.id) : range.below - 1n;
  }

  /** Starts looking with the first stream. @returns below which id everything is in the past */
  async #begin(): Promise<bigint> {
    if (this.#told !== undefined) return this.#told;
    const now = await this.database.inSystem(horizon);
    if (this.#told === undefined) {
      this.#told = now;
      const every = (ms: number, act: () => void) => this.#timers.push(setInterval(act, ms).unref());
      every(TICK_MS, () => void (this.#tick ??= this.#look().finally(() => (this.#tick = undefined))));
      every(COMMENT_MS, () => this.#live.forEach(({ stream }) => stream.comment()));
      every(CREDENTIAL_MS, () => void this.#endWithdrawn());
    }
    return this.#told;
  }

  #stop(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    this.#told = undefined;
  }

  async #look(): Promise<void> {
    try {
      await this.#tellNews();
    } catch (err) {
      this.log.warn({ event: 'stream.look_failed', err }, 'could not read events for the open streams; trying again');
    }
  }

  async #tellNews(): Promise<void> {
    if (this.#told === undefined || this.#live.size === 0) return this.#skip();
    const after = this.#told - 1n;
    const { below, orgs, common } = await this.database.inSystem(async (em) => {
      const range = { after, below: await horizon(em) };
      return { below: range.below, orgs: new Set(await orgsWithNews(em, range)), common: await whole(range, (part) => readPublic(em, part, A_PAGE)) };
    });
    const readersOf = Map.groupBy(this.#live, ({ orgId }) => orgId);
    const own = new Map<string, StoredEvent[]>();
    for (const orgId of readersOf.keys()) if (orgs.has(orgId)) own.set(orgId, await this.database.inOrg(orgId, (em) => whole({ after, below }, (part) => readTenant(em, part, A_PAGE))));
    // From here on nothing waits: whoever joins next finds all of this told. Stopped and begun anew meanwhile, this look is void.
    if (this.#told !== after + 1n) return;
    for (const [orgId, readers] of readersOf) tell(readers, own.get(orgId) ?? [], common);
    this.#told = below;
  }

  /** While nobody is live, time passes all the same: who resumes reads from the database, and who begins now begins now. */
  async #skip(): Promise<void> {
    if (this.#told !== undefined) this.#told = await this.database.inSystem(horizon);
  }

  async #endWithdrawn(): Promise<void> {
    for (const { stream, stillAllowed } of this.#live) if (!(await stillAllowed().catch(() => false))) stream.end();
  }
}

/** All of a range, however many events it holds. */
async function whole(range: Range, read: (part: Range) => Promise<StoredEvent[]>): Promise<StoredEvent[]> {
  const all: StoredEvent[] = [];
  for (let after = range.after; ; after = BigInt(all.at(-1)!.id)) {
    const page = await read({ ...range, after });
    all.push(...page);
    if (page.length < A_PAGE) return all;
  }
}

function tell(readers: readonly Reader[], own: readonly StoredEvent[], common: readonly StoredEvent[]): void {
  if (own.length + common.length === 0) return;
  const merged = [...own, ...common].sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
  for (const { stream, workloadId, sees } of readers)
    for (const event of merged) if ((workloadId === undefined || event.workloadId === workloadId) && sees(event.name)) stream.send(event);
}
