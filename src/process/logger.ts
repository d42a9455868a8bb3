import { createLogger as createWinston, format, type Logger, transports } from 'winston';

export type LogOptions = { level: string; format: 'text' | 'json' };

/** Logs to stderr, one line an entry: for people, or as JSON. */
export function createLogger(options: LogOptions): Logger {
  return createWinston({
    level: options.level,
    format: format.combine(format.timestamp(), options.format === 'json' ? format.json() : text),
    transports: [new transports.Console({ stderrLevels: ['error', 'warn', 'info', 'debug'] })],
  });
}

const text = format.printf(({ timestamp, level, message, ...rest }) => {
  const details = Object.entries(rest)
    .filter(([key]) => key !== 'conference')
    .map(([key, value]) => ` ${key}=${typeof value === 'object' ? JSON.stringify(value) : value}`);
  return `${timestamp} ${level}: ${message}${details.join('')}`;
});
