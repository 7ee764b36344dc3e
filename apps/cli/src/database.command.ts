import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { config } from '#platform/config/config';

/** Steps that no server process takes by itself: schema and sample data are changed by a command of their own. */
export function databaseCommand(): Command {
  return new Command('db')
    .description('prepare the database')
    .addCommand(new Command('bootstrap').description('make roles and database on a cluster of one’s own')
      .requiredOption('--superuser-url <url>', 'PostgreSQL as its superuser')
      .action(async ({ superuserUrl }: { superuserUrl: string }) => (await import('#platform/db/bootstrap')).bootstrap(superuserUrl)))
    .addCommand(new Command('migrate').description('bring the schema to the newest version').action(migrateSchema))
    .addCommand(new Command('seed').description('insert the sample data of local and test mode')
      .requiredOption('--keys <file>', 'JSON: API key by organisation')
      .requiredOption('--enrolments <file>', 'JSON: enrolment token by node')
      .action(seedSamples));
}

async function migrateSchema(): Promise<void> {
  const { databaseMigrationUrl } = config({ needs: ['databaseMigrationUrl'] });
  const { migrate } = await import('#platform/db/migrate');
  const { applied, version } = await migrate(databaseMigrationUrl.reveal());
  print({ applied, version });
}

async function seedSamples({ keys, enrolments }: { keys: string; enrolments: string }): Promise<void> {
  const settings = config({
    needs: ['databaseUrl'],
    uses: ['gridSources', 'gridIntervalS', 'gridSourceStepS', 'gridSeed', 'gridReplayFile', 'gridReplayStart', 'gridReplayLoop'],
  });
  if (settings.mode === 'production') throw new Error('Sample data is for local and test mode; production makes its organisations through the API.');
  const [{ connectDatabase }, { seed }, { sourcesOf }, { gridSourcesOf }, { seedSignals }] = await Promise.all([
    import('#platform/db/connect'), import('#platform/db/seed'), import('#platform/config/grid-sources'), import('#platform/grid/configured-sources'), import('#platform/grid/seed-signals'),
  ]);
  const database = await connectDatabase({ url: settings.databaseUrl.reveal(), applicationName: 'wattbook-seed', poolMax: 4 });
  try {
    await seed(database, { apiKeys: readMap(keys), enrolments: readMap(enrolments), gridSources: (zone) => sourcesOf(settings.gridSources, zone) });
    await seedSignals(database, await gridSourcesOf(settings));
    print({ seeded: true });
  } finally {
    await database.close();
  }
}

const readMap = (file: string): Record<string, string> => JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
const print = (result: object): void => void process.stdout.write(`${JSON.stringify(result)}\n`);
