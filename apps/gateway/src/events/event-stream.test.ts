import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { EventStream } from './event-stream.ts';

/** A response whose reader takes nothing while it is `stalled`. */
class Wire extends EventEmitter {
  readonly written: string[] = [];
  stalled = false;
  ended = false;
  destroyed = false;
  get writableNeedDrain() { return this.stalled; }
  writeHead() { return this; }
  write(text: string) { this.written.push(text); return !this.stalled; }
  end(text?: string) { if (text) this.written.push(text); this.ended = true; this.emit('close'); }
  destroy() { this.destroyed = true; }
  goOn() { this.stalled = false; this.emit('drain'); }
}

function open() {
  const wire = new Wire();
  return { wire, stream: new EventStream(wire as unknown as ServerResponse), said: () => wire.written.slice(1) };
}
const event = (n: number) => ({ id: String(n), name: 'workload.state', data: `{"n":${n}}` });

test('an event is id, name and data, in this order, and an empty line', () => {
  const { stream, said } = open();
  stream.send(event(7));
  expect(said()).toEqual(['id: 7\nevent: workload.state\ndata: {"n":7}\n\n']);
});

test('a reader that pauses gets everything in order when it goes on', async () => {
  const { wire, stream, said } = open();
  wire.stalled = true;
  for (let n = 1; n <= 256; n += 1) stream.send(event(n));
  expect(said()).toEqual([]);
  const free = stream.free();
  wire.goOn();
  await free;
  expect(said().map((text) => Number(/^id: (\d+)/.exec(text)![1]))).toEqual(Array.from({ length: 256 }, (_, i) => i + 1));
  expect(stream.over).toBe(false);
});

test('the 257th waiting event ends it: the reader is told from where to go on, and nothing is kept', async () => {
  const { wire, stream, said } = open();
  stream.send(event(1));
  wire.stalled = true;
  for (let n = 2; n <= 258; n += 1) stream.send(event(n));
  expect(said().slice(1)).toEqual(['event: stream.lagged\ndata: {"last_event_id":"1"}\n\n']);
  expect({ over: stream.over, ended: wire.ended }).toEqual({ over: true, ended: true });
  stream.send(event(259));
  expect(said()).toHaveLength(2);
  await stream.free();
});

test('comments are for the idle: a reader with events to read gets none, nor does one that left', () => {
  const { wire, stream, said } = open();
  stream.comment();
  wire.stalled = true;
  stream.send(event(1));
  stream.comment();
  wire.goOn();
  wire.emit('close');
  stream.comment();
  expect(said().map((text) => text.slice(0, 2))).toEqual([': ', 'id']);
  expect(stream.over).toBe(true);
});
