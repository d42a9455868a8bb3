import { alone } from './node-state.ts';
import { stopNode } from './running-node.ts';

/** `./scripts/down`: ends what `./scripts/up` has started. */
try {
  const ended = await alone(stopNode);
  process.stdout.write(ended ? 'ended\n' : 'nothing is running\n');
} catch (error) {
  process.stderr.write(`down: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
