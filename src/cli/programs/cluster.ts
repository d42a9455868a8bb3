import type { Command } from 'commander';
import { type ClientOptions, jsonOption, socketOption } from '../options/common.ts';

/** Adds `node`, `route`, `drain`, `undrain` and `keygen`. */
export function addClusterCommands(program: Command): void {
  program
    .command('node')
    .argument('<operation>', 'flush')
    .argument('<node>')
    .description('flush: forget what is known of another node, with its members; a node that is up is asked again')
    .addOption(socketOption)
    .addOption(jsonOption)
    .action(async (operation: string, node: string, options: ClientOptions) => {
      const { UsageError } = await import('../options/errors.ts');
      if (operation !== 'flush') throw new UsageError(`unknown operation "${operation}": use flush`);
      const { flushNode } = await import('../commands/nodes.ts');
      await flushNode(node, options);
    });

  program
    .command('route')
    .argument('<conference>')
    .description('show which node takes the next caller of a conference, where phones reach it, and why')
    .addOption(socketOption)
    .addOption(jsonOption)
    .action(async (conference: string, options: ClientOptions) => {
      const { route } = await import('../commands/route.ts');
      await route(conference, options);
    });

  for (const [name, draining, description] of [
    ['drain', true, 'send new calls to other nodes; calls that are here stay'],
    ['undrain', false, 'take new calls again'],
  ] as const) {
    program
      .command(name)
      .description(description)
      .addOption(socketOption)
      .addOption(jsonOption)
      .action(async (options: ClientOptions) => {
        const { drain } = await import('../commands/nodes.ts');
        await drain(draining, options);
      });
  }

  program
    .command('keygen')
    .argument('[file]', 'where to write it, readable by you alone; standard output if left out')
    .description('make a secret for a new cluster; every node needs the same')
    .action(async (file: string | undefined) => {
      const { keygen } = await import('../commands/keygen.ts');
      await keygen(file);
    });
}
