import { sleep } from '../parts/probe.mjs';

const REQUEST_MS = 20_000;

/** What a step saw instead of what it needs; the runner prints it and ends. */
export const expected = (what, saw) => {
  throw new Error(`expected ${what}, saw ${typeof saw === 'string' ? saw : JSON.stringify(saw)}`);
};

/** A client of the public API under one seeded key. */
export function clientOf({ gateway, api_keys: keys }, slug) {
  const send = async (method, path, body) => {
    const answer = await fetch(gateway + path, {
      method, signal: AbortSignal.timeout(REQUEST_MS), ...(body && { body: JSON.stringify(body) }),
      headers: { authorization: `Bearer ${keys[slug]}`, ...(body && { 'content-type': 'application/json' }) },
    });
    const text = await answer.text();
    if (!answer.ok) expected(`success from ${method} ${path}`, `${answer.status} ${text.slice(0, 400)}`);
    return { headers: answer.headers, json: JSON.parse(text) };
  };
  return {
    send,
    get: async (path) => (await send('GET', path)).json,
    post: async (path, body = {}) => (await send('POST', path, body)).json,
  };
}

export const CUSTOMER = 'aurora-labs';
export const customer = ({ ready }) => clientOf(ready, CUSTOMER);
export const operator = ({ ready }) => clientOf(ready, 'platform');

/** Asks until `look` returns something; says what it saw last when the time is over. */
export async function until(what, seconds, look, everyMs = 500) {
  let seen;
  for (const end = Date.now() + seconds * 1_000; ;) {
    const found = await look((saw) => { seen = saw; });
    if (found) return found;
    if (Date.now() > end) expected(`${what} within ${seconds} s`, seen ?? 'nothing of it');
    await sleep(everyMs);
  }
}

export const workloadPath = (id) => `/api/v1/workloads/${id}`;

/** Waits for one of the states; another end than the wanted one is said at once. */
export const reaches = (client, id, states, seconds) => until(`the workload ${states.join(' or ')}`, seconds, async (saw) => {
  const row = await client.get(workloadPath(id));
  saw(`${row.state} (${row.reason ?? 'no reason'}) on ${row.node ?? 'no node'}`);
  if (states.includes(row.state)) return row;
  if (['completed', 'failed', 'cancelled', 'expired'].includes(row.state)) expected(`the workload ${states.join(' or ')}`, `${row.state} (${row.reason})`);
  return undefined;
});

/** Every row of a list, page by page. */
export async function all(client, path) {
  const rows = [];
  for (let cursor = ''; cursor !== null;) {
    const page = await client.get(`${path}?limit=200${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    rows.push(...page.data);
    cursor = page.next_cursor;
  }
  return rows;
}

export const sum = (rows, name) => rows.reduce((total, row) => total + BigInt(row[name]), 0n);
