package dev.oriel.app.command;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** What {@code --version} says: of which sources this program was built, and by which Java it runs. */
public final class BuildVersion {
    /** Set by the launcher in a clone, whose tree may have changed since the build. */
    private static final String COMMIT_PROPERTY = "oriel.commit";

    private BuildVersion() {}

    /**
     * The lines of {@code --version}.
     *
     * @param program the name that this program goes by
     */
    public static String[] lines(String program) {
        return new String[] {
            program + " " + Program.VERSION + " (" + sources(commit()) + ")",
            "Java " + Runtime.version() + ", " + System.getProperty("java.vendor")
        };
    }

    private static @Nullable String commit() {
        String now = System.getProperty(COMMIT_PROPERTY);
        return now == null ? built() : now;
    }

    static String sources(@Nullable String commit) {
        return commit == null || commit.isEmpty() ? "built without git: no commit is known" : "commit " + commit;
    }

    /** As the build wrote it down; null if it did not. */
    private static @Nullable String built() {
        try (InputStream written = BuildVersion.class.getResourceAsStream("build.properties")) {
            Properties properties = new Properties();
            if (written != null) {
                properties.load(written);
            }
            return properties.getProperty("commit");
        } catch (IOException unreadable) {
            return null;
        }
    }
}
