import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runToEnd } from '../parts/run.mjs';
import { customer, expected, until } from './api.mjs';

/** The id of the customer's request stands in every record of what came of it: who has one, finds all. */
export async function oneCorrelationId(context) {
  const { correlationId, id } = context.kept;
  const found = [
    ['gateway log', () => inLog(context, /^gateway\.log$/, correlationId)],
    ['workflow memo', () => inMemo(context)],
    ['activity log', () => inLog(context, /^worker\.log$/, correlationId, 'activity_type')],
    ['node log', () => inLog(context, /^node-.*\.log$/, correlationId)],
    ['audit event', () => inAudit(context)],
  ];
  for (const [where, look] of found) await until(`${correlationId} in the ${String(where)} of ${id}`, context.patienceS ?? 15, look);
  return `${correlationId} in ${found.map(([where]) => String(where)).join(', ')}`;
}

/** A line of a log that carries the id, and the field that says it is of the right kind. */
function inLog({ ready }, name, correlationId, field) {
  const logs = ready.logs ?? expected('the folder of the logs in the ready line', ready);
  return readdirSync(logs).filter((file) => name.test(file)).some((file) => readFileSync(join(logs, file), 'utf8').split('\n')
    .some((line) => line.includes(correlationId) && (!field || line.includes(`"${field}"`))));
}

/** Temporal keeps the memo encrypted; the local codec server reads it, as it does for the Web UI. */
async function inMemo({ ready, kept }) {
  const { temporal_binary: binary, temporal_address: address, temporal_namespace: namespace } = ready;
  const { code, text } = await runToEnd(binary, ['workflow', 'describe', '--workflow-id', `workload/${kept.id}`, '--address', address, '--namespace', namespace, '--output', 'json'], { seconds: 10 });
  if (code !== 0) expected('temporal workflow describe to answer', text.slice(-300));
  const memo = JSON.parse(text).workflowExecutionInfo?.memo?.fields?.correlation_id ?? expected('a memo correlation_id', text.slice(0, 300));
  const answer = await fetch(`${ready.codec}/${namespace}/decode`, { method: 'POST', body: JSON.stringify({ payloads: [memo] }), signal: AbortSignal.timeout(5_000) });
  const { payloads } = await answer.json();
  return Buffer.from(payloads?.[0]?.data ?? '', 'base64').toString().includes(kept.correlationId);
}

async function inAudit(context) {
  const { requestId, correlationId, id } = context.kept;
  const { data } = await customer(context).get(`/api/v1/audit/events?request_id=${requestId}`);
  return data.some(({ action, target, trace_id: trace }) => action === 'workload.create' && target.id === id && trace === correlationId);
}
