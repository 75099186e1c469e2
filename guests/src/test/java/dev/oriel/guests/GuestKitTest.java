package dev.oriel.guests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuestKitTest {
    @TempDir
    private Path folder;

    @Test
    void thePropertyNamesTheFolderBeforeTheEnvironmentAndTheCaches() {
        Map<String, String> environment =
                Map.of("ORIEL_GUESTS", "/env", "XDG_CACHE_HOME", "/caches", "HOME", "/home/me");

        assertThat(GuestKit.locate("/property", environment, "/nowhere").folder())
                .isEqualTo(Path.of("/property"));
        assertThat(GuestKit.locate(null, environment, "/nowhere").folder()).isEqualTo(Path.of("/env"));
    }

    @Test
    void withoutANameTheFolderIsAmongTheUsersCaches() {
        assertThat(GuestKit.locate(null, Map.of("XDG_CACHE_HOME", "/caches", "HOME", "/home/me"), "/nowhere")
                        .folder())
                .isEqualTo(Path.of("/caches/oriel/guests"));
        assertThat(GuestKit.locate(null, Map.of("HOME", "/home/me"), "/nowhere").folder())
                .isEqualTo(Path.of("/home/me/.cache/oriel/guests"));
        assertThat(GuestKit.locate(null, Map.of(), "/home/you").folder())
                .isEqualTo(Path.of("/home/you/.cache/oriel/guests"));
    }

    @Test
    void aPartIsThereOnceItIsMarkedComplete() throws Exception {
        Files.createDirectories(folder.resolve("peer"));
        Files.createDirectories(folder.resolve("uml"));
        Files.createFile(folder.resolve("uml/complete"));

        assertThat(GuestKit.at(folder).missing(List.of(KitPart.UML, KitPart.PEER)))
                .containsExactly(KitPart.PEER);
    }

    @Test
    void aMissingPartIsNamedWithTheCommandThatFetchesIt() {
        Guest guest = Guest.of(GuestKit.at(folder), GuestKind.X86_64_STABLE);

        assertThatThrownBy(guest::start)
                .isInstanceOf(GuestException.class)
                .hasMessage("the guest kit in " + folder
                        + " lacks qemu-stable, x86_64: run guests/fetch --for qemu-stable,x86_64");
    }

    @Test
    void aFetchThatCannotWorkSaysWhatToDo() throws Exception {
        Path file = Files.createFile(folder.resolve("file"));
        List<String> progress = new ArrayList<>();

        assertThatThrownBy(() -> GuestKit.at(file.resolve("guests")).fetch(List.of(KitPart.PEER), progress::add))
                .isInstanceOf(GuestException.class)
                .hasMessageContaining("cannot make the folder " + file)
                .hasMessageContaining("ORIEL_GUESTS");
    }

    @Test
    void aCompleteKitIsNotFetchedAgain() throws Exception {
        Files.createDirectories(folder.resolve("peer"));
        Files.createFile(folder.resolve("peer/complete"));
        List<String> progress = new ArrayList<>();

        GuestKit.at(folder).fetch(List.of(KitPart.PEER), progress::add);

        assertThat(progress).isEmpty();
    }
}
