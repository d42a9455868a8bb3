import { z } from 'zod';
import type { Conference } from '../conference/model/conference.ts';
import { FLAGS, type MemberFlags } from '../conference/model/flags.ts';
import { CONFERENCE_NAME } from '../conference/model/join-arguments.ts';
import type { Member } from '../conference/model/member.ts';
import { playbackSchema, recordingSchema } from '../conference/schemas/saved-conference.ts';
import { adjustedSchema, placeSchema } from '../conference/schemas/saved-member.ts';
import { IDLE } from '../dtmf/collector.ts';

/**
 * The members and conferences of a node as it sends them to the others: without PINs, and without the digits of a
 * caller who is dialling.
 */

/** Longer names are cut. */
const LONGEST_NAME = 128;
const LONGEST_FLAG = 32;
const MOST_FLAGS = 64;

export const conferenceName = z.string().regex(CONFERENCE_NAME);
export const memberNumber = z.number().int().min(1);

export const memberRecordSchema = z.object({
  id: memberNumber,
  channel: z.string().max(256),
  number: z.string().max(LONGEST_NAME),
  name: z.string().max(LONGEST_NAME),
  joinedAtMs: z.number(),
  // A node of a later version may know more of them.
  flags: z
    .array(z.string().max(LONGEST_FLAG))
    .max(MOST_FLAGS)
    .transform((words) => FLAGS.filter((flag) => words.includes(flag))),
  place: placeSchema,
  adjusted: adjustedSchema,
  handRaisedAtMs: z.number().nullable(),
  helpAskedAtMs: z.number().nullable().default(null),
  floorGivenAtMs: z.number().nullable().default(null),
  talking: z.boolean(),
  phoneHold: z.boolean().default(false),
});

export type MemberRecord = z.output<typeof memberRecordSchema>;

export const conferenceRecordSchema = z.object({
  name: conferenceName,
  profileName: z.string().max(LONGEST_NAME),
  status: z.enum(['running', 'ending', 'empty']),
  startedAtMs: z.number(),
  playback: playbackSchema,
  recording: recordingSchema,
  musicOn: z.boolean(),
  doubledAdmins: z.number().int().min(0).default(0),
});

/** A part of a conference without its members. */
export type ConferenceRecord = z.output<typeof conferenceRecordSchema>;

export function recordOf(member: Member): MemberRecord {
  const { id, channelId, caller, joinedAtMs, flags, place, adjusted, handRaisedAtMs, talking, phoneHold } = member;
  return {
    id,
    channel: channelId,
    number: caller.number.slice(0, LONGEST_NAME),
    name: caller.name.slice(0, LONGEST_NAME),
    joinedAtMs,
    flags: FLAGS.filter((flag) => flags[flag]),
    place: place.at === 'leaving' ? { at: 'leaving', result: place.result } : place,
    adjusted,
    handRaisedAtMs,
    helpAskedAtMs: member.helpAskedAtMs,
    floorGivenAtMs: member.floorGivenAtMs,
    talking,
    phoneHold,
  };
}

/** A member of another node: as one of ours whose keys and prompts we know nothing of. */
export function memberOf(record: MemberRecord): Member {
  // HOT PATH. One by one: to spread the rest of the record makes the whole message take twice as long.
  const { id, channel, number, name, joinedAtMs, flags, place, adjusted, handRaisedAtMs, talking, phoneHold } = record;
  return {
    id,
    channelId: channel,
    caller: { number, name },
    joinedAtMs,
    adjusted,
    handRaisedAtMs,
    helpAskedAtMs: record.helpAskedAtMs,
    floorGivenAtMs: record.floorGivenAtMs,
    talking,
    phoneHold,
    ownMute: false,
    flags: Object.fromEntries(FLAGS.map((flag) => [flag, flags.includes(flag)])) as MemberFlags,
    place: place as Member['place'],
    path: { at: 'bridge', reason: '' },
    dtmf: IDLE,
    confirming: null,
    spokenName: null,
    playback: null,
    reviewDueMs: null,
    toldMutedAtMs: Number.NEGATIVE_INFINITY,
    pinEntry: null,
    ignoreHashUntilMs: 0,
    warned: false,
  };
}

/** @returns null for a conference that is none yet, or no longer */
export function conferenceRecordOf(conference: Conference): ConferenceRecord | null {
  const { name, status, settings, startedAtMs, playback, recording, musicOn, doubledAdmins } = conference;
  if (status === 'new' || status === 'ended') return null;
  return {
    name,
    profileName: settings.profileName,
    status,
    startedAtMs,
    playback: playback && { ...playback, media: [...playback.media] },
    recording,
    musicOn,
    doubledAdmins,
  };
}
