package dev.oriel.driver.nio;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.guests.GuestKit;
import dev.oriel.guests.PeerDaemon;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the contracts of java.nio.file and its channels say, once in a folder of the JDK's own provider and once in a
 * share: the same comes out.
 */
@SuppressWarnings("StreamResourceLeak") // what is left open the test ends with
abstract class ProviderContract {
    @TempDir
    @SuppressWarnings("NullAway.Init") // by JUnit
    static Path temporary;

    @SuppressWarnings("NullAway.Init") // by start
    private static PeerDaemon daemon;

    @SuppressWarnings("NullAway.Init") // by start
    static FileSystem share;

    private static int folders;

    @BeforeAll
    static void start() throws Exception {
        Path host = Files.createDirectory(temporary.resolve("shared"));
        Path socket = temporary.resolve("socket");
        daemon = PeerDaemon.start(GuestKit.locate(), host, socket, "peer", "--xattr");
        share = FileSystems.newFileSystem(socket, Map.of());
    }

    @AfterAll
    static void stop() throws IOException {
        share.close();
        daemon.close();
    }

    /**
     * Does something in a folder that holds a file "file" of ten bytes, a directory "dir" with "inner" and a link
     * "link" to the file.
     */
    interface Act {
        @Nullable
        Object in(Path folder) throws Exception;
    }

    record Contract(String name, Act act) {}

    static Contract that(String name, Act act) {
        return new Contract(name, act);
    }

    /** What came out: a value, or what was thrown. */
    private static Object outcome(Act act, Path folder) {
        try {
            return String.valueOf(act.in(folder)).replace(folder.toString(), "FOLDER");
        } catch (ExecutionException failed) {
            return Objects.requireNonNull(failed.getCause());
        } catch (Throwable failed) {
            return failed;
        }
    }

    /** The JDK often knows no more than that it is an IOException; what is more exact is as right. */
    private static void assertSame(Object ours, Object jdk) {
        if (jdk instanceof Error error) {
            throw error;
        }
        if (jdk instanceof IOException && ours instanceof IOException) {
            assertThat(ours).isInstanceOf(jdk.getClass());
        } else if (jdk instanceof Throwable) {
            assertThat(ours).hasSameClassAs(jdk);
        } else {
            assertThat(ours).isEqualTo(jdk);
        }
    }

    private static Path prepare(Path folder) throws IOException {
        Files.createDirectories(folder.resolve("dir"));
        Files.writeString(folder.resolve("dir/inner"), "inner");
        Files.writeString(folder.resolve("file"), "0123456789");
        Files.createSymbolicLink(folder.resolve("link"), folder.getFileSystem().getPath("file"));
        Files.createSymbolicLink(
                folder.resolve("dirlink"), folder.getFileSystem().getPath("dir"));
        return folder;
    }

    /** What is promised. */
    abstract List<Contract> contracts();

    @TestFactory
    List<DynamicTest> allIsAsWithTheJdk() {
        return contracts().stream()
                .map(contract -> DynamicTest.dynamicTest(contract.name, () -> {
                    int number = folders++;
                    Path jdk = prepare(temporary.resolve("jdk-" + number));
                    Path ours = prepare(share.getPath("/ours-" + number));
                    Object expected = outcome(contract.act, jdk);
                    assertSame(outcome(contract.act, ours), expected);
                }))
                .toList();
    }

    static FileChannel open(Path folder, String name, OpenOption... options) throws IOException {
        return FileChannel.open(folder.resolve(name), options);
    }

    static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(UTF_8));
    }
}
