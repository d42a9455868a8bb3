import { z } from 'zod';
import { APPLICATION_NAME } from '../conference/command-line/words.ts';
import { RANGES } from '../conference/model/commands.ts';
import { FLAGS, parseFlags } from '../conference/model/flags.ts';
import { profileName } from '../conference/schemas/command-schema.ts';
import { PROMPT_NAMES, type PromptName, parsePromptMedia } from '../prompts/catalogue.ts';
import { VOICE } from '../prompts/prompt-sounds.ts';

/** When a change to a key of a profile counts. */
export type TakesEffect = 'live' | 'next-conference';

declare module 'zod' {
  interface GlobalMeta {
    takesEffect?: TakesEffect;
    /** Its value is never shown. */
    secret?: true;
  }
}

/** A setting whose changes count in running conferences too. */
export function live<Schema extends z.ZodType>(setting: Schema, description: string): Schema {
  return setting.describe(description).meta({ takesEffect: 'live' });
}

/** A setting whose changes count from the next conference on. */
function fixed<Schema extends z.ZodType>(setting: Schema, description: string): Schema {
  return setting.describe(description).meta({ takesEffect: 'next-conference' });
}

/** They only play, say and record to voice mail; others run programs, call or read and write files. */
const HARMLESS_APPLICATIONS = [
  'Echo',
  'Milliwatt',
  'MusicOnHold',
  'Playback',
  'SayAlpha',
  'SayDigits',
  'SayNumber',
  'SayUnixTime',
  'VoiceMail',
  'VoiceMailMain',
];

const flagWord = z
  .string()
  .refine((word) => parseFlags([word]).ok, `a flag is "+" or "-" and one of ${FLAGS.join(', ')}`)
  .meta({ enum: FLAGS.flatMap((flag) => [`+${flag}`, `-${flag}`]) });

const flagWords = z.array(flagWord).max(32);

const pin = z
  .string({ error: 'a PIN is text: put it in quotes' })
  .regex(/^\d{1,10}$/, 'a PIN is 1 to 10 digits')
  .optional()
  .meta({ secret: true });

const whole = ({ min, max }: { min: number; max: number }) => z.number().int().min(min).max(max);
const seconds = (longest: number) => whole({ min: 0, max: longest });
const minutes = z.number().min(0).max(10_080);

const prompts = z
  .partialRecord(
    z.enum(PROMPT_NAMES),
    z.union([z.string(), z.array(z.string()).min(1).max(16)], { error: 'a prompt is "none", a sound, or a list' }),
  )
  .superRefine((given, context) => {
    for (const [name, media] of Object.entries(given) as [PromptName, string | string[]][]) {
      if (media === 'none') continue;
      for (const text of [media].flat()) {
        const parsed = parsePromptMedia(name, text);
        if (!parsed.ok) context.addIssue({ code: 'custom', path: [name], message: parsed.message });
      }
    }
  });

const access = z.strictObject({
  userPin: live(pin, 'PIN that every caller must dial to join; without it, callers need none'),
  adminPin: live(pin, 'PIN that makes a caller a moderator, when joining or after the action `admin`'),
  tries: live(whole({ min: 1, max: 10 }).default(3), 'How often a caller may try a PIN'),
  timeoutSeconds: live(
    seconds(60).min(3).default(10),
    'How long a caller may take to dial a PIN; counted again with each digit',
  ),
  adminFlags: live(
    flagWords.default([]),
    'Further flags of callers who dial the PIN of moderators, such as [+speaker]',
  ),
  lobbyNumbers: live(
    z
      .array(z.string().regex(/^[0-9X]{1,10}$/, 'a pattern is 1 to 10 digits, or X for any digit'))
      .max(100)
      .default(['XXXX']),
    'Numbers of conferences that callers of the lobby may open; they can join any conference that runs',
  ),
  waitForAdmin: live(z.boolean().default(false), 'Callers wait, with music, until a moderator is there'),
  endWithoutAdmin: live(z.boolean().default(false), 'The conference ends after its last moderator has left'),
  endWhenAdminLeaves: live(
    z.boolean().default(false),
    'The conference ends after any moderator has left, even if others are there',
  ),
  adminGraceSeconds: live(
    seconds(86_400).default(60),
    'Time in which a moderator or mandatory member may come back before the conference ends without them',
  ),
});

const limits = z.strictObject({
  members: live(
    whole({ min: 1, max: 100_000 }).default(10_000),
    'Most members at once; moderators are admitted regardless',
  ),
  speakers: live(
    whole({ min: 1, max: 200 }).default(25),
    'Most speakers at once; further callers with +speaker join as listeners',
  ),
  callMinutes: live(minutes.default(0), 'Longest stay of a member, moderators excepted; 0 is no limit'),
  conferenceMinutes: live(minutes.default(0), 'Longest duration of the conference; 0 is no limit'),
  warningSeconds: live(seconds(3600).default(60), 'How long before such an end callers are warned'),
});

const sound = z.strictObject({
  language: live(
    z
      .string()
      .regex(/^[a-z]{2,3}([_-][A-Za-z0-9]{2,8})?$/, 'a language is a code such as en, de or pt_BR')
      .default('en'),
    'Language of prompts, such as en, de or pt_BR',
  ),
  music: live(
    z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/, 'a music class is letters, digits, "_" and "-"')
      .default('default'),
    'Class of musiconhold.conf for members who are alone, wait or are on hold; `none` for silence',
  ),
  prefix: live(
    z
      .string()
      .regex(/^[A-Za-z0-9/_-]*$/, 'a prefix is a path of letters, digits, "_" and "-"')
      .default(''),
    'Directory of the sounds of Asterisk that are named without a directory',
  ),
  voice: live(
    z.string().regex(VOICE, 'a voice is a variant of espeak-ng such as f2 or m3: letters and digits').optional(),
    'Variant of the voice of espeak-ng, such as f2 or m3; the voice itself is that of the language',
  ),
  announce: live(z.enum(['none', 'tone', 'name']).default('none'), 'How the others hear that a member joins or leaves'),
  announceUpTo: live(
    whole({ min: 0, max: 1000 }).default(10),
    'Nobody is announced while there are more members than this',
  ),
  reviewName: live(
    z.boolean().default(false),
    'With `announce: name`: callers hear the name that they have said, and may say it again',
  ),
  prompts: live(
    prompts.default({}),
    'Prompts that differ from the standard ones: a sound, a list of them, or `none` for silence',
  ),
});

const audio = z.strictObject({
  vadLevel: live(
    whole(RANGES.vadLevel).default(300),
    'Loudness from which a speaker counts as talking; 0 turns the detection off',
  ),
  vadHoldMs: live(
    whole(RANGES.vadHoldMs).default(500),
    'Length of the pause after which a speaker no longer counts as talking',
  ),
  gate: live(
    z.boolean().default(false),
    'Does not pass on what is below vadLevel, from vadHoldMs after a speaker has talked, so that no open line hums',
  ),
  energy: live(
    z.boolean().default(false),
    'Measures and shows how loud speakers are; each speaker who can be heard costs one more channel in Asterisk',
  ),
  agcLevel: live(
    whole(RANGES.agcLevel).default(0),
    'Loudness to which every speaker is brought; 0 turns the gain control off',
  ),
  talkVolume: live(whole(RANGES.talkVolume).default(0), 'How loud speakers are heard, in steps of 3 dB'),
  listenVolume: live(whole(RANGES.listenVolume).default(0), 'How loud members hear, in steps of 3 dB'),
  comfortNoise: live(
    z
      .union([z.literal(0), whole(RANGES.comfortNoise)], {
        error: `comfort noise is ${RANGES.comfortNoise.min} to ${RANGES.comfortNoise.max} dBov, or 0 for none`,
      })
      .default(0),
    'Soft noise in dBov, such as -65, so that a line never sounds dead; 0 is none',
  ),
  sampleRateHz: fixed(
    z.union([z.literal(8000), z.literal(16_000)], { error: 'a rate is 8000 or 16000' }).default(8000),
    'Rate of the sound to listeners and between nodes: 16000 for wideband, which takes more bandwidth',
  ),
  denoise: live(z.boolean().default(false), 'Reduces noise in the calls of speakers'),
  jitterBuffer: live(
    z.boolean().default(false),
    'Smooths the calls of speakers whose packets arrive unevenly, where the relay does not',
  ),
});

const audience = z.strictObject({
  packetMs: live(
    z.union([z.literal(20), z.literal(40), z.literal(60)], { error: 'a packet is 20, 40 or 60 ms' }).default(20),
    'Sound in each packet to a listener: longer ones cost less CPU and bandwidth, and arrive later',
  ),
});

const recording = z.strictObject({
  automatic: fixed(z.boolean().default(false), 'Records each conference, from when its first speaker joins'),
  name: live(
    z
      .string()
      .regex(
        /^(?:[A-Za-z0-9_/-]|\{(?:conference|date|time)\})+$/,
        'letters, digits, "_", "-", "/" and {conference}, {date}, {time}',
      )
      .default('{conference}-{date}-{time}'),
    "Name of the next recording in Asterisk's recording directory",
  ),
  format: live(z.enum(['wav', 'wav16', 'sln', 'gsm', 'ulaw']).default('wav'), 'File format of the next recording'),
  announce: live(z.boolean().default(true), 'Members hear when a recording begins and ends'),
});

export const conferenceProfileSchema = z
  .strictObject({
    kind: z.literal('conference'),
    extends: live(profileName.optional(), 'A conference profile whose values count where this one has none'),
    description: live(z.string().optional(), 'A text for people; shown by `rostrum profile`'),
    flags: live(
      flagWords.default([]),
      'Flags of everyone who joins, such as [+mute]; flags in the dialplan win over them',
    ),
    controls: live(profileName.default('default-keys'), 'The controls profile that says what the telephone keys do'),
    adminControls: live(
      profileName.optional(),
      'The controls profile of moderators; without it, they have the same keys as all members',
    ),
    audience: audience.prefault({}).describe('The sound that listeners get from the relay'),
    idleSeconds: live(seconds(86_400).default(30), 'An empty conference ends after this time'),
    applications: live(
      z
        .array(z.string().regex(APPLICATION_NAME, 'an application is a word such as Playback'))
        .max(100)
        .default([...HARMLESS_APPLICATIONS]),
      'The applications of the dialplan that keys and commands may run on calls',
    ),
    access: access
      .refine(({ userPin, adminPin }) => userPin === undefined || userPin !== adminPin, {
        path: ['adminPin'],
        message: 'the same as userPin: every caller would be a moderator',
      })
      .prefault({})
      .describe('Which callers are admitted'),
    limits: limits.prefault({}).describe('How many members, and for how long'),
    sound: sound.prefault({}).describe('Prompts and music'),
    audio: audio.prefault({}).describe('Sound of members; only speakers cost CPU for it'),
    recording: recording.prefault({}).describe('Recording of what is heard'),
  })
  .describe('How a conference behaves');

export type ConferenceProfile = z.output<typeof conferenceProfileSchema>;
