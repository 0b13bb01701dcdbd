#!/usr/bin/env bash
# Makes a base image from this machine's own files. See eng/local-base.sh --help.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C
umask 022

usage() {
  cat <<'TEXT'
Usage: eng/local-base.sh [--tool podman|docker]

Makes an image with what a service needs at run time, copied from this machine: the .NET and ASP.NET Core runtimes, glibc,
libstdc++, libgcc, OpenSSL, the distribution's CA certificates, time zones, and the user app (1654). No shell and no package
manager. For building without a registry; what is shipped stands on Microsoft's image (docs/images.md).

Prints the image's name, which holds a digest of its content: the same files give the same image, and nothing is built twice.
TEXT
}

fail() {
  echo "local-base: $1" >&2
  exit 1
}

tool=
while [ $# -gt 0 ]; do
  case $1 in
    --tool) tool=${2:?--tool needs a value: podman or docker}; shift ;;
    -h | --help) usage; exit 0 ;;
    *) echo "local-base: unknown argument '$1'; see eng/local-base.sh --help" >&2; exit 2 ;;
  esac
  shift
done
. eng/container-tool.sh
tool=$(container_tool "$tool")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
mkdir "$root"

# A file under the name by which it is asked for, where the machine really keeps it.
take() {
  local file folder
  for file in "$@"; do
    folder=$(readlink -f "$(dirname "$file")")
    mkdir -p "$root$folder"
    cp -L "$file" "$root$folder/"
  done
}

# .NET's runtimes, in the place where Microsoft's images have them.
runtime() {
  local found
  found=$(dotnet --list-runtimes | sed -n "s|^$1 \(10\.[0-9.]*\) \[\(.*\)\]$|\1 \2|p" | sort -V | tail -n 1)
  [ -n "$found" ] || fail "this machine has no $1 10; expected it in 'dotnet --list-runtimes'. Install the .NET 10 SDK."
  echo "$found"
}
read -r version folder <<<"$(runtime Microsoft.NETCore.App)"
read -r aspnet aspnet_folder <<<"$(runtime Microsoft.AspNetCore.App)"
dotnet_root=$(dirname "$(dirname "$folder")")
share=$root/usr/share/dotnet
mkdir -p "$share/host/fxr" "$share/shared/Microsoft.NETCore.App" "$share/shared/Microsoft.AspNetCore.App" "$root/usr/bin"
cp -L "$dotnet_root/dotnet" "$share/"
cp -rL "$dotnet_root/host/fxr/$version" "$share/host/fxr/"
cp -rL "$folder/$version" "$share/shared/Microsoft.NETCore.App/"
cp -rL "$aspnet_folder/$aspnet" "$share/shared/Microsoft.AspNetCore.App/"
ln -s ../share/dotnet/dotnet "$root/usr/bin/dotnet"

# The libraries that these link to, and OpenSSL, which they open by name.
mapfile -t openssl < <(ldconfig -p | sed -n 's/^[[:space:]]*lib\(ssl\|crypto\)\.so\.3 .* => //p')
[ ${#openssl[@]} -gt 0 ] || fail "this machine has no libssl.so.3; expected OpenSSL 3 in 'ldconfig -p' (Debian: libssl3)."
linked=$(find "$share" \( -name '*.so' -o -name dotnet \) -type f -print0 | xargs -0 ldd "${openssl[@]}")
mapfile -t libraries < <(sed -n 's/^\t[^/]*\(\/[^ ]*\) (.*/\1/p' <<<"$linked" | grep -vF "$root" | sort -u)
take "${openssl[@]}" "${libraries[@]}"
for folder in /bin /lib /lib64; do
  [ ! -L "$folder" ] || ln -s "$(readlink "$folder")" "$root$folder"
done

# Certificates of the distribution and none that were added to this machine.
mkdir -p "$root/etc/ssl/certs" "$root/usr/lib/ssl"
find /usr/share/ca-certificates -name '*.crt' 2>/dev/null | sort | xargs -r cat >"$root/etc/ssl/certs/ca-certificates.crt"
[ -s "$root/etc/ssl/certs/ca-certificates.crt" ] || fail "this machine has no CA certificates in /usr/share/ca-certificates (Debian: ca-certificates)."
ln -s /etc/ssl/certs "$root/usr/lib/ssl/certs"
[ ! -d /usr/share/zoneinfo ] || cp -r /usr/share/zoneinfo "$root/usr/share/"

cp -L /etc/os-release "$root/etc/os-release"
printf '%s\n' 'root:x:0:0:root:/root:/usr/sbin/nologin' 'app:x:1654:1654::/home/app:/usr/sbin/nologin' 'nobody:x:65534:65534:nobody:/:/usr/sbin/nologin' >"$root/etc/passwd"
printf '%s\n' 'root:x:0:' 'app:x:1654:' 'nogroup:x:65534:' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
mkdir -p "$root/tmp" "$root/home/app"
chmod -R u=rwX,go=rX "$root"
chmod 1777 "$root/tmp"

archive=(tar --sort=name --mtime=@0 --numeric-owner --format=gnu -C "$root" -f "$work/root.tar")
"${archive[@]}" --owner=0 --group=0 --exclude=./home/app -c .
"${archive[@]}" --owner=1654 --group=1654 -r ./home/app
rm -rf "$root"

# The environment is that of Microsoft's image.
. /etc/os-release
cat >"$work/Dockerfile" <<TEXT
FROM scratch
ADD root.tar /
ENV APP_UID=1654 ASPNETCORE_HTTP_PORTS=8080 DOTNET_RUNNING_IN_CONTAINER=true DOTNET_VERSION=$version ASPNET_VERSION=$aspnet DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=true
LABEL dev.orrery.local-base="made of the files of a machine with $PRETTY_NAME and .NET $version; not Microsoft's image"
USER 1654
TEXT
content=$(cat "$work/Dockerfile" "$work/root.tar" | sha256sum | head -c 12)
image=localhost/orrery-local-base:$content
if ! "$tool" image inspect "$image" >/dev/null 2>&1; then
  build_image "$tool" 0 "$image" "$work" "$work/Dockerfile" >/dev/null
fi
echo "$image"
