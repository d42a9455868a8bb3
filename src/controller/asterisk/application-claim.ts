import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { AriError } from '../../ari/errors.ts';
import type { AriPort } from '../../ari/port.ts';

/**
 * One controller for each application of an Asterisk. Asterisk itself gives an application to the program that connects
 * last, and does not say whether the one it knows is connected or only left calls behind. So a controller first asks,
 * with an event to the application, and one that is alive signs a global variable.
 */

/** The event that asks who serves an application. */
export const WHO_EVENT = 'RostrumWho';

const ANSWER_TIMEOUT_MS = 500;
const POLL_MS = 50;

const variableFor = (application: string) => `ROSTRUM_CONTROLLER_${application}`;

/** Answers the question: this process serves the application. */
export function signApplication(ari: AriPort, application: string): Promise<void> {
  return ari.setGlobalVariable(variableFor(application), `process ${process.pid} on ${hostname()}`);
}

/** @throws AriError `application-taken` if another controller answers for it */
export async function checkApplicationFree(ari: AriPort, application: string): Promise<void> {
  if (!(await ari.applicationExists(application))) return;
  const variable = variableFor(application);
  await ari.setGlobalVariable(variable, '');
  await ari.sendUserEvent(application, WHO_EVENT);
  for (let waitedMs = 0; waitedMs < ANSWER_TIMEOUT_MS; waitedMs += POLL_MS) {
    await sleep(POLL_MS);
    const owner = await ari.getGlobalVariable(variable);
    if (owner) {
      const message = `application "${application}" is served by another controller, ${owner}: stop it, or give this one another asterisk.application`;
      throw new AriError('application-taken', message);
    }
  }
}
