# shellcheck shell=bash disable=SC2154 # set by oriel
# `./oriel package tar|deb|oci|libraries`: makes a package of this clone, which needs no JDK where it is installed. Sourced by `oriel`, which sets
# root, modules and java_home.
#
# The same sources give the same bytes: all times are the commit's, or SOURCE_DATE_EPOCH's, all owners root, all lists sorted. What is
# staged is the folder /usr of a package; an archive holds the same folder under its own name.

package_usage() {
    cat <<END
usage: ./oriel package tar|deb|oci|libraries

Makes a package in $root/packaging/target: Oriel, with the Java that it needs.

  tar  an archive that runs from wherever it is unpacked
  deb  a package of Debian, with units of systemd (needs dpkg-deb)
  oci  an image for container engines, as an archive; its C library and shell are Debian's, got as guests/fetch does

  libraries  driver, filesystem, device and what they need, with sources and documentation, in a folder that is a repository of Maven
END
}

make_package() {
    case ${1-} in
    tar | deb | oci | libraries) [ $# -eq 1 ] || { package_usage >&2; exit 2; } ;;
    -h | --help) package_usage; return ;;
    *)
        package_usage >&2
        [ $# -eq 0 ] || printf '%s: package: no kind of package: %s\n' "$name" "$1" >&2
        exit 2
        ;;
    esac
    require_build_tools
    [ -x "$java_home/bin/jlink" ] || die "package: $java_home has no jlink, which makes the image: install a JDK with its modules (jmods)"
    case $(uname -m) in
    x86_64) architecture=amd64 ;;
    aarch64) architecture=arm64 ;;
    *) die "package: there is no package for $(uname -m)" ;;
    esac
    # shellcheck source=scripts/commit.sh
    . "$root/scripts/commit.sh"
    [ "$1-$architecture" != oci-arm64 ] || die "package oci: what the image needs of Debian can be had for amd64 only"
    umask 022
    target=$root/packaging/target stage=$target/stage
    commit=$(commit)
    find_epoch
    if [ "$1" = libraries ]; then
        deploy_libraries
        return
    fi
    build_packaging
    stage_package
    # shellcheck source=scripts/package_oci.sh
    . "$root/scripts/package_oci.sh"
    "pack_$1"
}

# Sets epoch, in seconds, and project, the version of the poms.
find_epoch() {
    local text
    text=$(<"$root/pom.xml")
    project=${text#*<version>} project=${project%%</version>*}
    epoch=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null)} || epoch=''
    if [ -z "$epoch" ]; then
        text=${text#*<project.build.outputTimestamp>}
        epoch=$(date -u -d "${text%%<*}" +%s)
    fi
    export SOURCE_DATE_EPOCH=$epoch
    # A snapshot sorts before its release, and by its commit's time.
    version=$project
    case $project in *-SNAPSHOT) version=${project%-SNAPSHOT}~$(date -u -d "@$epoch" +%Y%m%d%H%M%S)${commit:+.${commit//-/.}} ;; esac
}

timestamp() { date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ; }

deploy_libraries() {
    local repository=$target/repository log=$target/libraries.log words
    mkdir -p "$target" 2>/dev/null || die "package: $root cannot be written"
    rm -rf "$repository"
    words=(mvn -B -ntp -f "$root/pom.xml" -Plibraries -Doriel.launch -Dmaven.test.skip=true -Dmaven.install.skip=true -Dmaven.jar.forceCreation=true
        "-Dproject.build.outputTimestamp=$(timestamp)"
        -pl bom,linux,socket,virtio,fuse,vhostuser,bus,vfiouser,filesystem,device,driver "-DaltDeploymentRepository=oriel::file://$repository")
    echo "$name: package: building the libraries and their documentation" >&2
    if ! JAVA_HOME=$java_home "${words[@]}" --offline deploy >"$log" 2>&1 &&
        ! { grep -q 'offline mode' "$log" && JAVA_HOME=$java_home "${words[@]}" deploy >"$log" 2>&1; }; then
        grep -E '^\[ERROR\]' "$log" | head -n 20 >&2 || tail -n 20 "$log" >&2
        die "package: the build failed; all of what Maven said is in $log"
    fi
    echo "$repository"
}

# is_packaging_built: whether the last build was this one's, of the same commit and time.
is_packaging_built() {
    local jar
    is_built && [ -e "$target/built" ] && [ "$(<"$target/built")" = "$commit $epoch $java_home" ] || return 1
    for jar in "$modules"/oriel-app-*.jar; do
        [ "$target/built" -nt "$jar" ]
        return
    done
}

# The lock is held until the package is made: of the jars of this build, and by nobody else in the same folders.
build_packaging() {
    local log=$root/app/target/build.log options
    mkdir -p "$root/app/target" 2>/dev/null || die "package: $root cannot be written"
    exec 9>"$root/app/target/build.lock"
    if command -v flock >/dev/null; then flock 9; fi
    if is_packaging_built; then return; fi
    echo "$name: package: building" >&2
    # A jar that is up to date would keep the times of another commit, or the pom of a library.
    options=(-pl packaging -am -Dmaven.jar.forceCreation=true "-Dproject.build.outputTimestamp=$(timestamp)" "-Doriel.commit=$commit")
    rm -rf "$modules"
    if ! maven --offline "${options[@]}" && ! { grep -q 'offline mode' "$log" && maven "${options[@]}"; }; then
        grep -E '^\[ERROR\]' "$log" | head -n 20 >&2 || tail -n 20 "$log" >&2
        die "package: the build failed; all of what Maven said is in $log"
    fi
    echo "$commit $epoch $java_home" >"$target/built"
}

generate() { "$java_home/bin/java" --enable-native-access=ALL-UNNAMED -cp "$target/classes:$modules/*" "dev.oriel.packaging.$@"; }

# Lays the folder /usr of a package into $stage.
stage_package() {
    local home=$stage/lib/oriel share=$stage/share jar links
    echo "$name: package: linking the image" >&2
    rm -rf "$stage" "$target/jars" "$target/linked"
    mkdir -p "$home/scripts" "$stage"/{bin,libexec} "$stage/lib/systemd/system" "$share/qemu/vhost-user" "$share/doc/oriel" "$target/jars"
    for jar in "$modules"/*.jar; do
        case ${jar##*/} in
        picocli-*) "$java_home/bin/java" "$root/scripts/ModernClasses.java" "$jar" "$target/jars/${jar##*/}" ;;
        *) cp "$jar" "$target/jars" ;;
        esac
    done
    generate LinkedImage "$target/jars" "$home/image" "$home/modules" || die "package: the image could not be linked"
    cp "$root/oriel" "$home"
    ln -s oriel "$home/virtiofsd"
    for links in cache enter java packaged sandbox shares; do cp "$root/scripts/$links.sh" "$home/scripts"; done
    ln -s ../lib/oriel/oriel "$stage/bin/oriel"
    ln -s ../lib/oriel/oriel "$stage/libexec/virtiofsd-oriel"
    cp "$root"/packaging/systemd/* "$stage/lib/systemd/system"
    cp "$root"/packaging/vhost-user/* "$share/qemu/vhost-user"
    cp "$root/LICENSE" "$root/CHANGELOG.md" "$share/doc/oriel"
    cp -r "$root/packaging/licences" "$share/doc/oriel"
    lay_licences "$share/doc/oriel/licences"
    generate ManualPages "$(date -u -d "@$epoch" +%Y-%m-%d)" "$share"
    gzip -9n "$share"/man/man1/*
    generate BillOfMaterials "$target/artifacts.txt" "$home/image/release" "$version" >"$share/doc/oriel/oriel.cdx.json"
    chmod -R u=rwX,go=rX "$stage"
    # Says which image a start cache is of.
    (cd "$home" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16) >"$target/identity"
    cp "$target/identity" "$home/identity"
    find "$stage" -depth -exec touch -h -d "@$epoch" {} +
}

# lay_licences FOLDER: what the jars of others bring of licences and notices, in a folder for each jar.
lay_licences() {
    local jar folder
    for jar in "$target"/jars/*.jar; do
        folder=$1/${jar##*/} folder=${folder%.jar}
        mkdir "$folder"
        (cd "$folder" && "$java_home/bin/jar" xf "$jar" META-INF)
        find "$folder/META-INF" -maxdepth 1 -type f \( -iname '*licen[cs]e*' -o -iname '*notice*' \) -exec mv {} "$folder" \;
        rm -rf "$folder/META-INF"
        rmdir --ignore-fail-on-non-empty "$folder"
    done
}

# archive_of FOLDER WHAT...: a tar archive of it on standard output.
archive_of() {
    tar -C "$1" --format=gnu --sort=name --owner=0 --group=0 --numeric-owner "--mtime=@$epoch" -c "${@:2}"
}

# packed FILE: says what was made.
packed() {
    echo "$1"
    echo "$name: package: $(($(stat -c %s "$1") / 1000000)) MB" >&2
}

pack_tar() {
    local folder=oriel-${version//\~/-}-linux-$(uname -m) to
    to=$target/$folder.tar.gz
    archive_of "$stage" --transform "s,^\.,$folder,S" . | gzip -n >"$to.new"
    mv "$to.new" "$to"
    packed "$to"
}

pack_deb() {
    command -v dpkg-deb >/dev/null || die "package deb: dpkg-deb is missing: install dpkg"
    local tree=$target/deb to=$target/oriel_${version}_$architecture.deb script bytes
    rm -rf "$tree"
    mkdir -p "$tree/DEBIAN" "$tree/etc/oriel"
    cp -a "$stage" "$tree/usr"
    mv "$tree/usr/share/doc/oriel/LICENSE" "$tree/usr/share/doc/oriel/copyright"
    gzip -9n "$tree/usr/share/doc/oriel/CHANGELOG.md"
    mv "$tree/usr/share/doc/oriel/CHANGELOG.md.gz" "$tree/usr/share/doc/oriel/changelog.gz"
    # Not of folders, whose size is their file system's.
    bytes=$(find "$tree" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum }')
    sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@SIZE@/$((bytes / 1024))/" \
        "$root/packaging/debian/control" >"$tree/DEBIAN/control"
    for script in postinst prerm postrm; do install -m 755 "$root/packaging/debian/$script" "$tree/DEBIAN"; done
    (cd "$tree" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
    chmod 755 "$tree" "$tree/DEBIAN" "$tree/etc" "$tree/etc/oriel"
    chmod 644 "$tree/DEBIAN"/{control,md5sums}
    find "$tree" -depth -exec touch -h -d "@$epoch" {} +
    # What several threads compress has other bytes.
    export DPKG_DEB_THREADS_MAX=1
    dpkg-deb --root-owner-group -Zxz -z1 --build "$tree" "$to.new" >/dev/null
    mv "$to.new" "$to"
    packed "$to"
}
