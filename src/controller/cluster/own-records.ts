import type { Found, QuestionOf, RecordQuestion } from '../../cluster/record-questions.ts';
import type { OwnAttendance } from '../attendance/own-attendance.ts';
import type { RecordingKeeper } from '../recordings/recording-keeper.ts';

export type OwnRecordsDeps = {
  readonly attendance: Pick<OwnAttendance, 'runs' | 'rowsOf'>;
  readonly recordings: Pick<RecordingKeeper, 'list'>;
  /** Throws until it is known which conferences are going on. */
  readonly requireReady: () => void;
};

/** The records of this node, for its own users and for other nodes. */
export class OwnRecords {
  readonly #deps: OwnRecordsDeps;

  constructor(deps: OwnRecordsDeps) {
    this.#deps = deps;
  }

  /** As `AnswerRecords`. */
  async answer<T extends RecordQuestion['type']>(question: QuestionOf<T>): Promise<Found<T>> {
    return (await this.#find(question)) as Found<T>;
  }

  async #find(question: RecordQuestion): Promise<Found<RecordQuestion['type']>> {
    const { attendance, recordings, requireReady } = this.#deps;
    requireReady();
    switch (question.type) {
      case 'runs':
        return attendance.runs(question);
      case 'rows':
        return attendance.rowsOf(question);
      case 'recordings':
        return recordings.list(question);
    }
  }
}
