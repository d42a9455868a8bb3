/**
 * Why there is no report.
 * - `attendance-disabled`: no directory is configured for it
 * - `no-such-report`: nothing is recorded of this conference
 * - `attendance-unreadable`: the files cannot be read, or there is too much in them for one report
 */
export type AttendanceErrorCode = 'attendance-disabled' | 'no-such-report' | 'attendance-unreadable';

export class AttendanceError extends Error {
  readonly code: AttendanceErrorCode;

  constructor(code: AttendanceErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'AttendanceError';
    this.code = code;
  }
}
