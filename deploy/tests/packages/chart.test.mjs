// The Helm chart: linted, rendered with several values, and what comes out held against the schemas of Kubernetes.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../../../api/cmd/dev/install.mjs';
import { build } from '../api.mjs';
import { kubernetesVersions, python, schemas, tool } from './tools.mjs';

const chart = join(root, 'deploy/helm/gatehouse');
const page = readFileSync(join(root, 'docs/kubernetes.md'), 'utf8');
const documented = page.match(/^```yaml\n(# gatehouse-values\.yaml\n.*?)^```$/ms)[1];
const least = `api: {host: api.example.org}
ui: {host: login.example.org}
database: {secret: db}
encryptionKey: {secret: key}
`;
const variants = {
  documented,
  least,
  gateway: `${least}gateway: {parentRefs: [{name: public, namespace: gateways}]}\n`,
  everything: `${documented}declared: {groups.yaml: {groups: [{name: staff}]}}
secretSettings: {GATEHOUSE_SMTP_PASSWORD: {secret: mail, key: password}}
podDisruptionBudget: {minAvailable: 1}
nodeSelector: {kubernetes.io/arch: arm64}
tolerations: [{key: a, operator: Exists}]
affinity: {nodeAffinity: {}}
podAnnotations: {a: b}
`,
  metrics: `${least}metrics: {enabled: true, from: [{namespaceSelector: {matchLabels: {name: monitoring}}}]}
settings: {OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.monitoring:4318"}
secretSettings: {OTEL_EXPORTER_OTLP_HEADERS: {secret: otel, key: headers}}
`,
  'no ingress, no policies': `${least}ingress: {enabled: false}\nnetworkPolicy: {enabled: false}\n`,
};

describe('the Helm chart', () => {
  let dir; let helm; let locations;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'gatehouse-chart-'));
    helm = tool('helm');
    locations = schemas().flatMap((place) => ['-schema-location', place]);
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  function run(command, values, ...args) {
    const file = join(dir, 'values.yaml');
    writeFileSync(file, values);
    const release = command === 'template' ? ['gatehouse'] : [];
    return spawnSync(helm, [command, ...release, chart, '--values', file, ...args], { encoding: 'utf8' });
  }

  /** Renders the chart; returns the text and the objects. */
  function render(values, ...args) {
    const { status, stdout, stderr } = run('template', values, '--kube-version', '1.34.0', ...args);
    assert.equal(status, 0, stderr);
    const script = 'import json, sys, yaml; print(json.dumps([d for d in yaml.safe_load_all(sys.stdin) if d]))';
    return { text: stdout, objects: JSON.parse(python(script, [], stdout)) };
  }

  test('is accepted by helm lint', () => {
    for (const [name, values] of Object.entries(variants)) {
      const { status, stdout } = run('lint', values, '--strict');
      assert.equal(status, 0, `${name}: ${stdout}`);
    }
  });

  test('renders what Kubernetes knows, of its oldest version to the newest', () => {
    const kubeconform = tool('kubeconform');
    for (const [name, values] of Object.entries(variants)) {
      const { text, objects } = render(values);
      for (const version of kubernetesVersions) {
        const out = execFileSync(kubeconform, ['-strict', '-summary', '-output', 'json', '-kubernetes-version', version, ...locations],
          { encoding: 'utf8', input: text });
        const { summary } = JSON.parse(out);
        assert.deepEqual(summary, { valid: objects.length, invalid: 0, errors: 0, skipped: 0 }, `${name}: ${out}`);
      }
    }
  });

  test('says what is missing, and refuses what is no value and what belongs into a Secret', () => {
    for (const [values, want] of [
      ['', /host/],
      [least.replace('api.example.org', 'https://api.example.org'), /api\.host|\/api\/host/],
      [`${least}replicas: 3\n`, /replicas/],
      [`${least}settings: {GATEHOUSE_ENCRYPTION_KEY: a}\n`, /GATEHOUSE_ENCRYPTION_KEY/],
      [`${least}settings: {DATABASE_URL: a}\n`, /DATABASE_URL/],
      [`${least}hub: {url: "https://hub.example.org"}\n`, /secret/],
      [`${least}hub: {url: "https://hub.example.org/", secret: hub}\n`, /url/],
    ]) {
      const { status, stderr } = run('template', values);
      assert.notEqual(status, 0, values);
      assert.match(stderr, want);
    }
  });

  test('has pods that satisfy the Pod Security Standard "restricted"', () => {
    const pods = render(variants.everything).objects.filter(({ kind }) => kind === 'Deployment').map(({ spec }) => spec.template.spec);
    assert.equal(pods.length, 2);
    for (const pod of pods) {
      assert.equal(pod.automountServiceAccountToken, false);
      assert.equal(pod.securityContext.runAsNonRoot, true);
      assert.equal(pod.securityContext.seccompProfile.type, 'RuntimeDefault');
      for (const container of [...pod.initContainers ?? [], ...pod.containers]) {
        assert.deepEqual(container.securityContext,
          { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }, container.name);
      }
    }
  });

  test('migrates before it declares, declares before it serves, and gives each container the secrets that it needs', () => {
    const { objects } = render(variants.everything);
    const pod = (name) => objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name).spec.template.spec;
    const api = pod('gatehouse-api');
    assert.deepEqual(api.initContainers.map(({ args }) => args), [['migrate'], ['apply', '/declared/groups.yaml', '/declared/hub.yaml']]);
    const secrets = ({ env = [] }) => env.map(({ name, valueFrom }) => `${name} of ${valueFrom.secretKeyRef.name}`);
    assert.deepEqual(secrets(api.initContainers[0]), ['DATABASE_URL of gatehouse-db-app']);
    assert.deepEqual(secrets(api.containers[0]), ['DATABASE_URL of gatehouse-db-app', 'GATEHOUSE_ENCRYPTION_KEY of gatehouse-key',
      'GATEHOUSE_SMTP_PASSWORD of mail']);
    assert.deepEqual(secrets(pod('gatehouse-ui').containers[0]), []);
    assert.equal(objects.filter(({ kind }) => kind === 'Secret').length, 0);
  });

  test('probes, routes and lets in what the two parts listen at', () => {
    const { objects } = render(documented);
    const of = (kind, name) => objects.find((o) => o.kind === kind && o.metadata.name === name).spec;
    const [container] = of('Deployment', 'gatehouse-api').template.spec.containers;
    assert.deepEqual([container.livenessProbe.httpGet.path, container.readinessProbe.httpGet.path], ['/healthz', '/readyz']);
    const hosts = of('Ingress', 'gatehouse').rules.map(({ host, http }) => [host, http.paths[0].backend.service.name]);
    assert.deepEqual(hosts, [['api.example.org', 'gatehouse-api'], ['login.example.org', 'gatehouse-ui']]);
    for (const part of ['api', 'ui']) {
      const { selector, template } = of('Deployment', `gatehouse-${part}`);
      const name = `gatehouse-${part}`;
      for (const labels of [selector.matchLabels, of('Service', name).selector,
        of('PodDisruptionBudget', name).selector.matchLabels, of('NetworkPolicy', name).podSelector.matchLabels]) {
        assert.deepEqual({ ...template.metadata.labels, ...labels }, template.metadata.labels);
      }
    }
    assert.deepEqual(of('NetworkPolicy', 'gatehouse-ui').egress, []);
  });

  test('lets Prometheus in at a port of its own, where it is asked to, and traces out', () => {
    const of = ({ objects }, kind, name) => objects.find((o) => o.kind === kind && o.metadata.name === name);
    const on = render(variants.metrics);
    const [container] = of(on, 'Deployment', 'gatehouse-api').spec.template.spec.containers;
    assert.deepEqual(container.ports[1], { name: 'metrics', containerPort: 9464 });
    const { data } = of(on, 'ConfigMap', 'gatehouse');
    assert.equal(data.GATEHOUSE_METRICS_LISTEN, '0.0.0.0:9464');
    assert.equal(data.OTEL_EXPORTER_OTLP_ENDPOINT, 'http://collector.monitoring:4318');
    assert.equal(container.env.at(-1).valueFrom.secretKeyRef.name, 'otel');
    const policy = of(on, 'NetworkPolicy', 'gatehouse-api').spec;
    assert.deepEqual(policy.ingress[1], {
      ports: [{ port: 'metrics' }], from: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }] });
    assert.deepEqual(policy.egress[0], { ports: [{ port: 4318, protocol: 'TCP' }] });
    assert.deepEqual(of(on, 'Service', 'gatehouse-api').spec.ports.length, 1);
    assert.equal(of(on, 'PodMonitor', 'gatehouse-api'), undefined);
    const off = render(least);
    assert.equal(of(off, 'Deployment', 'gatehouse-api').spec.template.spec.containers[0].ports.length, 1);
    assert.equal(of(off, 'NetworkPolicy', 'gatehouse-api').spec.ingress.length, 1);
    assert.equal(of(off, 'ConfigMap', 'gatehouse').data.GATEHOUSE_METRICS_LISTEN, undefined);
    const { spec, metadata } = of(render(`${least}metrics: {enabled: true, podMonitor: {enabled: true, labels: {release: prometheus}}}\n`),
      'PodMonitor', 'gatehouse-api');
    const pod = of(on, 'Deployment', 'gatehouse-api').spec.template.metadata.labels;
    assert.deepEqual({ ...pod, ...spec.selector.matchLabels }, pod);
    assert.deepEqual([metadata.labels.release, spec.podMetricsEndpoints], ['prometheus', [{ port: 'metrics' }]]);
  });

  test('has settings that the program accepts, and a Hub as the program registers one', () => {
    const gatehouse = build(dir);
    const { objects } = render(documented);
    const settings = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'gatehouse').data;
    const { status, stderr } = spawnSync(gatehouse, ['config'], { env: settings, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const declared = objects.find(({ metadata }) => metadata.name === 'gatehouse-declared').data['hub.yaml'];
    const [client] = JSON.parse(python('import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))', [], declared)).clients;
    const source = readFileSync(join(root, 'api/admin/hub.go'), 'utf8');
    for (const [value, line] of [['client_secret_post', 'in.TokenEndpointAuthMethod = "client_secret_post"'],
      ['ES256', 'in.IDTokenSignedResponseAlg = "ES256"'], [true, 'in.FirstParty = true']]) {
      assert.ok(source.includes(line), line);
      assert.ok(Object.values(client).includes(value), String(value));
    }
    assert.equal(client.redirect_uris[0], 'https://hub.example.org/hub/oauth_callback');
  });
});
