#!/usr/bin/env bash
# Makes sure that a Debian 12 machine can build and test: installs what is missing, and nothing when nothing is.
# Everything it says goes to standard error, so that a command's own output stays clean.
set -euo pipefail
exec 1>&2

readonly packages=(libsqlite3-dev libssl-dev libpq-dev openssl pkg-config python3)
readonly swift_major=6 swift_minor=3

die() {
    printf 'setup: %s\n' "$@"
    exit 1
}

missing=()
for package in "${packages[@]}"; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing+=("$package")
done

# Any version's server will do: the tests and the demo start clusters of their own and never touch another.
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)

if [ ${#missing[@]} -gt 0 ]; then
    command -v apt-get >/dev/null || die "missing: ${missing[*]}" "This machine has no apt-get: install their equivalents."
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "missing: ${missing[*]}" "Run as root: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    echo "setup: installing ${missing[*]}"
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    if ! { "${as_root[@]}" apt-get update && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
        tail -20 "$log"
        die "could not install ${missing[*]}"
    fi
fi

readonly where="Swift $swift_major.$swift_minor or newer for this system: https://www.swift.org/install/linux/"
command -v swift >/dev/null || die "there is no swift on the PATH." "Get $where"
version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' | head -n 1)
[ -n "$version" ] || die "swift --version says nothing that can be read." "Get $where"
if [ "${version%%.*}" -lt $swift_major ] ||
    { [ "${version%%.*}" -eq $swift_major ] && [ "${version#*.}" -lt $swift_minor ]; }; then
    die "this is Swift $version." "Get $where"
fi
