import { PATHS } from './paths.mjs';

const SAMPLE_WORKLOAD = { name: 'Mistral fine-tune', kind: 'fine_tune', resources: { gpu_count: 1, gpu_memory_gb: 80 }, work: { h100_seconds: 14_400 } };
const CUSTOMER = 'aurora-labs';

/** C-1: the ready line, kept for every later start of the same instance. */
export function readyDocument({ seconds, gateway, temporal, codec, apiKeys, standIns }) {
  return {
    step: 'ready', seconds,
    gateway, portal: `${gateway}/`, openapi: `${gateway}/openapi.json`,
    temporal_ui: temporal.ui, temporal_address: temporal.address, temporal_namespace: temporal.namespace, temporal_binary: temporal.binary,
    codec, logs: PATHS.in('logs'),
    api_keys: apiKeys, stand_ins: standIns,
    curl: `curl -sS -X POST ${gateway}/api/v1/workloads -H 'authorization: Bearer ${apiKeys[CUSTOMER]}' -H 'content-type: application/json' -d '${JSON.stringify(SAMPLE_WORKLOAD)}'`,
  };
}

/** O-3, for people. */
export function readyText({ seconds, gateway, portal, openapi, temporal_ui: ui, api_keys: keys, stand_ins: standIns, curl }) {
  return [
    `Ready after ${seconds} s.`, '',
    `  Portal           ${portal}`, `  API              ${gateway}/api/v1`, `  OpenAPI          ${openapi}`, `  Temporal Web UI  ${ui}`,
    `  API key          ${keys[CUSTOMER]}  (${CUSTOMER}, this machine only)`, `  Stand-ins        ${standIns.join(', ') || 'none'}`, '',
    'Submit a workload:', '', `  ${curl}`, '', 'Stop with Ctrl-C. Other scripts: npm run help',
  ].join('\n');
}
