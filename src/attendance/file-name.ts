import { compactTime, isoOfCompact } from '../base/iso-time.ts';
import { CONFERENCE_NAME } from '../conference/model/join-arguments.ts';
import type { AttendanceRun } from './report.ts';

const FILE_NAME = /^(.+)-(\d{8}T\d{9}Z)\.jsonl$/;

/** `3000-20260105T101500123Z.jsonl`; null for what is not a conference's name, and might be a path. */
export function fileNameOf(conference: string, startedAtMs: number): string | null {
  return CONFERENCE_NAME.test(conference) ? `${conference}-${compactTime(startedAtMs)}.jsonl` : null;
}

/** The other way round; null for a file that is not one of attendance. */
export function runOfFileName(fileName: string): AttendanceRun | null {
  const [, conference = '', compact = ''] = FILE_NAME.exec(fileName) ?? [];
  const startedAt = isoOfCompact(compact);
  return startedAt !== null && CONFERENCE_NAME.test(conference) ? { conference, startedAt } : null;
}
