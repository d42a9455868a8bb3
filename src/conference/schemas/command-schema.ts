import { z } from 'zod';
import { NODE_ID } from '../../base/node-id.ts';
import { parseMedia } from '../../prompts/media.ts';
import {
  APPLICATION_DATA,
  APPLICATION_DATA_RULE,
  APPLICATION_NAME,
  INVITE_TARGET,
  MOST_MEDIA,
  RECORDING_NAME,
  SENT_DIGITS,
  SENT_DIGITS_RULE,
  WEBHOOK_URL,
} from '../command-line/words.ts';
import { type ExternalCommand, type MemberCommand, RANGES } from '../model/commands.ts';
import { FLAGS, type Flag } from '../model/flags.ts';
import { CONFERENCE_NAME, PROFILE_NAME } from '../model/join-arguments.ts';

/**
 * The commands of `model/commands.ts` as they come from outside. The type is there, so that the core needs no schema
 * library; that both are the same is checked here by the compiler, and by the test for what is missing.
 */

type FlagShape = Record<Flag, z.ZodOptional<z.ZodBoolean>>;

const memberId = z.number().int().min(1);
const node = z.string().regex(NODE_ID).optional().describe('The node that the member has called; this one if left out');
const audience = z.enum(['all', 'non-admins']);
const volume = z.number().int().min(RANGES.talkVolume.min).max(RANGES.talkVolume.max).describe('Steps of 3 dB');
const positionMs = z
  .number()
  .int()
  .min(RANGES.positionMs.min)
  .max(RANGES.positionMs.max)
  .describe('From the beginning');
const conferenceName = z.string().regex(CONFERENCE_NAME, 'a conference name is letters, digits, "_", ".", "+" and "-"');
export const profileName = z.string().regex(PROFILE_NAME, 'a profile name is letters, digits, "_", "." and "-"');

const changes = z
  .strictObject(Object.fromEntries(FLAGS.map((flag) => [flag, z.boolean().optional()])) as FlagShape)
  .refine((given) => Object.keys(given).length > 0, 'which flags?')
  .describe('Flags to set (true) or to clear (false)');

const media = z
  .array(
    z.string().superRefine((text, context) => {
      const parsed = parseMedia(text, { allowAbsolute: true });
      if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.message });
    }),
  )
  .min(1)
  .max(MOST_MEDIA)
  .readonly()
  .describe('For example sound:beep, tone:660/200, number:5 or tts:hello');

const operation = z.discriminatedUnion('type', [
  z.strictObject({ type: z.enum(['stop', 'pause', 'resume', 'forward', 'back', 'restart']) }),
  z.strictObject({ type: z.literal('volume'), volume }),
  z.strictObject({ type: z.literal('seek'), positionMs }),
]);

const memberCommands = [
  ofMember('set-flags', { changes }),
  ofMember('kick', {}),
  ofMember('hang-up', {}),
  ofMember('adjust', {
    setting: z.enum(['vadLevel', 'vadHoldMs', 'agcLevel', 'talkVolume', 'listenVolume']),
    adjustment: z.union([
      z.literal('profile'),
      z.strictObject({ by: z.number().int().min(-RANGES.vadHoldMs.max).max(RANGES.vadHoldMs.max) }),
    ]),
  }),
  ofMember('raise-hand', { raised: z.boolean() }),
  ofMember('call-on', {}),
  ofMember('ask-help', { asked: z.boolean() }),
  ofMember('hold', { held: z.boolean() }),
  ofMember('talk-privately', { withMemberId: memberId }),
  ofMember('end-private', {}),
  ofMember('transfer', { conference: conferenceName, profileName: profileName.nullable() }),
  ofMember('ask-admin-pin', {}),
  ofMember('play-to-member', { media, volume: volume.optional() }),
  ofMember('stop-playing-to-member', {}),
  ofMember('send-dtmf', { digits: z.string().regex(SENT_DIGITS, SENT_DIGITS_RULE) }),
  ofMember('control-playback-to-member', { operation }),
  ofMember('prompt-count', {}),
  ofMember('prompt-keys', {}),
  ofMember('call-webhook', { url: z.string().regex(WEBHOOK_URL, 'expected a URL with http or https') }),
  ofMember('invite', {
    target: z.string().regex(INVITE_TARGET, 'expected a number or an endpoint of Asterisk'),
  }),
  ofMember('execute', {
    application: z.string().regex(APPLICATION_NAME, 'an application is a word such as Playback'),
    data: z.string().regex(APPLICATION_DATA, `arguments have ${APPLICATION_DATA_RULE}`),
  }),
] as const;

const conferenceCommands = [
  z.strictObject({ type: z.literal('lock'), locked: z.boolean() }),
  z.strictObject({ type: z.literal('mute-all'), audience: audience.nullable() }),
  z.strictObject({ type: z.literal('set-flags-of-all'), audience, changes }),
  z.strictObject({ type: z.literal('set-flags-of-last'), changes }),
  z.strictObject({ type: z.literal('kick-last') }),
  z.strictObject({ type: z.literal('kick-all'), audience }),
  z.strictObject({ type: z.literal('next-hand') }),
  z.strictObject({ type: z.literal('take-floor-back') }),
  z.strictObject({ type: z.literal('lower-hands') }),
  z.strictObject({ type: z.literal('play'), media, volume }),
  z.strictObject({ type: z.literal('announce-count') }),
  z.strictObject({ type: z.literal('control-playback'), operation }),
  z.strictObject({ type: z.literal('music'), on: z.boolean() }),
  z.strictObject({
    type: z.literal('record'),
    name: z.string().regex(RECORDING_NAME, 'a recording is named by letters, digits, "_", "-", "." and "/"').nullable(),
  }),
  z.strictObject({ type: z.literal('stop-recording') }),
  z.strictObject({ type: z.literal('pause-recording'), paused: z.boolean() }),
  z.strictObject({ type: z.literal('terminate') }),
] as const;

const TYPES = [...memberCommands, ...conferenceCommands].map(({ shape }) => shape.type.value);

export const commandSchema = z.discriminatedUnion('type', [...memberCommands, ...conferenceCommands], {
  error: (issue) => (issue.code === 'invalid_union' ? `no such command; there are ${TYPES.join(', ')}` : undefined),
}) satisfies z.ZodType<ExternalCommand>;

function ofMember<Type extends MemberCommand['type'], Shape extends z.core.$ZodLooseShape>(type: Type, shape: Shape) {
  return z.strictObject({ type: z.literal(type), memberId, node, ...shape });
}
