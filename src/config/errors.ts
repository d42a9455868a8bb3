import { CodedError } from '../base/coded-error.ts';
import { formatProblem, type Problem } from '../yaml/yaml-document.ts';

/** Configuration that cannot be used. The message has a line for each mistake. */
export class ConfigError extends CodedError<'invalid-configuration'> {
  /** The mistakes one by one, where they are at places of a file. */
  readonly problems: readonly Problem[];

  constructor(message: string, options: { cause?: unknown; problems?: readonly Problem[] } = {}) {
    super('invalid-configuration', message, options);
    this.problems = options.problems ?? [];
  }

  static of(problems: readonly Problem[]): ConfigError {
    return new ConfigError(problems.map(formatProblem).join('\n'), { problems });
  }
}
