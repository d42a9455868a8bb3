import { Writable } from 'node:stream';
import { createLogger as createWinston, format, type Logger, transports } from 'winston';
import { LogOutput } from './log-output.ts';

export type LogOptions = { level: string; format: 'text' | 'json' };

/** Logs to stderr, one line an entry: for people, or as JSON. */
export function createLogger(options: LogOptions): Logger {
  const output = new LogOutput((lost, reason) => logger.warn(`${lost} log lines could not be written: ${reason}`));
  const stream = new Writable({
    decodeStrings: false,
    write: (line: string, _encoding, done) => {
      output.write(line);
      done();
    },
  });
  const logger = createWinston({
    level: options.level,
    format: format.combine(format.timestamp(), options.format === 'json' ? format.json() : text),
    transports: [new transports.Stream({ stream, eol: '\n' })],
  });
  return logger;
}

const text = format.printf(({ timestamp, level, message, ...rest }) => {
  const details = Object.entries(rest)
    .filter(([key]) => key !== 'conference')
    .map(([key, value]) => ` ${key}=${typeof value === 'object' ? JSON.stringify(value) : value}`);
  return `${timestamp} ${level}: ${message}${details.join('')}`;
});
