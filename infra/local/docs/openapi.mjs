import { ROOT } from '../parts/paths.mjs';

const NOWHERE = 'postgres://nobody@127.0.0.1:1/nothing';
const NO_KEYS = JSON.stringify({ active: 'none', keys: { none: Buffer.alloc(32).toString('base64') } });

/** The document of the gateway's own routes, as `/openapi.json` serves it locally. Database and Temporal are promised and never reached. */
export async function openApi(from) {
  const [{ createGateway }, { openApiDocument }, { connectDatabase }, { environment }, { createLogger }, { createMetrics }, { productVersion }] = await Promise.all([
    'apps/gateway/src/gateway.js', 'apps/gateway/src/portal/openapi.js', 'libs/platform/db/connect.js', 'libs/platform/config/config.js',
    'libs/platform/telemetry/logger.js', 'libs/platform/telemetry/metrics.js', 'libs/platform/process/version.js',
  ].map((path) => from(path)));
  const { value: config } = environment({ DATABASE_URL: NOWHERE, WATTBOOK_MASTER_KEYS: NO_KEYS });
  const database = await connectDatabase({ url: NOWHERE, applicationName: 'documents', poolMax: 1 });
  const log = createLogger({ service: 'documents', environment: 'local', level: 'fatal' });
  const temporal = { client: {}, isAvailable: () => false, assertAvailable: () => undefined, ping: async () => 0, close: async () => undefined };
  process.chdir(ROOT);
  const app = await createGateway({ config, database, temporal, log, metrics: createMetrics('documents') });
  const document = inOrder(openApiDocument(app, productVersion()));
  await app.close();
  await database.close();
  return document;
}

/** Paths by name, so that the order of controllers and of imports changes nothing. */
function inOrder(document) {
  const sorted = (object) => Object.fromEntries(Object.entries(object ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { ...document, paths: sorted(document.paths), components: { ...document.components, schemas: sorted(document.components?.schemas) } };
}
