#!/usr/bin/env node
import { Command } from 'commander';
import { configCommand } from './config.command.ts';
import { databaseCommand } from './database.command.ts';

const WRONG_USAGE = 2;

// A reader that has seen enough (`| head`) is no failure of ours.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));

const program = new Command('wattbook')
  .description('Commands for operators and auditors of Wattbook.')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : WRONG_USAGE))
  .addCommand(configCommand())
  .addCommand(databaseCommand());

await program.parseAsync();
