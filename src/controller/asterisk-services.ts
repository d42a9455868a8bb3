import type { Logger } from 'winston';
import type { AriPort } from '../ari/port.ts';
import type { Input } from '../conference/model/inputs.ts';
import type { Speech } from '../speech/speech.ts';
import { Bridges } from './asterisk/bridges.ts';
import { ObjectNames } from './asterisk/object-names.ts';
import { Anchors } from './calls/anchors.ts';
import { ChannelConfigurator } from './calls/channel-configurator.ts';
import { EffectRunner } from './effects/effect-runner.ts';
import { FloorLegs } from './relay/floor-legs.ts';
import { Meters } from './relay/meters.ts';
import type { RelayLink } from './relay/relay-link.ts';
import { FloorPlayer } from './sounds/floor-player.ts';
import { NameRecorder } from './sounds/name-recorder.ts';
import { Prompter } from './sounds/prompter.ts';
import { SoundLibrary } from './sounds/sound-library.ts';

/** Everything that acts in Asterisk. */
export type AsteriskServices = {
  readonly ari: AriPort;
  readonly names: ObjectNames;
  readonly bridges: Bridges;
  readonly prompter: Prompter;
  readonly floorPlayer: FloorPlayer;
  readonly floorLegs: FloorLegs;
  readonly anchors: Anchors;
  readonly meters: Meters;
  readonly nameRecorder: NameRecorder;
  readonly runner: EffectRunner;
};

/**
 * @param deps.report receives the results of effects
 * @param deps.settled as of `EffectRunnerDeps`
 * @param deps.measured receives each member whose level has changed
 */
export function createAsteriskServices(
  { application, anySource }: { application: string; anySource: boolean },
  deps: {
    ari: AriPort;
    link: RelayLink;
    speech: Speech;
    logger: Logger;
    report: (conference: string, input: Input) => void;
    settled: (channelId: string, error: unknown) => void;
    measured: (channelId: string) => void;
  },
): AsteriskServices {
  const { ari, link, speech, logger, report, settled, measured } = deps;
  const names = new ObjectNames(application);
  const library = new SoundLibrary({ ari, speech, logger });
  const bridges = new Bridges({ ari, names });
  const prompter = new Prompter({ ari, names, library });
  const side = {
    ari,
    names,
    bridges,
    prompter,
    floorPlayer: new FloorPlayer({ ari, names, library }),
    floorLegs: new FloorLegs({ ari, names, bridges, link, logger }),
    anchors: new Anchors({ application, anySource }, { ari, link, logger, now: () => performance.now() }),
    meters: new Meters({ ari, names, link, logger, onMeasured: measured }),
    nameRecorder: new NameRecorder({ ari }),
  };
  const runner = new EffectRunner({
    ...side,
    logger,
    configurator: new ChannelConfigurator({ ari, bridges, anchors: side.anchors, meters: side.meters }),
    report,
    settled,
  });
  return { ...side, runner };
}
