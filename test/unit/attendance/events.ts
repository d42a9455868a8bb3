import { Journal } from '../../../src/attendance/journal.ts';
import type { AttendanceRecord } from '../../../src/attendance/record.ts';
import { summarize } from '../../../src/attendance/summarize.ts';
import type { ConferenceEvent } from '../../../src/conference/model/events.ts';
import { PLAIN_FLAGS } from '../../../src/conference/model/flags.ts';

export const START_MS = Date.UTC(2026, 0, 5, 10, 15, 0, 123);
export const START = '2026-01-05T10:15:00.123Z';

export const LISTENER = PLAIN_FLAGS;
export const SPEAKER = { ...PLAIN_FLAGS, speaker: true };
export const ANN = { number: '100', name: 'Ann' };

export const started: ConferenceEvent = { type: 'started', profileName: 'default' };
export const joined = (memberId: number, flags = LISTENER, caller = ANN): ConferenceEvent => ({
  type: 'joined',
  memberId,
  caller,
  flags,
});
export const adopted = (memberId: number, flags = LISTENER): ConferenceEvent => ({
  type: 'adopted',
  memberId,
  caller: ANN,
  flags,
});
export const becomes = (memberId: number, flags: typeof LISTENER): ConferenceEvent => ({
  type: 'flags-changed',
  memberId,
  flags,
});
export const left = (memberId: number): ConferenceEvent => ({ type: 'left', memberId });
export const ended: ConferenceEvent = { type: 'ended' };

/** An event, so many seconds after the start of the conference. */
export type At = readonly [seconds: number, event: ConferenceEvent];

/** What one controller records of a conference. */
export function journalled(events: readonly At[], journal = new Journal({ talking: false })): AttendanceRecord[] {
  return events.flatMap(([seconds, event]) =>
    journal.record({ conference: '3000', startedAtMs: START_MS, atMs: START_MS + seconds * 1000, event }),
  );
}

/** The report, so many seconds after the start. */
export function rowsOf(records: readonly AttendanceRecord[], seconds = 1000, isRunning = true) {
  return summarize(records, { nowMs: START_MS + seconds * 1000, isRunning: () => isRunning });
}
