import { setPriority } from 'node:os';
import { StallWatch } from './stall-watch.ts';

/** A process that does nothing but look at the clock: where it is late, the machine stood still. Forked by `StallClock`. */

const HIGHEST_PRIORITY = -20;

try {
  // It shall see the machine stand still, not that others are at work.
  setPriority(HIGHEST_PRIORITY);
} catch {
  // Only root may. Then what keeps all cores busy looks like a stall too.
}
const watch = new StallWatch();
watch.start();
process.on('message', () => process.send?.(watch.take()));
process.once('disconnect', () => process.exit());
