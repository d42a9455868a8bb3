import { ApiServer } from '../../api/server.ts';
import { AriClientPort } from '../../ari/ari-client-port.ts';
import { AriError } from '../../ari/errors.ts';
import { readConfig } from '../../config/read-config.ts';
import { readProfiles } from '../../config/read-profiles.ts';
import { VERSION } from '../../config/version.ts';
import { AsteriskSession } from '../../controller/asterisk-session.ts';
import { Controller } from '../../controller/controller.ts';
import { createLogger } from '../../controller/logger.ts';

/**
 * Runs the controller until SIGTERM or SIGINT; calls then go on in Asterisk, for the next controller to adopt.
 * @param configFile see `readConfig`
 * @throws ConfigError, ApiError or AriError with what keeps it from running
 */
export async function runController(configFile: string | undefined): Promise<void> {
  const config = await readConfig(configFile, process.env);
  const profiles = await readProfiles(config.profilesDirectory);
  const logger = createLogger(config.log);
  const { url, username, application } = config.asterisk;
  const login = { url, username, password: config.ariPassword };

  let end = (_error: Error | null) => {};
  const ended = new Promise<Error | null>((resolve) => {
    end = resolve;
  });
  process.once('SIGTERM', () => end(null));
  process.once('SIGINT', () => end(null));
  // The supervisor has died, see there.
  process.once('disconnect', () => end(null));
  process.channel?.unref();

  const ari = new AriClientPort(login);
  const controller = new Controller({ application }, { ari, profiles, logger, now: Date.now });
  const onReplaced = () => end(new AriError('application-taken', takenMessage(application, url)));
  const session = new AsteriskSession({ login, application }, { ari, controller, logger, onReplaced });
  const status = () => {
    const now = session.status;
    const asterisk = now.connected
      ? { connected: true, version: now.asteriskVersion, problem: null }
      : { connected: false, version: null, problem: now.reason };
    return { version: VERSION, pid: process.pid, asterisk };
  };
  const api = new ApiServer({ socketPath: config.socketPath }, { controller, status });

  try {
    // The socket first: it tells whether another controller is running here, before that one is disturbed.
    await api.start();
    await session.start();
    logger.info(`controller running, process ${process.pid}, admin socket ${config.socketPath}`);
    const error = await ended;
    if (error) throw error;
    logger.info('controller stopping; calls go on in Asterisk');
  } finally {
    await session.stop();
    controller.stop();
    await api.stop();
    await ari.close();
  }
}

function takenMessage(application: string, url: string): string {
  return `another controller has taken application "${application}" of ${url}; stop it, or set asterisk.application`;
}
