import { PhoneError } from './errors.ts';

/** How often a wait looks: as often as packets come. What it returns is exact all the same, because packets carry their times. */
const LOOK_EVERY_MS = 20;

/**
 * Looks until `look` returns something. Rejects with `wait-timed-out` after `timeoutMs` and with `call-ended` when
 * `isOver` says that it cannot happen any more.
 */
export function waitUntil<T>(
  options: { readonly waitedFor: string; readonly timeoutMs: number },
  look: () => T | null,
  isOver: () => boolean = () => false,
): Promise<T> {
  const { waitedFor, timeoutMs } = options;
  const deadlineMs = performance.now() + timeoutMs;
  return new Promise((resolve, reject) => {
    const again = (): void => {
      try {
        const found = look();
        if (found !== null) resolve(found);
        else if (isOver()) reject(new PhoneError({ code: 'call-ended', waitedFor }));
        else if (performance.now() >= deadlineMs) {
          reject(new PhoneError({ code: 'wait-timed-out', waitedFor, timeoutMs }));
        } else setTimeout(again, LOOK_EVERY_MS);
      } catch (error) {
        reject(error);
      }
    };
    again();
  });
}
