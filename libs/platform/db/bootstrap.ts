import pg from 'pg';

const ROLES = {
  wattbook_owner: 'login',
  wattbook_app: 'login',
  wattbook_auth: 'nologin',
  wattbook_read: 'login',
  wattbook_retention: 'nologin',
  wattbook_audit: 'login',
} as const;

/**
 * Makes the roles (O-84) and the database on a cluster of our own: the local one and the tests'. In production the
 * operator's own tools do this; the product never holds a superuser's credentials there.
 */
export async function bootstrap(superuserUrl: string, database = 'wattbook'): Promise<void> {
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    const { rows: have } = await client.query<{ rolname: string }>('select rolname from pg_roles');
    const known = new Set(have.map(({ rolname }) => rolname));
    for (const [role, login] of Object.entries(ROLES))
      if (!known.has(role)) await client.query(`create role ${role} ${login} nosuperuser nocreatedb nocreaterole nobypassrls`);
    // The owner hands functions over to wattbook_auth, but its policies must not apply to the owner itself (P-10).
    await client.query('grant wattbook_auth to wattbook_owner with inherit false, set true');
    const { rowCount } = await client.query('select from pg_database where datname = $1', [database]);
    if (rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(database)} owner wattbook_owner`);
  } finally {
    await client.end();
  }
}
