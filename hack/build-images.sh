#!/bin/sh
# Build both images for a registry, by docker, podman or buildah, whichever is there.
# usage: [PUSH=1] [AWS=1] [BUILDER=podman] [BASE=python:3.12-slim] hack/build-images.sh REGISTRY [TAG]
set -eu
cd "$(dirname "$0")/.."
registry=${1:-}
if [ -z "$registry" ]; then
  echo "Which registry? For example: hack/build-images.sh registry.example.com/team 0.1.0" >&2
  exit 2
fi
# Without a tag: the project's version.
tag=${2:-}
[ -n "$tag" ] || tag=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml | head -n 1)

builder=${BUILDER:-}
if [ -z "$builder" ]; then
  for found in docker podman buildah; do
    if command -v "$found" >/dev/null 2>&1; then builder=$found; break; fi
  done
fi
if [ -z "$builder" ]; then
  echo "None of docker, podman and buildah is on the path; install one of them." >&2
  exit 1
fi

for image in operator:operator trainer:trainer_image; do
  name=${registry%/}/gridfold-${image%%:*}:$tag
  echo "Building $name with $builder …" >&2
  set -- build --tag "$name" --file "${image#*:}/Dockerfile"
  # buildah and podman repeat every step unless they are told to keep the layers.
  [ "$builder" = docker ] || set -- "$@" --layers
  [ -z "${BASE:-}" ] || set -- "$@" --build-arg "BASE=$BASE"
  # boto3 in the operator's image, for nodes of AWS.
  if [ -n "${AWS:-}" ] && [ "$image" = operator:operator ]; then set -- "$@" --build-arg "AWS=$AWS"; fi
  "$builder" "$@" . >&2
  [ "${PUSH:-}" != 1 ] || "$builder" push "$name" >&2
  echo "$name"
done
