import { listOf } from '../form.ts';
import { oneOf, secretText, url, word } from '../forms.ts';
import { isProduction, optional, secret, withDefault } from '../variable.ts';

const https = url(['https', 'http'], 'https://api.example.org');
const urls = (min: number, max: number, example: string) => listOf(url(['https', 'http'], 'https://api.example.org'), { min, max, example });

export const moneyVariables = {
  stripeSecretKey: secret('STRIPE_SECRET_KEY', 'secret key of the Stripe account',
    { form: word('a key that begins with sk_ or rk_', 'sk_live_<…>', /^(sk|rk)_(live|test)_\S+$/), production: 'required' }),
  stripeWebhookSecrets: secret('STRIPE_WEBHOOK_SECRETS', 'webhook secret, two while rotating',
    { form: secretText('one or two secrets that begin with whsec_, separated by a comma', 'whsec_<…>'), production: 'required' }),
  stripeApiUrl: withDefault('STRIPE_API_URL', https, (known) => (isProduction(known) ? 'https://api.stripe.com' : `http://127.0.0.1:${known('WATTBOOK_STRIPE_STANDIN_PORT')}`),
    'address of Stripe’s API', { fallbackSays: 'the local stand-in; production: https://api.stripe.com' }),
  solanaPrivateKey: secret('SOLANA_PRIVATE_KEY', 'key that pays owners', { form: secretText('a base58 key', '<base58 of 64 bytes>'), production: 'required' }),
  solanaRpcUrls: optional('SOLANA_RPC_URLS', urls(1, 2, 'https://rpc-1.example.org,https://rpc-2.example.org'), 'Solana RPC servers', { production: 'required' }),
  solanaCluster: optional('SOLANA_CLUSTER', oneOf('mainnet-beta', 'testnet', 'devnet', 'localnet'), 'Solana cluster', { production: 'required' }),
  solPriceUrls: optional('SOL_PRICE_URLS', urls(2, 2, 'https://price-1.example.org,https://price-2.example.org'), 'two sources of the SOL price', { production: 'required' }),
  creditRegistry: withDefault('CREDIT_REGISTRY', oneOf('local-registry', 'http'), (known) => (isProduction(known) ? 'http' : 'local-registry'),
    'where credits are retired', { fallbackSays: 'local-registry; production: http' }),
  creditRegistryUrl: optional('CREDIT_REGISTRY_URL', https, 'address of the credit registry', { production: 'required' }),
  creditRegistryKey: secret('CREDIT_REGISTRY_KEY', 'key of the credit registry', { production: 'required' }),
};
