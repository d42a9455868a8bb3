import { channelSetupOf } from '../conference/model/channel-setup.ts';
import type { Conference } from '../conference/model/conference.ts';
import { type FloorLeg, floorLegOf } from '../conference/model/floor-leg.ts';
import type { ChannelSeen, Input } from '../conference/model/inputs.ts';
import type { Path } from '../conference/model/member.ts';
import { endChannel } from './asterisk/channels.ts';
import { WHISPER } from './asterisk/dialplan.ts';
import type { ObjectNames } from './asterisk/object-names.ts';
import { type AsteriskRead, type ChannelRead, readConference } from './asterisk/read-asterisk.ts';
import type { AsteriskServices } from './asterisk-services.ts';
import type { Conferences } from './conferences.ts';

/** Reconciles all conferences with what was read from Asterisk. Rejects with an `AriError` if more cannot be read. */
export async function resync(read: AsteriskRead, asterisk: AsteriskServices, conferences: Conferences): Promise<void> {
  const withFloorLeg = new Set<string>();
  asterisk.bridges.existing(new Set(read.bridges.map(({ id }) => id)));
  for (const { id, channelIds } of read.bridges) {
    for (const channelId of channelIds) asterisk.bridges.found(channelId, id);
    const floorOf = asterisk.names.conferenceOfFloor(id);
    if (floorOf !== null && channelIds.includes(asterisk.names.floorLeg(floorOf))) withFloorLeg.add(floorOf);
  }
  const meters = metersIn(read, asterisk);
  await asterisk.meters.found(meters);
  for (const [name, { profileName }] of read.conferences) conferences.ensure(name, profileName);
  const found: Found[] = [];
  for (const conference of [...conferences.all.values()]) found.push(await find(conference, read, asterisk));
  reconcile(found, asterisk, conferences);
  await asterisk.anchors.retain(new Set(read.channels.map(({ id }) => id)));
  await stateFloors(read, asterisk, conferences);
  asterisk.floorLegs.found(withFloorLeg);
  await tidy(read, asterisk, conferences);
  for (const channelId of meters.keys()) {
    if (!isMetered(channelId, conferences)) void asterisk.meters.set(channelId, false);
  }
  conferences.forgetStrangers();
}

/**
 * The relay is told about open floors before it is told everything that is wanted: otherwise it would close their
 * ports, and their channels would be made again.
 */
async function stateFloors({ bridges }: AsteriskRead, asterisk: AsteriskServices, { all }: Conferences): Promise<void> {
  const { names, floorLegs } = asterisk;
  for (const { id } of bridges) {
    const name = names.conferenceOfFloor(id) ?? '';
    const leg = wantedFloorLeg(all.get(name));
    if (leg) await floorLegs.set(name, leg);
  }
}

/** Which members have a meter, and whether it has yet to be sent to the relay. */
function metersIn({ others }: AsteriskRead, { names }: AsteriskServices): Map<string, { waiting: boolean }> {
  const meters = new Map<string, { waiting: boolean }>();
  for (const { id, stasis } of others) {
    const channelId = names.channelOfMeter(id);
    if (channelId !== null) meters.set(channelId, { waiting: stasis !== null });
  }
  return meters;
}

function isMetered(channelId: string, conferences: Conferences): boolean {
  const conference = conferences.all.get(conferences.conferenceOf(channelId) ?? '');
  const member = conference?.members.get(channelId);
  return conference !== undefined && member !== undefined && channelSetupOf(conference, member)?.metered === true;
}

/** What there is of a conference in Asterisk. */
type Found = Omit<Extract<Input, { type: 'resync' }>, 'type' | 'disowned'> & { readonly name: string };

async function find(conference: Conference, read: AsteriskRead, asterisk: AsteriskServices): Promise<Found> {
  const { ari, names } = asterisk;
  const { name } = conference;
  const floorId = names.floor(name);
  const floor = read.bridges.find((bridge) => bridge.id === floorId);
  const inFloor = new Set(floor?.channelIds);
  const inAudience = new Set(read.bridges.flatMap(({ id, channelIds }) => (names.isAudience(id) ? channelIds : [])));
  async function seen({ channel, ...read }: ChannelRead): Promise<ChannelSeen> {
    const { channelId, saved } = read;
    const path = await anchored(channel, asterisk);
    const hearing = saved?.setup?.relay ?? null;
    if (path.at === 'bridge' || !inAudience.has(channelId) || hearing === null) {
      return { ...read, path, bridge: inFloor.has(channelId) ? 'floor' : 'other' };
    }
    // It is in place, so it is not set again later.
    asterisk.anchors.hear(channelId, name, hearing);
    return { ...read, path, bridge: 'audience' };
  }
  const channels = await Promise.all((read.conferences.get(name)?.channels ?? []).map(seen));
  const saved = conference.status === 'new' ? await readConference(ari, names, name) : null;
  const recordings = await underWay(
    [conference.recording?.name, saved?.recording?.name, conference.stoppedRecording],
    (recording) => ari.isRecording(recording),
  );
  // Channels are no sign of a playback: nobody ends them where it ends while there is no controller.
  const playbacks = await underWay([conference.playback?.id, saved?.playback?.id], (id) => ari.isPlaying(id));
  return { name, floorOpen: floor !== undefined, channels, saved, recordings, playbacks };
}

/** In one go, so that no command comes between two conferences: it may move a member from the one to the other. */
function reconcile(found: readonly Found[], { floorPlayer }: AsteriskServices, conferences: Conferences): void {
  const channelsOf = new Map<string, ChannelSeen[]>(found.map(({ name }) => [name, []]));
  for (const { name, channels } of found) {
    for (const channel of channels) {
      const { channelId } = channel;
      const home = (conferences.memberOf(channelId) && conferences.conferenceOf(channelId)) ?? name;
      conferences.claim(channelId, home);
      // A member who was transferred after Asterisk was read is set up there by now.
      channelsOf.get(home)?.push(home === name ? channel : { ...channel, saved: null, bridge: 'other' });
    }
  }
  for (const { name, ...of } of found) {
    const conference = conferences.all.get(name);
    const { playback } = conference ?? {};
    // It may have been wanted since that was asked: the events of its channels wait until this is done.
    const begins = playback && floorPlayer.isBeginning(playback.id) ? [playback.id] : [];
    const playbacks = [...of.playbacks, ...begins];
    const channels = channelsOf.get(name) ?? [];
    const disowned = conference ? conferences.disowned(conference) : [];
    conferences.dispatch(name, { type: 'resync', ...of, channels, disowned, playbacks });
  }
}

/** A call that cannot be anchored any more is heard from the bridge, if at all. */
async function anchored(channel: ChannelRead['channel'], { anchors }: AsteriskServices): Promise<Path> {
  try {
    return await anchors.ensure(channel);
  } catch (error) {
    return { at: 'bridge', reason: (error as Error).message };
  }
}

/** Those that Asterisk still has of some recordings or playbacks. */
async function underWay(
  names: readonly (string | null | undefined)[],
  isUnderWay: (name: string) => Promise<boolean>,
): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) if (name != null && (await isUnderWay(name))) found.push(name);
  return found;
}

/** Ends channels and bridges that belong to no conference any more. */
async function tidy(read: AsteriskRead, asterisk: AsteriskServices, { all }: Conferences): Promise<void> {
  const { ari, names, floorPlayer, memberPlayer, whispers } = asterisk;
  const rooms = new Set([...all.values()].flatMap((conference) => roomsOf(conference, names)));
  for (const { id, channelIds } of read.bridges) {
    const name = names.conferenceOfFloor(id);
    // Those who talk in a room may not have been in it yet when Asterisk was read.
    const orphaned = name !== null ? !all.has(name) : names.isRoom(id) && channelIds.length === 0 && !rooms.has(id);
    if (orphaned || (names.isEar(id) && !memberPlayer.isInUse(id))) await ari.destroyBridge(id).catch(() => {});
  }
  const playing = new Set([...all.values()].map(({ playback }) => playback?.id));
  for (const { id, stasis } of read.others) {
    // The controller that would have ended it is gone.
    if (stasis?.args[0] === WHISPER && !whispers.has(id)) void endChannel(ari, id);
    const floorLegOwner = names.conferenceOfFloorLeg(id);
    if (floorLegOwner !== null && !wantedFloorLeg(all.get(floorLegOwner))) void endChannel(ari, id);
    const playback = names.playbackOfPlayer(id);
    if (playback !== null && !playing.has(playback)) await floorPlayer.stop(playback);
  }
}

/** The bridges of the private talks of a conference. */
function roomsOf({ name, members }: Conference, names: ObjectNames): string[] {
  const talking = [...members.where(({ privates }) => privates > 0)];
  return talking.flatMap(({ place }) => (place.at === 'private' ? [names.room(name, place.room)] : []));
}

function wantedFloorLeg(conference: Conference | undefined): FloorLeg | null {
  return conference ? floorLegOf(conference) : null;
}
