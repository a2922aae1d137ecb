// What tests of the chart run: helm and kubeconform, built once below .cache from their Go modules, and the schemas of Kubernetes from a
// package of PyPI's, those of the Gateway API from the Go module that defines it.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../../api/cmd/dev/install.mjs';

const tools = {
  helm: ['helm.sh/helm/v3/cmd/helm', 'v3.22.0'],
  kubeconform: ['github.com/yannh/kubeconform/cmd/kubeconform', 'v0.7.0'],
};
const gatewayAPI = ['sigs.k8s.io/gateway-api', 'v1.4.1'];
const validate = 'kubernetes-validate==1.37.0'; // whose schemas are of Kubernetes 1.25 to 1.37

/** The oldest Kubernetes that the chart is for, and the newest that has schemas. */
export const kubernetesVersions = ['1.30.0', '1.37.0'];
const venv = join(root, '.cache/venv-kubernetes');
const goEnv = { ...process.env, GOFLAGS: '', CGO_ENABLED: '0' };

/** Returns the path of a tool. */
export function tool(name) {
  const [module, version] = tools[name];
  const bin = join(root, '.cache/bin', `${name}-${version}`);
  if (!existsSync(join(bin, name))) {
    execFileSync('go', ['install', `${module}@${version}`], { env: { ...goEnv, GOBIN: bin }, stdio: 'pipe' });
  }
  return join(bin, name);
}

/** Runs a script of Python that has PyYAML; returns what it prints. */
export function python(script, args = [], input = '') {
  return execFileSync(join(venv, 'bin/python'), ['-c', script, ...args], { encoding: 'utf8', input, maxBuffer: 1 << 28 });
}

/** Returns the places of schemas, as kubeconform takes them. */
export function schemas() {
  if (!existsSync(join(venv, 'bin/kubernetes-validate'))) {
    execFileSync('python3', ['-m', 'venv', venv], { stdio: 'pipe' });
    const args = ['install', '--quiet', '--disable-pip-version-check', '--only-binary=:all:', validate, 'PyYAML'];
    execFileSync(join(venv, 'bin/pip'), args, { stdio: 'pipe' });
  }
  const folder = join(root, '.cache/kubernetes-schemas');
  if (!existsSync(folder)) {
    // They name each other by addresses of the Internet's; here each is beside the other.
    python(`import json, kubernetes_validate, pathlib, sys
source = pathlib.Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
for version in sys.argv[2:]:
    target = pathlib.Path(sys.argv[1], version)
    target.mkdir(parents=True)
    for file in (source / (version + "-local-strict")).glob("*.json"):
        schema = json.loads(file.read_text().replace("/api/_definitions.json#", "_definitions.json#"))
        schema.pop("$id", None)
        (target / file.name).write_text(json.dumps(schema))`, [folder, ...kubernetesVersions.map((v) => `v${v}`)]);
  }
  const own = join(root, '.cache', `gateway-api-${gatewayAPI[1]}`);
  if (!existsSync(join(own, 'httproute-gateway-v1.json'))) {
    const { stdout } = spawnSync('go', ['mod', 'download', '-json', gatewayAPI.join('@')], { env: goEnv, encoding: 'utf8' });
    python(`import json, os, sys, yaml
source, target = sys.argv[1:]
os.makedirs(target, exist_ok=True)
definition = yaml.safe_load(open(os.path.join(source, "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml")))
version = next(v for v in definition["spec"]["versions"] if v["name"] == "v1")
def closed(schema):  # what is not named is a mistake
    if isinstance(schema, dict):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for part in schema.values():
            closed(part)
    elif isinstance(schema, list):
        for part in schema:
            closed(part)
    return schema
schema = closed(version["schema"]["openAPIV3Schema"])
schema["properties"]["metadata"] = {"type": "object"}
json.dump(schema, open(os.path.join(target, "httproute-gateway-v1.json"), "w"))`, [JSON.parse(stdout).Dir, own]);
  }
  const file = '{{.ResourceKind}}{{.KindSuffix}}.json';
  return [join(folder, '{{.NormalizedKubernetesVersion}}', file), join(own, file)];
}
