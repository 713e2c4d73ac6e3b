{{- define "gridfold.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "gridfold.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains (include "gridfold.name" .) .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "gridfold.name" .) | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- /* Names of what belongs to no namespace: releases of one name in two namespaces do not meet. */ -}}
{{- define "gridfold.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "gridfold.fullname" .) -}}
{{- end -}}

{{- define "gridfold.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "gridfold.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is empty: name a ServiceAccount, or let the chart create one (serviceAccount.create=true)" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "gridfold.selectorLabels" -}}
app.kubernetes.io/name: {{ include "gridfold.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "gridfold.labels" -}}
{{- include "gridfold.labelsWith" (list . dict) -}}
{{- end -}}

{{- /* The labels of an object that has more of its own, which go before commonLabels. Takes the root and these. */ -}}
{{- define "gridfold.labelsWith" -}}
{{- $root := index . 0 -}}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{ include "gridfold.selectorLabels" $root }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
{{- with include "gridfold.furtherLabels" . }}
{{ . }}
{{- end }}
{{- end -}}

{{- define "gridfold.furtherLabels" -}}
{{- with merge dict (index . 1 | default dict) ((index . 0).Values.commonLabels | default dict) }}{{ toYaml . }}{{ end }}
{{- end -}}

{{- /* Onto which nodes pods of operator and reaper go. */ -}}
{{- define "gridfold.placement" -}}
{{- range $name := list "priorityClassName" "nodeSelector" "tolerations" "affinity" }}
{{- with index $.Values $name }}
{{ toYaml (dict $name .) }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* An image's reference: a digest goes before a tag. Takes the image's values and the default tag. */ -}}
{{- define "gridfold.image" -}}
{{- $image := index . 0 -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $image.repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $image.repository (default (index . 1) $image.tag) -}}
{{- end -}}
{{- end -}}

{{- /* The operator's settings; gridfold_operator/settings.py reads them. */ -}}
{{- define "gridfold.settings" -}}
trainer:
  image: {{ include "gridfold.image" (list .Values.trainer.image .Chart.AppVersion) | quote }}
  images:
    {{- range $name, $image := .Values.trainer.images }}
    {{ $name }}: {{ include "gridfold.image" (list $image $.Chart.AppVersion) | quote }}
    {{- else }} {}
    {{- end }}
  imagePullPolicy: {{ .Values.trainer.image.pullPolicy }}
  imagePullSecrets: {{ toJson .Values.trainer.imagePullSecrets }}
  allowedEndpoints: {{ toJson .Values.trainer.allowedEndpoints }}
  estimatorPrefixes: {{ toJson .Values.trainer.estimatorPrefixes }}
  sources: {{ toJson .Values.trainer.sources }}
  env: {{ toJson .Values.trainer.env }}
tenancy: {{ toJson .Values.tenancy }}
kueue: {{ toJson .Values.kueue }}
{{- with .Values.capacity }}
capacity:
  namespace: {{ $.Release.Namespace }}
  leaseSeconds: {{ .leaseSeconds }}
  providers: {{ toJson .providers }}
{{- end }}
leaderElection: {{ toJson .Values.leaderElection }}
watchNamespaces: {{ toJson .Values.watchNamespaces }}
resyncSeconds: {{ .Values.resyncSeconds }}
workers: {{ .Values.workers }}
logLevel: {{ .Values.logLevel }}
logFormat: {{ .Values.logFormat }}
probePort: {{ .Values.metrics.port }}
{{- end -}}

{{- /* All that the operator may do: nothing with Secrets, no pod made, no Job but in the namespaces it serves. */ -}}
{{- define "gridfold.rules" -}}
- apiGroups: [gridfold.dev]
  resources: [trainingjobs]
  verbs: [get, list, watch]
- apiGroups: [gridfold.dev]
  resources: [trainingjobs/status]
  verbs: [patch]
# Children block their owner's deletion; clusters that enforce owner references (OpenShift) ask for this.
- apiGroups: [gridfold.dev]
  resources: [trainingjobs/finalizers]
  verbs: [update]
{{- if .Values.capacity.providers }}
# Its finalizer, while nodes are held for a job.
- apiGroups: [gridfold.dev]
  resources: [trainingjobs]
  verbs: [patch]
{{- end }}
- apiGroups: [batch]
  resources: [jobs]
  verbs: [create, get, list, watch, patch, delete]
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create, get, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [events]
  verbs: [create, list]
{{- if .Values.kueue.enabled }}
- apiGroups: [kueue.x-k8s.io]
  resources: [workloads]
  verbs: [list]
{{- end }}
# Of a namespace that is being deleted, Jobs must be ended, or its pods keep it for minutes.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]
{{- end -}}

{{- define "gridfold.reaperName" -}}
{{- printf "%s-reaper" (include "gridfold.fullname" .) | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- /* What both operator and reaper may do with the nodes of jobs, of the kinds of providers that are there. */ -}}
{{- define "gridfold.nodeRules" -}}
{{- $kinds := list -}}
{{- range .Values.capacity.providers }}{{ $kinds = append $kinds .kind }}{{ end -}}
{{- if has "Karpenter" $kinds }}
- apiGroups: [karpenter.sh]
  resources: [nodepools]
  verbs: [create, get, list, patch, delete]
- apiGroups: [karpenter.sh]
  resources: [nodeclaims]
  verbs: [list]
{{- end }}
{{- if or (has "Scale" $kinds) (has "AWS" $kinds) }}
- apiGroups: [""]
  resources: [nodes]
  verbs: [list]
{{- end }}
{{- if has "AWS" $kinds }}
# Which machines carry nobody's pods.
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
{{- end }}
{{- range .Values.capacity.providers }}
{{- if and (eq .kind "Scale") (not .target.namespace) }}
{{ include "gridfold.groupRules" .target }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* What may be done with a group of machines, that one alone. */ -}}
{{- define "gridfold.groupRules" -}}
{{- $parts := splitList "/" .apiVersion -}}
- apiGroups: [{{ if gt (len $parts) 1 }}{{ first $parts | quote }}{{ else }}""{{ end }}]
  resources: [{{ .resource }}]
  resourceNames: [{{ .name | quote }}]
  verbs: [get, patch]
{{- end -}}
