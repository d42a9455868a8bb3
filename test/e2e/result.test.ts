import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { Call } from '../kit/phone/call.ts';
import { silence } from '../kit/phone/sound.ts';
import { SILENT } from '../kit/rostrum-node.ts';
import { slowHarness } from './slow-harness.ts';

/** What the dialplan learns of each way to leave. It plays a tone of its own for each result. */
const HZ = {
  HANGUP: 500,
  KICKED: 600,
  ENDED: 700,
  TIME: 800,
  PIN: 900,
  LOCKED: 1000,
  FULL: 1100,
  BUSY: 1200,
  LOBBY: 1300,
  TRANSFERRED: 1500,
  CLOSED: 1600,
  UNLISTED: 1700,
  FAILED: 1400,
};
type Result = keyof typeof HZ;

const NUMBERS = {
  '8000': 'join,open,default',
  '8100': 'join,pinned,pinned',
  '8200': 'join,small,small',
  '8300': 'join,short,short',
  '8400': 'lobby,default',
  '8500': 'join,open,default,+speaker',
  '8700': 'join,closed,default',
  '8800': 'join,unlisted,default',
};

const DIALPLAN = `
[globals]
${Object.entries(HZ)
  .map(([result, hz]) => `HZ_${result}=${hz}`)
  .join('\n')}

[rostrum-dial-in](+)
${Object.entries(NUMBERS)
  .map(([number, stasis]) => `exten => ${number},1,Stasis(rostrum,${stasis})\n same => n,Goto(result,s,1)`)
  .join('\n')}
exten => 8600,1,Goto(result,s,1)

[result]
exten => s,1,Progress()
 same => n,PlayTones(\${HZ_\${ROSTRUM_RESULT}})
 same => n,Wait(1)
 same => n,Hangup()
`;

/** A caller of this name may refer. */
const TRUSTED = `
[trusted](anonymous)
allow_transfer = yes
set_var = PJSIP_TRANSFER_HANDLING()=ari-only
`;

const TABLE = `
unlisted: refuse
timeZone: UTC
conferences:
  open: {}
  pinned: {}
  small: {}
  short: {}
  closed:
    times: [{until: 2020-01-01 00:00}]
`;

const profileOf = (more: object) => ({ kind: 'conference', idleSeconds: 1, sound: SILENT, ...more });

const { lab, slowDown } = slowHarness(
  { admission: { waitSeconds: 1 } },
  {
    profiles: {
      pinned: profileOf({ access: { userPin: '1234', tries: 1 } }),
      small: profileOf({ limits: { members: 1 } }),
      short: profileOf({ limits: { callMinutes: 0.05 } }),
    },
    table: TABLE,
    extra: {
      append: { 'extensions.conf': DIALPLAN, 'modules.conf': 'load = app_playtones.so\n', 'pjsip.conf': TRUSTED },
    },
  },
);

const HEARD = { aboveDbov: -35, timeoutMs: 10_000 };
const dial = (number: string, callerNumber = '101') => lab.phones.dial(number, { callerNumber, send: silence() });
const enter = async (number: string, conference: string, callerNumber?: string) => {
  const call = await dial(number, callerNumber).answered;
  await lab.node.waitForMembers(conference, 1);
  return call;
};

/** Each returns the call that has left. */
const LEAVING: Record<Result, () => Promise<Call>> = {
  HANGUP: async () => {
    const caller = await enter('8000', 'open');
    await caller.pressKeys('#');
    return caller;
  },
  KICKED: async () => {
    const caller = await enter('8000', 'open');
    const { id } = await lab.node.member('open', '101');
    await lab.node.command('open', { type: 'kick', memberId: id });
    return caller;
  },
  ENDED: async () => {
    const caller = await enter('8000', 'open');
    await lab.node.command('open', { type: 'terminate' });
    return caller;
  },
  TIME: () => enter('8300', 'short'),
  PIN: async () => {
    const caller = await dial('8100').answered;
    await caller.pressKeys('9999#');
    return caller;
  },
  LOCKED: async () => {
    await enter('8000', 'open', '100');
    await lab.node.command('open', { type: 'lock', locked: true });
    return dial('8000');
  },
  FULL: async () => {
    await enter('8200', 'small', '100');
    return dial('8200');
  },
  BUSY: async () => {
    slowDown(300);
    const calls = Array.from({ length: 12 }, (_, index) => dial('8000', String(100 + index)));
    const refused = await Promise.any(
      calls.map((call) => call.waitForTone(HZ.BUSY, { ...HEARD, timeoutMs: 20_000 }).then(() => call)),
    );
    slowDown(0);
    return refused;
  },
  TRANSFERRED: async () => {
    const caller = await enter('8000', 'open', 'trusted');
    await caller.refer('sip:8600@127.0.0.1');
    return caller;
  },
  CLOSED: async () => dial('8700'),
  UNLISTED: async () => dial('8800'),
  LOBBY: async () => {
    const caller = await dial('8400').answered;
    await caller.pressKeys('77#77#77#');
    return caller;
  },
  FAILED: async () => {
    // Without it there is no bridge in which speakers are mixed. It can go when the bridge of the test before has gone.
    await expect.poll(() => lab.node.asterisk.cli('module unload bridge_softmix.so')).toContain('Unloaded');
    return dial('8500');
  },
};

it.each(Object.keys(HZ) as Result[])('the dialplan learns %s', async (result) => {
  const caller = await LEAVING[result]();
  await caller.waitForTone(HZ[result], HEARD);
  await caller.ended;
});

it('all results of the documentation are in this test, and no other ones', async () => {
  const manual = await readFile('docs/installation.md', 'utf8');
  const [, table = ''] = /\| `ROSTRUM_RESULT` \|.*\n(?:\| -.*\n)((?:\|.*\n)+)/.exec(manual) ?? [];
  const results = table.split('\n').flatMap((row) => (row.split('|')[1] ?? '').match(/[A-Z]+/g) ?? []);
  expect(results.toSorted()).toEqual(Object.keys(HZ).toSorted());
});
