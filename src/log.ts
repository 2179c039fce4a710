/** The log: JSON lines, or text for people in a terminal. */
import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { Config } from './config/schema.ts';

/** What must never be in a line, whoever put it there. Errors of transports can hold whole requests. */
const REDACT = [
  'password',
  '*.password',
  'key',
  '*.authorization',
  '*["x-api-key"]',
  '*.cookie',
  'err.body',
  'err.response',
  'err.config',
  'err.cause.body',
  'err.cause.response',
];

/** The logger of the process, on standard output. */
export function createLog({ level, format }: Config['log']): Logger {
  const people = format === 'pretty' || (format === 'auto' && process.stdout.isTTY);
  const options = { level, redact: { paths: REDACT, censor: '[redacted]' }, base: null };
  if (!people) return pino(options);
  return pino(
    options,
    pretty({ ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss', colorize: process.stdout.isTTY }),
  );
}
