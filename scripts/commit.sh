# shellcheck shell=bash disable=SC2154 # set by oriel
# Of which sources this tree is; sourced by `oriel` and scripts/package.sh, which set root.

# commit: prints the commit, short, with -dirty where a file differs from it; nothing where there is no git.
commit() {
    git -C "$root" describe --always --dirty --abbrev=10 --exclude '*' 2>/dev/null || :
}
