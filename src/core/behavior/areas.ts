/** What tests are about; each is the check `behavior.<area>`. */
export const TEST_AREAS = ['known-input', 'adversarial', 'backdoor', 'membership', 'inversion', 'extraction'] as const;
