import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { BlockList, isIP } from 'node:net';

export class AddressRefused extends Error {}

type LookupCallback = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/**
 * Says which addresses nodes may have (NODE_ADDRESS_ALLOW, W-15). It is asked where the connection is made, on what the name
 * resolved to: a check before that could be answered differently a moment later.
 */
export class AddressGuard {
  private readonly allowed = new BlockList();

  constructor(
    ranges: readonly string[],
    /** False in local and test mode only. */
    private readonly httpsOnly: boolean,
  ) {
    for (const range of ranges) {
      const [address = '', bits = ''] = range.split('/');
      this.allowed.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
    }
  }

  /** For the URL itself: a literal address is never looked up, so the hook below does not see it. */
  checkUrl(url: URL): void {
    if (url.protocol !== 'https:' && (this.httpsOnly || url.protocol !== 'http:')) throw new AddressRefused(`the node's address ${url.origin} is not https`);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) !== 0 && !this.permits(host)) throw new AddressRefused(`the node's address ${host} is outside NODE_ADDRESS_ALLOW`);
  }

  /** As `dns.lookup`, refusing when any of the answers is outside. */
  readonly lookup = (hostname: string, options: LookupOptions, callback: LookupCallback): void => {
    systemLookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      const addresses: LookupAddress[] = found;
      if (!addresses.every(({ address }) => this.permits(address))) return callback(new AddressRefused(`${hostname} resolves outside NODE_ADDRESS_ALLOW`), []);
      if (options.all) callback(null, addresses);
      else callback(null, addresses[0]!.address, addresses[0]!.family);
    });
  };

  private permits(address: string): boolean {
    return this.allowed.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
}
