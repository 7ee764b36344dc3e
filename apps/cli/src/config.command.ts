import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { configurationPage, shownValues, template } from '#platform/config/documents';
import { type ConfigError, errorLine, exitCodeOf } from '#platform/config/errors';
import { acceptedRisks, productionRefusals } from '#platform/config/production';
import { environment } from '#platform/config/config';

/** O-28, O-33: asks the configuration without starting anything. */
export function configCommand(): Command {
  return new Command('config')
    .description('check, show or template the configuration')
    .addCommand(new Command('check').description('list every mistake; exit 2 if there is one').action(check))
    .addCommand(new Command('show').description('print the values in force and their origin').option('--json', 'one JSON document').action(show))
    .addCommand(new Command('template').description('print an environment file to fill in')
      .addOption(new Option('--mode <mode>', 'what the installation is').choices(['local', 'test', 'production']).default('local'))
      .action(({ mode }: { mode: 'local' | 'test' | 'production' }) => print(template(mode))))
    .addCommand(new Command('docs').description('write docs/configuration.md').action(() => writeFileSync('docs/configuration.md', configurationPage())));
}

function check(): void {
  const loaded = environment();
  if (!loaded.ok) return refuse(loaded.errors);
  const refusals = productionRefusals(loaded.value);
  for (const reason of refusals) print(`production refuses to start: ${reason}\n`);
  for (const risk of acceptedRisks(loaded.value)) print(`warning: the risk ${risk} is accepted\n`);
  if (refusals.length > 0) process.exitCode = 2;
  else print(`The configuration is right (mode ${loaded.value.mode}).\n`);
}

function show({ json }: { json?: boolean }): void {
  const loaded = environment();
  if (!loaded.ok) return refuse(loaded.errors);
  const values = shownValues(loaded);
  if (json) return print(`${JSON.stringify(values, null, 2)}\n`);
  const width = Math.max(...values.map(({ name }) => name.length));
  for (const { name, value, origin } of values) print(`${name.padEnd(width)}  ${origin.padEnd(7)}  ${value}\n`);
}

function refuse(errors: readonly ConfigError[]): void {
  for (const error of errors) print(`${errorLine(error)}\n`);
  process.exitCode = exitCodeOf(errors);
}

const print = (text: string): void => void process.stdout.write(text);
