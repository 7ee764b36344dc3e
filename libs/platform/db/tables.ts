/**
 * Every table's kind (O-85). `tenant`: org_id, row-level security forced. `global`: the same for everybody (grid, fleet). `system`: ids
 * and figures of the machinery, never a customer's text. A table that is missing here fails a test.
 */
export const TABLES: Readonly<Record<string, 'tenant' | 'global' | 'system'>> = Object.freeze({
  organizations: 'tenant', api_keys: 'tenant', idempotency_keys: 'tenant', audit_chains: 'tenant', audit_events: 'tenant', audit_context: 'tenant',
  node_credentials: 'tenant', node_enrolments: 'tenant', report_openings: 'tenant', workloads: 'tenant', segments: 'tenant', energy_lines: 'tenant',
  usage_facts: 'tenant', decisions: 'tenant', event_answers: 'tenant', budgets: 'tenant', budget_reservations: 'tenant', alerts: 'tenant', stream_events: 'tenant',
  zones: 'global', grid_clock: 'global', grid_signals: 'global', grid_forecasts: 'global', grid_overrides: 'global', grid_refusals: 'global', grid_detectors: 'global',
  grid_events: 'global', grid_event_history: 'global', nodes: 'global', public_stream_events: 'global',
  credential_epoch: 'system', node_runtime: 'system', reservations: 'system', energy_reports: 'system', energy_reports_refused: 'system',
  workload_directory: 'system', event_affected: 'system',
});
