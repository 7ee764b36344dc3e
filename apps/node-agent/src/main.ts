import { join } from 'node:path';
import { config } from '#platform/config/config';
import { exitWhenLauncherDies } from '#platform/process/launcher';
import { createLogger } from '#platform/telemetry/logger';
import { Agent } from './agent.ts';
import type { Machine, OnChange } from './machine/machine.ts';
import { RaplCounter } from './machine/rapl.ts';
import { readNvidiaSmi, RealMachine } from './machine/real-machine.ts';
import { simulatedInventory } from './machine/simulated-inventory.ts';
import { SimulatedMachine } from './machine/simulated-machine.ts';

exitWhenLauncherDies();

const { mode, bind, logLevel, nodeGatewayUrl, nodeAddress, nodeSlug, nodeDataDir, nodeEnrolmentToken, nodeHardware, nodeReportS, simTimeScale } = config({
  needs: ['nodeGatewayUrl', 'nodeAddress', 'nodeSlug', 'nodeDataDir', 'bind', 'logLevel'],
  uses: ['nodeEnrolmentToken', 'nodeHardware', 'nodeReportS', 'simTimeScale'],
  refuse: ({ mode: at, nodeHardware: hardware }) => (at === 'production' && hardware === 'simulated' ? ['NODE_HARDWARE is simulated'] : []),
});
const log = createLogger({ service: 'node-agent', environment: mode, level: logLevel, instance: nodeSlug });
const address = new URL(nodeAddress);

const agent = new Agent({
  mode, dataDir: nodeDataDir, gatewayUrl: nodeGatewayUrl.replace(/\/$/, ''), enrolmentToken: nodeEnrolmentToken?.reveal(), address: address.origin,
  host: bind, port: Number(address.port || (address.protocol === 'https:' ? 443 : 80)), reportS: nodeReportS, log,
  makeMachine: await machineOf(nodeHardware),
});
const port = await agent.start();
log.info({ event: 'process.ready', port, hardware: nodeHardware, time_scale: nodeHardware === 'real' ? 1 : simTimeScale }, 'listening');

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    log.info({ event: 'process.stopping', signal }, 'saving what runs and leaving');
    void agent.close().then(() => process.exit(0));
  });

/** Real hardware is asked what it is before anything listens: without GPUs and counters there is no node. */
async function machineOf(hardware: 'real' | 'simulated'): Promise<(onChange: OnChange) => Machine> {
  if (hardware === 'simulated') {
    const { inventory, speedE3 } = simulatedInventory(nodeSlug, simTimeScale);
    return (onChange) => new SimulatedMachine({ inventory, slug: nodeSlug, speedE3, reportS: nodeReportS, onChange });
  }
  const [readings, rapl] = [await readNvidiaSmi(), new RaplCounter()];
  return (onChange) => new RealMachine({ readings, readGpus: readNvidiaSmi, rapl, jobsFolder: join(nodeDataDir, 'work'), reportS: nodeReportS, onChange });
}
