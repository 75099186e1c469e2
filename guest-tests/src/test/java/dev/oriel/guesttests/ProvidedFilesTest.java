package dev.oriel.guesttests;

import dev.oriel.guests.GuestKind;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** A file system of the JVM that lies in memory: a real guest does with it what it does with a local folder. */
class ProvidedFilesTest {
    /** Cases that this kind cannot have, and why. */
    private static final Map<String, String> CANNOT = Map.of();

    private static final String FEATURES = "--with own-locks,requests,statx,xattr,mmap,ofd";

    @TestFactory
    @Tag("guest")
    Stream<DynamicNode> operationsDoWhatTheyDoOnALocalFolder() {
        return Stream.of(GuestCases.container("jimfs", () -> {
            try (ProvidedShare share = ProvidedShare.inMemory()) {
                List<String> lines =
                        share.run(GuestKind.UML, one -> one, GuestProgram.run("operations", "/mnt/work " + FEATURES));
                java.nio.file.Files.write(java.nio.file.Path.of("/tmp/brief/path.cases"), lines);
                return GuestCases.tests("jimfs", lines, List.of());
            }
        }));
    }
}
