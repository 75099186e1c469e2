package dev.oriel.guests;

import java.io.IOException;
import java.io.InputStream;

/** The scripts of this module, which stand beside its pom.xml and in its jar. */
final class Scripts {
    private Scripts() {}

    static byte[] bytes(String name) throws IOException {
        try (InputStream script = Scripts.class.getResourceAsStream(name)) {
            if (script == null) {
                throw new IllegalStateException(
                        "the script '" + name + "' is missing from the jar of dev.oriel.guests");
            }
            return script.readAllBytes();
        }
    }
}
