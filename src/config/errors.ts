import { formatProblem, type Problem } from './yaml-document.ts';

/** Configuration that cannot be used. The message has a line for each mistake. */
export class ConfigError extends Error {
  readonly code = 'invalid-configuration';

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ConfigError';
  }

  static of(problems: readonly Problem[]): ConfigError {
    return new ConfigError(problems.map(formatProblem).join('\n'));
  }
}
