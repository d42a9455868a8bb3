import { availableParallelism, loadavg } from 'node:os';
import { RouteServer } from '../../api/route-server.ts';
import { ApiServer } from '../../api/server.ts';
import { AriConnection } from '../../ari/ari-connection.ts';
import type { Published } from '../../attendance/journal.ts';
import { hostPort } from '../../config/cluster-config.ts';
import { AsteriskFiles } from '../../controller/asterisk/asterisk-files.ts';
import { AsteriskSession } from '../../controller/asterisk/asterisk-session.ts';
import { AttendanceLog } from '../../controller/attendance/attendance-log.ts';
import { Inviter } from '../../controller/calls/inviter.ts';
import { Cluster } from '../../controller/cluster/cluster.ts';
import { channelOpener } from '../../controller/cluster/event-channels.ts';
import { Controller } from '../../controller/controller.ts';
import { DirectoryWatch } from '../../controller/directory-watch.ts';
import { type NodeProblem, problemsOf } from '../../controller/health.ts';
import { RelayLink } from '../../controller/relay/relay-link.ts';
import { SettingsStore } from '../../controller/settings-store.ts';
import { upgradeNode } from '../../controller/upgrade.ts';
import { createLogger } from '../../process/logger.ts';
import { VERSION } from '../../process/version.ts';
import { Speech } from '../../speech/speech.ts';
import { steadyNow } from '../../timing/steady-now.ts';
import { WallClockWatch } from '../../timing/wall-clock-watch.ts';
import { ConfigWatch } from './config-watch.ts';
import { directoriesOf } from './directories.ts';
import { formerCounts, keep, kept, LASTING, lifetime, readRunningConfig } from './process-end.ts';
import { recordsOf } from './records.ts';

/**
 * Runs the controller until SIGTERM or SIGINT; calls then go on in Asterisk, for the next controller to adopt.
 * @param options.config see `readConfig`
 * @throws ConfigError, ApiError or AriError with what keeps it from running
 */
export async function runController(options: { config?: string }): Promise<void> {
  const { config, problem } = await readRunningConfig(options.config);
  const logger = createLogger(config.log);
  if (problem) logger.error(formerCounts(problem));
  const { url, username, application } = config.asterisk;
  let password = config.ariPassword;
  const readLogin = async () => {
    password = await config.readAriPassword().catch(({ message }: Error) => {
      logger.warn(`${message}; the former password counts`);
      return password;
    });
    return { url, username, password };
  };

  const configWatch = new ConfigWatch({ named: options.config, atStart: problem }, { logger });

  const { ended, end, started } = lifetime();

  const connection = new AriConnection(await readLogin());
  const ari = connection.requests;
  const settings = new SettingsStore(
    { directory: config.profilesDirectory, tablePath: config.tablePath },
    {
      logger,
      keepGood: (files) => keep(LASTING.settings, files),
      lastGood: async () => (await kept()).get(LASTING.settings),
    },
  );
  await settings.start();
  const attendance = new AttendanceLog(
    { directory: config.reports.directory, retentionDays: config.reports.days },
    { logger },
  );
  const room = new AsteriskFiles({ url, application }, { ari, logger });
  const inviter = new Inviter(
    { application, ...config.invite },
    {
      ari,
      room,
      logger,
      now: steadyNow,
      publish: (conference, event) => controller.invitationChanged(conference, event),
    },
  );
  const link = new RelayLink(
    { socketPath: config.relay.socketPath },
    {
      logger,
      onReport: (report) => {
        if (report.type === 'announce') cluster.announceKey(report.to, report.announcement);
        else if (report.type === 'key-installed') cluster.keyInstalled(report.nodeId, report.epoch);
        else if (report.type === 'trunk') cluster.trunkReported(report.stats);
        else if (report.type === 'calls') cluster.callsReported(report.sums);
        else controller.handleRelayReport(report);
      },
      onConnected: () => cluster.relayStarted(),
    },
  );
  const speech = new Speech(config.speech, { logger });
  const watch = (published: Published) => {
    attendance.record(published);
    records.recordingKeeper.watch(published);
  };
  const { nodeId, lifetimeSeconds, capacity = null, sip = null, placement } = config.cluster;
  const openChannel = await channelOpener(config.cluster);
  const trunk = openChannel && config.cluster.trunk;
  const cluster = new Cluster(
    { nodeId, version: VERSION, lifetimeMs: lifetimeSeconds * 1000, capacity, sip, placement, trunk },
    {
      openChannel,
      relay: link,
      logger,
      now: steadyNow,
      load: () => (loadavg()[0] ?? 0) / availableParallelism(),
      problems: () => problems().length,
    },
  );
  const controller = new Controller(
    {
      application,
      nodeId,
      waitMs: config.admission.waitSeconds * 1000,
      anySource: config.relay.sources === 'any',
      recordings: config.asterisk.recordings,
    },
    {
      ari,
      room,
      link,
      book: settings.current,
      speech,
      inviter,
      cluster,
      logger,
      now: steadyNow,
      wallNow: Date.now,
      watch,
    },
  );
  const records = recordsOf({ config, ari, attendance, controller, cluster, logger });
  const clockWatch = new WallClockWatch({
    wallNow: Date.now,
    steadyNow,
    onSet: () => controller.wallClockSet(),
  });
  settings.onChange((book) => controller.useSettings(book));
  process.on('SIGHUP', () => void settings.reload());

  const session = new AsteriskSession(
    { readLogin, application },
    { ari: connection, controller, logger, onReplaced: end },
  );
  const directoryWatch = new DirectoryWatch({ directories: directoriesOf(config, { attendance, room }) }, { logger });
  const problems = (): NodeProblem[] =>
    problemsOf({
      asterisk: session.status,
      room: room.calls,
      isRelayConnected: link.status.connected,
      channel: cluster.channelProblems,
      away: cluster.away,
      configuration: configWatch.problem,
      settings: settings.problem,
      reports: attendance.problem,
      recordings: records.hooks.problem,
      directories: directoryWatch.problems,
      clockAheadMs: Date.now() - steadyNow(),
    });
  const status = () => {
    const now = session.status;
    return {
      version: VERSION,
      pid: process.pid,
      asterisk: { connected: now.connected, version: now.connected ? now.asteriskVersion : null },
      relay: link.status,
      problems: problems(),
      admission: controller.admission,
      inLobby: controller.callersInLobby,
    };
  };
  const reloadProfiles = () => settings.reload();
  const api = new ApiServer(
    { socketPath: config.socketPath },
    {
      controller,
      cluster,
      status,
      reloadProfiles,
      upgrade: upgradeNode,
      ...records,
      inviter,
      recordings: config.asterisk.recordings,
    },
  );

  const { routeListen } = config.cluster;
  const routeServer = routeListen ? new RouteServer({ listen: hostPort(routeListen) }, { cluster }) : null;

  try {
    // The socket first: it tells whether another controller is running here, before that one is disturbed.
    await api.start();
    attendance.start();
    // Before Asterisk is read: the calls that the relay has decide which members are in the right place.
    await link.start();
    await cluster.start();
    void room.start();
    await session.start();
    void records.recordingKeeper.start();
    clockWatch.start();
    await routeServer?.start();
    // Asterisk has been looked for by now, so that it is known which user writes recordings.
    void directoryWatch.start();
    logger.info(`controller running, process ${process.pid}, admin socket ${config.socketPath}`);
    started();
    const error = await ended;
    if (error) throw error;
    logger.info('controller stopping; calls go on in Asterisk');
  } finally {
    await routeServer?.stop();
    room.stop();
    clockWatch.stop();
    await session.stop();
    await link.stop();
    controller.stop();
    await cluster.stop();
    inviter.stop();
    settings.stop();
    configWatch.stop();
    directoryWatch.stop();
    await api.stop();
    await records.recordingKeeper.stop();
    await attendance.stop();
    await connection.close();
  }
}
