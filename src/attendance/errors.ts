import { CodedError } from '../base/coded-error.ts';

/**
 * Why there is no report.
 * - `attendance-disabled`: no directory is configured for it
 * - `no-such-report`: nothing is recorded of this conference
 * - `attendance-unreadable`: the files cannot be read, or there is too much in them for one report
 */
export type AttendanceErrorCode = 'attendance-disabled' | 'no-such-report' | 'attendance-unreadable';

export class AttendanceError extends CodedError<AttendanceErrorCode> {}
