import { setTimeout as delay } from 'node:timers/promises';

export interface Told {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

export interface OpenStream {
  readonly status: number;
  readonly events: Told[];
  readonly comments: string[];
  /** Resolves when the other side has ended it. */
  readonly ended: Promise<void>;
  close(): void;
}

/** A reader of server-sent events that keeps all it is told. */
export async function openStream(url: string, key: string, lastEventId?: string): Promise<OpenStream> {
  const abort = new AbortController();
  const headers = { authorization: `Bearer ${key}`, accept: 'text/event-stream', ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) };
  const response = await fetch(url, { headers, signal: abort.signal });
  const [events, comments]: [Told[], string[]] = [[], []];
  const ended = read(response, events, comments).catch(() => undefined);
  return { status: response.status, events, comments, ended, close: () => abort.abort() };
}

async function read(response: Response, events: Told[], comments: string[]): Promise<void> {
  let pending = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (pending + chunk).split('\n\n');
    pending = blocks.pop()!;
    for (const block of blocks) {
      const fields = block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()] as const);
      const of = (name: string) => fields.find(([field]) => field === name)?.[1];
      if (of('event') !== undefined) events.push({ id: of('id') ?? '', event: of('event')!, data: of('data') ?? '' });
      comments.push(...fields.filter(([field]) => field === '').map(([, text]) => text));
    }
  }
}

/** Waits until `seen` says so; fails with what it has. */
export async function until<T>(seen: () => T | undefined | false | null, ms = 5_000, what: () => unknown = () => ''): Promise<T> {
  for (const end = performance.now() + ms; ;) {
    const value = seen();
    if (value) return value;
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${JSON.stringify(what())}`);
    await delay(20);
  }
}
