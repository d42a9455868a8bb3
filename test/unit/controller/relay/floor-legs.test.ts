import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Logger } from 'winston';
import { AriError } from '../../../../src/ari/errors.ts';
import type { AriPort } from '../../../../src/ari/port.ts';
import { ObjectNames } from '../../../../src/controller/asterisk/object-names.ts';
import { FloorLegs } from '../../../../src/controller/relay/floor-legs.ts';
import type { RelayLink } from '../../../../src/controller/relay/relay-link.ts';

const LEG = { noiseDbov: null, floorNoise: false, sampleRateHz: 8000 as const, nodes: ['oslo'] };
const HOST = '127.0.0.1';
const relayAt = (port: number) => ({ host: HOST, port });

/** @param channels their names in Asterisk, by id */
function floorLegs(channels = new Map<string, string>()) {
  const done: string[] = [];
  const unanswered = { addChannel: 0, externalMedia: 0 };
  const request = (method: keyof typeof unanswered) => {
    if (unanswered[method]-- > 0) throw new AriError('unreachable', 'no answer');
  };
  const ari = {
    addChannel: async () => {
      request('addChannel');
      done.push('add');
    },
    externalMedia: async ({ channelId, host, format }: { channelId: string; host: string; format: string }) => {
      request('externalMedia');
      if (channels.has(channelId)) throw new Error('there is one');
      channels.set(channelId, `UnicastRTP/${host}-0x7f00`);
      done.push(format === 'slin' ? `make ${host}` : `make ${host} ${format}`);
    },
    getVariable: async (channelId: string, variable: string) => {
      if (variable === 'CHANNEL(name)') return channels.get(channelId) ?? null;
      if (variable === 'CHANNEL(audionativeformat)') return '(slin)';
      return variable === 'UNICASTRTP_LOCAL_PORT' ? '10000' : HOST;
    },
    hangUp: async (channelId: string) => {
      channels.delete(channelId);
      done.push('hang up');
    },
  } as unknown as AriPort;
  const link = {
    setFloor: ({ asterisk }: { asterisk: { port: number } | null }) => done.push(`floor ${asterisk?.port ?? '-'}`),
    endFloor: () => done.push('end floor'),
  } as unknown as RelayLink;
  const names = new ObjectNames('rostrum');
  const warn = vi.fn();
  const bridges = { floorOpened: async () => {} };
  const legs = new FloorLegs({ ari, names, bridges, link, logger: { warn } as unknown as Logger });
  return { legs, done, channels, channelId: names.floorLeg('3000'), unanswered, warn };
}

const settled = () => vi.advanceTimersByTimeAsync(5);

/** A floor whose channel was in place before Asterisk crashed, which tells of no end, and was read again. */
async function afterCrash() {
  const parts = floorLegs();
  const { legs, done, channels } = parts;
  await legs.set('3000', LEG);
  legs.opened('3000', relayAt(33_000));
  await settled();
  legs.entered('3000');
  await settled();
  channels.clear();
  done.length = 0;
  legs.found(new Set());
  await settled();
  return parts;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a floor's channel to the relay", () => {
  it('is made once, however often the relay says that it is ready', async () => {
    const { legs, done } = floorLegs();
    await legs.set('3000', LEG);
    for (let times = 0; times < 3; times++) legs.opened('3000', relayAt(33_000));
    await settled();
    legs.opened('3000', relayAt(33_000));
    await settled();
    expect(done.filter((each) => each.startsWith('make'))).toEqual([`make ${HOST}:33000`]);
  });

  it('is taken over as it is, and the relay told where it sends from', async () => {
    const { legs, done, channels, channelId } = floorLegs();
    channels.set(channelId, `UnicastRTP/${HOST}:33000-0x7f00`);
    legs.found(new Set(['3000']));
    await legs.set('3000', LEG);
    legs.opened('3000', relayAt(33_000));
    await settled();
    expect(done).toEqual(['floor -', 'floor 10000']);
  });

  it('is made anew after Asterisk has crashed', async () => {
    const { legs, done } = await afterCrash();
    legs.entered('3000');
    await settled();
    expect(done).toEqual([`make ${HOST}:33000`, 'add', 'floor 10000']);
  });

  it('goes on a floor that is made only after Asterisk has come back', async () => {
    const { legs, done, unanswered } = await afterCrash();
    done.length = 0;
    unanswered.addChannel = 1;
    legs.entered('3000');
    await vi.advanceTimersByTimeAsync(1100);
    expect(done).toEqual(['add', 'floor 10000']);
  });

  it('is put on the floor where the connection was lost before it got there', async () => {
    const { legs, done } = floorLegs();
    await legs.set('3000', LEG);
    legs.opened('3000', relayAt(33_000));
    await settled();
    done.length = 0;
    legs.found(new Set());
    await settled();
    expect(done).toEqual(['add', 'floor 10000']);
  });

  it('is made anew when it is to be wideband by now', async () => {
    const { legs, done, channels, channelId } = floorLegs();
    channels.set(channelId, `UnicastRTP/${HOST}:33000-0x7f00`);
    legs.found(new Set(['3000']));
    await legs.set('3000', { ...LEG, sampleRateHz: 16_000 });
    legs.opened('3000', relayAt(33_000));
    await settled();
    expect(done).toEqual(['floor -', 'hang up']);
    legs.channelGone(channelId, true);
    await settled();
    expect(done.slice(2)).toEqual([`make ${HOST}:33000 g722`]);
  });

  it('is made anew when the relay is elsewhere', async () => {
    const { legs, done, channels, channelId } = floorLegs();
    channels.set(channelId, `UnicastRTP/${HOST}:33000-0x7f00`);
    legs.found(new Set(['3000']));
    await legs.set('3000', LEG);
    legs.opened('3000', relayAt(33_000));
    await settled();
    // It was started again, and could not have its port.
    legs.opened('3000', relayAt(33_001));
    await settled();
    expect(done.slice(2)).toEqual(['hang up']);
    legs.channelGone(channelId, true);
    await settled();
    expect(done.slice(3)).toEqual([`make ${HOST}:33001`]);
  });

  it('is put on the floor when it enters, until Asterisk answers, and that is told once', async () => {
    const { legs, done, unanswered, warn } = floorLegs();
    unanswered.addChannel = 3;
    await legs.set('3000', LEG);
    legs.opened('3000', relayAt(33_000));
    await settled();
    legs.entered('3000');
    await vi.advanceTimersByTimeAsync(2500);
    expect(done).not.toContain('add');
    expect(warn).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(done).toEqual(['floor -', `make ${HOST}:33000`, 'add', 'floor 10000']);
  });

  it('is made until Asterisk answers, but not for a floor that does not need it any more', async () => {
    const { legs, done, unanswered, warn } = floorLegs();
    unanswered.externalMedia = 3;
    await legs.set('3000', LEG);
    legs.opened('3000', relayAt(33_000));
    await vi.advanceTimersByTimeAsync(1500);
    await legs.set('3000', null);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(done).toEqual(['floor -', 'end floor', 'hang up']);
    expect(warn).toHaveBeenCalledTimes(1);
  });
});
