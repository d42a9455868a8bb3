import { setTimeout as sleep } from 'node:timers/promises';
import type { ConferenceView, MemberView } from '../../src/api/schemas.ts';
import type { Call } from '../kit/phone/call.ts';
import { silence, tone } from '../kit/phone/sound.ts';
import type { Choices } from './choices.ts';
import type { SoakLab } from './lab.ts';

const LEVEL_DBOV = -20;
/** A step of a volume, as members have it. */
const STEP_DB = 3;
/** What a tone may lose besides, in G.711 and a mix of many. */
const LOSS_DB = 6;
const NOT_HEARD_DBOV = -62;
/** Judged at a time; a tone is heard over all of it. */
const STRETCH_MS = 200;
const LOOK_EVERY_MS = 40;
const HEARD_TIMEOUT_MS = 5000;
/** When nobody is to hear: longer than the way from mouth to ear. */
const NOBODY_MS = 600;
const SPEAKERS_TRIED = 4;
/** Multiples of 50 Hz, none of which is heard in the place of another. */
const TONES_HZ = [450, 650, 850, 1050, 1250, 1450, 1650, 1850];

type Present = { readonly member: MemberView; readonly call: Call };

/** Has members speak one after the other in each conference, and compares who hears them with who should. */
export async function hearingProblems(lab: SoakLab, choices: Choices): Promise<{ problems: string[]; judged: number }> {
  const views = await lab.views();
  const found = await Promise.all(views.map((view, index) => problemsIn(lab, view, index, choices)));
  return {
    problems: found.flatMap(({ problems }) => problems),
    judged: found.reduce((sum, { judged }) => sum + judged, 0),
  };
}

async function problemsIn(
  lab: SoakLab,
  view: ConferenceView,
  index: number,
  choices: Choices,
): Promise<{ problems: string[]; judged: number }> {
  const callOf = new Map(lab.calls.map((call) => [numberOf(call), call]));
  const present = view.members.flatMap((member) => {
    const call = callOf.get(member.caller.number);
    return call === undefined ? [] : [{ member, call }];
  });
  const heard = present.filter(({ member }) => isOnFloor(member) || member.place === 'private');
  const unheard = present.filter((one) => !heard.includes(one));
  const speaking = [...choices.some(heard, SPEAKERS_TRIED), ...choices.some(unheard, 2)];
  const problems: string[] = [];
  let judged = 0;
  for (const [turn, speaker] of speaking.entries()) {
    const freqHz = TONES_HZ[(3 * turn + index) % TONES_HZ.length] as number;
    speaker.call.send(tone(freqHz, LEVEL_DBOV));
    try {
      const audience = present.filter((one) => one !== speaker && isJudged(one.member));
      const wrong = await listen(speaker, audience, freqHz);
      judged += audience.length;
      // What has changed meanwhile is not judged.
      const now = new Map((await lab.node.show(view.name)).members.map((member) => [member.id, member]));
      const isSame = ({ member }: Present) => sameSound(member, now.get(member.id));
      if (!isSame(speaker)) continue;
      for (const { listener, problem } of wrong)
        if (isSame(listener)) problems.push(`conference ${view.name}: ${problem}`);
    } finally {
      speaker.call.send(silence());
    }
    await sleep(STRETCH_MS);
  }
  return { problems, judged };
}

async function listen(
  speaker: Present,
  audience: readonly Present[],
  freqHz: number,
): Promise<{ listener: Present; problem: string }[]> {
  const shouldHear = audience.filter(({ member }) => isHeardBy(speaker.member, member));
  const shouldNot = audience.filter((one) => !shouldHear.includes(one) && one.call.end === null);
  const startMs = performance.now();
  let deaf = shouldHear;
  do {
    await sleep(LOOK_EVERY_MS);
    deaf = deaf.filter(
      ({ member, call }) => call.end === null && !hears(call, freqHz, faintest(speaker.member, member)),
    );
  } while (deaf.length > 0 && performance.now() - startMs < HEARD_TIMEOUT_MS);
  await sleep(Math.max(0, startMs + NOBODY_MS - performance.now()));
  const told = shouldNot.filter(({ call }) => call.end === null && hears(call, freqHz, NOT_HEARD_DBOV));
  const report = (verb: string) => (listener: Present) => ({
    listener,
    problem: `${describe(listener)} ${verb} ${describe(speaker)} (${freqHz} Hz at ${level(listener.call, freqHz).toFixed(0)} dBov)`,
  });
  return [...deaf.map(report('does not hear')), ...told.map(report('hears, and should not,'))];
}

function hears(call: Call, freqHz: number, aboveDbov: number): boolean {
  return level(call, freqHz) > aboveDbov;
}

function level(call: Call, freqHz: number): number {
  return call.toneLevelDbov(freqHz, { lastMs: STRETCH_MS });
}

function faintest(speaker: MemberView, listener: MemberView): number {
  const steps = speaker.talkVolume + listener.listenVolume;
  return Math.min(LEVEL_DBOV, LEVEL_DBOV + STEP_DB * steps) - LOSS_DB;
}

function isOnFloor({ place, role, mute, phoneHold }: MemberView): boolean {
  return place === 'floor' && role === 'speaker' && !mute && !phoneHold;
}

/** What a phone on hold or in an application of the dialplan hears is another matter. */
function isJudged({ place, phoneHold }: MemberView): boolean {
  return !phoneHold && (place === 'floor' || place === 'private' || place === 'hold');
}

/** Of the same conference. */
function isHeardBy(speaker: MemberView, listener: MemberView): boolean {
  if (listener.place === 'private') return speaker.privateWith === listener.id && !speaker.phoneHold;
  return listener.place === 'floor' && !listener.deaf && isOnFloor(speaker);
}

function sameSound(before: MemberView, after: MemberView | undefined): boolean {
  const keys = ['place', 'role', 'mute', 'deaf', 'phoneHold', 'privateWith', 'talkVolume', 'listenVolume'] as const;
  return after !== undefined && keys.every((key) => before[key] === after[key]);
}

function describe({ member }: Present): string {
  const { caller, role, place, mute, deaf, path } = member;
  const flags = [mute && 'muted', deaf && 'deaf'].filter(Boolean);
  return `${caller.number} (${[role, place, path, ...flags].join(', ')})`;
}

function numberOf({ direction, callerNumber, calledNumber }: Call): string {
  return direction === 'outgoing' ? callerNumber : calledNumber;
}
