#!/usr/bin/env bash
# Builds the kube-apiserver that tests talk to, from its public Go modules, into the folder named. Nothing is done when it is there.
# usage: build.sh [FOLDER]; default: assay-kube in the user's cache folder. About 7 minutes of one CPU.
set -euo pipefail
version=1.34.4
folder="${1:-${XDG_CACHE_HOME:-$HOME/.cache}/assay-kube/$version}"
[ ! -x "$folder/kube-apiserver" ] || exit 0
command -v go >/dev/null 2>&1 || { echo "$0: there is no go: install Go 1.21 or newer, which fetches the one it needs" >&2; exit 1; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
go mod init assay.test/kube-apiserver >/dev/null 2>&1
# Kubernetes replaces its own libraries by folders of its repository; outside of it they are the published v0 of the same release.
source="$(go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/.*"GoMod": "\(.*\)",/\1/p')"
sed -n 's#^[[:space:]]*\(k8s.io/[a-z-]*\) => ./staging/.*#\1#p' "$source" | while read -r module; do
  go mod edit -replace "$module=$module@v0.${version#1.}"
done
go mod edit -require "k8s.io/kubernetes@v$version"
printf 'package main\n\nimport _ "k8s.io/kubernetes/cmd/kube-apiserver/app"\n' >main.go
go mod tidy -e >/dev/null 2>&1 || true
mkdir -p "$folder"
CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=v$version -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=34" \
  -o "$work/kube-apiserver" k8s.io/kubernetes/cmd/kube-apiserver
[ "$("$work/kube-apiserver" --version)" = "Kubernetes v$version" ]
# In one step: whoever looks sees a whole one or none.
cp "$work/kube-apiserver" "$folder/kube-apiserver.$$"
mv "$folder/kube-apiserver.$$" "$folder/kube-apiserver"
