import { join } from 'node:path';
import type { Logger } from 'winston';
import type { RouteDeps } from '../../api/deps.ts';
import type { AriPort } from '../../ari/port.ts';
import type { LoadedConfig } from '../../config/read-config.ts';
import type { AttendanceLog } from '../../controller/attendance/attendance-log.ts';
import { OwnAttendance } from '../../controller/attendance/own-attendance.ts';
import type { Cluster } from '../../controller/cluster/cluster.ts';
import { ClusterReports } from '../../controller/cluster/cluster-reports.ts';
import { OwnRecords } from '../../controller/cluster/own-records.ts';
import { RecordsOfNodes } from '../../controller/cluster/records-of-nodes.ts';
import type { AnswerRecords } from '../../controller/cluster/remote-records.ts';
import type { Controller } from '../../controller/controller.ts';
import { RecordingFiles } from '../../controller/recordings/recording-files.ts';
import { RecordingHooks } from '../../controller/recordings/recording-hooks.ts';
import { RecordingKeeper } from '../../controller/recordings/recording-keeper.ts';
import { RecordingNotes } from '../../controller/recordings/recording-notes.ts';
import { callWebhook } from '../../controller/webhook.ts';
import { steadyNow } from '../../timing/steady-now.ts';

type Parts = {
  readonly config: Pick<LoadedConfig, 'asterisk' | 'reports' | 'recordings' | 'cluster'>;
  readonly ari: AriPort;
  readonly attendance: AttendanceLog;
  readonly controller: Pick<Controller, 'conferences' | 'requireReady'>;
  readonly cluster: Cluster;
  readonly logger: Logger;
};

type Records = Pick<RouteDeps, 'attendance' | 'reports' | 'records'> & {
  readonly recordingKeeper: RecordingKeeper;
  readonly hooks: RecordingHooks;
};

/** Wires what this node has recorded for its own users and for other nodes. */
export function recordsOf({ config, ari, attendance, controller, cluster, logger }: Parts): Records {
  const runningSince = (name: string) => controller.conferences.get(name)?.startedAtMs;
  const ownAttendance = new OwnAttendance({ reader: attendance, runningSince, now: steadyNow });
  const hooks = hooksOf(config, logger);
  const recordingKeeper = new RecordingKeeper(
    { days: config.recordings.days },
    {
      ari,
      conferences: () => controller.conferences,
      files: new RecordingFiles({ directory: config.asterisk.recordings }),
      notes: new RecordingNotes({ directory: notesIn(config.reports.directory) }),
      hooks,
      logger,
    },
  );
  const own = new OwnRecords({
    attendance: ownAttendance,
    recordings: recordingKeeper,
    requireReady: () => controller.requireReady(),
  });
  const answer: AnswerRecords = (question) => own.answer(question);
  cluster.records.attach(answer);
  const records = new RecordsOfNodes({ answer, cluster });
  return { attendance: ownAttendance, reports: new ClusterReports({ records }), records, recordingKeeper, hooks };
}

function notesIn(reports: string | null): string | null {
  return reports === null ? null : join(reports, 'recordings');
}

function hooksOf({ recordings, cluster }: Parts['config'], logger: Logger): RecordingHooks {
  const { command, commandSeconds, webhook, webhookSecret } = recordings;
  const commandTimeoutMs = commandSeconds * 1000;
  return new RecordingHooks(
    { node: cluster.nodeId, command, commandTimeoutMs, webhook, webhookSecret },
    { callWebhook, logger },
  );
}
