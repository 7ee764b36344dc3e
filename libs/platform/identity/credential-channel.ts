import pg from 'pg';

const RETRY_MS = 2_000;

/**
 * Hears `NOTIFY credential_changed` on a connection of its own. It only makes revocation faster: what it misses while the
 * connection is down, the poll of the epoch finds (P-55).
 */
export function onCredentialChange(databaseUrl: string, applicationName: string, changed: () => void): { close(): Promise<void> } {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const again = () => {
    if (!closed) timer = setTimeout(() => void open(), RETRY_MS).unref();
  };
  const open = async () => {
    const next = new pg.Client({ connectionString: databaseUrl, application_name: `${applicationName} listen`, connectionTimeoutMillis: 5_000, keepAlive: true });
    next.on('error', () => undefined);
    next.on('end', again);
    next.on('notification', changed);
    try {
      await next.connect();
      await next.query('listen credential_changed');
      client = next;
      if (closed) await next.end();
    } catch {
      await next.end().catch(() => undefined);
    }
  };
  void open();
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}
