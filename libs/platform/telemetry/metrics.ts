import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { METRICS, type MetricName } from './metrics.catalogue.ts';

export interface Metrics {
  readonly contentType: string;
  readonly text: () => Promise<string>;
  readonly count: (name: MetricName, labels?: Labels, by?: number) => void;
  readonly set: (name: MetricName, value: number, labels?: Labels) => void;
  readonly observe: (name: MetricName, value: number, labels?: Labels) => void;
}

type Labels = Readonly<Record<string, string>>;

/** Instruments exist only as the catalogue names them: another name does not compile (O-40). */
export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  const made = new Map<MetricName, Counter | Gauge | Histogram>();
  const instrument = (name: MetricName) => {
    const known = made.get(name);
    if (known) return known;
    const fresh = make(name, registry);
    made.set(name, fresh);
    return fresh;
  };
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    count: (name, labels = {}, by = 1) => (instrument(name) as Counter).inc(labels, by),
    set: (name, value, labels = {}) => (instrument(name) as Gauge).set(labels, value),
    observe: (name, value, labels = {}) => (instrument(name) as Histogram).observe(labels, value),
  };
}

function make(name: MetricName, registry: Registry): Counter | Gauge | Histogram {
  const { kind, help, labels, buckets } = METRICS[name] as (typeof METRICS)[MetricName] & { buckets?: readonly number[] };
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  if (kind === 'counter') return new Counter(options);
  if (kind === 'gauge') return new Gauge(options);
  return new Histogram({ ...options, ...(buckets ? { buckets: [...buckets] } : {}) });
}
