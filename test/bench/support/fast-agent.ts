import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Job {
  readonly job_id: string;
  readonly fence: number;
  readonly units_total: number;
  readonly at: string;
}

/** An agent of W-16 over HTTP whose jobs are done the moment they are put: what is left is what the product itself needs for a life. */
export class FastAgent {
  readonly #jobs = new Map<string, Job>();
  readonly #server: Server = createServer((request, response) => {
    void this.#answer(request).then(({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)));
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: object }> {
    const id = decodeURIComponent(request.url!.split('?')[0]!.split('/').at(-1)!);
    if (request.method === 'PUT') {
      const { fence, units_total } = (await readJson(request)) as { fence: number; units_total: number };
      this.#jobs.set(id, { job_id: id, fence, units_total, at: new Date().toISOString() });
      return { status: 201, body: { state: 'completed', fence } };
    }
    const job = this.#jobs.get(id);
    if (!job) return { status: 404, body: { code: 'not_found', detail: 'This node has no such job.' } };
    if (request.method === 'DELETE') return { status: 202, body: { state: 'completed', fence: job.fence } };
    return { status: 200, body: shown(job) };
  }
}

/** It ran for no time, so it drew nothing: settling has no report to wait for. */
const shown = ({ job_id, fence, units_total, at }: Job) => ({
  job_id, fence, state: 'completed', units_done: units_total, units_total, started_at: at, ended_at: at, last_checkpoint: null, energy_mj: '0', grade: 'modelled',
  result: { uri: `bench://results/${job_id}`, sha256: '0'.repeat(64) }, error: null, devices: [],
});

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString());
}
