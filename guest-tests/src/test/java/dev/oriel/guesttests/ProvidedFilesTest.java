package dev.oriel.guesttests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseClientOptions;
import dev.oriel.driver.OpenFile;
import dev.oriel.guests.GuestKind;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** A file system of the JVM that lies in memory, served to guests and to the driver as docs/serving.md shows. */
class ProvidedFilesTest {
    private static final Path SOURCE = Path.of("src/test/java/dev/oriel/guesttests/PathServer.java");
    private static final Path PAGE = Path.of("../docs/serving.md");

    private static final String NO_SPECIAL_FILES = "java.nio.file makes no special files";
    private static final String NO_SPECIAL_BITS = "permissions of java.nio.file have no set-id and sticky bits";
    private static final String NO_NAME =
            "what has no name any more is read and written, but neither opened again nor given attributes";
    private static final String NO_EXCHANGE = "Files.move exchanges nothing and leaves nothing behind";

    /** Cases that this kind cannot have, and why. */
    private static final Map<String, String> CANNOT = Map.ofEntries(
            Map.entry("an_unlinked_file_lives_on_while_it_is_open", NO_NAME),
            Map.entry("an_unlinked_file_is_opened_anew_through_its_descriptor", NO_NAME),
            Map.entry("a_fifo_joins_two_processes", NO_SPECIAL_FILES),
            Map.entry("a_socket_of_the_share_is_connected_to", NO_SPECIAL_FILES),
            Map.entry("a_device_node_of_the_share_is_the_machine_s_own_device", NO_SPECIAL_FILES),
            Map.entry("modes_are_changed", NO_SPECIAL_BITS),
            Map.entry("owners_are_changed", NO_SPECIAL_FILES),
            Map.entry("a_new_owner_takes_no_privileges_over", NO_SPECIAL_BITS),
            Map.entry("times_follow_what_happens", "jimfs does not change the time of a change when it writes"),
            Map.entry("kinds_of_files_are_told", NO_SPECIAL_FILES),
            Map.entry("wrong_truncations_are_refused", NO_SPECIAL_FILES),
            Map.entry("a_file_larger_than_4_GiB_is_sparse", "jimfs has no holes"),
            Map.entry("a_punched_hole_frees_its_blocks", "jimfs has no holes"),
            Map.entry("data_and_holes_are_found", "jimfs has no holes"),
            Map.entry("entries_tell_number_and_kind", NO_SPECIAL_FILES),
            Map.entry("a_removed_current_directory_is_still_there", NO_NAME),
            Map.entry("two_names_are_exchanged", NO_EXCHANGE),
            Map.entry("a_rename_leaves_a_whiteout", NO_EXCHANGE),
            Map.entry("a_symbolic_link_itself_gets_a_hard_link", "jimfs follows the link"),
            Map.entry("special_files_get_hard_links", NO_SPECIAL_FILES),
            Map.entry("special_files_have_their_kinds_and_modes", NO_SPECIAL_FILES),
            Map.entry("any_bytes_make_a_name", "names of java.nio.file are characters"),
            Map.entry("symbolic_links_keep_their_targets", "targets of java.nio.file are characters"),
            Map.entry("what_a_user_makes_is_his", NO_SPECIAL_FILES),
            Map.entry("supplementary_groups_open_directories", NO_SPECIAL_FILES),
            Map.entry("a_setgid_directory_hands_its_group_down", NO_SPECIAL_BITS),
            Map.entry("a_sticky_directory_protects_the_files_of_others", NO_SPECIAL_BITS),
            Map.entry("the_umask_binds_every_kind_of_creation", NO_SPECIAL_FILES),
            Map.entry("who_changes_a_file_of_another_takes_its_privileges_away", NO_SPECIAL_BITS),
            Map.entry("an_owner_who_loses_the_group_loses_setgid", NO_SPECIAL_BITS),
            Map.entry("attributes_are_reached_through_descriptors", NO_NAME),
            Map.entry("names_outside_of_the_namespaces_are_refused", NO_SPECIAL_FILES),
            Map.entry("symbolic_links_and_special_files_have_attributes", NO_SPECIAL_FILES),
            Map.entry("users_see_and_set_what_is_theirs", "the view \"user\" has attributes of users only"),
            Map.entry("a_capability_is_lost_by_a_write", "the view \"user\" has attributes of users only"));

    private static final String FEATURES = "--with own-locks,requests,statx,xattr,mmap,ofd";

    @Test
    void thePageShowsTheSourceThatIsCompiledHere() throws IOException {
        String source = Files.readString(SOURCE);
        String shown = source.substring(source.indexOf("import "));
        assertThat(Files.readString(PAGE)).contains("```java\n" + shown + "```\n");
    }

    @TestFactory
    @Tag("guest")
    Stream<DynamicNode> operationsDoWhatTheyDoOnALocalFolder() {
        return Stream.of(GuestCases.container("jimfs", () -> {
            try (ProvidedShare share = ProvidedShare.inMemory()) {
                List<String> lines =
                        share.run(GuestKind.UML, one -> one, GuestProgram.run("operations", "/mnt/work " + FEATURES));
                List<String> can = lines.stream()
                        .filter(line ->
                                CANNOT.keySet().stream().noneMatch(name -> line.startsWith("not ok " + name + ":")))
                        .toList();
                return Stream.concat(GuestCases.tests("jimfs", can, List.of()), Stream.of(whatCannotBeIsNot(lines)));
            }
        }));
    }

    /** A case that does well by now is taken off the list. */
    private static DynamicNode whatCannotBeIsNot(List<String> lines) {
        return DynamicTest.dynamicTest(
                "what this kind cannot have fails",
                () -> assertThat(lines.stream()
                                .filter(line -> line.startsWith("ok "))
                                .map(line -> line.split(" ", -1)[1]))
                        .doesNotContainAnyElementsOf(CANNOT.keySet()));
    }

    /** Through a window that shows copies, as there are no pages that could be mapped. */
    @Test
    @Tag("guest")
    void aGuestMapsAndRunsFilesThroughTheWindow() throws Exception {
        try (ProvidedShare share = ProvidedShare.inMemory()) {
            byte[] content = DriverShare.content(3_000_001, 1);
            Files.write(share.root().resolve("work/data"), content);
            List<String> lines =
                    share.run(GuestKind.X86_64, one -> one.withDaxWindow().withMountOptions("dax=always"), """
                    cd /mnt/work
                    cat >store.py <<'END'
                    import mmap, os
                    with open("data", "r+b") as file:
                        memory = mmap.mmap(file.fileno(), 0)
                        memory[1000000:1000006] = b"stored"
                        memory.flush()
                    END
                    tools python3 store.py
                    cp /bin/busybox busybox
                    chmod 755 busybox
                    ./busybox echo IT RUNS
                    md5sum data | cut -c1-32 | sed 's/^/SUM /'
                    """);
            System.arraycopy("stored".getBytes(StandardCharsets.UTF_8), 0, content, 1_000_000, 6);
            assertThat(lines).contains("IT RUNS");
            assertThat(Files.readAllBytes(share.root().resolve("work/data"))).isEqualTo(content);
        }
    }

    /** Every write in the middle is staged, and what is in the archive then is what the guest saw. */
    @Test
    @Tag("guest")
    void aGuestChangesAnArchive(@TempDir Path folder) throws Exception {
        Path archive = folder.resolve("archive.zip");
        List<String> lines;
        try (ProvidedShare share = ProvidedShare.ofArchive(archive)) {
            lines = share.run(GuestKind.UML, one -> one, """
                    cd /mnt/work
                    mkdir one
                    head -c 3000000 /dev/urandom >one/file
                    cp -r one two
                    printf changed | dd of=two/file bs=1 seek=1000000 conv=notrunc
                    echo more >>two/file
                    mv two/file renamed
                    rm -r two
                    mv one three
                    cmp -s renamed three/file || echo DIFFERENT
                    exec 3<renamed
                    rm renamed
                    cat <&3 >again
                    for name in again three/file; do md5sum $name | sed 's/^/SUM /'; done
                    """);
        }
        assertThat(lines).contains("DIFFERENT");
        try (FileSystem files = FileSystems.newFileSystem(archive);
                Stream<Path> all = Files.walk(files.getPath("/work"))) {
            assertThat(all.map(Path::toString).map(name -> name.replaceAll("/$", "")))
                    .containsExactlyInAnyOrder("/work", "/work/again", "/work/three", "/work/three/file");
            for (String name : List.of("again", "three/file")) {
                byte[] sum = MessageDigest.getInstance("MD5")
                        .digest(Files.readAllBytes(files.getPath("/work").resolve(name)));
                assertThat(lines).contains("SUM " + HexFormat.of().formatHex(sum) + "  " + name);
            }
        }
    }

    @Test
    void theDriverStoresThroughTheWindow() throws Exception {
        try (ProvidedShare share = ProvidedShare.inMemory();
                FuseClient client = FuseClient.connect(share.socket(), FuseClientOptions.DEFAULTS)) {
            byte[] content = DriverShare.content(5_000_001, 2);
            OpenFile file = client.files()
                    .create(FuseClient.ROOT, "file".getBytes(StandardCharsets.UTF_8), OpenFlags.O_RDWR, 0644)
                    .file();
            client.files().write(file, 0, MemorySegment.ofArray(content));
            byte[] read = new byte[content.length];
            client.dax().orElseThrow().copyOut(file.nodeid(), 0, MemorySegment.ofArray(read));
            assertThat(read).isEqualTo(content);
            byte[] stored = "stored".getBytes(StandardCharsets.UTF_8);
            client.dax().orElseThrow().copyIn(file.nodeid(), 2_500_000, MemorySegment.ofArray(stored));
            client.files().fsync(file, false);
            System.arraycopy(stored, 0, content, 2_500_000, stored.length);
            assertThat(Files.readAllBytes(share.root().resolve("file"))).isEqualTo(content);
            client.files().release(file);
        }
    }
}
