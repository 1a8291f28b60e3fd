import { NETWORK_CASES } from '../oracles/networks/cases.ts';
import { testSavedNetworks } from '../oracles/networks/saved-models.ts';

await testSavedNetworks(NETWORK_CASES);
