/** ITU-T Q.850 causes with which calls are ended. Asterisk makes a SIP status of them for one that is not answered. */

/** "No route to destination", SIP 404. */
export const NO_ROUTE = 3;
/** "Normal call clearing". */
export const NORMAL_CLEARING = 16;
/** "Switching equipment congestion", SIP 503: another node may do better. */
export const CONGESTION = 42;
