import type { Logger } from 'winston';
import type { RelayReport } from '../relay/protocol/protocol.ts';
import type { AsteriskServices } from './asterisk-services.ts';

export type RelayReportDeps = {
  asterisk: Pick<AsteriskServices, 'floorLegs' | 'anchors' | 'meters'>;
  logger: Logger;
};

/** Applies what the relay reports of floors, calls and meters. */
export function applyRelayReport(report: RelayReport, { asterisk, logger }: RelayReportDeps): void {
  const { floorLegs, anchors, meters } = asterisk;
  switch (report.type) {
    case 'floor':
      return floorLegs.opened(report.conference, report.local);
    case 'floor-failed':
      logger.warn(
        `conference ${report.conference}: the relay has no port for its floor, so its listeners hear nothing: ${report.message}`,
      );
      return;
    case 'call-open':
      return anchors.settled(report.channelId, null);
    case 'call-failed':
      return anchors.settled(report.channelId, report.message);
    case 'call-silent':
      return anchors.silent(report.channelId, report.seconds);
    case 'levels':
      return meters.measured(report.levels);
    case 'announce':
    case 'key-installed':
    case 'trunk':
    case 'calls':
    case 'call-source':
    case 'call-statistics':
    case 'meters':
    case 'hello':
    case 'pong':
      // These are for the link and for the cluster.
      return;
  }
}
