{{- /* name is what the release's objects are called, by part. A StatefulSet's may have 52 characters: its controller
       labels pods by it and a hash. */ -}}
{{- define "pawstream.name" -}}
{{- printf "%s-%s" (.root.Release.Name | trunc 41 | trimSuffix "-") .part -}}
{{- end -}}

{{- define "pawstream.selector" -}}
app.kubernetes.io/name: pawstream
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{- define "pawstream.labels" -}}
{{ include "pawstream.selector" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end -}}

{{- /* check refuses what cannot work together. */ -}}
{{- define "pawstream.check" -}}
{{- if and (not .Values.nats.url) (not .Values.nats.urlSecret.name) -}}
{{- fail "give nats.url, or nats.urlSecret.name where the URL holds a password: completions live there" -}}
{{- end -}}
{{- if and .Values.nats.url .Values.nats.urlSecret.name -}}
{{- fail "give one of nats.url and nats.urlSecret.name" -}}
{{- end -}}
{{- if contains "@" .Values.nats.url -}}
{{- fail "nats.url holds a password: have it in a secret, and name that in nats.urlSecret.name" -}}
{{- end -}}
{{- if and (eq .Values.auth.mode "keys") (not .Values.auth.keysSecret) -}}
{{- fail "auth.mode keys needs auth.keysSecret" -}}
{{- end -}}
{{- if and (eq .Values.auth.mode "jwt") (or (not .Values.auth.jwt.issuer) (not .Values.auth.jwt.audience) (not .Values.auth.jwt.jwks)) -}}
{{- fail "auth.mode jwt needs auth.jwt.issuer, auth.jwt.audience and auth.jwt.jwks" -}}
{{- end -}}
{{- if and (eq .Values.auth.mode "none") (not .Values.edge.hosts) -}}
{{- fail "auth.mode none needs edge.hosts: else a page of elsewhere whose name leads here reads what it likes" -}}
{{- end -}}
{{- if and .Values.tls.secret (not .Values.tls.name) -}}
{{- fail "tls.secret needs tls.name, which its certificate is for" -}}
{{- end -}}
{{- if and .Values.edge.autoscaling.enabled (gt (int .Values.edge.autoscaling.minReplicas) (int .Values.edge.autoscaling.maxReplicas)) -}}
{{- fail "edge.autoscaling.minReplicas is more than maxReplicas" -}}
{{- end -}}
{{- end -}}

{{- /* pod is what pods of either program have before their container. */ -}}
{{- define "pawstream.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
# The load balancer's news of the end, the drain, and a margin.
terminationGracePeriodSeconds: {{ add 20 .drain }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
topologySpreadConstraints:
{{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - topologyKey: {{ . }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "pawstream.selector" $ | nindent 8 }}
{{- end }}
{{- end -}}

{{- /* container is what either program has in common. */ -}}
{{- define "pawstream.container" -}}
image: {{ printf "%s:%s" .root.Values.image.repository .root.Values.image.tag | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
# An end is made known to all who send traffic before the process hears of it.
lifecycle: {preStop: {sleep: {seconds: 5}}}
startupProbe: {httpGet: {path: /healthz, port: admin}, periodSeconds: 2, failureThreshold: 60}
readinessProbe: {httpGet: {path: /readyz, port: admin}, periodSeconds: 2, timeoutSeconds: 2, failureThreshold: 2}
# Against what /readyz says a new start does not help.
livenessProbe: {httpGet: {path: /healthz, port: admin}, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6}
{{- end -}}

{{- define "pawstream.nats" -}}
- name: PAWSTREAM_NATS_URL
{{- if .Values.nats.url }}
  value: {{ .Values.nats.url | quote }}
{{- else }}
  valueFrom: {secretKeyRef: {name: {{ .Values.nats.urlSecret.name }}, key: {{ .Values.nats.urlSecret.key }}}}
{{- end }}
{{- end -}}

{{- /* memory has the garbage collector keep to four fifths of the limit. The kernel counts what it holds for connections
too, which has the rest. It keeps to none that is in other units than Mi and Gi. */ -}}
{{- define "pawstream.memory" -}}
{{- $limit := dig "limits" "memory" "" . | toString -}}
{{- if regexMatch "^[0-9]+(Mi|Gi)$" $limit -}}
{{- $mib := regexFind "^[0-9]+" $limit | int64 -}}
{{- if hasSuffix "Gi" $limit }}{{ $mib = mul $mib 1024 }}{{ end -}}
- name: GOMEMLIMIT
  value: {{ printf "%dMiB" (div (mul $mib 4) 5) }}
{{- end -}}
{{- end -}}

{{- define "pawstream.secret" -}}
- name: {{ .name }}
  secret: {secretName: {{ .secret }}, defaultMode: 0440}
{{- end -}}
