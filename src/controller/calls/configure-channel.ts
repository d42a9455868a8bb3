import type { AriPort } from '../../ari/port.ts';
import type { ChannelSetup, ChannelSetupKey } from '../../conference/model/channel-setup.ts';
import type { ChannelEffect } from '../../conference/model/effects.ts';
import type { Bridges } from '../asterisk/bridges.ts';
import { volumeFactor } from '../asterisk/dialplan.ts';
import type { Meters } from '../relay/meters.ts';
import type { Anchors } from './anchors.ts';

export type ConfigureChannel = Extract<ChannelEffect, { type: 'configure-channel' }>;
type Write = readonly [name: string, value: string];

export type ConfigureDeps = { ari: AriPort; bridges: Bridges; anchors: Anchors; meters: Meters };

/** Sets a channel up in Asterisk. Rejects with an `AriError`. Doing it again is harmless. */
export async function configureChannel(
  conference: string,
  { channelId, to, changed }: ConfigureChannel,
  deps: ConfigureDeps,
): Promise<void> {
  const { ari, anchors, meters } = deps;
  const isChanged = (...keys: ChannelSetupKey[]) => keys.some((key) => changed.includes(key));
  if (isChanged('metered') && !to.metered) await meters.set(channelId, false);
  if (isChanged('answered') && to.answered) await ari.answer(channelId);
  // Music goes on in a bridge, so it stops before and starts after.
  if (isChanged('music') && to.music === null) await ari.stopMusic(channelId);
  if (isChanged('silence') && !to.silence) await ari.stopSilence(channelId);
  if (isChanged('bridge', 'voice', 'absorbKeys')) await putIntoBridge(conference, channelId, to, deps);
  if (isChanged('gate')) anchors.gate(channelId, to.gate);
  if (isChanged('relay')) anchors.hear(channelId, conference, to.relay);
  if (isChanged('hearing')) await ari.setDeaf(channelId, !to.hearing);
  for (const [name, value] of functionsOf(to, isChanged)) await ari.setVariable(channelId, name, value);
  if (isChanged('music') && to.music !== null) await ari.startMusic(channelId, to.music);
  if (isChanged('silence') && to.silence) await ari.startSilence(channelId);
  if (isChanged('mutedLevel')) anchors.watchTalk(channelId, to.mutedLevel);
  if (isChanged('metered') && to.metered) await meters.set(channelId, true);
}

/**
 * A member who comes to a mixing bridge is in it before the relay passes its sound, and one who leaves such a bridge
 * is out of it before the relay sends anything else: so there is neither a gap nor a moment of both.
 */
async function putIntoBridge(
  conference: string,
  channelId: string,
  { bridge, voice, absorbKeys }: ChannelSetup,
  { bridges, anchors }: ConfigureDeps,
): Promise<void> {
  if (bridge === 'audience') return bridges.enterAudience(channelId);
  if (bridge !== 'none') return bridges.enter(conference, bridge, channelId, { mute: !voice, absorbDtmf: absorbKeys });
  anchors.hear(channelId, conference, null);
  await bridges.leave(conference, channelId);
}

/**
 * The functions of the dialplan that make up a member's sound.
 * @see https://docs.asterisk.org/Latest_API/API_Documentation/Dialplan_Functions/
 */
function functionsOf(to: ChannelSetup, isChanged: (...keys: ChannelSetupKey[]) => boolean): Write[] {
  const writes: Write[] = [];
  const write = (key: ChannelSetupKey, ...pair: Write) => {
    if (isChanged(key)) writes.push(pair);
  };
  const { talkDetect, agcLevel, denoise, jitterBuffer } = to;
  write('agcLevel', 'AGC(rx)', agcLevel === null ? 'off' : String(agcTarget(agcLevel)));
  write('denoise', 'DENOISE(rx)', denoise ? 'on' : 'off');
  if (jitterBuffer) write('jitterBuffer', 'JITTERBUFFER(adaptive)', 'default');
  else write('jitterBuffer', 'JITTERBUFFER(disabled)', '');
  // Asterisk receives what a member says, and transmits what a member hears.
  write('talkVolume', 'VOLUME(RX)', volumeFactor(to.talkVolume));
  write('listenVolume', 'VOLUME(TX)', volumeFactor(to.listenVolume));
  // Functions work in the order in which they were set; talking is to be detected in what the others hear.
  const follows = talkDetect !== null && isChanged('agcLevel', 'denoise', 'talkVolume');
  if (isChanged('talkDetect') || follows) {
    writes.push(['TALK_DETECT(remove)', '']);
    if (talkDetect) writes.push(['TALK_DETECT(set)', `${talkDetect.holdMs},${talkDetect.level}`]);
  }
  return writes;
}

/** AGC wants about the peak amplitude, the level is the mean one of speech: 1000 becomes 8000, heard at -25 dBov. */
function agcTarget(level: number): number {
  return Math.min(32_767, level * 8);
}
