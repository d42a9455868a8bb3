import { type Media, parseMedia } from './media.ts';

/** Something that a caller is told at some point. */
export type Prompt = {
  /** When it is heard, for documentation and for the JSON Schema of profiles. */
  readonly summary: string;
  /** Media, one after the other, unless a profile says otherwise: Asterisk's own recordings where they fit. */
  readonly standard: readonly string[];
  /** Names that the media may have in braces, as in `number:{count}`, with an example of its value. */
  readonly placeholders?: Readonly<Record<string, string>>;
};

/** The number of members, the one included who has just joined. */
const COUNT = { count: '3' };

/** The words in the comments are what Asterisk's recordings say. */
const catalogue = {
  // "Please enter your conference number followed by the pound key."
  'enter-conference': prompt('Asks for the number of a conference', 'sound:conf-getconfno'),
  // "That is not a valid conference number. Please try again."
  'bad-conference': prompt('There is no conference of that number', 'sound:conf-invalid'),
  // "Please enter the conference pin number."
  'enter-pin': prompt('Asks for the PIN', 'sound:conf-getpin'),
  // "That pin is invalid for this conference."
  'bad-pin': prompt('A wrong PIN; the caller may try again', 'sound:conf-invalidpin'),
  'pin-wait': prompt('The PIN is judged later, after many wrong ones', 'tts:There were many wrong PINs. Please wait.'),
  // "You have entered too many invalid personal identification numbers."
  'pin-failed': prompt('The last wrong PIN; the call ends', 'sound:confbridge-pin-bad'),
  // "After the tone say your name and then press the pound key."
  'record-name': prompt('Asks for a name to be recorded; a beep follows', 'sound:vm-rec-name'),
  // "Press 1 to accept this recording. Press 2 to listen to it. Press 3 to rerecord your message."
  'review-name': prompt('To a caller who has just heard the name that was recorded', 'sound:vm-review'),
  // "You will now be placed into the conference."
  welcome: { ...prompt('To a member who joins', 'sound:conf-placeintoconf'), placeholders: COUNT },
  // "Goodbye"
  bye: prompt('Before the call ends', 'sound:vm-goodbye'),

  'not-open': {
    ...prompt(
      'The conference is not open yet; the call ends',
      'tts:This conference is not open yet. It opens {day} at {time}.',
    ),
    placeholders: { day: 'tomorrow', time: '10:00 AM', hour: '10', minute: '0' },
  },
  over: prompt('The conference is over, and does not open again; the call ends', 'tts:This conference is over.'),
  // "The conference is currently locked and cannot be joined."
  locked: prompt('The conference is locked; the call ends', 'sound:confbridge-lock-no-join'),
  // "That conference is full."
  full: prompt('The conference has as many members as it may; the call ends', 'sound:conf-full'),
  // "The conference will begin when the leader arrives."
  waiting: prompt('To a member who waits for a moderator', 'sound:conf-waitforleader'),
  // "You are currently the only person in this conference."
  alone: prompt('To a member who is alone in the conference', 'sound:conf-onlyperson'),
  // "There are currently" ... "participants in the conference."
  count: {
    ...prompt('The number of members', 'sound:conf-thereare', 'number:{count}', 'sound:confbridge-participants'),
    placeholders: COUNT,
  },

  joined: { ...prompt('To everybody: a member has joined', 'tone:660/80,880/120'), placeholders: COUNT },
  left: { ...prompt('To everybody: a member has left', 'tone:880/80,660/120'), placeholders: COUNT },
  // "is now in the conference."
  'has-joined': {
    ...prompt('To everybody, after the recorded name of a member who has joined', 'sound:conf-hasjoin'),
    placeholders: COUNT,
  },
  // "has left the conference."
  'has-left': {
    ...prompt('To everybody, after the recorded name of a member who has left', 'sound:conf-hasleft'),
    placeholders: COUNT,
  },

  // "You are now muted"
  muted: prompt('To a member who is no longer heard', 'sound:conf-muted'),
  'you-are-muted': prompt('To a muted speaker who talks, each 30 s at most; silent unless a profile has something'),
  // "You are now unmuted"
  unmuted: prompt('To a member who may be heard again', 'sound:conf-unmuted'),
  deafened: prompt('To a member who no longer hears the conference', 'tts:You no longer hear the conference.'),
  undeafened: prompt('To a member who hears the conference again', 'tts:You hear the conference again.'),
  // "The conference is now muted."
  'floor-muted': prompt('To everybody: all but moderators are muted', 'sound:conf-now-muted'),
  // "The conference is now unmuted."
  'floor-unmuted': prompt('To everybody: muting of all is over', 'sound:conf-now-unmuted'),
  admin: prompt('To a member who has become a moderator', 'tts:You are now a moderator.'),
  unadmin: prompt('To a member who is no longer a moderator', 'tts:You are no longer a moderator.'),
  speaker: prompt('To a listener who has become a speaker', 'tts:You are now a speaker. Everyone can hear you.'),
  unspeaker: prompt('To a speaker who has become a listener', 'tts:You are now a listener.'),

  'hand-raised': prompt('To a member whose hand was raised', 'tts:Your hand is raised.'),
  'hand-lowered': prompt('To a member whose hand was lowered', 'tts:Your hand is lowered.'),
  'hand-your-turn': prompt('To a member whose turn it is to speak', "tts:It's your turn. Please go ahead."),

  'help-asked': prompt('To a member who asks for help', 'tts:You have asked for help.'),
  'help-ended': prompt('To a member whose request for help is over', 'tts:Your request for help is closed.'),
  'help-wanted': prompt('To moderators: somebody asks for help', 'tts:Somebody asks for help.'),

  // "The conference is now locked"
  lockednow: prompt('To everybody: nobody else can join', 'sound:conf-lockednow'),
  // "The conference is now unlocked"
  unlockednow: prompt('To everybody: others can join again', 'sound:conf-unlockednow'),
  // "The conference is now being recorded."
  'recording-started': prompt('To everybody: a recording has begun', 'sound:conf-now-recording'),
  'recording-stopped': prompt('To everybody: a recording has ended', 'tts:The conference is no longer being recorded.'),
  // "The leader has left the conference."
  'admin-left': prompt(
    'To everybody: the conference ends, since a moderator or mandatory member has not come back',
    'sound:conf-leaderhasleft',
  ),
  // "the conference has ended"
  'conference-ending': prompt('To everybody: the conference ends for another reason', 'sound:confbridge-conf-end'),
  'time-warning': prompt('The time limit of the call or conference is near', 'tts:Your time is almost up.'),
  'time-over': prompt('A time limit is reached; the call ends', 'tts:Your time is up.'),
  // "You have been removed from the conference."
  kicked: prompt('To a member who was removed; the call ends', 'sound:confbridge-removed'),

  private: prompt('To both members, at the beginning of a private talk', 'tts:You are now in a private talk.'),
  'private-ended': prompt('To both members, at the end of a private talk', 'tts:You are back in the conference.'),
  hold: prompt('To a member who was put on hold', 'tts:You are on hold. Please stay on the line.'),
  transferred: prompt('To a member who is moved to another conference', 'tts:You are moving to another conference.'),
  'invite-failed': prompt('A person who was called did not come', 'tts:Sorry, that person could not be reached.'),

  confirm: {
    ...prompt('Asks whether a key is meant', 'tts:{action}? Press 1 to confirm, or another key to cancel.'),
    placeholders: { action: 'End the conference' },
  },
  cancelled: prompt('To a member who did not confirm a key', 'tts:Cancelled.'),
  level: prompt('Confirms a key that changes a volume', 'tone:1000/60'),
  denied: prompt('To a member whose key may not do what it should', 'tts:Sorry, you are not allowed to do that.'),
  menu: {
    ...prompt('The keys and what they do', 'tts:{menu}'),
    placeholders: { menu: 'To leave the conference, press pound.' },
  },
} satisfies Record<string, Prompt>;

export type PromptName = keyof typeof catalogue;

export const PROMPTS: Readonly<Record<PromptName, Prompt>> = catalogue;

export const PROMPT_NAMES = Object.keys(PROMPTS) as PromptName[];

export function isPromptName(name: string): name is PromptName {
  return Object.hasOwn(PROMPTS, name);
}

/** The media with `{name}` replaced by the value of that name; others stay as they are. */
export function fillPlaceholders(media: string, values: Readonly<Record<string, string | number>>): string {
  return media.replace(/\{([a-z]+)\}/g, (braced, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : braced,
  );
}

/** Media of a prompt. A template names a placeholder, whose value is known only when the prompt is heard. */
export type PromptMedia = Media | { readonly type: 'template'; readonly text: string };

export type ParsedPromptMedia = { ok: true; media: PromptMedia } | { ok: false; message: string };

/** Parses media that an operator gives a prompt. */
export function parsePromptMedia(name: PromptName, text: string): ParsedPromptMedia {
  const filled = fillPlaceholders(text, PROMPTS[name].placeholders ?? {});
  const parsed = parseMedia(filled, { allowAbsolute: true });
  return parsed.ok && filled !== text ? { ok: true, media: { type: 'template', text } } : parsed;
}

/** The sound of a prompt's media; null where the values make a template into something that cannot be played. */
export function fillTemplate(media: PromptMedia, values: Readonly<Record<string, string | number>>): Media | null {
  if (media.type !== 'template') return media;
  const parsed = parseMedia(fillPlaceholders(media.text, values), { allowAbsolute: true });
  return parsed.ok ? parsed.media : null;
}

/** Media of a prompt that are known to be right, such as those of a checked profile. */
export function promptMedia(name: PromptName, texts: readonly string[]): readonly PromptMedia[] {
  return texts.flatMap((text) => {
    const parsed = parsePromptMedia(name, text);
    return parsed.ok ? [parsed.media] : [];
  });
}

function prompt(summary: string, ...standard: string[]): Prompt {
  return { summary, standard };
}
