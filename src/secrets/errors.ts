import { CodedError } from '../base/coded-error.ts';

/**
 * A mistake in a secret; messages never contain the secret.
 * - `secret-empty`: nothing is there
 * - `secret-prefix`: the text does not begin with `rostrum-secret-1:`
 * - `secret-encoding`: what follows is not base64url
 * - `secret-length`: it is not 32 bytes
 * - `bad-purpose`: a purpose is 1 to 255 bytes of text
 */
export type SecretErrorCode = 'secret-empty' | 'secret-prefix' | 'secret-encoding' | 'secret-length' | 'bad-purpose';

export class SecretError extends CodedError<SecretErrorCode> {}
