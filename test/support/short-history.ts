/** A Temporal of its own that suggests continuing as new after a few events, so that it happens in seconds (O-61). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findTemporal } from './find-temporal.ts';
import { freePort } from './ports.ts';

export async function shortHistoryTemporal(namespace: string, events: number): Promise<{ address: string; close: () => Promise<void> }> {
  const port = await freePort();
  const attributes = ['OrgId', 'Zone', 'WorkloadState', 'BillingPeriod'].flatMap((name) => ['--search-attribute', `${name}=Keyword`]);
  const flags = ['--headless', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'error', '--namespace', namespace, '--dynamic-config-value', `limit.historyCount.suggestContinueAsNew=${events}`];
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', findTemporal()!, 'server', 'start-dev', ...flags, ...attributes]);
  await new Promise<void>((resolve, reject) => {
    let said = '';
    const listen = (chunk: Buffer) => void ((said += chunk).includes('Server:') && resolve());
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('exit', (code) => reject(new Error(`temporal ended with ${code}:\n${said}`)));
  });
  return {
    address: `127.0.0.1:${port}`,
    close: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
