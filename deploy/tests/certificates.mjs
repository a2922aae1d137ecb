// A throw-away certificate authority: root, intermediate, and one certificate for all names.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Makes the files in dir and returns their paths. fullchain has what a server should send, leaf what is too little. */
export function makeCertificates(dir, names) {
  const openssl = (...args) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const authority = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n';
  writeFileSync(join(dir, 'ca.ext'), authority);
  writeFileSync(join(dir, 'site.ext'), `subjectAltName=${names.map((n) => `DNS:${n}`).join()}\nextendedKeyUsage=serverAuth\n`);
  openssl('req', '-x509', ...key, '-days', '2', '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=Test root',
    '-addext', 'keyUsage=critical,keyCertSign,cRLSign');
  openssl('req', ...key, '-keyout', 'mid.key', '-out', 'mid.csr', '-subj', '/CN=Test intermediate');
  openssl('x509', '-req', '-in', 'mid.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2',
    '-extfile', 'ca.ext', '-out', 'mid.crt');
  openssl('req', ...key, '-keyout', 'site.key', '-out', 'leaf.crt.csr', '-subj', `/CN=${names[0]}`);
  openssl('x509', '-req', '-in', 'leaf.crt.csr', '-CA', 'mid.crt', '-CAkey', 'mid.key', '-CAcreateserial', '-days', '2',
    '-extfile', 'site.ext', '-out', 'leaf.crt');
  const read = (f) => readFileSync(join(dir, f), 'utf8');
  writeFileSync(join(dir, 'fullchain.pem'), read('leaf.crt') + read('mid.crt'));
  return { ca: join(dir, 'ca.crt'), key: join(dir, 'site.key'), fullchain: join(dir, 'fullchain.pem'), leaf: join(dir, 'leaf.crt') };
}
