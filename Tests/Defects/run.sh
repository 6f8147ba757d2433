#!/usr/bin/env bash
# Plants the defects of this folder one at a time and shows that a test finds each.
#
# A defect is a file NNN-name.patch: a line "# finds: REGEXP" with the filter of the tests that must fail, a line or
# two that say what is broken, and a unified diff against the top of the tree. Arguments choose by number or name.
#
# The patches are applied to a copy of the tree with a build of its own under .build/defects; the work tree is never
# touched. The copy is kept: its first build takes as long as a clean one, later ones compile what changed.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec </dev/null
export ML_CONNECTOR_POSTGRES=1

readonly top=$PWD
readonly place=$top/.build/defects
readonly tree=$place/tree
read -r -a flags <<<"${BUILD_FLAGS:---explicit-target-dependency-import-check error}"
# A defect may make a test hang: that is a finding, too.
readonly test_seconds_max=300

patches=()
for patch in Tests/Defects/[0-9][0-9][0-9]-*.patch; do
    name=$(basename "$patch" .patch)
    if [ $# -eq 0 ]; then patches+=("$name"); fi
    for wanted in "$@"; do
        if [[ $name == "$wanted"* ]]; then patches+=("$name"); fi
    done
done
if [ ${#patches[@]} -eq 0 ]; then
    echo "defects: none of that name" >&2
    exit 1
fi

filter_of() { sed -n 's/^# finds: *//p' "$top/Tests/Defects/$1.patch" | head -n 1; }

# Copies what differs, so that what is the same is not compiled again.
copy_tree() {
    mkdir -p "$tree"
    [ -d "$tree/.git" ] || git -C "$tree" init -q
    local listed=$place/listed
    git ls-files -co --exclude-standard | sort >"$listed"
    if [ -e Package.resolved ]; then echo Package.resolved >>"$listed"; fi
    while IFS= read -r file; do
        [ -f "$file" ] || continue
        cmp -s "$file" "$tree/$file" && continue
        mkdir -p "$tree/$(dirname "$file")"
        cp -p "$file" "$tree/$file"
    done <"$listed"
    (cd "$tree" && find . \( -path ./.git -o -path ./.build \) -prune -o -type f -print | sed 's#^\./##' | sort) |
        comm -23 - <(sort "$listed") | while IFS= read -r gone; do rm -f "${tree:?}/$gone"; done
    # Sources of dependencies that are here already need not be fetched again.
    if [ ! -d "$tree/.build" ]; then
        mkdir -p "$tree/.build"
        for part in checkouts repositories artifacts workspace-state.json; do
            if [ -e ".build/$part" ]; then cp -a ".build/$part" "$tree/.build/$part"; fi
        done
    fi
    git -C "$tree" add -A
    git -C "$tree" -c user.name=defects -c user.email=defects@localhost commit -q --allow-empty -m "the tree"
}

build() { (cd "$tree" && "$top/ops/build.sh" "${flags[@]}" --build-tests); }

run_tests() {
    (cd "$tree" && timeout --kill-after=10 $test_seconds_max \
        swift test "${flags[@]}" --skip-build --disable-xctest --filter "$1")
}

# The name of the first test that failed, or what ended the run.
finder() {
    local name
    name=$(sed -n 's/^✘ Test "\(.*\)" recorded an issue.*/\1/p; s/^✘ Test \([A-Za-z0-9_]*(.*)\) recorded.*/\1/p' "$1" |
        head -n 1)
    [ -n "$name" ] || name=$(grep -m 1 -oE 'Fatal error.*|unexpected signal code [0-9]+' "$1" || true)
    echo "${name:-no answer within $test_seconds_max s}"
}

echo "defects: copying the tree and building it without a defect" >&2
copy_tree
build >"$place/build.out" 2>&1 || { cat "$place/build.out" >&2; exit 1; }

filters=()
for name in "${patches[@]}"; do
    filter=$(filter_of "$name")
    [ -n "$filter" ] || { echo "defects: $name.patch has no line '# finds: REGEXP'" >&2; exit 1; }
    filters+=("$filter")
done
if ! run_tests "$(IFS='|'; echo "${filters[*]}")" >"$place/test.out" 2>&1; then
    grep '^✘' "$place/test.out" >&2 || tail -20 "$place/test.out" >&2
    echo "defects: these tests fail without any defect" >&2
    exit 1
fi

found=0
printf '%-34s | %-72s | %s\n' defect 'found by' seconds
for name in "${patches[@]}"; do
    started=$SECONDS
    git -C "$tree" checkout -q -- .
    if ! git -C "$tree" apply -C1 --recount "$top/Tests/Defects/$name.patch" 2>"$place/apply.out"; then
        verdict="MISSED: the patch does not apply"
    elif ! build >"$place/build.out" 2>&1; then
        verdict="MISSED: the patch does not compile"
    elif run_tests "$(filter_of "$name")" >"$place/test.out" 2>&1; then
        verdict="MISSED: every test passes"
        if grep -q 'Test run with 0 tests' "$place/test.out"; then verdict="MISSED: no test is called that"; fi
    else
        verdict=$(finder "$place/test.out")
        found=$((found + 1))
    fi
    printf '%-34s | %-72s | %s\n' "$name" "${verdict:0:72}" $((SECONDS - started))
done
git -C "$tree" checkout -q -- .

echo "$found of ${#patches[@]} defects found"
[ "$found" -eq ${#patches[@]} ]
