import type { Speech } from '../speech/speech.ts';
import { Bridges } from './asterisk/bridges.ts';
import { ObjectNames } from './asterisk/object-names.ts';
import { Anchors, type AnchorsDeps, type AnchorsOptions } from './calls/anchors.ts';
import { EffectRunner, type EffectRunnerDeps } from './effects/effect-runner.ts';
import { FloorLegs } from './relay/floor-legs.ts';
import { Meters, type MetersDeps } from './relay/meters.ts';
import type { RelayLink } from './relay/relay-link.ts';
import { Announcements } from './sounds/announcements.ts';
import { FloorPlayer } from './sounds/floor-player.ts';
import { MemberPlayer } from './sounds/member-player.ts';
import { NameRecorder } from './sounds/name-recorder.ts';
import { Prompter } from './sounds/prompter.ts';
import { SoundLibrary } from './sounds/sound-library.ts';
import { Whispers } from './sounds/whispers.ts';

export type AsteriskServicesDeps = Pick<EffectRunnerDeps, 'ari' | 'logger' | 'report' | 'settled'> &
  Pick<MetersDeps, 'onMeasured'> &
  Pick<AnchorsDeps, 'onPath'> & { link: RelayLink; speech: Speech };

/** Everything that acts in Asterisk. */
export type AsteriskServices = Readonly<ReturnType<typeof createAsteriskServices>>;

export type AsteriskServicesOptions = AnchorsOptions & Pick<EffectRunnerDeps, 'recordings'>;

export function createAsteriskServices(options: AsteriskServicesOptions, deps: AsteriskServicesDeps) {
  const { ari, link, speech, logger, report, settled, onMeasured, onPath } = deps;
  const names = new ObjectNames(options.application);
  const library = new SoundLibrary({ ari, speech, logger });
  const bridges = new Bridges({ ari, names });
  const whispers = new Whispers({ ari, names });
  const prompter = new Prompter({ ari, names, library, whispers });
  const services = {
    ari,
    names,
    bridges,
    prompter,
    whispers,
    announcements: new Announcements({ prompter, logger }),
    memberPlayer: new MemberPlayer({ ari, names, library, whispers }),
    floorPlayer: new FloorPlayer({ ari, names, library }),
    floorLegs: new FloorLegs({ ari, names, bridges, link, logger }),
    anchors: new Anchors(options, { ari, link, logger, now: () => performance.now(), onPath }),
    meters: new Meters({ ari, names, link, logger, onMeasured }),
    nameRecorder: new NameRecorder({ ari }),
  };
  return {
    ...services,
    runner: new EffectRunner({ ...services, recordings: options.recordings, logger, report, settled }),
  };
}
