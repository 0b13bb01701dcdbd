# podman or docker, and one way to build with either. Sourced by eng/images.sh and eng/local-base.sh.

# The tool that was asked for, else the first that works.
container_tool() { # podman|docker or nothing
  local tool
  for tool in ${1:-podman docker}; do
    case $tool in
      podman | docker) ;;
      *) echo "--tool is '$tool'; expected podman or docker." >&2; return 2 ;;
    esac
    # A docker client without its daemon is no tool.
    if "$tool" ps -q >/dev/null 2>&1; then
      echo "$tool"
      return
    fi
  done
  local tried=${1:+$1 does not work}
  echo "No container tool: ${tried:-neither podman nor docker works} here (its 'ps' fails). Install podman (Debian: podman runc) or start docker's daemon." >&2
  return 1
}

# Every time in the image and in its layers is the one given, so that the same files give the same digest.
build_image() { # tool, seconds since 1970, image, folder, Dockerfile, options...
  local tool=$1 time=$2 image=$3 folder=$4 dockerfile=$5
  shift 5
  if [ "$tool" = podman ]; then
    podman build --quiet --pull=never --layers=false --identity-label=false --format oci --timestamp "$time" -t "$image" -f "$dockerfile" "$@" "$folder"
  else
    docker buildx build --quiet --provenance=false --sbom=false --build-arg "SOURCE_DATE_EPOCH=$time" \
      --output "type=docker,name=$image,rewrite-timestamp=true" -f "$dockerfile" "$@" "$folder"
  fi
}
