import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { AsteriskInstance } from '../../scripts/asterisk-instance.ts';
import { LegServer } from '../../src/sip/leg-server.ts';
import type { RemoteAudio } from '../../src/sip/sdp.ts';
import { boundSocket, closeSocket } from '../../src/sip/udp.ts';
import type { Call } from '../kit/phone/call.ts';
import { PhoneBank } from '../kit/phone/phone-bank.ts';
import { tone } from '../kit/phone/sound.ts';
import { waitUntil } from '../kit/phone/wait.ts';

/*
 * What fan-out relies on, without Rostrum: Asterisk sends a phone's audio to a leg of the relay, and takes it back by itself
 * when it has something to say.
 */
const ADDRESS = '127.0.9.2';
const RELAY = '127.0.0.1';
const DIALPLAN = '\n[rostrum-dial-in]\nexten => 9000,1,Stasis(direct)\n';
const TIMEOUT_MS = 5000;

let directory: string;
let asterisk: AsteriskInstance;
let phones: PhoneBank;
let legs: LegServer;
let rtp: Socket;
let events: WebSocket;
/** Channels that came into Stasis and were not fetched, by id. */
const arrived: string[] = [];
/** Where each leg was told to send, and which ports sent to the relay. */
const remotes = new Map<string, RemoteAudio>();
const heardFrom = new Set<number>();
/** Keys that Asterisk told of. */
const keys: string[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rostrum-test-'));
  asterisk = new AsteriskInstance({
    directory,
    bindAddress: ADDRESS,
    extra: { set: [['pjsip.conf', 'anonymous', 'direct_media', 'yes']], append: { 'extensions.conf': DIALPLAN } },
  });
  await asterisk.start();
  const credentials = encodeURIComponent(`${asterisk.ariUsername}:${asterisk.ariPassword}`);
  events = new WebSocket(`${asterisk.ariUrl.replace('http', 'ws')}/ari/events?app=direct&api_key=${credentials}`);
  events.on('message', (text) => {
    const event = JSON.parse(String(text)) as { type: string; digit?: string; channel?: { id: string; name: string } };
    if (event.type === 'StasisStart' && event.channel?.name.startsWith('PJSIP/')) arrived.push(event.channel.id);
    if (event.type === 'ChannelDtmfReceived' && event.digit) keys.push(event.digit);
  });
  await once(events, 'open');
  rtp = createSocket('udp4');
  rtp.on('message', (_, from) => heardFrom.add(from.port));
  await boundSocket(rtp, { port: 0, address: RELAY });
  legs = new LegServer(
    { bindAddress: RELAY, port: 0 },
    {
      onOffer: ({ legId, remote }) => {
        const codec = remote?.codecs[0];
        if (codec === undefined) return 'not-acceptable';
        if (remote !== null) remotes.set(legId, remote);
        const eventPayloadType = remote?.eventPayloadType ?? null;
        return { host: RELAY, port: rtp.address().port, codec, eventPayloadType, ptimeMs: 20 };
      },
      onAnswer: (legId, remote) => remotes.set(legId, remote),
      onKey: () => {},
      onEnd: () => {},
    },
  );
  await legs.start();
  phones = new PhoneBank({ bindAddress: '127.0.0.1', server: { host: ADDRESS, port: asterisk.sipPort } });
  await phones.start();
});

afterEach(async () => {
  await phones.hangUpAll();
  for (const legId of remotes.keys()) legs.end(legId);
  await until('no more legs', () => legs.legCount === 0);
  remotes.clear();
});

afterAll(async () => {
  await phones?.stop();
  await legs?.stop();
  events?.terminate();
  if (rtp) await closeSocket(rtp);
  await asterisk?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function ari(method: string, path: string): Promise<unknown> {
  const credentials = Buffer.from(`${asterisk.ariUsername}:${asterisk.ariPassword}`).toString('base64');
  const response = await fetch(`${asterisk.ariUrl}/ari/${path}`, {
    method,
    headers: { authorization: `Basic ${credentials}` },
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? null : response.json();
}

function until(what: string, look: () => boolean): Promise<true> {
  return waitUntil({ waitedFor: what, timeoutMs: TIMEOUT_MS }, () => (look() ? true : null));
}

/** A phone that hears its leg, in a bridge of two. */
async function connect(legId: string): Promise<{ call: Call; channel: string }> {
  const dialled = phones.dial('9000', { send: tone(440, -20) });
  await until('the caller', () => arrived.length > 0);
  const channel = String(arrived.shift());
  await ari('POST', `channels/${channel}/answer`);
  const call = await dialled.answered;
  const target = `sip:${legId}@${RELAY}:${legs.address.port}`;
  await ari('POST', `channels/${legId}?endpoint=PJSIP/rostrum-relay/${target}&app=direct&formats=ulaw`);
  await until('the leg', () => arrived.shift() === legId);
  await ari('POST', `bridges/of-${legId}?type=mixing`);
  await ari('POST', `bridges/of-${legId}/addChannel?channel=${channel},${legId}`);
  await until('direct media', () => isDirect(legId));
  return { call, channel };
}

/** The leg was told the address of the phone, and not that of Asterisk. */
function isDirect(legId: string): boolean {
  return remotes.get(legId)?.host === '127.0.0.1';
}

/** The phone sends from the port that the leg was told. */
async function relayHearsPhone(legId: string): Promise<void> {
  heardFrom.clear();
  await until('the phone at the relay', () => heardFrom.has(remotes.get(legId)?.port ?? 0));
}

describe('a phone in a bridge with a leg', () => {
  it('sends to the relay and is sent to by it, and its keys by INFO still reach Asterisk', async () => {
    const { call } = await connect('leg-1');
    await relayHearsPhone('leg-1');
    const received = call.stats().received;
    const { port, host } = remotes.get('leg-1') as RemoteAudio;
    for (let i = 0; i < 10; i++) rtp.send(silentPacket(i), port, host);
    await until('packets of the relay', () => call.stats().received >= received + 10);
    await call.pressKeys('5', { via: 'info' });
    await until('the key', () => keys.at(-1) === '5');
  });

  it('hears Asterisk while it is whispered or played to, and the relay again afterwards', async () => {
    const { call, channel } = await connect('leg-2');
    await ari('POST', `channels/${channel}/snoop/whisper?whisper=out&app=direct`);
    await until('Asterisk takes the audio back', () => !isDirect('leg-2'));
    await ari('DELETE', 'channels/whisper');
    await until('direct media again', () => isDirect('leg-2'));
    await ari('POST', `channels/${channel}/play/tone?media=tone:1004`);
    await until('Asterisk takes the audio back', () => !isDirect('leg-2'));
    await call.waitForTone(1004, { aboveDbov: -40, timeoutMs: TIMEOUT_MS });
    await ari('DELETE', 'playbacks/tone');
    await until('direct media again', () => isDirect('leg-2'));
    await relayHearsPhone('leg-2');
  });

  it('goes to the floor and comes back', async () => {
    const { channel } = await connect('leg-3');
    await ari('POST', 'bridges/floor?type=mixing,proxy_media');
    await ari('POST', `bridges/floor/addChannel?channel=${channel}`);
    await until('Asterisk takes the audio back', () => !isDirect('leg-3'));
    await ari('POST', `bridges/of-leg-3/addChannel?channel=${channel}`);
    await until('direct media again', () => isDirect('leg-3'));
    await relayHearsPhone('leg-3');
  });

  it('is heard by Asterisk again when the relay ends the leg', async () => {
    const { call, channel } = await connect('leg-4');
    expect(legs.end('leg-4')).toBe(true);
    await until('the leg is gone', () => legs.legCount === 0);
    await ari('POST', `channels/${channel}/play?media=tone:1004`);
    await call.waitForTone(1004, { aboveDbov: -40, timeoutMs: TIMEOUT_MS });
  });
});

/** 20 ms of PCMU. */
function silentPacket(sequence: number): Buffer {
  const packet = Buffer.alloc(12 + 160, 0xff);
  packet.writeUInt16BE(0x8000, 0);
  packet.writeUInt16BE(sequence, 2);
  packet.writeUInt32BE(160 * sequence, 4);
  packet.writeUInt32BE(0x5eed, 8);
  return packet;
}
