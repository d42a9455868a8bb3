import { expect, it } from 'vitest';
import { relayRequestSchema } from '../../../src/relay/protocol.ts';

it('a listener can be sent to 12 dB louder or softer, and no further', () => {
  const understood = (volume: number) => {
    const listener = { legId: 'a', conference: '3000', volume, noise: false, leg: null };
    return relayRequestSchema.safeParse({ type: 'listener', listener }).success;
  };
  expect([-5, -4, 0, 4, 5].map(understood)).toEqual([false, true, true, true, false]);
});
