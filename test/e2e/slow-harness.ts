import { afterAll } from 'vitest';
import { TcpProxy } from '../kit/impairment/tcp-proxy.ts';
import type { RostrumNodeOptions } from '../kit/rostrum-node.ts';
import { type Harness, harness } from './harness.ts';

/** A node whose Asterisk answers as late as the test wants. */
export function slowHarness(
  config: Record<string, unknown>,
  more: Partial<RostrumNodeOptions> = {},
): { lab: Harness; slowDown: (delayMs: number) => void } {
  let proxy: TcpProxy | null = null;
  afterAll(() => proxy?.stop());
  const lab = harness({
    config,
    profile: { idleSeconds: 1 },
    ...more,
    ariThrough: async (ariUrl) => {
      const { hostname, port } = new URL(ariUrl);
      proxy = new TcpProxy({ target: { address: hostname, port: Number(port) } });
      await proxy.start();
      return `http://${proxy.address.address}:${proxy.address.port}`;
    },
  });
  return {
    lab,
    /** In each direction. */
    slowDown: (delayMs) => proxy?.setDelayMs(delayMs),
  };
}
