/** The orders in which members are listed. Members who are equal in it keep their order of joining. */
export const MEMBER_ORDERS = [
  'joined',
  'latest',
  'speakers',
  'name',
  'number',
  'talking',
  'level',
  'hand',
  'help',
] as const;

export type MemberOrder = (typeof MEMBER_ORDERS)[number];
