import { config } from '#platform/config/config';
import { exitWhenLauncherDies } from '#platform/process/launcher';
import { createLogger } from '#platform/telemetry/logger';
import { Agent } from './agent.ts';
import { simulatedInventory } from './machine/simulated-inventory.ts';
import { SimulatedMachine } from './machine/simulated-machine.ts';

exitWhenLauncherDies();

const { mode, bind, logLevel, nodeGatewayUrl, nodeAddress, nodeSlug, nodeDataDir, nodeEnrolmentToken, nodeHardware, nodeReportS, simTimeScale } = config({
  needs: ['nodeGatewayUrl', 'nodeAddress', 'nodeSlug', 'nodeDataDir', 'bind', 'logLevel'],
  uses: ['nodeEnrolmentToken', 'nodeHardware', 'nodeReportS', 'simTimeScale'],
  refuse: ({ mode: at, nodeHardware: hardware }) => (at === 'production' && hardware === 'simulated' ? ['NODE_HARDWARE is simulated'] : []),
});
const log = createLogger({ service: 'node-agent', environment: mode, level: logLevel, instance: nodeSlug });
const { inventory, speedE3 } = simulatedInventory(nodeSlug, simTimeScale);
const address = new URL(nodeAddress);

const agent = new Agent({
  mode, dataDir: nodeDataDir, gatewayUrl: nodeGatewayUrl.replace(/\/$/, ''), enrolmentToken: nodeEnrolmentToken?.reveal(), address: address.origin,
  host: bind, port: Number(address.port || (address.protocol === 'https:' ? 443 : 80)), reportS: nodeReportS, log,
  makeMachine: (onChange) => new SimulatedMachine({ inventory, slug: nodeSlug, speedE3, reportS: nodeReportS, onChange }),
});
const port = await agent.start();
log.info({ event: 'process.ready', port, hardware: nodeHardware, time_scale: inventory.timeScale }, 'listening');

for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    log.info({ event: 'process.stopping', signal }, 'saving what runs and leaving');
    void agent.close().then(() => process.exit(0));
  });
