const APPEND = ['audit_events', 'grid_signals', 'energy_reports', 'energy_reports_refused', 'report_openings', 'usage_facts', 'decisions', 'grid_event_history',
  'grid_refusals', 'stream_events', 'public_stream_events', 'idempotency_keys', 'audit_context', 'grid_forecasts'];
const CHANGE = ['organizations', 'api_keys', 'credential_epoch', 'audit_chains', 'zones', 'grid_clock', 'grid_overrides', 'grid_detectors', 'grid_events', 'nodes',
  'node_credentials', 'node_enrolments', 'node_runtime', 'workloads', 'workload_directory', 'segments', 'energy_lines', 'event_answers', 'event_affected', 'budgets',
  'budget_reservations', 'alerts'];

const all = (names: readonly string[], may: string) => Object.fromEntries(names.map((name) => [name, may]));

/** What the product's own role may do to each table (O-84); a test compares it with the catalogue. */
export const GRANTS: { readonly wattbook_app: Readonly<Record<string, string>> } = Object.freeze({
  wattbook_app: { ...all(APPEND, 'select, insert'), ...all(CHANGE, 'select, insert, update'), reservations: 'select, insert, update, delete' },
});
