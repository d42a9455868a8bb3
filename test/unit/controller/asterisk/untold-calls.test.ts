import { beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from 'winston';
import { z } from 'zod';
import { AriError } from '../../../../src/ari/errors.ts';
import type { AriChannel } from '../../../../src/ari/port.ts';
import { UntoldCalls } from '../../../../src/controller/asterisk/untold-calls.ts';
import { channelOf } from '../fake-asterisk.ts';

let present: string[];
let hungUp: string[];
/** How Asterisk describes a channel. */
let describes: (channelId: string) => Promise<AriChannel | null>;
/** Asterisk lists its channels only then. */
let listed: Promise<void>;
let calls: UntoldCalls;

beforeEach(() => {
  [present, hungUp] = [['a'], []];
  describes = async () => null;
  listed = Promise.resolve();
  const ari = {
    channelsIn: () => listed.then(() => [...present]),
    readChannel: (channelId: string) => describes(channelId),
    hangUp: async (channelId: string) => void hungUp.push(channelId),
  };
  calls = new UntoldCalls('r', { ari, logger: createLogger({ silent: true }) });
});

async function lookTwice(): Promise<void> {
  await calls.look();
  await calls.look();
}

describe('a call that was not told', () => {
  it('is ended after the second look, if Asterisk cannot describe it', async () => {
    await calls.look();
    expect(hungUp).toEqual([]);
    await calls.look();
    expect(hungUp).toEqual(['a']);
  });

  it('is not ended by looks that overlap', async () => {
    let list = () => {};
    listed = new Promise((resolve) => {
      list = resolve;
    });
    const looks = [calls.look(), calls.look(), calls.look()];
    list();
    await Promise.all(looks);
    expect(hungUp).toEqual([]);
    await calls.look();
    expect(hungUp).toEqual(['a']);
  });

  it('is left alone if it was told meanwhile, or existed before', async () => {
    await calls.look();
    calls.told('a');
    await calls.look();
    present.push('b');
    await calls.skipThose();
    await lookTwice();
    expect(hungUp).toEqual([]);
  });

  it.each<[string, () => Promise<AriChannel>]>([
    ['is described', async () => channelOf('a', [])],
    ['is gone', () => Promise.reject(new AriError('refused', 'no such channel', { status: 404 }))],
    ['is described in a way that is not understood', async () => z.never().parse({})],
  ])('is left alone if it %s', async (_, described) => {
    describes = described;
    await lookTwice();
    expect(hungUp).toEqual([]);
  });
});
