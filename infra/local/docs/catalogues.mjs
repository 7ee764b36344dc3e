import { code, generated, NONE, table } from './table.mjs';

/** Whose move it is and what to do next, by status (O-143); the `detail` of an answer says it for the case at hand. */
const NEXT = {
  400: ['the caller', 'mend what `errors[]` or `detail` names'],
  401: ['the caller', 'send a credential in force in the `Authorization` header'],
  402: ['who owns the budget or plan', 'raise it, or ask for less'],
  403: ['who administers the organisation', 'grant the permission, or use another credential'],
  404: ['the caller', 'look the id up again; another organisation’s is answered alike'],
  409: ['the caller', 'read the present state, then decide; with `Retry-After`: wait so long and send the same request'],
  412: ['the caller', 'read it again and send its `ETag` as `If-Match`'],
  413: ['the caller', 'send less at once'],
  415: ['the caller', 'send the media type that `detail` names'],
  422: ['the caller', 'mend the value; a changed body needs a new `Idempotency-Key`'],
  428: ['the caller', 'read it and send its `ETag` as `If-Match`'],
  429: ['the caller', 'wait for `Retry-After`, then send the same request'],
  500: ['Wattbook', 'nothing to do; quote `request_id` to the operator'],
  503: ['Wattbook', 'nothing was stored: send the same request with the same key after `Retry-After`'],
};

export async function errorsPage(from) {
  const [{ PROBLEMS }, { REFUSALS, isStrike }] = await Promise.all([from('libs/domain/errors/codes.js'), from('libs/domain/energy-report/refusals.js')]);
  const problems = Object.entries(PROBLEMS).sort(([a, [s]], [b, [t]]) => s - t || (a < b ? -1 : 1)).map(([name, [status, title]]) => {
    if (!NEXT[status]) throw new Error(`infra/local/docs/catalogues.mjs does not say whose move a ${status} (${name}) is`);
    return [code(name), status, title, ...NEXT[status]];
  });
  const refusals = Object.entries(REFUSALS).map(([name, text]) => [code(name), text, isStrike(name) ? 'yes' : NONE]);
  return `# Error codes

${generated('`libs/domain/errors/codes.ts` and `libs/domain/energy-report/refusals.ts`')}

An error of \`/api/v1\` is \`application/problem+json\` (RFC 9457). Programs decide by \`code\`; \`detail\` is for people and says what
happened, whose move it is and the next step; \`errors[]\` points at each wrong value; \`request_id\` finds the request in the logs.

${table(['code', 'status', 'what happened', 'whose move', 'next step'], problems)}

## Refused energy reports

A node's report counts whole or not at all. A strike lowers the node's trust; three in 24 h quarantine it.

${table(['code', 'what happened', 'strike'], refusals)}
`;
}

export async function permissionsPage(from, document) {
  const { ORG_PERMISSIONS, PLATFORM_PERMISSIONS, ORG_KEY_PERMISSIONS, OPERATOR_KEY_PERMISSIONS } = await from('libs/domain/permissions/catalogue.js');
  const operations = Map.groupBy(operationsOf(document), ({ permission }) => permission);
  const asked = (permission) => (operations.get(permission) ?? []).map(({ text }) => code(text)).join(', ') || NONE;
  const yes = (held) => (held ? 'yes' : NONE);
  const rows = (list) => list.map((one) => [code(one), yes(ORG_KEY_PERMISSIONS.includes(one)), yes(OPERATOR_KEY_PERMISSIONS.includes(one)), asked(one)]);
  const head = ['permission', 'organisation’s key', 'operator’s key', 'asked for by'];
  return `# Permissions

${generated('`libs/domain/permissions/catalogue.ts` and the routes of the gateway')}

Each operation asks for one permission (\`x-permission\` in the OpenAPI document), before it looks at ids, query or body. A key holds
the permissions that it was made with, out of those its organisation may hand out.

## Of an organisation

${table(head, rows(ORG_PERMISSIONS))}

## Of the platform

${table(head, rows(PLATFORM_PERMISSIONS))}

## Without a permission

For everybody: ${asked('public')}.
Of whoever asks, for itself: ${asked('self')}.
`;
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const operationsOf = ({ paths }) => Object.entries(paths).flatMap(([path, item]) => METHODS.filter((method) => item[method])
  .map((method) => ({ text: `${method.toUpperCase()} ${path}`, permission: item[method]['x-permission'] })));

export async function metricsPage(from) {
  const { METRICS } = await from('libs/platform/telemetry/metrics.catalogue.js');
  const rows = Object.entries(METRICS).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, { kind, help, labels, buckets }]) =>
    [code(name), kind, help, labels.map(code).join(', ') || NONE, buckets?.join(', ') ?? NONE]);
  return `# Metrics

${generated('`libs/platform/telemetry/metrics.catalogue.ts`')}

\`GET /metrics\` on the ops listener of each process. Units are in the name. Labels take values from closed lists, never an id of an
organisation, user, key, workflow or request. The figures of the Node process (\`process_…\`, \`nodejs_…\`) stand beside them; the
Temporal SDK of the worker has a port of its own (\`WATTBOOK_TEMPORAL_METRICS_PORT\`).

${table(['name', 'kind', 'what it counts', 'labels', 'buckets'], rows)}
`;
}
