import { z } from 'zod';
import { RANGES } from '../conference/model/commands.ts';
import { FLAGS, parseFlags } from '../conference/model/flags.ts';
import { PROFILE_NAME } from '../conference/model/join-arguments.ts';
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

const live = { takesEffect: 'live' } as const;
const nextConference = { takesEffect: 'next-conference' } as const;

export const profileName = z.string().regex(PROFILE_NAME, 'a profile name is letters, digits, "_", "." and "-"');

const flagWord = z
  .string()
  .refine((word) => parseFlags([word]).ok, `a flag is "+" or "-" and one of ${FLAGS.join(', ')}`)
  .meta({ enum: FLAGS.flatMap((flag) => [`+${flag}`, `-${flag}`]) });

const flagWords = z.array(flagWord).max(32);

const pin = z
  .string({ error: 'a PIN is text: put it in quotes' })
  .regex(/^\d{1,10}$/, 'a PIN is 1 to 10 digits')
  .optional();

const seconds = (longest: number) => z.number().int().min(0).max(longest);
const minutes = z.number().min(0).max(10_080);

const prompts = z
  .partialRecord(
    z.enum(PROMPT_NAMES, { error: `no such prompt; there are ${PROMPT_NAMES.join(', ')}` }),
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

const volume = z.number().int().min(RANGES.talkVolume.min).max(RANGES.talkVolume.max);

const access = z.strictObject({
  userPin: pin
    .describe('PIN that every caller must dial to join; without it, callers need none')
    .meta({ ...live, secret: true }),
  adminPin: pin
    .describe('PIN that makes a caller a moderator, when joining or after the action `admin`')
    .meta({ ...live, secret: true }),
  tries: z.number().int().min(1).max(10).default(3).describe('How often a caller may try a PIN').meta(live),
  timeoutSeconds: seconds(60)
    .min(3)
    .default(10)
    .describe('How long a caller may take to dial a PIN; counted again with each digit')
    .meta(live),
  adminFlags: flagWords
    .default([])
    .describe('Further flags of callers who dial the PIN of moderators, such as [+speaker]')
    .meta(live),
  lobbyNumbers: z
    .array(z.string().regex(/^[0-9X]{1,10}$/, 'a pattern is 1 to 10 digits, or X for any digit'))
    .max(100)
    .default(['XXXX'])
    .describe('Numbers of conferences that callers of the lobby may open; they can join any conference that runs')
    .meta(live),
  waitForAdmin: z.boolean().default(false).describe('Callers wait, with music, until a moderator is there').meta(live),
  endWithoutAdmin: z
    .boolean()
    .default(false)
    .describe('The conference ends after its last moderator has left')
    .meta(live),
  adminGraceSeconds: seconds(86_400)
    .default(60)
    .describe('With `endWithoutAdmin`: time in which a moderator may come back')
    .meta(live),
});

const limits = z.strictObject({
  members: z
    .number()
    .int()
    .min(1)
    .max(100_000)
    .default(10_000)
    .describe('Most members at once; moderators are admitted regardless')
    .meta(live),
  speakers: z
    .number()
    .int()
    .min(1)
    .max(200)
    .default(25)
    .describe('Most speakers at once; further callers with +speaker join as listeners')
    .meta(live),
  callMinutes: minutes.default(0).describe('Longest stay of a member, moderators excepted; 0 is no limit').meta(live),
  conferenceMinutes: minutes.default(0).describe('Longest duration of the conference; 0 is no limit').meta(live),
  warningSeconds: seconds(3600).default(60).describe('How long before such an end callers are warned').meta(live),
});

const sound = z.strictObject({
  language: z
    .string()
    .regex(/^[a-z]{2,3}([_-][A-Za-z0-9]{2,8})?$/, 'a language is a code such as en, de or pt_BR')
    .default('en')
    .describe('Language of prompts, such as en, de or pt_BR')
    .meta(live),
  music: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'a music class is letters, digits, "_" and "-"')
    .default('default')
    .describe('Class of musiconhold.conf for members who are alone, wait or are on hold; `none` for silence')
    .meta(live),
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9/_-]*$/, 'a prefix is a path of letters, digits, "_" and "-"')
    .default('')
    .describe('Directory of the sounds of Asterisk that are named without a directory')
    .meta(live),
  voice: z
    .string()
    .regex(VOICE, 'a voice is a variant of espeak-ng such as f2 or m3: letters and digits')
    .optional()
    .describe('Variant of the voice of espeak-ng, such as f2 or m3; the voice itself is that of the language')
    .meta(live),
  announce: z
    .enum(['none', 'tone', 'name'])
    .default('none')
    .describe('How the others hear that a member joins or leaves')
    .meta(live),
  announceUpTo: z
    .number()
    .int()
    .min(0)
    .max(1000)
    .default(10)
    .describe('Nobody is announced while there are more members than this')
    .meta(live),
  prompts: prompts
    .default({})
    .describe('Prompts that differ from the standard ones: a sound, a list of them, or `none` for silence')
    .meta(live),
});

const audio = z.strictObject({
  vadLevel: z
    .number()
    .int()
    .min(RANGES.vadLevel.min)
    .max(RANGES.vadLevel.max)
    .default(300)
    .describe('Loudness from which a speaker counts as talking; 0 turns the detection off')
    .meta(live),
  vadHoldMs: z
    .number()
    .int()
    .min(100)
    .max(10_000)
    .default(500)
    .describe('Length of the pause after which a speaker no longer counts as talking')
    .meta(live),
  energy: z
    .boolean()
    .default(false)
    .describe(
      'Measures and shows how loud speakers are; each speaker who can be heard costs one more channel in Asterisk',
    )
    .meta(live),
  agcLevel: z
    .number()
    .int()
    .min(RANGES.agcLevel.min)
    .max(RANGES.agcLevel.max)
    .default(0)
    .describe('Loudness to which every speaker is brought; 0 turns the gain control off')
    .meta(live),
  talkVolume: volume.default(0).describe('How loud speakers are heard, in steps of 3 dB').meta(live),
  listenVolume: volume.default(0).describe('How loud members hear, in steps of 3 dB').meta(live),
  comfortNoise: z
    .union([z.literal(0), z.number().int().min(RANGES.comfortNoise.min).max(RANGES.comfortNoise.max)], {
      error: `comfort noise is ${RANGES.comfortNoise.min} to ${RANGES.comfortNoise.max} dBov, or 0 for none`,
    })
    .default(0)
    .describe('Soft noise in dBov, such as -65, so that a line never sounds dead; 0 is none')
    .meta(live),
  sampleRateHz: z
    .union([z.literal(8000), z.literal(16_000)], { error: 'a rate is 8000 or 16000' })
    .default(8000)
    .describe('Rate of the sound to listeners and between nodes: 16000 for wideband, which takes more bandwidth')
    .meta(nextConference),
  denoise: z.boolean().default(false).describe('Reduces noise in the calls of speakers').meta(live),
  jitterBuffer: z
    .boolean()
    .default(false)
    .describe('Smooths the calls of speakers whose packets arrive unevenly')
    .meta(live),
});

const audience = z.strictObject({
  packetMs: z
    .union([z.literal(20), z.literal(40), z.literal(60)], { error: 'a packet is 20, 40 or 60 ms' })
    .default(20)
    .describe('Sound in each packet to a listener: longer ones cost less CPU and bandwidth, and arrive later')
    .meta(live),
});

const recording = z.strictObject({
  automatic: z
    .boolean()
    .default(false)
    .describe('Records each conference, from when its first speaker joins')
    .meta(nextConference),
  name: z
    .string()
    .regex(
      /^(?:[A-Za-z0-9_/-]|\{(?:conference|date|time)\})+$/,
      'letters, digits, "_", "-", "/" and {conference}, {date}, {time}',
    )
    .default('{conference}-{date}-{time}')
    .describe("Name of the next recording in Asterisk's recording directory")
    .meta(live),
  format: z
    .enum(['wav', 'wav16', 'sln', 'gsm', 'ulaw'])
    .default('wav')
    .describe('File format of the next recording')
    .meta(live),
  announce: z.boolean().default(true).describe('Members hear when a recording begins and ends').meta(live),
});

export const conferenceProfileSchema = z
  .strictObject({
    kind: z.literal('conference'),
    extends: profileName
      .optional()
      .describe('A conference profile whose values count where this one has none')
      .meta(live),
    description: z.string().optional().describe('A text for people; shown by `rostrum profile`').meta(live),
    flags: flagWords
      .default([])
      .describe('Flags of everyone who joins, such as [+mute]; flags in the dialplan win over them')
      .meta(live),
    controls: profileName
      .default('default-keys')
      .describe('The controls profile that says what the telephone keys do')
      .meta(live),
    adminControls: profileName
      .optional()
      .describe('The controls profile of moderators; without it, they have the same keys as all members')
      .meta(live),
    audience: audience.prefault({}).describe('The sound that listeners get from the relay'),
    idleSeconds: seconds(86_400).default(30).describe('An empty conference ends after this time').meta(live),
    access: access.prefault({}).describe('Which callers are admitted'),
    limits: limits.prefault({}).describe('How many members, and for how long'),
    sound: sound.prefault({}).describe('Prompts and music'),
    audio: audio.prefault({}).describe('Sound of members; only speakers cost CPU for it'),
    recording: recording.prefault({}).describe('Recording of what is heard'),
  })
  .describe('How a conference behaves');

export type ConferenceProfile = z.output<typeof conferenceProfileSchema>;
