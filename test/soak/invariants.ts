import type { ConferenceView, MemberView } from '../../src/api/schemas.ts';
import type { Call } from '../kit/phone/call.ts';
import type { Facts } from './facts.ts';

/** A call of a phone that was answered and lives. */
export type PhoneCall = Pick<Call, 'direction' | 'callerNumber' | 'calledNumber'>;

/** So many listeners share a bridge; see docs/architecture.md. */
const LISTENERS_OF_BRIDGE = 50;
/** Of RTP and RTCP. */
const PORTS_OF_CALL = 2;

/**
 * Compares what controller, Asterisk, relay, kernel and phones have.
 *
 * @returns what does not agree, one sentence each
 */
export function disagreements(facts: Facts, calls: readonly PhoneCall[]): string[] {
  const members = facts.conferences.flatMap(({ members }) => members);
  const phoneChannels = facts.channels.filter(({ name }) => name.startsWith('PJSIP/'));
  return [
    ...differences('a phone', numbersOf(calls), 'a member', numbersIn(members)),
    ...differences(
      'a channel',
      phoneChannels.map(({ id }) => id),
      'a member',
      members.map(({ channel }) => channel),
    ),
    ...differences(
      'a floor',
      partsOf(facts, /^rostrum-floor-(.*)$/),
      'a conference',
      namesOf(facts),
      new Set(namesOf(facts)),
    ),
    ...differences(
      'a global variable',
      facts.globals.flatMap((name) => /^ROSTRUM_CONFERENCE_rostrum_(.*)$/.exec(name)?.[1] ?? []),
      'a conference',
      namesOf(facts),
      new Set(namesOf(facts)),
    ),
    ...counted('bridges of private talks', partsOf(facts, /^rostrum-room-(.*)$/).length, privateTalks(members)),
    ...counted('ends of recorders', channelsNamed(facts, 'Recorder/'), 2 * facts.conferences.filter(isRecorded).length),
    ...counted('playbacks, all of which were short', facts.conferences.filter(plays).length, 0),
    ...counted('ends of players', channelsNamed(facts, 'Local/'), 0),
    ...counted('announcers', channelsNamed(facts, 'Announcer/'), 0),
    ...counted('snoop channels', channelsNamed(facts, 'Snoop/'), 0),
    ...atMost('floor legs', channelsNamed(facts, 'UnicastRTP/'), facts.conferences.length),
    ...atMost(
      'bridges of listeners',
      partsOf(facts, /^rostrum-audience-(.*)$/).length,
      // Empty ones are kept for the next crowd.
      4 + Math.ceil(members.length / LISTENERS_OF_BRIDGE),
    ),
    ...counted('calls of the relay', facts.relayCalls, phoneChannels.length),
    ...counted('UDP ports where phones call', facts.phonePorts, PORTS_OF_CALL * phoneChannels.length),
    ...counted('UDP ports of Asterisk', facts.asteriskPorts, PORTS_OF_CALL * phoneChannels.length),
  ];
}

function numbersOf(calls: readonly PhoneCall[]): string[] {
  return calls.map(({ direction, callerNumber, calledNumber }) =>
    direction === 'outgoing' ? callerNumber : calledNumber,
  );
}

/** Those who have been admitted, and those who are in no conference yet or any more. */
function numbersIn(members: readonly MemberView[]): string[] {
  return members.map(({ caller }) => caller.number);
}

function namesOf({ conferences }: Facts): string[] {
  return conferences.map(({ name }) => name);
}

function partsOf({ bridges }: Facts, pattern: RegExp): string[] {
  return [...bridges.keys()].flatMap((id) => pattern.exec(id)?.[1] ?? []);
}

function channelsNamed({ channels }: Facts, prefix: string): number {
  return channels.filter(({ name }) => name.startsWith(prefix)).length;
}

function privateTalks(members: readonly MemberView[]): number {
  return members.filter(({ place }) => place === 'private').length / 2;
}

function isRecorded({ recording }: ConferenceView): boolean {
  return recording !== null;
}

function plays({ playback }: ConferenceView): boolean {
  return playback !== null;
}

/** Each of the ones must be one of the others, and the other way round. */
function differences(
  one: string,
  ones: readonly string[],
  other: string,
  others: readonly string[],
  excused: ReadonlySet<string> = new Set(),
): string[] {
  const without = (kind: string, list: readonly string[], missing: string, rest: readonly string[]) =>
    [...new Set(list)]
      .filter((id) => !excused.has(id) && !rest.includes(id))
      .map((id) => `${kind} ${id} is not ${missing}`);
  const twice = others.filter((id, index) => others.indexOf(id) !== index).map((id) => `${other} ${id} is there twice`);
  return [...without(one, ones, other, others), ...without(other, others, one, ones), ...twice];
}

function counted(what: string, count: number, expected: number): string[] {
  return count === expected ? [] : [`there are ${count} ${what} where there should be ${expected}`];
}

function atMost(what: string, count: number, most: number): string[] {
  return count <= most ? [] : [`there are ${count} ${what} where there should be at most ${most}`];
}
