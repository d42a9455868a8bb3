import { stat } from 'node:fs/promises';
import type { LoadedConfig } from '../../config/read-config.ts';
import type { AsteriskFiles } from '../../controller/asterisk/asterisk-files.ts';
import type { AttendanceLog } from '../../controller/attendance/attendance-log.ts';
import { promptsProblem, recordingsProblem, type WatchedDirectory } from '../../controller/directory-watch.ts';

type Parts = { readonly attendance: Pick<AttendanceLog, 'check'>; readonly room: Pick<AsteriskFiles, 'pid'> };

/** The directories into which the controller and its Asterisk write. */
export function directoriesOf(
  { asterisk, speech, reports }: Pick<LoadedConfig, 'asterisk' | 'speech' | 'reports'>,
  { attendance, room }: Parts,
): WatchedDirectory[] {
  const { recordings } = asterisk;
  const lookAtRecordings = async () => recordingsProblem(recordings, room.pid === null ? null : await userOf(room.pid));
  const lookAtReports = async () => {
    // Its problem is that of the attendance log, which says how many lines wait.
    await attendance.check();
    return null;
  };
  return [
    { about: 'recordings', path: recordings, look: lookAtRecordings },
    { about: 'prompts', path: speech.directory, look: () => promptsProblem(speech.directory) },
    ...(reports.directory === null
      ? []
      : [{ about: 'reports' as const, path: reports.directory, look: lookAtReports }]),
  ];
}

async function userOf(pid: number): Promise<number | null> {
  return (await stat(`/proc/${pid}`).catch(() => null))?.uid ?? null;
}
