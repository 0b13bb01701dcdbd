#!/usr/bin/env bash
# Builds the container images of Orrery's services. See eng/images.sh --help.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C TZ=UTC
umask 022
default_base=mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled

usage() {
  cat <<TEXT
Usage: eng/images.sh [--base IMAGE | --local-base] [--registry PREFIX] [--tag TAG] [--tool podman|docker] [--push] [SERVICE...]

Publishes each service and builds its image; without SERVICE all that AppHost/AppHost.csproj names. The same commit on the
same base gives the same digests, wherever and whenever it is built. Prints a table: image, digest, size, time.

  --base IMAGE       what the images stand on ($default_base)
  --local-base       a base made of this machine's own files, for machines without a registry (eng/local-base.sh --help)
  --registry PREFIX  images are PREFIX/SERVICE, for example registry.example.com/orrery
  --tag TAG          the images' tag (the version in Directory.Build.props)
  --tool TOOL        podman or docker (the first that works)
  --push             push the images and print their digests in the registry
  --plain-http       push to a registry that has no TLS (podman)
  --list             print the services and their projects, and build nothing
  --help             this text
For example: eng/images.sh --local-base gateway
More: docs/images.md
TEXT
}

fail() {
  echo "images: $1" >&2
  exit 1
}

# A service is what the graph refers to; its image is called as the resource is: the project's name in lower case.
services() {
  grep -v IsAspireProjectResource AppHost/AppHost.csproj | sed -n 's|.*<ProjectReference Include="\.\./\(.*/\)\([^/]*\)\.csproj".*|\2 \1\2.csproj|p' |
    while read -r name project; do echo "${name,,} $project"; done
}

base=
local_base=no
registry=
tag=
tool=
push=no
tls=true
wanted=()
while [ $# -gt 0 ]; do
  case $1 in
    --base | --registry | --tag | --tool)
      [ -n "${2:-}" ] || { echo "images: $1 needs a value; see eng/images.sh --help" >&2; exit 2; }
      case $1 in
        --base) base=$2 ;;
        --registry) registry=${2%/} ;;
        --tag) tag=$2 ;;
        --tool) tool=$2 ;;
      esac
      shift ;;
    --local-base) local_base=yes ;;
    --push) push=yes ;;
    --plain-http) tls=false ;;
    --list) services; exit 0 ;;
    -h | --help) usage; exit 0 ;;
    -*) echo "images: unknown argument '$1'; see eng/images.sh --help" >&2; exit 2 ;;
    *) wanted+=("$1") ;;
  esac
  shift
done

declare -A projects=()
while read -r name project; do projects[$name]=$project; done < <(services)
[ ${#wanted[@]} -gt 0 ] || mapfile -t wanted < <(services | cut -d ' ' -f 1)
for name in "${wanted[@]}"; do
  [ -n "${projects[$name]:-}" ] || fail "there is no service '$name'; expected some of: $(services | cut -d ' ' -f 1 | tr '\n' ' ')"
done
[ "$local_base" = no ] || [ -z "$base" ] || fail "--base and --local-base exclude each other."
[ "$push" = no ] || [ -n "$registry" ] || fail "--push needs --registry, for example --registry registry.example.com/orrery."
version=$(sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' Directory.Build.props)
[ -n "$version" ] || fail "Directory.Build.props has no Version; expected for example <Version>0.1.0</Version>."
tag=${tag:-$version}

# What is built, and when it was written: by the commit, and by SOURCE_DATE_EPOCH where that is set.
revision=$(git rev-parse HEAD 2>/dev/null || true)
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
[ -z "$revision" ] || [ -z "$(GIT_OPTIONAL_LOCKS=0 git status --porcelain 2>/dev/null)" ] || revision+=-changed

. eng/prerequisites.sh
. eng/container-tool.sh
require_dotnet
tool=$(container_tool "$tool")
if [ "$local_base" = yes ]; then
  base=$(eng/local-base.sh --tool "$tool")
  echo "Base: $base, $("$tool" image inspect --format '{{index .Config.Labels "dev.orrery.local-base"}}' "$base")"
else
  base=${base:-$default_base}
  if ! "$tool" image inspect "$base" >/dev/null 2>&1 && ! answer=$("$tool" pull "$base" 2>&1); then
    printf '%s\n' "$answer" | tail -n 1 >&2
    fail "the base $base is not on this machine and cannot be pulled. Name one that can (--base), or build on this machine's own files (--local-base)."
  fi
  echo "Base: $base"
fi
base_size=$("$tool" image inspect --format '{{.Size}}' "$base")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Built apart from bin/ and obj/, so that nothing that was built before has a say; portable, for one set of files serves every processor.
publish() { # project, folder
  local log
  log=$(dotnet publish "$1" -c Release -o "$2" --artifacts-path "$work/artifacts" --disable-build-servers -v quiet -nologo -clp:NoSummary \
    -p:UseAppHost=false -p:DebugType=none -p:PublishDocumentationFiles=false -p:PublishReferencesDocumentationFiles=false -p:IsTransformWebConfigDisabled=true \
    -p:EnableSourceControlManagerQueries=false -p:SourceRevisionId="$revision" -p:PathMap="$PWD=/orrery%2C$work=/build" 2>&1) || { echo "$log" >&2; return 1; }
  rm -f "$2"/appsettings.Development.json
  local assembly
  assembly=$(basename "$2"/*.runtimeconfig.json .runtimeconfig.json)
  ln -s "$assembly.dll" "$2/service.dll"
  chmod -R u=rwX,go=rX "$2"
  find "$2" -type f -exec chmod 644 {} +
}

build() { # service, image: prints the digest
  local digest="$work/$1.digest"
  publish "${projects[$1]}" "$work/$1"
  build_image "$tool" "$epoch" "$2" "$work/$1" eng/Dockerfile --build-arg BASE="$base" \
    --build-arg TITLE="$1" --build-arg VERSION="$version" --build-arg LICENSE=Apache-2.0 --build-arg REVISION="$revision" >/dev/null
  if [ "$push" = no ]; then
    "$tool" image inspect --format "$([ "$tool" = podman ] && echo '{{.Digest}}' || echo '{{.Id}}')" "$2"
  elif [ "$tool" = podman ]; then
    podman push --quiet --tls-verify="$tls" --digestfile "$digest" "$2" >&2
    cat "$digest"
    echo
  else
    docker push --quiet "$2" >&2
    docker image inspect --format '{{index .RepoDigests 0}}' "$2" | sed 's/.*@//'
  fi
}

megabytes() { awk -v bytes="$1" 'BEGIN { printf "%.1f MB", bytes / 1e6 }'; }

widest=0
for name in "${wanted[@]}"; do
  length=$((${#registry} + ${#name} + ${#tag} + 2))
  [ "$length" -le "$widest" ] || widest=$length
done
format="%-${widest}s  %-71s  %9s  %9s  %s\n"
# shellcheck disable=SC2059 # The format is ours.
printf "$format" image "digest$([ "$push" = no ] || echo ' in the registry')" size "our layer" seconds
for name in "${wanted[@]}"; do
  image=${registry:+$registry/}$name:$tag
  started=$SECONDS
  digest=$(build "$name" "$image")
  size=$("$tool" image inspect --format '{{.Size}}' "$image")
  # shellcheck disable=SC2059
  printf "$format" "$image" "$digest" "$(megabytes "$size")" "$(megabytes $((size - base_size)))" $((SECONDS - started))
done
