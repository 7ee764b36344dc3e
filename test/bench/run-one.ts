/** One bench in a process of its own: what another has left of heap and of compiled code does not lie on its scales. Sends its rows to `run.ts`. */
import type { Bench, BenchOptions, Row } from './bench.ts';

process.on('disconnect', () => process.exit(1));
const [name, ...args] = process.argv.slice(2);
const { bench } = (await import(new URL(`${name}.bench.ts`, import.meta.url).href)) as { bench: Bench };
const number = (option: string, otherwise: number): number => (args.includes(option) ? Number(args[args.indexOf(option) + 1]) : otherwise);
const options: BenchOptions = { rounds: number('--rounds', 5), seconds: number('--seconds', 5), args };
const rows = await bench.run(options).catch((error: unknown): Row[] => [
  { name: name!, figure: Number.NaN, unit: '', bar: bench.bar, verdict: 'void', detail: error instanceof Error ? error.message : String(error) },
]);
process.send!(rows, undefined, {}, () => process.exit());
