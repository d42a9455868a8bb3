import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DescriptorInbox, sendText } from '../../../src/udp/descriptors.ts';
import { loadLibc } from '../../../src/udp/libc.ts';

/** More than the kernel keeps for a receiver: `net.unix.max_dgram_qlen`. */
const MORE_THAN_WAIT = 100_000;

it('a text does not wait for a receiver that does not read', async ({ onTestFinished }) => {
  const loaded = await loadLibc();
  if (loaded.type !== 'loaded') throw new Error(loaded.reason);
  const { libc } = loaded;
  const directory = await mkdtemp(join(tmpdir(), 'rostrum-descriptors-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const path = join(directory, 'inbox');
  const received: string[] = [];
  const inbox = new DescriptorInbox(libc, path, (text) => received.push(text));
  onTestFinished(() => inbox.close());
  let sent = 0;
  const startedMs = performance.now();
  expect(() => {
    // The inbox reads only once this thread does nothing else.
    while (sent < MORE_THAN_WAIT) {
      sendText(libc, path, String(sent));
      sent += 1;
    }
  }).toThrow(expect.objectContaining({ code: 'EAGAIN' }));
  expect(performance.now() - startedMs).toBeLessThan(2500);
  await expect.poll(() => received).toEqual(Array.from({ length: sent }, (_, index) => String(index)));
});
