export interface RulesUpdateFlags {
  readonly from: string;
  readonly publicKey?: string;
  readonly trust?: string;
  readonly quiet: boolean;
}

export interface RulesBuildFlags {
  readonly fromLists: string;
  readonly rulesVersion: string;
  readonly expires?: string;
  readonly minimumProgram?: string;
  readonly privateKey: string;
  readonly passphraseFile?: string;
  readonly output?: string;
  readonly quiet: boolean;
}
