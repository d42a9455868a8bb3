import type { Command } from 'commander';
import { addClientOptions } from '../options/common.ts';
import { lazily } from './lazily.ts';

/** Adds `node`, `route`, `drain`, `undrain` and `keygen`. */
export function addClusterCommands(program: Command): void {
  addClientOptions(program.command('node'))
    .argument('<operation>', 'flush')
    .argument('<node>')
    .description('flush: forget what is known of another node, with its members; a node that is up is asked again')
    .action(lazily(async () => (await import('../commands/nodes.ts')).node));

  addClientOptions(program.command('route'))
    .argument('<conference>')
    .description('show which node takes the next caller of a conference, where phones reach it, and why')
    .action(lazily(async () => (await import('../commands/nodes.ts')).route));

  addClientOptions(program.command('drain'))
    .description('send new calls to other nodes; calls that are here stay')
    .action(lazily(async () => (await import('../commands/nodes.ts')).drain));

  addClientOptions(program.command('undrain'))
    .description('take new calls again')
    .action(lazily(async () => (await import('../commands/nodes.ts')).undrain));

  program
    .command('keygen')
    .argument('[file]', 'where to write it, readable by you alone; standard output if left out')
    .description('make a secret for a new cluster; every node needs the same')
    .action(lazily(async () => (await import('../commands/keygen.ts')).keygen));
}
