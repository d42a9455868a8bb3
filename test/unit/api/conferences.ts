import { NO_ADMISSION } from '../../../src/admission/gate.ts';
import type { ConferencePart, RouteDeps } from '../../../src/api/deps.ts';
import type { Command } from '../../../src/conference/model/commands.ts';
import { type Conference, newConference, type Settings } from '../../../src/conference/model/conference.ts';
import { PLAIN_FLAGS } from '../../../src/conference/model/flags.ts';
import type { Member } from '../../../src/conference/model/member.ts';
import type { Meant } from '../../../src/conference/model/member-address.ts';
import { Members } from '../../../src/conference/model/members.ts';
import { IDLE } from '../../../src/dtmf/collector.ts';
import { conferenceProfileSchema } from '../../../src/profiles/conference-schema.ts';
import { controlsProfileSchema } from '../../../src/profiles/controls-schema.ts';
import { settingsOf } from '../../../src/profiles/settings.ts';

/** Conferences for the API to show. */

export function settings(profile: object = {}): Settings {
  const controls = controlsProfileSchema.parse({ kind: 'controls' });
  return settingsOf('default', conferenceProfileSchema.parse({ kind: 'conference', ...profile }), controls, controls);
}

export function member(id: number, changes: Partial<Member> = {}): Member {
  return {
    id,
    channelId: `channel-${id}`,
    caller: { number: `10${id}`, name: `Caller ${id}` },
    joinedAtMs: id * 1000,
    flags: PLAIN_FLAGS,
    place: { at: 'floor' },
    path: { at: 'bridge', reason: 'its RTP is encrypted' },
    adjusted: {},
    handRaisedAtMs: null,
    helpAskedAtMs: null,
    floorGivenAtMs: null,
    talking: false,
    phoneHold: false,
    ownMute: false,
    dtmf: IDLE,
    confirming: null,
    reviewDueMs: null,
    toldMutedAtMs: Number.NEGATIVE_INFINITY,
    pinEntry: null,
    spokenName: null,
    playback: null,
    ignoreHashUntilMs: 0,
    warned: false,
    ...changes,
  };
}

export function conference(members: readonly Member[] = [], profile: object = {}): Conference {
  return {
    ...newConference('3000', settings(profile), 0),
    status: 'running',
    members: Members.of(members),
  };
}

/** A conference where there is no cluster. */
export function partOf(conference: Conference, levelOf: ConferencePart['levelOf'] = () => null): ConferencePart {
  return { node: null, own: true, conference, recordings: '/recordings', levelOf };
}

/** Every command that may come from outside, at least once; a type that is missing does not compile. */
const EVERY: { readonly [T in Exclude<Command['type'], 'prompt-failure'>]: readonly Extract<Command, { type: T }>[] } =
  {
    'set-flags': [
      { type: 'set-flags', memberId: 1, changes: { speaker: true, mute: false } },
      {
        type: 'set-flags',
        memberId: 1,
        changes: { speaker: true, admin: true, mute: true, deaf: true, vad: true, agc: true, auth: true },
      },
    ],
    kick: [{ type: 'kick', memberId: 1 }],
    'ask-help': [{ type: 'ask-help', memberId: 1, asked: true }],
    'hang-up': [{ type: 'hang-up', memberId: 1 }],
    adjust: [
      { type: 'adjust', memberId: 1, setting: 'vadLevel', adjustment: 'profile' },
      { type: 'adjust', memberId: 1, setting: 'agcLevel', adjustment: { by: -1799 } },
      { type: 'adjust', memberId: 1, setting: 'vadHoldMs', adjustment: { by: 9900 } },
      { type: 'adjust', memberId: 1, setting: 'talkVolume', adjustment: { by: 1 } },
      { type: 'adjust', memberId: 1, setting: 'listenVolume', adjustment: { by: -1 } },
    ],
    'raise-hand': [{ type: 'raise-hand', memberId: 1, raised: true }],
    'call-on': [{ type: 'call-on', memberId: 1 }],
    hold: [{ type: 'hold', memberId: 1, held: false }],
    'talk-privately': [{ type: 'talk-privately', memberId: 1, withMemberId: 2 }],
    'end-private': [{ type: 'end-private', memberId: 1 }],
    transfer: [
      { type: 'transfer', memberId: 1, conference: '3001', profileName: null },
      { type: 'transfer', memberId: 1, conference: 'a.b+c-d', profileName: 'board' },
    ],
    'ask-admin-pin': [{ type: 'ask-admin-pin', memberId: 1 }],
    'play-to-member': [
      { type: 'play-to-member', memberId: 1, media: ['beep'] },
      { type: 'play-to-member', memberId: 1, media: ['beep'], volume: 4 },
    ],
    'stop-playing-to-member': [{ type: 'stop-playing-to-member', memberId: 1 }],
    'send-dtmf': [{ type: 'send-dtmf', memberId: 1, digits: '0123456789*#ABCD' }],
    'control-playback-to-member': [
      { type: 'control-playback-to-member', memberId: 1, operation: { type: 'pause' } },
      { type: 'control-playback-to-member', memberId: 1, operation: { type: 'volume', volume: -4 } },
    ],
    'prompt-count': [{ type: 'prompt-count', memberId: 1 }],
    'prompt-keys': [{ type: 'prompt-keys', memberId: 1 }],
    'call-webhook': [{ type: 'call-webhook', memberId: 1, url: 'https://example.org/hook?a=b' }],
    invite: [{ type: 'invite', memberId: 1, target: 'PJSIP/200@carrier' }],
    execute: [{ type: 'execute', memberId: 1, application: 'Playback', data: 'hello,noanswer' }],
    lock: [{ type: 'lock', locked: true }],
    'mute-all': [
      { type: 'mute-all', audience: 'non-admins' },
      { type: 'mute-all', audience: null },
    ],
    'set-flags-of-all': [{ type: 'set-flags-of-all', audience: 'all', changes: { vad: false } }],
    'set-flags-of-last': [{ type: 'set-flags-of-last', changes: { speaker: true } }],
    'kick-last': [{ type: 'kick-last' }],
    'kick-all': [{ type: 'kick-all', audience: 'all' }],
    'next-hand': [{ type: 'next-hand' }],
    'take-floor-back': [{ type: 'take-floor-back' }],
    'announce-count': [{ type: 'announce-count' }],
    'lower-hands': [{ type: 'lower-hands' }],
    play: [{ type: 'play', media: ['/var/sounds/x', 'tone:660/200', 'tts:hello'], volume: -4 }],
    'control-playback': [
      { type: 'control-playback', operation: { type: 'stop' } },
      { type: 'control-playback', operation: { type: 'pause' } },
      { type: 'control-playback', operation: { type: 'resume' } },
      { type: 'control-playback', operation: { type: 'forward' } },
      { type: 'control-playback', operation: { type: 'back' } },
      { type: 'control-playback', operation: { type: 'restart' } },
      { type: 'control-playback', operation: { type: 'volume', volume: 4 } },
      { type: 'control-playback', operation: { type: 'seek', positionMs: 90_000 } },
    ],
    music: [{ type: 'music', on: true }],
    record: [
      { type: 'record', name: null },
      { type: 'record', name: 'board/3000-2024' },
    ],
    'stop-recording': [{ type: 'stop-recording' }],
    'pause-recording': [{ type: 'pause-recording', paused: true }],
    terminate: [{ type: 'terminate' }],
  };

export const EVERY_COMMAND: readonly Command[] = Object.values(EVERY).flat();

/** The API's deps with a controller of these conferences, on which commands have an effect of the test's own. */
export function depsOf(
  conferences: ReadonlyMap<string, Conference>,
  onCommand: (command: Command, by?: string) => Meant | null | undefined = () => null,
): RouteDeps {
  const absent = (what: string) => () => {
    throw new Error(`this test has no ${what}`);
  };
  return {
    controller: {
      requireReady: () => {},
      conferences,
      command: async (_name, command, by) => onCommand(command, by) ?? null,
      readMedia: async () => null,
      levelDbovOf: () => null,
      requireJoinable: () => {},
    },
    cluster: {
      nodeId: null,
      nodes: [],
      remoteConferences: () => [],
      flush: absent('cluster'),
      drain: absent('cluster'),
      routeOf: absent('cluster'),
    },
    status: () => ({
      inLobby: 1,
      version: '1',
      pid: 1,
      asterisk: { connected: true, version: '22' },
      problems: [],
      relay: { connected: true, pid: 2, sockets: 'libc' },
      admission: NO_ADMISSION,
    }),
    reloadProfiles: async () => ({ ok: true, changes: [] }),
    upgrade: async () => {},
    attendance: { rows: absent('attendance') },
    reports: { conferences: absent('reports'), report: absent('reports') },
    records: { askAll: absent('records') },
    recordingKeeper: { open: absent('recordings'), remove: absent('recordings') },
    recordings: '/recordings',
    inviter: { invite: absent('inviter'), list: absent('inviter'), cancel: absent('inviter') },
  };
}
