// What `--db` names: a folder, or a server's URL. Apart from postgres.ts, so that who asks needn't load a server's client.

export const isServerUrl = (db: string): boolean => /^postgres(ql)?:\/\//.test(db);
