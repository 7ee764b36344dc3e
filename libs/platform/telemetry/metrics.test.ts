import { describe, expect, test } from 'vitest';
import { METRICS } from './metrics.catalogue.ts';
import { createMetrics } from './metrics.ts';

describe('metrics (O-40)', () => {
  test('count, set and observe what the catalogue names', async () => {
    const metrics = createMetrics('gateway');
    metrics.count('wattbook_http_requests_total', { method: 'GET', route: '/x', status: '200' }, 2);
    metrics.set('wattbook_temporal_up', 1);
    metrics.observe('wattbook_http_request_duration_seconds', 0.2, { method: 'GET', route: '/x' });
    const text = await metrics.text();
    expect(text).toContain('wattbook_http_requests_total{method="GET",route="/x",status="200",service="gateway"} 2');
    expect(text).toContain('wattbook_temporal_up{service="gateway"} 1');
    expect(text).toContain('wattbook_http_request_duration_seconds_bucket{le="0.25",service="gateway",method="GET",route="/x"} 1');
    expect(text).toContain('process_resident_memory_bytes');
  });

  test('two processes in one (tests) do not share figures', async () => {
    const [a, b] = [createMetrics('a'), createMetrics('b')];
    a.set('wattbook_temporal_up', 1);
    expect(await b.text()).not.toContain('wattbook_temporal_up');
  });

  test.each(Object.entries(METRICS))('%s has its unit last in the name, and no label that names a tenant', (name, { kind, help, labels }) => {
    expect(name).toMatch(/^wattbook_[a-z0-9_]+$/);
    if (kind === 'counter') expect(name).toMatch(/_total$/);
    if (kind === 'histogram') expect(name).toMatch(/_(seconds|bytes)$/);
    expect(help).toMatch(/\.$/);
    expect(labels.filter((label) => /org|tenant|user|id$/.test(label))).toEqual([]);
  });
});
