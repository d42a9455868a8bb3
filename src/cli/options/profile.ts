/** Where the profiles are, as given on the command line. */
export type ProfileOptions = { directory?: string; config?: string; json?: true };

export type SetOptions = ProfileOptions & { unset?: string };
