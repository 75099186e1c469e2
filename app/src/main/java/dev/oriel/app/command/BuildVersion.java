package dev.oriel.app.command;

import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** What {@code --version} says: of which sources this program was built, and by which Java it runs. */
public final class BuildVersion {
    /** Set by the launcher in a clone, whose tree may have changed since the build. */
    private static final String COMMIT_PROPERTY = "oriel.commit";

    /** The virtiofsd whose options this program has when it is called so. */
    private static final String VIRTIOFSD = "1.13.2";

    private BuildVersion() {}

    /** The lines of {@code oriel --version}. */
    public static String[] lines() {
        return new String[] {"oriel " + Program.VERSION + " (" + sources(commit()) + ")", java()};
    }

    /**
     * The lines of {@code virtiofsd --version}. Programs read the number behind the name to find out which options they
     * may type (Lima, for one, wants 1.13.0 for {@code --translate-gid}), so it is that of the virtiofsd whose options
     * these are.
     */
    public static String[] linesOfVirtiofsd() {
        return new String[] {
            "virtiofsd " + VIRTIOFSD + " (Oriel " + Program.VERSION + ", " + sources(commit()) + ")", java()
        };
    }

    private static String java() {
        return "Java " + Runtime.version() + ", " + System.getProperty("java.vendor");
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
