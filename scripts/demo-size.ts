/** Listeners of `./scripts/up --demo`: with one node, and on each of several. */
export const LISTENERS_OF_ONE = 10;
export const LISTENERS_OF_EACH = 3;
