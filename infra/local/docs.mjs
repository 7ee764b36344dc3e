// npm run docs: every page that is made from code (O-140). With --check nothing is written; a stale page is named and the exit is 1.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './parts/build.mjs';
import { PATHS, ROOT } from './parts/paths.mjs';
import { errorsPage, metricsPage, permissionsPage } from './docs/catalogues.mjs';
import { databasePage } from './docs/database.mjs';
import { openApi } from './docs/openapi.mjs';
import { workflowsPage } from './docs/workflows.mjs';

await build().catch(({ message, suggest }) => {
  process.stderr.write(`${message}: the documents are made from dist/. See .local/logs/build.log, or ask: ${suggest}\n`);
  process.exit(1);
});

const from = (path) => import(PATHS.dist(path));
const document = await openApi(from);
const pages = {
  'docs/configuration.md': (await from('libs/platform/config/documents.js')).configurationPage(),
  'docs/openapi.json': `${JSON.stringify(document, null, 1)}\n`,
  'docs/errors.md': await errorsPage(from),
  'docs/permissions.md': await permissionsPage(from, document),
  'docs/metrics.md': await metricsPage(from),
  'docs/workflows.md': await workflowsPage(),
  'docs/database.md': await databasePage(from),
};

const checking = process.argv.includes('--check');
let stale = 0;
for (const [name, text] of Object.entries(pages)) {
  const path = join(ROOT, name);
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
  stale += 1;
  if (checking) process.stdout.write(`${name} differs from the code it is made of; write it again by: npm run docs\n`);
  else {
    writeFileSync(path, text);
    process.stdout.write(`wrote ${name}\n`);
  }
}
if (stale === 0) process.stdout.write(`${Object.keys(pages).length} documents are current\n`);
process.exit(checking && stale > 0 ? 1 : 0);
