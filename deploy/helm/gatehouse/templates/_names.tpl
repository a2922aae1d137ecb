{{- define "gatehouse.name" -}}
{{- if contains "gatehouse" .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-gatehouse{{ end }}
{{- end }}

{{- define "gatehouse.selector" -}}
app.kubernetes.io/name: gatehouse
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "gatehouse.labels" -}}
{{ include "gatehouse.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "gatehouse.image" -}}
image: {{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- end }}

{{- /* Of each container: what the Pod Security Standard "restricted" asks for, and files that nobody writes. */}}
{{- define "gatehouse.locked" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- /* Of each pod. */}}
{{- define "gatehouse.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: 40 # 5 until no proxy sends any more, and 20 for the requests under way
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "gatehouse.affinity" -}}
{{- with .root.Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- else }}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "gatehouse.selector" .root | nindent 14 }}
              app.kubernetes.io/component: {{ .component }}
{{- end }}
{{- end }}

{{- /* The database's address, for containers that need it. */}}
{{- define "gatehouse.database" -}}
- name: DATABASE_URL
  valueFrom: {secretKeyRef: {name: {{ .Values.database.secret }}, key: {{ .Values.database.key }}}}
{{- with .Values.database.listenKey }}
- name: DATABASE_LISTEN_URL
  valueFrom: {secretKeyRef: {name: {{ $.Values.database.secret }}, key: {{ . }}}}
{{- end }}
{{- end }}

{{- /* The files that `gatehouse apply` gets: what declared has, and the Hub. */}}
{{- define "gatehouse.declared" -}}
{{- range $name, $content := .Values.declared }}
{{ $name }}: |
  {{- toYaml $content | nindent 2 }}
{{- end }}
{{- with .Values.hub }}
{{- if .url }}
hub.yaml: |
  clients:
    - client_id: {{ .clientId | quote }}
      client_name: JupyterHub
      client_uri: {{ printf "%s/" .url | quote }}
      client_secret: {env: HUB_CLIENT_SECRET}
      redirect_uris: [{{ printf "%s/hub/oauth_callback" .url | quote }}]
      post_logout_redirect_uris: [{{ printf "%s/hub/login" .url | quote }}]
      backchannel_logout_uri: {{ printf "%s/hub/backchannel_logout" .url | quote }}
      token_endpoint_auth_method: client_secret_post
      id_token_signed_response_alg: ES256
      first_party: true
      {{- with .allowedGroups }}
      allowed_groups: {{ toJson . }}
      {{- end }}
{{- end }}
{{- end }}
{{- end }}
