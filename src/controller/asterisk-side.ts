import type { Logger } from 'winston';
import type { AriPort } from '../ari/port.ts';
import type { Input } from '../conference/inputs.ts';
import type { Speech } from '../speech/speech.ts';
import { Arranger } from './arranger.ts';
import { Bridges } from './bridges.ts';
import { ComfortNoise } from './comfort-noise.ts';
import { EffectRunner } from './effect-runner.ts';
import { FloorPlayer } from './floor-player.ts';
import { NameRecorder } from './name-recorder.ts';
import { Names } from './names.ts';
import { Prompter } from './prompter.ts';
import { SoundLibrary } from './sound-library.ts';

/** Everything that acts in Asterisk. */
export type AsteriskSide = {
  readonly ari: AriPort;
  readonly names: Names;
  readonly bridges: Bridges;
  readonly prompter: Prompter;
  readonly floorPlayer: FloorPlayer;
  readonly comfortNoise: ComfortNoise;
  readonly nameRecorder: NameRecorder;
  readonly runner: EffectRunner;
};

/** @param deps.report receives what became of effects */
export function createAsteriskSide(
  { application }: { application: string },
  deps: { ari: AriPort; speech: Speech; logger: Logger; report: (conference: string, input: Input) => void },
): AsteriskSide {
  const { ari, speech, logger, report } = deps;
  const names = new Names(application);
  const library = new SoundLibrary({ ari, speech, logger });
  const bridges = new Bridges({ ari, names });
  const side = {
    ari,
    names,
    bridges,
    prompter: new Prompter({ ari, names, library }),
    floorPlayer: new FloorPlayer({ ari, names, library }),
    comfortNoise: new ComfortNoise({ ari, names, library }),
    nameRecorder: new NameRecorder({ ari }),
  };
  const runner = new EffectRunner({ ...side, arranger: new Arranger({ ari, bridges }), report });
  return { ...side, runner };
}
