import type { Logger } from 'winston';
import type { RelayReport } from '../relay/protocol.ts';
import type { AsteriskSide } from './asterisk-side.ts';
import { channelOf } from './fan-out.ts';

export type RelayReportDeps = {
  asterisk: Pick<AsteriskSide, 'floorLegs' | 'fanOut' | 'meters'>;
  /** A member has pressed a key on a phone that talks with the relay. */
  pressed: (channelId: string, key: string) => void;
  logger: Logger;
};

/** Takes what the relay tells of floors, listeners' legs and meters. */
export function takeRelayReport(report: RelayReport, { asterisk, pressed, logger }: RelayReportDeps): void {
  const { floorLegs, fanOut, meters } = asterisk;
  switch (report.type) {
    case 'floor':
      return floorLegs.opened(report.conference, report.local);
    case 'floor-failed':
      logger.warn(`conference ${report.conference}: no port for its floor: ${report.message}`);
      return;
    case 'leg':
      return fanOut.legMoved(report.legId, report.leg);
    case 'leg-ended':
      return fanOut.legGone(report.legId);
    case 'key':
      if (fanOut.isWanted(report.legId)) pressed(channelOf(report.legId), report.key);
      return;
    case 'levels':
      return meters.measured(report.levels);
    case 'announce':
    case 'key-installed':
    case 'trunk':
    case 'legs':
    case 'meters':
    case 'hello':
    case 'pong':
      // The link knows.
      return;
  }
}
