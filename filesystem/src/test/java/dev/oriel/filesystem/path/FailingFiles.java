package dev.oriel.filesystem.path;

import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.StandardOpenOption;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A provider of another file system's files, of which one call fails: of it, or of anything that it gave. */
final class FailingFiles extends FileSystem {
    private final FileSystem real;
    private final boolean hasChannels;
    private final Provider provider;
    private int calls;
    private int failingCall;
    private @Nullable Supplier<Throwable> failure;

    /** Channels, streams and listings that are open. */
    int open;

    FailingFiles(FileSystem real, boolean hasChannels) {
        this.real = real;
        this.hasChannels = hasChannels;
        provider = new Provider();
    }

    /** The call of this number from now on fails, and no other; 0 for none. */
    void failAt(int call, @Nullable Supplier<Throwable> with) {
        calls = 0;
        failingCall = call;
        failure = with;
    }

    int calls() {
        return calls;
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <T extends Throwable> void sneak(Throwable thrown) throws T {
        throw (T) thrown;
    }

    private void called() {
        calls++;
        if (failure != null && calls == failingCall) {
            sneak(failure.get());
        }
    }

    /** What a proxy stands for. */
    private interface Wrapper {
        Object wrapped();
    }

    private static Path raw(Path path) {
        return path instanceof Wrapper wrapper ? (Path) wrapper.wrapped() : path;
    }

    /** A path of this file system. */
    Path path(Path wrapped) {
        return (Path) proxy(Path.class, wrapped, false);
    }

    private @Nullable Object wrap(@Nullable Object result) {
        return switch (result) {
            case null -> null;
            case Path path -> path(path);
            case Iterator<?> iterator -> proxy(Iterator.class, iterator, true);
            default -> result;
        };
    }

    private Object counted(Class<?> type, Object wrapped) {
        open++;
        return proxy(type, wrapped, true);
    }

    private Object proxy(Class<?> type, Object wrapped, boolean fails) {
        Class<?>[] types = {type, Wrapper.class};
        return Proxy.newProxyInstance(FailingFiles.class.getClassLoader(), types, (_, method, arguments) -> {
            if (method.getDeclaringClass() == Wrapper.class) {
                return wrapped;
            }
            if (method.getName().equals("getFileSystem")) {
                return this;
            }
            Object[] raw = arguments == null ? new Object[0] : arguments.clone();
            for (int i = 0; i < raw.length; i++) {
                raw[i] = raw[i] instanceof Wrapper wrapper ? wrapper.wrapped() : raw[i];
            }
            if (method.getName().equals("close")) {
                open--; // what fails to close is closed
            }
            if (fails) {
                called();
            }
            try {
                return wrap(method.invoke(wrapped, raw));
            } catch (InvocationTargetException failed) {
                throw failed.getCause() == null ? failed : failed.getCause();
            }
        });
    }

    private final class Provider extends FileSystemProvider {
        private final FileSystemProvider files = real.provider();

        @Override
        public String getScheme() {
            return "failing";
        }

        @Override
        public FileSystem newFileSystem(URI uri, Map<String, ?> env) {
            throw new UnsupportedOperationException();
        }

        @Override
        public FileSystem getFileSystem(URI uri) {
            return FailingFiles.this;
        }

        @Override
        public Path getPath(URI uri) {
            throw new UnsupportedOperationException();
        }

        @Override
        public SeekableByteChannel newByteChannel(
                Path path, Set<? extends OpenOption> options, FileAttribute<?>... attrs) throws IOException {
            called();
            if (!hasChannels && !options.contains(StandardOpenOption.CREATE_NEW)) {
                throw new UnsupportedOperationException("streams only");
            }
            FileChannel channel = (FileChannel) files.newByteChannel(raw(path), options, attrs);
            open++;
            return new FailingChannel(channel, FailingFiles.this::called, () -> open--);
        }

        @Override
        public InputStream newInputStream(Path path, OpenOption... options) throws IOException {
            called();
            open++;
            return new FilterInputStream(files.newInputStream(raw(path), options)) {
                @Override
                public int read(byte[] bytes, int offset, int length) throws IOException {
                    called();
                    return super.read(bytes, offset, length);
                }

                @Override
                public void close() throws IOException {
                    open--;
                    super.close();
                    called();
                }
            };
        }

        @Override
        public OutputStream newOutputStream(Path path, OpenOption... options) throws IOException {
            called();
            open++;
            return new FilterOutputStream(files.newOutputStream(raw(path), options)) {
                @Override
                public void write(byte[] bytes, int offset, int length) throws IOException {
                    called();
                    out.write(bytes, offset, length);
                }

                @Override
                public void close() throws IOException {
                    open--;
                    super.close();
                    called();
                }
            };
        }

        @Override
        @SuppressWarnings("unchecked")
        public DirectoryStream<Path> newDirectoryStream(Path directory, DirectoryStream.Filter<? super Path> filter)
                throws IOException {
            called();
            return (DirectoryStream<Path>)
                    counted(DirectoryStream.class, files.newDirectoryStream(raw(directory), _ -> true));
        }

        @Override
        public void createDirectory(Path directory, FileAttribute<?>... attrs) throws IOException {
            called();
            files.createDirectory(raw(directory), attrs);
        }

        @Override
        public void createSymbolicLink(Path link, Path target, FileAttribute<?>... attrs) throws IOException {
            called();
            files.createSymbolicLink(raw(link), raw(target), attrs);
        }

        @Override
        public void createLink(Path link, Path existing) throws IOException {
            called();
            files.createLink(raw(link), raw(existing));
        }

        @Override
        public Path readSymbolicLink(Path link) throws IOException {
            called();
            return path(files.readSymbolicLink(raw(link)));
        }

        @Override
        public void delete(Path path) throws IOException {
            called();
            files.delete(raw(path));
        }

        @Override
        public void copy(Path source, Path target, CopyOption... options) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void move(Path source, Path target, CopyOption... options) throws IOException {
            called();
            files.move(raw(source), raw(target), options);
        }

        @Override
        public boolean isSameFile(Path path, Path other) throws IOException {
            return files.isSameFile(raw(path), raw(other));
        }

        @Override
        public boolean isHidden(Path path) {
            return false;
        }

        @Override
        public FileStore getFileStore(Path path) throws IOException {
            called();
            return files.getFileStore(raw(path));
        }

        @Override
        public void checkAccess(Path path, AccessMode... modes) throws IOException {
            called();
            files.checkAccess(raw(path), modes);
        }

        @Override
        @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
        public <V extends FileAttributeView> @Nullable V getFileAttributeView(
                Path path, Class<V> type, LinkOption... options) {
            called();
            V view = files.getFileAttributeView(raw(path), type, options);
            return view == null ? null : (V) proxy(type, view, true);
        }

        @Override
        public <A extends BasicFileAttributes> A readAttributes(Path path, Class<A> type, LinkOption... options)
                throws IOException {
            called();
            return type.cast(proxy(type, files.readAttributes(raw(path), type, options), true));
        }

        @Override
        public Map<String, Object> readAttributes(Path path, String names, LinkOption... options) throws IOException {
            called();
            return files.readAttributes(raw(path), names, options);
        }

        @Override
        public void setAttribute(Path path, String name, Object value, LinkOption... options) throws IOException {
            called();
            files.setAttribute(raw(path), name, value, options);
        }
    }

    @Override
    public FileSystemProvider provider() {
        return provider;
    }

    @Override
    public void close() {}

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public boolean isReadOnly() {
        return false;
    }

    @Override
    public String getSeparator() {
        return "/";
    }

    @Override
    public Iterable<Path> getRootDirectories() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Iterable<FileStore> getFileStores() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
        return real.supportedFileAttributeViews();
    }

    @Override
    public Path getPath(String first, String... more) {
        called();
        return path(real.getPath(first, more));
    }

    @Override
    public PathMatcher getPathMatcher(String pattern) {
        throw new UnsupportedOperationException();
    }

    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
        called();
        return real.getUserPrincipalLookupService();
    }

    @Override
    public WatchService newWatchService() {
        throw new UnsupportedOperationException();
    }
}
