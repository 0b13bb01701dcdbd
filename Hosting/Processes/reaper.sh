#!/bin/sh
# reaper.sh RUN-DIRECTORY SECONDS
# Ends a run when its standard input ends, which is when its host has ended, however that happened:
# asks every registered process group to end, kills what is left after SECONDS, removes the run's containers,
# then kills processes that left their group (they carry the run's mark), and removes the directory.
trap '' INT TERM HUP QUIT
run=$1
grace=$2
id=${run##*/}
id=${id%.closing}

field() { shift "$1"; echo "$1"; }

start_of() {
  read -r stat 2>/dev/null <"/proc/$1/stat" || return 1
  # shellcheck disable=SC2086
  field 20 ${stat##*) }
}

# A process id is used again, an id with its start time is not. A leader that is gone may have left its group behind.
is_ours() {
  now=$(start_of "$1") || return 0
  [ "$now" = "$2" ]
}

# A process that has ended and was not waited for still counts for kill(2), not for us.
lives() {
  kill -0 "-$1" 2>/dev/null || return 1
  for file in /proc/[0-9]*/stat; do
    read -r stat 2>/dev/null <"$file" || continue
    # shellcheck disable=SC2086
    set -- "$1" ${stat##*) }
    [ "$4" = "$1" ] && [ "$2" != Z ] && [ "$2" != X ] && return 0
  done
  return 1
}

# each ACTION: calls it with the process id and the stop signal of every group that is left.
each() {
  for file in "$run"/*.child; do
    [ -f "$file" ] || continue
    read -r pid start signal <"$file"
    is_ours "$pid" "$start" && lives "$pid" && "$1" "$pid" "$signal"
  done
}

ask() { kill -"$2" "-$1" 2>/dev/null; }
end() { kill -9 "-$1" 2>/dev/null; }
count() { left=$((left + 1)); }

echo "$$ $(start_of $$)" >"$run/reaper"
while read -r _; do :; done

case $run in
  *.closing) ;;
  *) mv "$run" "$run.closing" || exit 0
     run=$run.closing ;;
esac

each ask
tries=$((grace * 10))
while [ "$tries" -gt 0 ]; do
  left=0
  each count
  [ "$left" -eq 0 ] && break
  sleep 0.1
  tries=$((tries - 1))
done
each end

if [ -f "$run/runtime" ]; then
  read -r runtime <"$run/runtime"
  for container in $("$runtime" ps -aq --filter "label=aspire.hosting.run=$id"); do
    # Asked long enough by now; podman's rm -f would ask once more, for ten seconds.
    "$runtime" kill "$container"
    "$runtime" rm -f "$container"
  done
  "$runtime" network rm "aspire-$id"
fi

for file in $(grep -lzsx "ASPIRE_HOSTING_RUN=$id" /proc/[0-9]*/environ); do
  pid=${file#/proc/}
  pid=${pid%/environ}
  [ "$pid" != $$ ] && kill -9 "$pid" 2>/dev/null
done

rm -rf "$run"
