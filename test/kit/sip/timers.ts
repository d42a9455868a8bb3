/** Round-trip estimate and cap of retransmission over UDP, RFC 3261 section 17.1.1.1. */
export const T1_MS = 500;
export const T2_MS = 4000;
/** Timers B, F and H: after this a peer that says nothing is given up. */
export const TRANSACTION_TIMEOUT_MS = 64 * T1_MS;
