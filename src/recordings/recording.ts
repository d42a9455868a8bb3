import { z } from 'zod';

/** A file in Asterisk's directory of recordings, on one node. */
export const recordingSchema = z.object({
  file: z.string().max(160).describe('Its path below the directory of recordings'),
  conference: z.string().max(64).nullable().describe('null for a file that this node does not know as a recording'),
  endedAt: z.iso.datetime().nullable().describe('null while it is being recorded'),
  seconds: z.number().int().min(0).describe('How long it is'),
  bytes: z.number().int().min(0),
});

export type Recording = Readonly<z.output<typeof recordingSchema>>;

/** The bytes of a header, and those of a second of sound, by format. @see Asterisk's formats/format_*.c */
const SIZES = {
  wav: { header: 44, perSecond: 16_000 },
  wav16: { header: 44, perSecond: 32_000 },
  sln: { header: 0, perSecond: 16_000 },
  gsm: { header: 0, perSecond: 1650 },
  ulaw: { header: 0, perSecond: 8000 },
} as const;

export type RecordingFormat = keyof typeof SIZES;
/** The formats that recordings may have, which are the extensions of their files. */
export const RECORDING_FORMATS = Object.keys(SIZES) as RecordingFormat[];

/** The name of a recording and its format, of its file. @returns null for a file of another kind */
export function splitFile(file: string): { name: string; format: RecordingFormat } | null {
  const dot = file.lastIndexOf('.');
  const format = RECORDING_FORMATS.find((each) => each === file.slice(dot + 1));
  return dot > 0 && format ? { name: file.slice(0, dot), format } : null;
}

/** How long a recording of so many bytes is. */
export function secondsOf(format: RecordingFormat, bytes: number): number {
  const { header, perSecond } = SIZES[format];
  return Math.max(0, Math.round((bytes - header) / perSecond));
}
