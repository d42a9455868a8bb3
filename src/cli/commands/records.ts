import type { RouteDeps } from '../../api/deps.ts';
import type { AttendanceLog } from '../../controller/attendance/attendance-log.ts';
import { OwnAttendance } from '../../controller/attendance/own-attendance.ts';
import type { Cluster } from '../../controller/cluster/cluster.ts';
import { ClusterReports } from '../../controller/cluster/cluster-reports.ts';
import { OwnRecords } from '../../controller/cluster/own-records.ts';
import { RecordsOfNodes } from '../../controller/cluster/records-of-nodes.ts';
import type { AnswerRecords } from '../../controller/cluster/remote-records.ts';
import type { Controller } from '../../controller/controller.ts';
import { steadyNow } from '../../timing/steady-now.ts';

type Parts = {
  readonly attendance: AttendanceLog;
  readonly controller: Pick<Controller, 'conferences' | 'requireReady'>;
  readonly cluster: Cluster;
};

/** Wires what this node has recorded for its own users and for other nodes. */
export function recordsOf({ attendance, controller, cluster }: Parts): Pick<RouteDeps, 'attendance' | 'reports'> {
  const runningSince = (name: string) => controller.conferences.get(name)?.startedAtMs;
  const ownAttendance = new OwnAttendance({ reader: attendance, runningSince, now: steadyNow });
  const own = new OwnRecords({ attendance: ownAttendance, requireReady: () => controller.requireReady() });
  const answer: AnswerRecords = (question) => own.answer(question);
  cluster.records.attach(answer);
  const records = new RecordsOfNodes({ answer, cluster });
  return { attendance: ownAttendance, reports: new ClusterReports({ records }) };
}
