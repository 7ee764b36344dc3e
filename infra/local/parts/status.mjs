import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../../../libs/platform/config/load.ts';
import { ROOT } from './paths.mjs';
import { versionOf } from './postgres.mjs';
import { ask } from './probe.mjs';

const PROBE_MS = 2_000;

/** Adapters that are off unless configured; they are shown as off, never mocked. */
const ADAPTERS = { crusoe: 'crusoeApiKey', incident_io: 'incidentIoApiKey', elevenlabs: 'elevenLabsApiKey', paid_ai: 'paidAiApiKey', mail: 'smtpUrl' };

export function componentsOf({ instance, ops }) {
  if (ops) return ops.map((url) => ({ name: new URL(url).host, address: url, probe: `${url.replace(/\/$/, '')}/readyz` }));
  const loaded = loadConfig(process.env);
  const off = Object.entries(ADAPTERS).filter(([, field]) => !loaded.ok || loaded.value[field] === undefined).map(([name]) => ({ name, off: true }));
  return [...instance.components, ...off];
}

/** ready → healthy; a component that answers with less is degraded; one that does not answer is unhealthy. */
const STATES = { ready: 'healthy', ok: 'healthy', healthy: 'healthy', degraded: 'degraded' };

async function probed({ name, address, pid, probe, off }) {
  if (off) return { name, state: 'off' };
  const begin = performance.now();
  const found = probe.startsWith('postgres:') ? await askDatabase(probe) : await askHttp(probe);
  return { name, address, pid, latency_ms: Math.round(performance.now() - begin), ...found };
}

async function askDatabase(url) {
  const answer = versionOf(url).then(({ version }) => ({ state: 'healthy', message: `PostgreSQL ${version}` }), (error) => ({ state: 'unhealthy', message: error.message }));
  return Promise.race([answer, new Promise((resolve) => setTimeout(resolve, PROBE_MS, { state: 'unhealthy', message: 'no answer' }))]);
}

async function askHttp(url) {
  const answer = await ask(url, { timeoutMs: PROBE_MS });
  if (!answer) return { state: 'unhealthy', message: `no answer from ${url}` };
  const { status, draining, version, schema_version: schemaVersion, checks = [] } = answer.body ?? {};
  const said = typeof status === 'string' ? STATES[status] : undefined;
  const state = answer.status === 200 ? (said ?? 'healthy') : 'unhealthy';
  const complaints = checks.filter((check) => !['ok', 'ready', 'healthy'].includes(check.status)).map((check) => `${check.name}: ${check.message ?? check.status}`);
  const message = [draining && 'draining', state === 'healthy' ? undefined : `status ${answer.status}`, ...complaints].filter(Boolean).join('; ');
  return { state, message: message || undefined, version, schemaVersion };
}

const P95 = 0.95;

/** The document of O-24. */
export async function statusDocument(components, { standIns, starting, production }) {
  const results = await Promise.all(components.map(probed));
  const latencies = results.map(({ latency_ms: ms }) => ms).filter((ms) => ms !== undefined).sort((a, b) => a - b);
  const unhealthy = results.filter(({ state }) => state === 'unhealthy').map(({ name }) => name);
  const degraded = starting || results.some(({ state }) => state === 'degraded');
  return {
    mode: production ? 'production' : (process.env.WATTBOOK_MODE ?? 'local'),
    timestamp: new Date().toISOString(),
    version: results.find(({ version }) => version)?.version ?? JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version,
    schema_version: results.find(({ schemaVersion }) => schemaVersion)?.schemaVersion ?? null,
    components: results.map(({ version, schemaVersion, ...shown }) => shown),
    stand_ins: standIns,
    summary: {
      state: unhealthy.length > 0 ? 'unhealthy' : degraded ? 'degraded' : 'healthy',
      latency_p95_ms: latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * P95))] ?? null,
      unhealthy_components: unhealthy,
    },
  };
}
