import type { AriPort } from '../../ari/port.ts';
import type { ChannelSetup, ChannelSetupKey } from '../../conference/model/channel-setup.ts';
import type { ChannelEffect } from '../../conference/model/effects.ts';
import type { Bridges } from '../asterisk/bridges.ts';
import { volumeFactor } from '../asterisk/volume.ts';
import type { Meters } from '../relay/meters.ts';
import type { Anchors } from './anchors.ts';

type ConfigureChannel = Extract<ChannelEffect, { type: 'configure-channel' }>;
type Write = readonly [name: string, value: string];

/** Sets channels up in Asterisk. */
export class ChannelConfigurator {
  readonly #ari: AriPort;
  readonly #bridges: Bridges;
  readonly #anchors: Anchors;
  readonly #meters: Meters;

  constructor(deps: { ari: AriPort; bridges: Bridges; anchors: Anchors; meters: Meters }) {
    this.#ari = deps.ari;
    this.#bridges = deps.bridges;
    this.#anchors = deps.anchors;
    this.#meters = deps.meters;
  }

  /** Rejects with an `AriError`. Doing it again is harmless. */
  async configure(conference: string, { channelId, to, changed }: ConfigureChannel): Promise<void> {
    const isChanged = (...keys: ChannelSetupKey[]) => keys.some((key) => changed.includes(key));
    if (isChanged('metered') && !to.metered) await this.#meters.set(channelId, false);
    if (isChanged('answered') && to.answered) await this.#ari.answer(channelId);
    // Music goes on in a bridge, so it stops before and starts after.
    if (isChanged('music') && to.music === null) await this.#ari.stopMusic(channelId);
    if (isChanged('bridge', 'voice', 'absorbKeys')) await this.#place(conference, channelId, to);
    if (isChanged('relay')) this.#anchors.hear(channelId, conference, to.relay);
    if (isChanged('hearing')) await this.#ari.setDeaf(channelId, !to.hearing);
    for (const [name, value] of functionsOf(to, isChanged)) await this.#ari.setVariable(channelId, name, value);
    if (isChanged('music') && to.music !== null) await this.#ari.startMusic(channelId, to.music);
    if (isChanged('metered') && to.metered) await this.#meters.set(channelId, true);
  }

  /**
   * A member who comes to a mixing bridge is in it before the relay passes its sound, and one who leaves such a bridge
   * is out of it before the relay sends anything else: so there is neither a gap nor a moment of both.
   */
  async #place(conference: string, channelId: string, { bridge, voice, absorbKeys }: ChannelSetup): Promise<void> {
    if (bridge === 'audience') return this.#bridges.enterAudience(channelId);
    if (bridge !== 'none') {
      return this.#bridges.enter(conference, bridge, channelId, { mute: !voice, absorbDtmf: absorbKeys });
    }
    this.#anchors.hear(channelId, conference, null);
    await this.#bridges.leave(conference, channelId);
  }
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
