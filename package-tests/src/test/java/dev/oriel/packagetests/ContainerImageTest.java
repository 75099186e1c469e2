package dev.oriel.packagetests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.GuestException;
import dev.oriel.guests.KitPart;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The image for container engines, laid out and started as an engine does, without one. */
@Tag("guest")
class ContainerImageTest {
    @TempDir
    private Path folder = Path.of("");

    private static List<String> all(String text, String expression) {
        return Pattern.compile(expression)
                .matcher(text)
                .results()
                .map((MatchResult found) -> found.group(1))
                .toList();
    }

    private String blob(String digest) throws Exception {
        return Files.readString(folder.resolve("layout/blobs/sha256").resolve(digest), UTF_8);
    }

    @Test
    void itsLayersAreWholeAndItsEntryPointServes() throws Exception {
        List<KitPart> parts = List.of(KitPart.CONTAINER);
        try {
            DebianRoot.KIT.fetch(parts, _ -> {});
        } catch (GuestException failed) {
            DebianRoot.KIT.require(parts);
            throw failed;
        }
        Path layout = Files.createDirectory(folder.resolve("layout"));
        Run.of(List.of("tar", "-xf", Run.packageOf("oci").toString(), "-C", layout.toString()))
                .orThrow();
        try (Stream<Path> blobs = Files.list(layout.resolve("blobs/sha256"))) {
            for (Path blob : blobs.toList()) {
                byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(blob));
                assertThat(blob.getFileName()).hasToString(HexFormat.of().formatHex(digest));
            }
        }
        String sha256 = "\"digest\":\"sha256:([0-9a-f]{64})\"";
        String index = Files.readString(layout.resolve("index.json"));
        List<String> digests = all(blob(all(index, sha256).getFirst()), sha256);
        String config = blob(digests.getFirst());
        Path root = Files.createDirectory(folder.resolve("root"));
        for (String layer : digests.subList(1, digests.size())) {
            Path file = layout.resolve("blobs/sha256").resolve(layer);
            Run.of(List.of("tar", "-xzf", file.toString(), "-C", root.toString(), "--no-same-owner"))
                    .orThrow();
        }
        assertThat(config).contains("\"Entrypoint\":[\"/usr/bin/oriel\"]");
        String command = String.join(" ", all(all(config, "\"Cmd\":\\[([^]]*)]").getFirst(), "\"([^\"]*)\""));
        try (DebianRoot container = DebianRoot.of(root)) {
            Files.writeString(root.resolve("share/file"), "of a volume\n");
            container.serve("/usr/bin/oriel " + command);
            assertThat(container
                            .run("oriel cat --socket /run/oriel/oriel.sock /file")
                            .orThrow())
                    .isEqualTo("of a volume\n");
        }
    }
}
