import type { Logger } from 'winston';
import { AriError } from '../../ari/errors.ts';
import type { AriBridge, AriChannel, AriPort } from '../../ari/port.ts';
import type { ChannelSeen } from '../../conference/model/inputs.ts';
import { parseJoinArguments } from '../../conference/model/join-arguments.ts';
import type { SavedConference } from '../../conference/model/saved-conference.ts';
import type { SavedMember } from '../../conference/model/saved-member.ts';
import { parseConference } from '../../conference/schemas/saved-conference.ts';
import { parseMember } from '../../conference/schemas/saved-member.ts';
import { callerOf, endChannel } from './channels.ts';
import { EXECUTE_CONTEXT, MEMBER_VARIABLE, PHONE_HOLD, PLAYER, WHISPER } from './dialplan.ts';
import type { ObjectNames } from './object-names.ts';

/** See https://docs.asterisk.org/Latest_API/API_Documentation/Dialplan_Functions/CHANNEL/ */

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
 * Asterisk does not list its channels (500) while it has one that it cannot put into JSON, such as a call whose Call-ID is
 * no UTF-8, which RFC 3261 does not allow either. Then the channels of the application are read one by one, and such calls
 * are ended.
 */
async function listChannels(ari: AriPort, application: string, logger: Pick<Logger, 'warn'>): Promise<AriChannel[]> {
  try {
    return await ari.listChannels();
  } catch (error) {
    if (!(error instanceof AriError) || error.status !== 500) throw error;
    const read = async (id: string) => (await describedOrEnded(ari, id, logger)) ?? [];
    return (await Promise.all((await ari.channelsIn(application)).map(read))).flat();
  }
}

/**
 * Reads one channel, and ends it if Asterisk cannot describe it.
 * @returns null if it is gone by now, or its description is not understood
 */
export async function describedOrEnded(
  ari: Pick<AriPort, 'readChannel' | 'hangUp'>,
  channelId: string,
  logger: Pick<Logger, 'warn'>,
): Promise<AriChannel | null> {
  try {
    const channel = await ari.readChannel(channelId);
    if (channel) return channel;
  } catch (error) {
    if (!(error instanceof AriError)) logger.warn(`call ${channelId}: passed over: ${(error as Error).message}`);
    return null;
  }
  logger.warn(`call ${channelId}: hung up, because Asterisk cannot describe it: its Call-ID is no text`);
  await endChannel(ari, channelId);
  return null;
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
  const saved = await savedMember(ari, channel.id);
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

/** What is saved on a channel, and whether the phone holds the call now, which may have changed unnoticed. */
async function savedMember(ari: AriPort, channelId: string): Promise<SavedMember | null> {
  const read = await ari.readVariables(channelId, [MEMBER_VARIABLE, PHONE_HOLD]).catch(async (error: unknown) => {
    // It is no SIP call, or has no audio yet, so that Asterisk does not tell whether it is held.
    if (!(error instanceof AriError) || error.status !== 500) throw error;
    return { [MEMBER_VARIABLE]: await ari.getVariable(channelId, MEMBER_VARIABLE), [PHONE_HOLD]: '0' };
  });
  const saved = parseMember(read[MEMBER_VARIABLE] ?? '');
  return saved && { ...saved, phoneHold: read[PHONE_HOLD] === '1' };
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
