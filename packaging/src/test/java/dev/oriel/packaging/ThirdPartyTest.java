package dev.oriel.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Whoever wrote a part of the package is named in it. */
class ThirdPartyTest {
    private static final Path NAMED = Path.of("licences/THIRD-PARTY.md");

    @Test
    void eachJarOfOthersIsNamed() throws IOException {
        String named = Files.readString(NAMED).toLowerCase(Locale.ROOT);
        try (Stream<Path> jars = Files.list(Path.of("../app/target/modules"))) {
            assertThat(jars.map(jar -> jar.getFileName().toString()).filter(jar -> !jar.startsWith("oriel-")))
                    .isNotEmpty()
                    .allSatisfy(jar -> assertThat(named).contains(jar.replaceFirst("-.*", "")));
        }
    }
}
