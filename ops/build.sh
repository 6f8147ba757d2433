#!/usr/bin/env bash
# swift build with a line for every tenth instead of one for every file; on failure, the errors.
# All of it goes to standard error. Arguments are passed on.
set -uo pipefail
exec 1>&2

# The switch of Package.swift, the same for every way to build: another value would compile everything anew.
export ML_CONNECTOR_POSTGRES=1

mkdir -p .build
readonly log=.build/build.log
[ -e .build/debug/ml-connector ] || echo "build: the first one takes several minutes"

shown=0
swift build "$@" 2>&1 </dev/null | tee "$log" | while IFS= read -r line; do
    if [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]]; then
        tenth=$((10 * BASH_REMATCH[1] / BASH_REMATCH[2]))
        # Planning counts as well, by ones and twos.
        if [ "$tenth" -gt "$shown" ] && [ "${BASH_REMATCH[2]}" -ge 20 ]; then
            shown=$tenth
            echo "build: ${BASH_REMATCH[1]} of ${BASH_REMATCH[2]}"
        fi
    elif [[ $line =~ ^(Fetching|Build) ]]; then
        echo "build: $line"
    fi
done
status=${PIPESTATUS[0]}
if [ "$status" -ne 0 ]; then
    # The compiler draws each error again inside the source it quotes; the lines with a path say enough.
    grep -E '^[^ |].*(error|warning):|^error' "$log" | sort -u | head -60
    echo "build: failed; the whole of it is in $log"
fi
exit "$status"
