import type { Logger } from 'winston';
import { NORMAL_CLEARING } from '../../ari/causes.ts';
import { AriError } from '../../ari/errors.ts';
import type { AriBridge, AriChannel, AriPort } from '../../ari/port.ts';
import type { ChannelSeen } from '../../conference/model/inputs.ts';
import { parseJoinArguments } from '../../conference/model/join-arguments.ts';
import type { SavedConference } from '../../conference/model/saved-conference.ts';
import { parseConference } from '../../conference/schemas/saved-conference.ts';
import { parseMember } from '../../conference/schemas/saved-member.ts';
import { callerOf } from './channels.ts';
import { EXECUTE_CONTEXT, MEMBER_VARIABLE, PLAYER, WHISPER } from './dialplan.ts';
import type { ObjectNames } from './object-names.ts';

/** A channel of a conference, with its name in Asterisk in place of what becomes of its media. */
export type ChannelRead = Omit<ChannelSeen, 'bridge' | 'path'> & { readonly channel: AriChannel };

/** Everything in Asterisk that belongs to this application. */
export type AsteriskRead = {
  conferences: Map<string, { profileName: string; channels: ChannelRead[] }>;
  /** Calls that ask for a conference's number, and have been answered. */
  inLobby: AriChannel[];
  /** Calls that have not been let in yet. */
  unanswered: AriChannel[];
  malformed: { channel: AriChannel; message: string }[];
  /** Channels that are no calls: whispers, players, meters, and those of floors to the relay. */
  others: AriChannel[];
  bridges: AriBridge[];
  /** All channels of Asterisk, also those of other applications. */
  channels: AriChannel[];
};

/** Facts about channels that the controller knows already. */
export type Known = {
  /** Whether a call waits, or is about to be sent elsewhere, so that it is not for any conference yet. */
  readonly isUndecided: (channelId: string) => boolean;
  /** The conference that has taken a call in, whatever is saved on it yet; null where none has. */
  readonly homeOf: (channelId: string) => string | null;
};

/** Reads all channels that are in our application, or away in the dialplan, with what was saved on them. */
export async function readAsterisk(
  ari: AriPort,
  names: ObjectNames,
  known: Known,
  logger: Pick<Logger, 'warn'>,
): Promise<AsteriskRead> {
  const [channels, bridges] = await Promise.all([listChannels(ari, names.application, logger), ari.listBridges()]);
  const ours = channels.filter(
    ({ id, stasis, context }) =>
      !known.isUndecided(id) &&
      (stasis?.application === names.application || context === EXECUTE_CONTEXT || names.channelOfMeter(id) !== null),
  );
  const read: AsteriskRead = {
    conferences: new Map(),
    inLobby: [],
    unanswered: [],
    malformed: [],
    others: [],
    bridges,
    channels,
  };
  await Promise.all(ours.map((channel) => readChannel(ari, names, channel, known.homeOf(channel.id), read)));
  return read;
}

/**
 * Asterisk describes no channel at all (500) while it has one that it cannot put into JSON, such as a call whose Call-ID
 * is no UTF-8, for which RFC 3261 has no room either. Such calls are ended, and then it can.
 */
async function listChannels(ari: AriPort, application: string, logger: Pick<Logger, 'warn'>): Promise<AriChannel[]> {
  try {
    return await ari.listChannels();
  } catch (error) {
    if (!(error instanceof AriError) || error.status !== 500) throw error;
    for (const id of await ari.channelsIn(application)) {
      // Asked for it alone, Asterisk answers nothing.
      const hasAnswer = await ari.readLocation(id).then(Boolean, (cause: unknown) => cause instanceof AriError);
      if (hasAnswer) continue;
      logger.warn(`call ${id}: hung up, because Asterisk cannot describe it: its Call-ID is no text`);
      await ari.hangUp(id, NORMAL_CLEARING);
    }
    return ari.listChannels();
  }
}

export async function readConference(
  ari: AriPort,
  names: ObjectNames,
  conference: string,
): Promise<SavedConference | null> {
  return parseConference((await ari.getGlobalVariable(names.conferenceVariable(conference))) ?? '');
}

async function readChannel(
  ari: AriPort,
  names: ObjectNames,
  channel: AriChannel,
  home: string | null,
  read: AsteriskRead,
): Promise<void> {
  const args = channel.stasis?.args ?? [];
  const isNamed = names.conferenceOfFloorLeg(channel.id) !== null || names.channelOfMeter(channel.id) !== null;
  if (isNamed || args[0] === WHISPER || args[0] === PLAYER) {
    read.others.push(channel);
    return;
  }
  const saved = parseMember((await ari.getVariable(channel.id, MEMBER_VARIABLE)) ?? '');
  const isAtHome = home === null || home === saved?.conference;
  if (saved && isAtHome) return add(read, channel, saved.conference, saved.profileName, { flags: {}, saved });
  // Its profile is that of the conference, which there is.
  if (home !== null) return add(read, channel, home, '', { flags: {}, saved: null });
  const parsed = parseJoinArguments(args);
  if (!parsed.ok) {
    read.malformed.push({ channel, message: parsed.message });
    return;
  }
  const { conference, profileName, flags } = parsed.join;
  // A call that was answered already is half set up: its setup is finished at once.
  if (channel.dialled !== null) read.unanswered.push(channel);
  else if (conference === null) read.inLobby.push(channel);
  else add(read, channel, conference, profileName, { flags, saved: null });
}

function add(
  read: AsteriskRead,
  channel: AriChannel,
  name: string,
  profileName: string,
  seen: Pick<ChannelSeen, 'flags' | 'saved'>,
): void {
  const conference = read.conferences.get(name) ?? { profileName, channels: [] };
  read.conferences.set(name, conference);
  const here = channel.stasis !== null;
  conference.channels.push({ channel, channelId: channel.id, caller: callerOf(channel), here, ...seen });
}
