package dev.oriel.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageCacheTest {
    @TempDir
    private Path folder;

    @Test
    void theWholePagesOfAFileThatWasWrittenAreInMemory() throws Exception {
        Path file = Files.write(folder.resolve("file"), new byte[10 * MemoryCalls.pageSize() + 1]);
        assertThat(PageCache.pages(file, Files.size(file))).isEqualTo(11);
        assertThat(PageCache.pages(Files.createFile(folder.resolve("empty")), 0))
                .isZero();
    }

    @Test
    void aFileOnADiskCanBeLetGo() throws Exception {
        Path file = Files.write(folder.resolve("file"), new byte[10 * MemoryCalls.pageSize()]);
        PageCache.drop(file);
        boolean onDisk = !Files.getFileStore(file).type().equals("tmpfs");
        assertThat(PageCache.pages(file, Files.size(file))).isEqualTo(onDisk ? 0 : 10);
    }

    @Test
    void aFileThatIsNotThereIsSaid() {
        assertThatThrownBy(() -> PageCache.drop(folder.resolve("none"))).hasMessageContaining("No such file");
    }
}
