import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';

function carriers(instanceId: string): number[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`WATTBOOK_INSTANCE_ID=${instanceId}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false;
    }
  });
}

const held = (port: number) => new Promise<boolean>((resolve) => {
  const socket = connect(port, '127.0.0.1').on('connect', () => { socket.destroy(); resolve(true); }).on('error', () => resolve(false));
});

/** O-13: no process that carries the instance's id, and each of its ports free. */
export async function nothingLeft({ instanceId, ports }: { readonly instanceId: string; readonly ports: readonly number[] }): Promise<boolean> {
  return carriers(instanceId).length === 0 && !(await Promise.all(ports.map(held))).includes(true);
}
