import { MIGRATIONS } from '#platform/db/migrate';
import { readMigrations } from '#platform/db/migration-file';
import type { ConnectedDatabase } from '#platform/db/connect';
import { schemaCheck, type Check } from '#platform/ops/checks';
import type { TemporalLink } from '#platform/temporal/link';
import type { Authenticator } from '../identity/authenticator.ts';

/** O-49: what cannot be asked of the database is answered 503 route by route; a gateway that cannot know its credentials serves nobody. */
export function gatewayChecks(database: ConnectedDatabase, temporal: TemporalLink, authenticator: Authenticator): readonly Check[] {
  const schema = schemaCheck(database, readMigrations(MIGRATIONS).at(-1)?.id ?? '');
  return [
    { name: 'database', required: false, ask: async () => void (await database.ping()) },
    // Only a schema that was seen and is too old keeps a gateway from its work; one that cannot be seen is the database's matter.
    { ...schema, ask: async () => ((await database.ping().then(() => true, () => false)) ? schema.ask() : 'not known while the database is away') },
    { name: 'temporal', required: false, ask: async () => void (await temporal.ping()) },
    { name: 'credentials', required: true, ask: async () => staleness(authenticator) },
  ];
}

async function staleness(authenticator: Authenticator): Promise<void> {
  if (!authenticator.fresh) throw new Error(`the epoch of credentials was last confirmed ${Math.round(authenticator.staleForMs / 1_000)} s ago`);
}
