import { StallWatch } from './stall-watch.ts';

/** A process that does nothing but look at the clock: where it is late, the machine stood still. Forked by `StallClock`. */

const watch = new StallWatch();
watch.start();
process.on('message', () => process.send?.(watch.take()));
process.once('disconnect', () => process.exit());
