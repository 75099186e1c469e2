# shellcheck shell=bash disable=SC2154 # set by oriel and scripts/package.sh
# The image for container engines: an archive of an image layout of OCI, of two layers. The first is what Oriel needs of Debian, the
# second is Oriel. Sourced by scripts/package.sh.

# blob FILE: moves it to where its digest says; sets digest and size.
blob() {
    digest=$(sha256sum <"$1") digest=${digest%% *} size=$(stat -c %s "$1")
    mv "$1" "$layout/blobs/sha256/$digest"
}

# layer FOLDER: adds what is in it; adds to layers and diff_ids.
layer() {
    local file=$target/layer.tar digest size
    archive_of "$1" . >"$file"
    diff_ids+=,\"sha256:$(sha256sum <"$file" | cut -d' ' -f1)\"
    gzip -nf "$file"
    blob "$file.gz"
    layers+=",{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"sha256:$digest\",\"size\":$size}"
}

# lay_debian FOLDER: what guests/fetch got, with no program that changes its user.
lay_debian() {
    local kit=${ORIEL_GUESTS:-${XDG_CACHE_HOME:-$HOME/.cache}/oriel/guests}
    "$root/guests/fetch" --for container >&2 || die "package oci: what the image needs of Debian could not be had"
    rm -rf "$1"
    cp -a "$kit/container/tree" "$1"
    chmod -R u-s,g-s "$1"
    rm -rf "$1"/var/lib/dpkg/info "$1"/var/cache/apt
    mkdir -p "$1"/{share,run/oriel}
    sed -n 's/^Package: //p; s/^Version: /=/p' "$1/var/lib/dpkg/status" | sed 'N; s/\n=/ /' | LC_ALL=C sort >"$target/debian.txt"
}

pack_oci() {
    local layout=$target/layout base=$target/base tree=$target/container to digest size layers='' diff_ids='' created
    to=$target/oriel-${version//\~/-}-oci-$architecture.tar
    created=$(timestamp)
    rm -rf "$layout" "$tree"
    mkdir -p "$layout/blobs/sha256" "$tree"
    lay_debian "$base"
    cp -a "$stage" "$tree/usr"
    generate BillOfMaterials "$target/artifacts.txt" "$tree/usr/lib/oriel/image/release" "$version" "$target/debian.txt" \
        >"$tree/usr/share/doc/oriel/oriel.cdx.json"
    # Each container would make a start cache of its own, and no two are the same bytes: an empty one says that there is none. What
    # the JVM itself needs for a quick start is the same each time.
    mkdir "$tree/usr/lib/oriel/cache"
    : >"$tree/usr/lib/oriel/cache/$(<"$target/identity")"
    "$tree/usr/lib/oriel/image/bin/java" -Xshare:dump -Xlog:disable >"$target/dump.log" 2>&1 || die "package oci: see $target/dump.log"
    layer "$base"
    layer "$tree"
    cat >"$target/config.json" <<END
{"created":"$created","architecture":"$architecture","os":"linux","config":{"Entrypoint":["/usr/bin/oriel"],\
"Cmd":["serve","--shared-dir","/share","--socket-path","/run/oriel/oriel.sock","--tag","share","--sandbox","none"],\
"Env":["PATH=/usr/sbin:/usr/bin"],"Volumes":{"/share":{},"/run/oriel":{}},\
"Labels":{"org.opencontainers.image.title":"Oriel","org.opencontainers.image.version":"$version",\
"org.opencontainers.image.revision":"$commit","org.opencontainers.image.licenses":"Apache-2.0"}},\
"rootfs":{"type":"layers","diff_ids":[${diff_ids#,}]},"history":[{"created":"$created","created_by":"Debian"},\
{"created":"$created","created_by":"oriel package oci"}]}
END
    blob "$target/config.json"
    cat >"$target/manifest.json" <<END
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":\
"application/vnd.oci.image.config.v1+json","digest":"sha256:$digest","size":$size},"layers":[${layers#,}]}
END
    blob "$target/manifest.json"
    cat >"$layout/index.json" <<END
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":\
"application/vnd.oci.image.manifest.v1+json","digest":"sha256:$digest","size":$size,"platform":{"architecture":"$architecture",\
"os":"linux"},"annotations":{"org.opencontainers.image.ref.name":"${version//\~/-}"}}]}
END
    printf '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
    archive_of "$layout" . >"$to.new"
    mv "$to.new" "$to"
    packed "$to"
}
