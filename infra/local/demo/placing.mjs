import { customer, expected, reaches, workloadPath } from './api.mjs';

const ORDER = {
  kind: 'fine_tune', resources: { gpu_count: 1, gpu_memory_gb: 80 }, work: { h100_seconds: 36_000 },
  checkpoint: { supported: true, size_gb: 1, interval_s: 300 }, schedule: { flexible: false },
};

/** The customer's order runs, and the decision says on which node, against which other, by which figures. */
export async function placed(context) {
  const client = customer(context);
  const { headers, json } = await client.send('POST', '/api/v1/workloads', { name: `Demo fine-tune ${context.seed}`, ...ORDER });
  Object.assign(context.kept, { id: json.id, requestId: headers.get('x-request-id'), correlationId: headers.get('x-correlation-id') });
  const row = await reaches(client, json.id, ['running'], 30);
  const { data } = await client.get(`${workloadPath(json.id)}/decisions`);
  const decision = await client.get(`/api/v1/decisions/${data.find(({ kind }) => kind === 'place')?.id ?? expected('a decision of kind place', data)}`);
  const { winner, runner_up: second, candidates } = decision;
  if (winner?.node !== row.node) expected(`the winner of the decision to be ${row.node}, where it runs`, winner);
  if (!second || second.node === winner.node) expected('a runner-up', second);
  const scoreOf = (node) => candidates.find((one) => one.node === node)?.score ?? expected(`a score of ${node}`, candidates);
  return `${row.node} with score ${scoreOf(winner.node)}, before ${second.node} with ${scoreOf(second.node)}; ${winner.expected_ng} against ${second.expected_ng} ng, ${winner.expected_micro_usd} against ${second.expected_micro_usd} µUSD`;
}
