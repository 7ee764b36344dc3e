// `npm run status [-- --json] [-- --ops url,url]` (O-24): how every process is, asked for at most 2 s each.
import { EXIT } from './parts/exit-codes.mjs';
import { running } from './parts/instance.mjs';
import { componentsOf, statusDocument } from './parts/status.mjs';

const json = process.argv.includes('--json');
const opsAt = process.argv.indexOf('--ops');
const ops = opsAt > 0 ? (process.argv[opsAt + 1] ?? '').split(',').filter(Boolean) : undefined;

const instance = ops ? undefined : running();
if (!instance && !ops) {
  const nothing = { mode: 'local', timestamp: new Date().toISOString(), components: [], stand_ins: [], summary: { state: 'not_running', unhealthy_components: [] } };
  process.stdout.write(json ? `${JSON.stringify(nothing)}\n` : 'Nothing runs in this checkout. Start it with: npm start\n');
  process.exit(EXIT.notRunning);
}

const document = await statusDocument(componentsOf({ instance, ops }), { standIns: instance?.ready?.stand_ins ?? [], starting: !ops && !instance.ready, production: Boolean(ops) });
if (json) process.stdout.write(`${JSON.stringify(document)}\n`);
else {
  for (const { name, state, address, pid, latency_ms: ms, message } of document.components)
    process.stdout.write(`${state.padEnd(10)} ${name.padEnd(22)} ${String(pid ?? '').padEnd(8)} ${(address ?? '').padEnd(28)} ${ms === undefined ? '' : `${ms} ms`.padEnd(9)} ${message ?? ''}`.trimEnd().concat('\n'));
  process.stdout.write(`\n${document.summary.state}; stand-ins: ${document.stand_ins.join(', ') || 'none'}; schema ${document.schema_version ?? 'unknown'}\n`);
}
process.exitCode = document.summary.unhealthy_components.length > 0 ? EXIT.failed : EXIT.done;
