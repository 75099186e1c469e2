# shellcheck shell=bash disable=SC2034,SC2154 # set by and for oriel
# How a package differs from a clone; sourced by `oriel` where it stands beside an image, after java.sh and cache.sh. The image is a
# Java with Oriel's modules in it: nothing is looked for and nothing built. The file `identity` names what the image holds.

find_java() { java_home=$root/image; }

is_built() { true; }

require_build_tools() { die "this is a package, which builds nothing: take a clone of Oriel's sources"; }

find_cache() {
    local identity
    read -r identity <"$root/identity"
    cache=$root/cache/$identity
}

is_cached() { [ -e "$cache" ]; }

remove_old_caches() { find "${cache%/*}" -type f ! -name lock -delete; }
