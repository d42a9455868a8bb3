import type { AriError } from '../../ari/errors.ts';
import type { AriPort } from '../../ari/port.ts';
import { ControllerError } from '../errors/controller-error.ts';
import type { RecordingFile, RecordingFiles } from './recording-files.ts';

export type RemoveFileDeps = {
  readonly ari: Pick<AriPort, 'isRecording' | 'storedRecordingFormat' | 'deleteStoredRecording'>;
  readonly files: Pick<RecordingFiles, 'look'>;
};

/**
 * Removes a file by Asterisk: the files are its own, so that this user may not write there. Asterisk knows them by their
 * names without format: a file is left where Asterisk would take another one of that name. Rejects with a ControllerError.
 */
export async function removeFile(found: RecordingFile, { ari, files }: RemoveFileDeps): Promise<void> {
  const { file, name } = found;
  if (await ari.isRecording(name).catch(refused))
    throw new ControllerError('not-possible', `recording ${file} is being made: stop it first`);
  const format = await ari.storedRecordingFormat(name).catch(refused);
  if (format !== found.format) throw notRemoved(found, format);
  await ari.deleteStoredRecording(name).catch(refused);
  if (await files.look(file)) throw notRemoved(found, null);
}

function refused(cause: AriError): never {
  throw new ControllerError(cause.code === 'unreachable' ? 'asterisk-unreachable' : 'asterisk-refused', cause.message, {
    cause,
  });
}

/** @param removable the format of the file that Asterisk would have removed; null if it has none to remove */
function notRemoved({ file, name }: RecordingFile, removable: string | null): ControllerError {
  const why =
    removable === null
      ? 'Asterisk has not removed it: see that asterisk.recordings is its directory, and may be written by it'
      : `Asterisk would remove ${name}.${removable} in its place: move that file away first`;
  return new ControllerError('not-possible', `recording ${file} is not removed: ${why}`);
}
