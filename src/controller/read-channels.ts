import type { AriChannel, AriPort } from '../ari/port.ts';
import type { ChannelSeen } from '../conference/inputs.ts';
import { parseJoinArguments } from '../conference/join-arguments.ts';
import { parseMember } from '../conference/saved-member.ts';
import { MEMBER_VARIABLE } from './effect-runner.ts';

/** Our channels in Asterisk, by conference. */
export type ChannelsRead = {
  conferences: Map<string, { profileName: string; channels: Omit<ChannelSeen, 'inFloor'>[] }>;
  malformed: { channel: AriChannel; message: string }[];
};

/** Reads all channels that are in our application, with what was saved on them. */
export async function readChannels(ari: AriPort, application: string): Promise<ChannelsRead> {
  const ours = (await ari.listChannels()).filter((channel) => channel.stasis?.application === application);
  const saved = await Promise.all(ours.map((channel) => ari.getVariable(channel.id, MEMBER_VARIABLE)));
  const read: ChannelsRead = { conferences: new Map(), malformed: [] };
  for (const [index, channel] of ours.entries()) {
    const parsed = parseJoinArguments(channel.stasis?.args ?? []);
    if (!parsed.ok) {
      read.malformed.push({ channel, message: parsed.message });
      continue;
    }
    const { conference: name, profileName, flags } = parsed.join;
    const conference = read.conferences.get(name) ?? { profileName, channels: [] };
    read.conferences.set(name, conference);
    conference.channels.push({
      channelId: channel.id,
      caller: channel.caller,
      flags,
      saved: parseMember(saved[index] ?? ''),
    });
  }
  return read;
}
