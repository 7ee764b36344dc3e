import type { ServerResponse } from 'node:http';
import type { StreamEvent } from '#platform/stream/read';

const MOST_QUEUED = 256;
const LAST_WORDS_MS = 5_000;

/** One open response of server-sent events, with its own queue: a reader that stalls costs 256 events of memory and nobody's time. */
export class EventStream {
  readonly #queue: StreamEvent[] = [];
  /** Of the last event that left: what came after it is lost to a reader that lags. */
  #lastId: string | null = null;
  #over = false;
  #whenFree: (() => void)[] = [];

  constructor(private readonly response: ServerResponse) {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    response.write('retry: 2000\n: open\n\n');
    response.on('drain', () => this.#flush());
    response.on('close', () => this.#finish());
  }

  get over(): boolean {
    return this.#over;
  }

  send(event: StreamEvent): void {
    if (this.#over) return;
    this.#queue.push(event);
    if (!this.#flush() && this.#queue.length > MOST_QUEUED) this.#lag();
  }

  /** A sign of life; whoever still has events to read needs none. */
  comment(): void {
    if (!this.#over && this.#queue.length === 0 && !this.response.writableNeedDrain) this.response.write(': keep-alive\n\n');
  }

  /** Resolves when everything said so far has left, or nothing more will. */
  async free(): Promise<void> {
    if (!this.#over && (this.#queue.length > 0 || this.response.writableNeedDrain)) await new Promise<void>((resolve) => this.#whenFree.push(resolve));
  }

  end(): void {
    if (this.#over) return;
    this.#finish();
    this.response.end();
  }

  /** The reader is told, and may come back with the last id it has seen. */
  #lag(): void {
    const data = JSON.stringify({ last_event_id: this.#lastId });
    this.#finish();
    this.response.end(`event: stream.lagged\ndata: ${data}\n\n`);
    setTimeout(() => this.response.destroy(), LAST_WORDS_MS).unref();
  }

  /** @returns whether the queue is empty now */
  #flush(): boolean {
    while (this.#queue.length > 0 && !this.response.writableNeedDrain) {
      const { id, name, data } = this.#queue.shift()!;
      this.response.write(`id: ${id}\nevent: ${name}\ndata: ${data}\n\n`);
      this.#lastId = id;
    }
    if (this.#queue.length > 0) return false;
    if (!this.response.writableNeedDrain) this.#tellFree();
    return true;
  }

  #finish(): void {
    this.#over = true;
    this.#queue.length = 0;
    this.#tellFree();
  }

  #tellFree(): void {
    for (const free of this.#whenFree.splice(0)) free();
  }
}
