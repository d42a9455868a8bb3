import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeEach, expect } from 'vitest';
import type { MemberView } from '../../src/api/schemas.ts';
import type { PromptName } from '../../src/prompts/catalogue.ts';
import { ownAddress } from '../kit/loopback.ts';
import type { Call } from '../kit/phone/call.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { toneFile } from '../kit/tone-file.ts';
import { harness } from './harness.ts';

/** A node whose keys have every action there is, for the tests of them. */

export const TONE_HZ = {
  denied: 600,
  admin: 700,
  'enter-pin': 800,
  'hand-raised': 900,
  'hand-lowered': 1100,
  'hand-your-turn': 1200,
  level: 1300,
  confirm: 1400,
  bye: 1500,
  kicked: 1600,
  unspeaker: 400,
  'help-asked': 500,
  'help-wanted': 2100,
  cancelled: 1700,
} satisfies Partial<Record<PromptName, number>>;
export const PLAYED_HZ = 1800;
export const MUSIC_HZ = 2000;
const music = await toneFile(MUSIC_HZ);
/** What the members say; far from each other and from the music. */
export const ADMIN_HZ = 2300;
export const LISTENER_HZ = 2700;

const sound = {
  ...SILENT,
  music: 'tone',
  prompts: {
    ...SILENT.prompts,
    ...Object.fromEntries(Object.entries(TONE_HZ).map(([name, hz]) => [name, `tone:${hz}/300`])),
    count: ['number:{count}'],
    menu: 'tts:{menu}',
  },
};

/** What the webhook received. */
export const received: unknown[] = [];
export const webhook: Server = createServer((request, response) => {
  void json(request).then((body) => {
    received.push({ method: request.method, url: request.url, type: request.headers['content-type'], body });
    response.end();
  });
});
webhook.listen(0, '127.0.0.1');
await once(webhook, 'listening');
const WEBHOOK = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/hook?a=1`;
/** Where the phone is that is called. */
export const CALLED = { bindAddress: ownAddress(), sipPort: 5060 };

export const KEYS_OF_ALL = {
  '10': 'mute',
  '11': 'voice',
  '12': 'hand',
  '13': 'count',
  '14': 'menu',
  '15': 'private',
  '16': 'hold',
  '17': 'transfer:other',
  '18': 'invite:7001',
  '19': `webhook:${WEBHOOK}`,
  '20': 'exec:Playback beep&beep',
  '21': 'api:member me set talk-volume -2',
  '22': 'admin',
  '23': ['hand', 'voice', `playback-all:tone:${PLAYED_HZ}/300`],
  '24': 'none',
  '25': `playback:tone:${PLAYED_HZ}/5000`,
  '26': 'playback:stop',
  '40': 'help',
  '37': `playback-all:tone:${PLAYED_HZ}/5000`,
  '38': 'playback-all:stop',
  '27': 'moh',
  '28': 'vad-level:+150',
  '29': 'vad-level:0',
  '30': 'agc-level:+500',
  '31': ['lock', 'lock'],
  '32': 'deaf',
  '33': 'deaf-mute',
  '34': 'vol-talk:+1',
  '35': 'vol-listen:+1',
  '36': 'api:playback tone:1900/300 --volume 1',
  '00': 'hangup',
};
export const KEYS_OF_MODERATORS = {
  '24': 'count',
  '90': 'term',
  '91': 'next-hand',
  '92': 'mute-all',
  '93': 'lock',
  '94': 'kick-last',
  '95': 'record',
  '96': 'confirm:term',
  '97': 'floor-back',
  '98': 'count-all',
};

/** Few enough that what the menu says of them can be said here, too. */
const KEYS_OF_FEW = { '1': 'menu', '*2': 'hand', '#': ['hangup'] };
export const MENU_OF_FEW =
  '1: Hear what the keys do. star 2: Raise the hand to be given the floor, or lower it. ' +
  'pound: Leave the conference and end the call.';

export const lab = harness({
  profile: {
    controls: 'keys-of-all',
    adminControls: 'keys-of-moderators',
    access: { adminPin: '4711' },
    limits: { speakers: 3 },
    idleSeconds: 1,
    sound,
    recording: { announce: false },
  },
  profiles: {
    'keys-of-all': { kind: 'controls', keys: KEYS_OF_ALL },
    'keys-of-moderators': { kind: 'controls', extends: 'keys-of-all', keys: KEYS_OF_MODERATORS },
    'open-keys': { kind: 'controls', passThrough: true, keys: { '1': 'hand' } },
    open: { kind: 'conference', controls: 'open-keys', idleSeconds: 1, sound: SILENT },
    'few-keys': { kind: 'controls', keys: KEYS_OF_FEW },
    few: { kind: 'conference', controls: 'few-keys', idleSeconds: 1, sound },
  },
  config: { invite: { endpoint: `PJSIP/anonymous/sip:{number}@${CALLED.bindAddress}` } },
  extra: {
    append: {
      'extensions.conf': `
[rostrum-trusted](+)
exten => _50XX,1,Stasis(rostrum,join,3000,default,+speaker,+admin,+auth)
exten => _90XX,1,Stasis(rostrum,join,other,default,+speaker)
exten => _91XX,1,Stasis(rostrum,join,open,open,+speaker)
exten => _92XX,1,Stasis(rostrum,join,few,few)
`,
      'musiconhold.conf': music.musicClass,
    },
  },
});

afterAll(() => {
  webhook.close();
});
beforeEach(() => {
  received.length = 0;
});

export const HEARD = { aboveDbov: -35, timeoutMs: 4000 };
export const gone = (freqHz: number) => ({ freqHz, belowDbov: -55, timeoutMs: 4000 });
export const WITHIN = { timeout: 4000, interval: 20 };
export const hears = (call: Call, prompt: keyof typeof TONE_HZ) => call.waitForTone(TONE_HZ[prompt], HEARD);
export const member = (number: string) => lab.node.member('3000', number);
export const untilMember = (number: string, what: Partial<MemberView>) =>
  expect.poll(() => member(number), WITHIN).toMatchObject(what);
export const dial = (number: string, callerNumber: string, hz: number | null = null) =>
  lab.phones.call(number, { callerNumber, send: hz === null ? silence() : tone(hz, -20) });

/** A moderator who speaks, another speaker, and a listener, who sends a tone that nobody is to hear. */
export async function three() {
  const admin = await dial('5000', '500', ADMIN_HZ);
  const speaker = await dial('4000', '200', 1000);
  const listener = await dial('3000', '101', LISTENER_HZ);
  await lab.node.waitForMembers('3000', 3);
  await Promise.all([
    admin.waitForTone(1000, HEARD),
    speaker.waitForTone(ADMIN_HZ, HEARD),
    listener.waitForTone(ADMIN_HZ, HEARD),
  ]);
  return { admin, speaker, listener };
}
