interface Metric {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

/** Every instrument of the product (O-40): units in the name, labels from closed sets, never an id of a tenant. */
export const METRICS = {
  wattbook_http_requests_total: { kind: 'counter', help: 'Answered requests of the gateway.', labels: ['method', 'route', 'status'] },
  wattbook_http_request_duration_seconds: { kind: 'histogram', help: 'Time from the first byte of a request to the end of its answer.', labels: ['method', 'route'], buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] },
  wattbook_credentials_stale_seconds: { kind: 'gauge', help: 'Time since the credential epoch was last confirmed.', labels: [] },
  wattbook_temporal_up: { kind: 'gauge', help: '1 while Temporal answers, else 0.', labels: [] },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;
