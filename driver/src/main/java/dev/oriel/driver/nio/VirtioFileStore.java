package dev.oriel.driver.nio;

import dev.oriel.driver.FileSystemStatus;
import dev.oriel.driver.FuseException;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.nio.file.attribute.FileStoreAttributeView;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import org.jspecify.annotations.Nullable;

/** What holds the files of a share. */
final class VirtioFileStore extends FileStore {
    private final VirtioFileSystem fileSystem;
    private final VirtioPath path;

    /** The store that holds what is at a path: a share may have several. */
    VirtioFileStore(VirtioPath path) {
        this.path = path;
        fileSystem = path.getFileSystem();
    }

    private FileSystemStatus status() throws IOException {
        try (Node node = Place.of(path).find(true)) {
            return fileSystem.client().statfs(node.nodeid);
        } catch (FuseException failed) {
            throw Failures.of(failed, path);
        }
    }

    private static long bytes(long blocks, FileSystemStatus status) {
        long size = Integer.toUnsignedLong(status.frsize());
        // both numbers are unsigned, and those of the device
        return blocks < 0 || Math.multiplyHigh(blocks, size) != 0 || blocks * size < 0 ? Long.MAX_VALUE : blocks * size;
    }

    @Override
    public String name() {
        return fileSystem.client().tag();
    }

    @Override
    public String type() {
        return "virtiofs";
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public long getTotalSpace() throws IOException {
        FileSystemStatus status = status();
        return bytes(status.blocks(), status);
    }

    @Override
    public long getUsableSpace() throws IOException {
        FileSystemStatus status = status();
        return bytes(status.bavail(), status);
    }

    @Override
    public long getUnallocatedSpace() throws IOException {
        FileSystemStatus status = status();
        return bytes(status.bfree(), status);
    }

    @Override
    public long getBlockSize() throws IOException {
        return Integer.toUnsignedLong(status().frsize());
    }

    @Override
    public boolean supportsFileAttributeView(Class<? extends FileAttributeView> type) {
        return type == BasicFileAttributeView.class
                || type == PosixFileAttributeView.class
                || type == FileOwnerAttributeView.class
                || type == UserDefinedFileAttributeView.class;
    }

    @Override
    public boolean supportsFileAttributeView(String name) {
        return fileSystem.supportedFileAttributeViews().contains(name);
    }

    @Override
    public <V extends FileStoreAttributeView> @Nullable V getFileStoreAttributeView(Class<V> type) {
        return null;
    }

    @Override
    public Object getAttribute(String attribute) throws IOException {
        return switch (attribute) {
            case "totalSpace" -> getTotalSpace();
            case "usableSpace" -> getUsableSpace();
            case "unallocatedSpace" -> getUnallocatedSpace();
            default -> throw new UnsupportedOperationException("a share has no attribute " + attribute);
        };
    }
}
