import { alone } from './node-state.ts';
import { stopNodes } from './running-nodes.ts';

/** `./scripts/down`: ends what `./scripts/up` has started. */
try {
  const ended = await alone(stopNodes);
  process.stdout.write(ended ? 'ended\n' : 'nothing is running\n');
} catch (error) {
  process.stderr.write(`down: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
