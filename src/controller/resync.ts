import type { Conference } from '../conference/conference.ts';
import { floorLegOf } from '../conference/fan-out.ts';
import type { ChannelSeen } from '../conference/inputs.ts';
import type { AsteriskSide } from './asterisk-side.ts';
import type { Conferences } from './conferences.ts';
import { WHISPER } from './names.ts';
import { type AsteriskRead, readConference } from './read-asterisk.ts';

const NORMAL_CLEARING = 16;

/** Squares all conferences with what was read from Asterisk. Rejects with an `AriError` if more cannot be read. */
export async function resync(read: AsteriskRead, asterisk: AsteriskSide, conferences: Conferences): Promise<void> {
  for (const { id, channelIds } of read.bridges) {
    for (const channelId of channelIds) asterisk.bridges.found(channelId, id);
  }
  for (const [name, { profileName }] of read.conferences) conferences.ensure(name, profileName);
  for (const conference of [...conferences.all.values()]) {
    await resyncConference(conference, read, asterisk, conferences);
  }
  await tidy(read, asterisk, conferences);
  conferences.forgetStrangers();
}

async function resyncConference(
  conference: Conference,
  read: AsteriskRead,
  asterisk: AsteriskSide,
  conferences: Conferences,
): Promise<void> {
  const { ari, names } = asterisk;
  const { name } = conference;
  const floorId = names.floor(name);
  const floor = read.bridges.find((bridge) => bridge.id === floorId);
  const inFloor = new Set(floor?.channelIds);
  const bridgeOf = (channel: Omit<ChannelSeen, 'bridge'>): ChannelSeen['bridge'] => {
    if (inFloor.has(channel.channelId)) return 'floor';
    return isAtRelay(name, channel, read, asterisk) ? 'relay' : 'other';
  };
  const channels = read.conferences.get(name)?.channels ?? [];
  for (const { channelId } of channels) conferences.claim(channelId, name);
  const saved = conference.status === 'new' ? await readConference(ari, names, name) : null;
  const recording = (conference.recording ?? saved?.recording)?.name;
  conferences.tell(name, {
    type: 'resync',
    floorOpen: floor !== undefined,
    channels: channels.map((channel) => ({ ...channel, bridge: bridgeOf(channel) })),
    saved,
    recordings: recording !== undefined && (await ari.isRecording(recording)) ? [recording] : [],
    playbacks: read.others.flatMap(({ id }) => names.playbackOfPlayer(id) ?? []),
  });
}

/** Whether a member is bridged with a leg that the relay has; if so, it is taken over. */
function isAtRelay(
  conference: string,
  { channelId, saved }: Omit<ChannelSeen, 'bridge'>,
  { bridges }: AsteriskRead,
  { names, fanOut }: AsteriskSide,
): boolean {
  const bridge = bridges.find(({ id }) => id === names.audience(channelId));
  const relay = saved?.arrangement?.relay;
  if (!relay || !bridge?.channelIds.includes(channelId)) return false;
  const legId = bridge.channelIds.map((id) => names.legOfChannel(id)).find((id) => id !== null);
  return legId !== undefined && fanOut.adopt(conference, channelId, legId, relay);
}

/** Ends what belongs to nobody any more. */
async function tidy(read: AsteriskRead, asterisk: AsteriskSide, { all }: Conferences): Promise<void> {
  const { ari, names, floorPlayer, floorLegs, fanOut } = asterisk;
  for (const { id, channelIds } of read.bridges) {
    const name = names.conferenceOfFloor(id);
    const empty = (names.isRoom(id) || names.channelOfAudience(id) !== null) && channelIds.length === 0;
    const orphaned = name !== null ? !all.has(name) : empty;
    if (orphaned) await ari.destroyBridge(id).catch(() => {});
  }
  const playing = new Set([...all.values()].map(({ playback }) => playback?.id));
  for (const { id, stasis } of read.others) {
    // Whispers have lost the one who would have ended them.
    if (stasis?.args[0] === WHISPER) ari.hangUp(id, NORMAL_CLEARING).catch(() => {});
    const playback = names.playbackOfPlayer(id);
    const legId = names.legOfChannel(id);
    const floorLeg = names.conferenceOfFloorLeg(id);
    // Of the floors it is known what they need, though it may not have been asked for yet.
    const conference = floorLeg === null ? undefined : all.get(floorLeg);
    const wish = conference ? floorLegOf(conference) : null;
    if (conference && wish) floorLegs.adopt(conference.name, wish);
    const unwanted = legId !== null ? !fanOut.isWanted(legId) : floorLeg !== null && wish === null;
    if (unwanted) ari.hangUp(id, NORMAL_CLEARING).catch(() => {});
    if (playback === null || playing.has(playback)) continue;
    await floorPlayer.stop(playback);
  }
}
