import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const PART = new URL('../../infra/local/parts/temporal-binary.mjs', import.meta.url).href;

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'wattbook-temporal-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(path: string, script: string): void {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

const temporal = (cli: string, server: string) => `echo 'temporal version ${cli} (Server ${server}, UI 2.42.1)'`;

/** Asks in a process of its own, whose PATH holds only what the test put there, and a shell. */
function find({ download = false } = {}): { found?: Record<string, unknown>; message?: string; exit?: number } {
  const script = `
    const { findTemporal } = await import(${JSON.stringify(PART)});
    const answer = await findTemporal({ download: ${download}, bin: ${JSON.stringify(join(folder, 'bin'))} }).then((found) => ({ found }), ({ message, exit }) => ({ message, exit }));
    console.log(JSON.stringify(answer));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script, '--', `--state=${folder}`], { encoding: 'utf8', env: { PATH: join(folder, 'path'), HOME: folder } });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as ReturnType<typeof find>;
}

/** A Go that says which it is and "builds" by writing a program where it is told. */
const go = (version: string, built: string) => `
if [ "$1" = env ]; then echo ${version}; exit 0; fi
while [ "$1" != -o ]; do shift; done
/bin/cat > "$2" <<'END'
#!/bin/sh
${built}
END
/bin/chmod 755 "$2"`;

describe('O-16: the first source that works', () => {
  test.each([
    ['1.5.1', '1.29.1', '1.5.1'], ['1.9.0', '1.31.0', '1.9.0'], ['0.0.0-DEV', '1.29.1', 'from source'],
  ])('CLI %s with server %s on PATH is taken', (cli, server, shown) => {
    program(join(folder, 'path/temporal'), temporal(cli, server));
    expect(find().found).toMatchObject({ source: 'PATH', path: join(folder, 'path/temporal'), cli: shown, server, passedOver: [] });
  });

  test.each([
    ['too old', temporal('1.4.9', '1.28.0'), /is CLI 1\.4\.9 \(server 1\.28\.0\); 1\.5\.1 or newer is needed/],
    ['too old, built from source', temporal('0.0.0-DEV', '1.28.4'), /server 1\.28\.4/],
    ['broken', 'exit 3', /does not run or does not tell its version/],
  ])('one that is %s is named, and the next is tried', (_what, script, why) => {
    program(join(folder, 'path/temporal'), script);
    program(join(folder, 'bin/temporal-sdk-typescript-1.24.0'), temporal('1.6.0', '1.30.0'));
    const { found } = find();
    expect(found).toMatchObject({ source: 'earlier start', cli: '1.6.0' });
    expect(found?.['passedOver']).toEqual([expect.stringMatching(why)]);
  });

  test('a kept download that broke is not tried for ever', () => {
    program(join(folder, 'bin/temporal-sdk-typescript-1.24.0'), 'exit 1');
    expect(find().exit).toBe(34);
    expect(readdirSync(join(folder, 'bin'))).toEqual([]);
  });

  test('Go builds it, and the next start finds what was built', () => {
    program(join(folder, 'path/go'), go('go1.25.3', temporal('0.0.0-DEV', '1.29.1')));
    const { found } = find();
    expect(found).toMatchObject({ source: 'built from source', server: '1.29.1' });
    expect(found?.['path']).toMatch(/bin\/temporal-[0-9a-f]{12}$/);
    rmSync(join(folder, 'path/go'));
    expect(find().found).toMatchObject({ source: 'earlier start', path: found?.['path'] });
  });

  test('a build that fails leaves nothing that looks whole', () => {
    program(join(folder, 'path/go'), go('go1.26', 'true').replace('/bin/chmod', 'exit 1 #'));
    expect(find().exit).toBe(34);
    expect(readdirSync(join(folder, 'bin')).filter((name) => !name.endsWith('.new'))).toEqual([]);
  });
});

describe('O-18: none works', () => {
  test('all four in order, why each failed, what to do, exit 34', () => {
    const { message = '', exit } = find();
    expect(exit).toBe(34);
    expect(message.split('\n').slice(1)).toEqual([
      '  1. TEMPORAL_ADDRESS is not set; set it to use a server that runs already',
      '  2. no `temporal` on PATH; install the Temporal CLI 1.5.1 or newer',
      '  3. WATTBOOK_TEMPORAL_DOWNLOAD is off; allow it with WATTBOOK_TEMPORAL_DOWNLOAD=on and a network that reaches temporal.download',
      '  4. no `go` on PATH; install Go 1.25 or newer',
    ]);
  });

  test('an old Go is named', () => {
    program(join(folder, 'path/go'), go('go1.22.1', 'true'));
    expect(find().message).toContain('Go 1.22 is too old');
  });
});
