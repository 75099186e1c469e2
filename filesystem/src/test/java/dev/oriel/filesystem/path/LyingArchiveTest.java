package dev.oriel.filesystem.path;

import static org.assertj.core.api.Assertions.assertThat;

import dev.oriel.filesystem.local.Client;
import dev.oriel.linux.Errno;
import dev.oriel.linux.OpenFlags;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Archives whose directory tells sizes that are not true. */
class LyingArchiveTest {
    private static final int DIRECTORY_ENTRY = 0x02014b50;
    private static final int SIZE = 24;

    @TempDir
    Path folder;

    /** An archive with one file of zeros, which its directory says has {@code told} bytes. */
    private Path archive(int size, int told) throws IOException {
        Path archive = folder.resolve("archive" + told + ".zip");
        try (OutputStream out = Files.newOutputStream(archive);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry("file"));
            for (int left = size; left > 0; left -= Math.min(left, 1 << 20)) {
                zip.write(new byte[Math.min(left, 1 << 20)]);
            }
            zip.closeEntry();
        }
        byte[] bytes = Files.readAllBytes(archive);
        ByteBuffer words = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int at = bytes.length - 22;
        while (words.getInt(at) != DIRECTORY_ENTRY) {
            at--;
        }
        words.putInt(at + SIZE, told);
        return Files.write(archive, bytes);
    }

    private interface Use {
        void use(Client client, long node, long fh);
    }

    private static void open(Path archive, Use use) throws IOException {
        try (FileSystem files = FileSystems.newFileSystem(archive);
                Client client = Client.of(PathFileSystem.of(files.getPath("/")))) {
            long node = client.walk("file");
            assertThat(client.open(node, OpenFlags.O_RDONLY)).isZero();
            use.use(client, node, client.opened.fh);
        }
    }

    private static long read(Client client, long node, long fh, long offset) {
        client.room(1 << 20);
        return client.session.read(client.caller(), node, fh, offset, 0, client.vector);
    }

    @Test
    void aFileThatIsShorterThanToldIsAnError() throws IOException {
        open(archive(1000, 0x7000_0000), (client, node, fh) -> {
            assertThat(client.getattr(node)).isZero();
            assertThat(client.attr.size).isEqualTo(0x7000_0000);
            assertThat(read(client, node, fh, 0)).isEqualTo(-Errno.EIO);
            assertThat(read(client, node, fh, 0x6fff_ffff)).isEqualTo(-Errno.EIO);
            assertThat(read(client, node, fh, 0x7000_0000)).isZero();
        });
    }

    /** A gigabyte that is told to be a few bytes: it takes neither memory nor time. */
    @Test
    void aFileThatIsLongerThanToldEndsWhereItIsTold() throws IOException {
        open(archive(1 << 30, 1000), (client, node, fh) -> {
            assertThat(read(client, node, fh, 0)).isEqualTo(1000);
            assertThat(read(client, node, fh, 1000)).isZero();
        });
    }
}
