package dev.oriel.driver.nio;

import dev.oriel.driver.FuseClient;
import dev.oriel.driver.FuseClientOptions;
import dev.oriel.driver.FuseException;
import dev.oriel.linux.Errno;
import dev.oriel.linux.FileMode;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemAlreadyExistsException;
import java.nio.file.FileSystemNotFoundException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotLinkException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.FileOwnerAttributeView;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.nio.file.spi.FileSystemProvider;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * Shares of virtio-fs devices as file systems of java.nio.file, for all that works on {@link Path}s.
 *
 * <pre>
 *   FileSystems.newFileSystem(Path.of("/run/share.sock"))             one more connection
 *   FileSystems.newFileSystem(URI.create("virtiofs:///run/share.sock!/"), Map.of())
 *   Path.of(URI.create("virtiofs:///run/share.sock!/dir/file"))       after the line before
 * </pre>
 *
 * <p>The environment may have {@value #OPTIONS}, a {@link FuseClientOptions}.
 */
public final class VirtioFileSystemProvider extends FileSystemProvider {
    /** The scheme of URIs. */
    public static final String SCHEME = "virtiofs";

    /** The name of {@link FuseClientOptions} in the environment of a new file system. */
    public static final String OPTIONS = "options";

    private static final System.Logger LOG = System.getLogger("dev.oriel.driver");

    private static final int DIRECTORY_MODE = 0755;

    private final Map<Path, VirtioFileSystem> fileSystems = new ConcurrentHashMap<>();

    /** For {@link java.util.ServiceLoader}. */
    public VirtioFileSystemProvider() {}

    @Override
    public String getScheme() {
        return SCHEME;
    }

    private static Path socket(URI uri) {
        return FileSystems.getDefault().getPath(parts(uri)[0]).toAbsolutePath().normalize();
    }

    /** The socket, and the path behind the "!". */
    private static String[] parts(URI uri) {
        String path = uri.getPath();
        int mark = path == null ? -1 : path.indexOf("!/");
        if (!SCHEME.equalsIgnoreCase(uri.getScheme()) || path == null || mark < 1) {
            throw new IllegalArgumentException(uri + " is not of the form virtiofs:///path/of/socket!/path/in/share");
        }
        return new String[] {path.substring(0, mark), path.substring(mark + 1)};
    }

    private VirtioFileSystem open(Path socket, Map<String, ?> env) throws IOException {
        FuseClientOptions options =
                env.get(OPTIONS) instanceof FuseClientOptions given ? given : FuseClientOptions.DEFAULTS;
        FuseClient client = FuseClient.connect(socket, options);
        try {
            return new VirtioFileSystem(this, socket, client);
        } catch (IOException | RuntimeException failed) {
            client.close();
            throw failed;
        }
    }

    @Override
    public FileSystem newFileSystem(URI uri, Map<String, ?> env) throws IOException {
        Path socket = socket(uri);
        synchronized (fileSystems) {
            if (fileSystems.containsKey(socket)) {
                throw new FileSystemAlreadyExistsException(socket.toString());
            }
            VirtioFileSystem fileSystem = open(socket, env);
            fileSystems.put(socket, fileSystem);
            return fileSystem;
        }
    }

    @Override
    public FileSystem newFileSystem(Path path, Map<String, ?> env) throws IOException {
        if (!path.getFileSystem().equals(FileSystems.getDefault())
                || !Files.exists(path)
                || ((int) Files.getAttribute(path, "unix:mode") & FileMode.S_IFMT) != FileMode.S_IFSOCK) {
            throw new UnsupportedOperationException(path + " is not a socket");
        }
        return open(path.toAbsolutePath().normalize(), env);
    }

    @Override
    public FileSystem getFileSystem(URI uri) {
        VirtioFileSystem fileSystem = fileSystems.get(socket(uri));
        if (fileSystem == null) {
            throw new FileSystemNotFoundException(
                    "no file system is open for " + uri + "; open one with newFileSystem");
        }
        return fileSystem;
    }

    @Override
    public Path getPath(URI uri) {
        return getFileSystem(uri).getPath(parts(uri)[1]);
    }

    void forget(VirtioFileSystem fileSystem) {
        fileSystems.remove(fileSystem.socket(), fileSystem);
    }

    static boolean follows(LinkOption... options) {
        return !Arrays.asList(options).contains(LinkOption.NOFOLLOW_LINKS);
    }

    /** The permissions among the attributes of something new. */
    @SuppressWarnings("unchecked")
    static int mode(int usual, FileAttribute<?>... attributes) {
        int mode = usual;
        for (FileAttribute<?> attribute : attributes) {
            if (!attribute.name().equals("posix:permissions")) {
                throw new UnsupportedOperationException(attribute.name() + " cannot be given to what is being made");
            }
            mode = VirtioFileAttributes.mode((Set<PosixFilePermission>) attribute.value());
        }
        return mode;
    }

    @Override
    public SeekableByteChannel newByteChannel(
            Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes) throws IOException {
        return newFileChannel(path, options, attributes);
    }

    @Override
    public FileChannel newFileChannel(Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
            throws IOException {
        return VirtioFileChannel.open(
                Place.of(VirtioPath.of(path)),
                ChannelOptions.of(options),
                mode(VirtioFileChannel.FILE_MODE, attributes));
    }

    /** The operations of a channel without an executor are performed by threads of this provider. */
    @Override
    public AsynchronousFileChannel newAsynchronousFileChannel(
            Path path,
            Set<? extends OpenOption> options,
            @Nullable ExecutorService executor,
            FileAttribute<?>... attributes)
            throws IOException {
        return VirtioAsynchronousFileChannel.open(
                Place.of(VirtioPath.of(path)),
                ChannelOptions.of(options),
                mode(VirtioFileChannel.FILE_MODE, attributes),
                executor);
    }

    @Override
    public DirectoryStream<Path> newDirectoryStream(Path directory, DirectoryStream.Filter<? super Path> filter)
            throws IOException {
        return VirtioDirectoryStream.open(Place.of(VirtioPath.of(directory)), true, Objects.requireNonNull(filter));
    }

    /** What changes a name in a directory. */
    private interface Change {
        void make(FuseClient client, Node parent, byte[] name) throws IOException;
    }

    /** @param isNew whether the name is that of something that is being made */
    private static void change(Place place, boolean isNew, Change change) throws IOException {
        VirtioFileSystem fileSystem = place.fileSystem();
        try (Node parent = place.findParent()) {
            byte[] name = isNew ? place.newName() : place.lastName();
            change.make(fileSystem.client(), parent, name);
            fileSystem.nodes().forget(parent, name);
        } catch (FuseException failed) {
            throw Failures.of(failed, place.shown());
        }
    }

    @Override
    public void createDirectory(Path directory, FileAttribute<?>... attributes) throws IOException {
        VirtioPath path = VirtioPath.of(directory);
        int mode = mode(DIRECTORY_MODE, attributes);
        if (path.toAbsolutePath().normalize().components().isEmpty()) {
            throw Failures.of(new FuseException("make the root", Errno.EEXIST), path);
        }
        change(
                Place.of(path),
                true,
                (client, parent, name) -> path.getFileSystem()
                        .nodes()
                        .enter(client.mkdir(parent.nodeid, name, mode))
                        .close());
    }

    @Override
    public void createSymbolicLink(Path link, Path target, FileAttribute<?>... attributes) throws IOException {
        VirtioPath path = VirtioPath.of(link);
        if (attributes.length > 0) {
            throw new UnsupportedOperationException("a symbolic link has no attributes that can be given to it");
        }
        byte[] text = VirtioPath.of(target).toBytes();
        change(
                Place.of(path),
                true,
                (client, parent, name) -> path.getFileSystem()
                        .nodes()
                        .enter(client.symlink(parent.nodeid, name, text))
                        .close());
    }

    @Override
    public void createLink(Path link, Path existing) throws IOException {
        VirtioPath path = VirtioPath.of(link);
        VirtioFileSystem fileSystem = path.getFileSystem();
        try (Node node = Place.of(VirtioPath.of(existing)).find(false)) {
            change(
                    Place.of(path),
                    true,
                    (client, parent, name) -> fileSystem
                            .nodes()
                            .enter(client.link(node.nodeid, parent.nodeid, name))
                            .close());
        }
    }

    @Override
    public Path readSymbolicLink(Path link) throws IOException {
        VirtioPath path = VirtioPath.of(link);
        VirtioFileSystem fileSystem = path.getFileSystem();
        try (Node node = Place.of(path).find(false)) {
            if (!node.attributes().isSymbolicLink()) {
                throw new NotLinkException(path.toString());
            }
            return fileSystem.target(node);
        } catch (FuseException failed) {
            throw Failures.of(failed, path);
        }
    }

    @Override
    public void delete(Path path) throws IOException {
        Place place = Place.of(VirtioPath.of(path));
        delete(place, place.attributes(false).isDirectory());
    }

    static void delete(Place place, boolean directory) throws IOException {
        change(place, false, (client, parent, name) -> {
            if (directory) {
                client.rmdir(parent.nodeid, name);
            } else {
                client.unlink(parent.nodeid, name);
            }
        });
    }

    /** Deletes a file, if it is still there. */
    static void deleteIfExists(Place place) throws IOException {
        try {
            delete(place, false);
        } catch (NoSuchFileException gone) {
            LOG.log(Level.DEBUG, "somebody else deleted {0}", place);
        }
    }

    @Override
    public void copy(Path source, Path target, CopyOption... options) throws IOException {
        new CopyAndMove(VirtioPath.of(source), VirtioPath.of(target), options).copy();
    }

    @Override
    public void move(Path source, Path target, CopyOption... options) throws IOException {
        new CopyAndMove(VirtioPath.of(source), VirtioPath.of(target), options).move();
    }

    @Override
    public boolean isSameFile(Path path, Path other) throws IOException {
        if (path.equals(other)) {
            return true;
        }
        if (!(other instanceof VirtioPath second)
                || !(path instanceof VirtioPath first)
                || first.getFileSystem() != second.getFileSystem()) {
            return false;
        }
        try (Node one = Place.of(first).find(true);
                Node two = Place.of(second).find(true)) {
            return one == two;
        }
    }

    @Override
    public boolean isHidden(Path path) {
        VirtioPath name = VirtioPath.of(path).getFileName();
        return name != null && name.toString().startsWith(".");
    }

    @Override
    public FileStore getFileStore(Path path) throws IOException {
        VirtioPath virtio = VirtioPath.of(path);
        VirtioFileStore store = new VirtioFileStore(virtio);
        virtio.getFileSystem().attributes(virtio, true);
        return store;
    }

    @Override
    public void checkAccess(Path path, AccessMode... modes) throws IOException {
        VirtioPath virtio = VirtioPath.of(path);
        int mask = 0;
        for (AccessMode mode : modes) {
            mask |= switch (mode) {
                case READ -> 4;
                case WRITE -> 2;
                case EXECUTE -> 1;
            };
        }
        try (Node node = Place.of(virtio).find(true)) {
            if (mask != 0) {
                virtio.getFileSystem().client().access(node.nodeid, mask);
            }
        } catch (FuseException failed) {
            // a server without ACCESS does not object
            if (failed.errno() != Errno.ENOSYS) {
                throw Failures.of(failed, virtio);
            }
        }
    }

    @Override
    public <V extends FileAttributeView> @Nullable V getFileAttributeView(
            Path path, Class<V> type, LinkOption... options) {
        return view(Place.of(VirtioPath.of(path)), follows(options), type);
    }

    static <V extends FileAttributeView> @Nullable V view(Place place, boolean follow, Class<V> type) {
        Objects.requireNonNull(type);
        if (type == BasicFileAttributeView.class) {
            return type.cast(new VirtioAttributeView(place, follow, "basic"));
        }
        if (type == PosixFileAttributeView.class) {
            return type.cast(new VirtioAttributeView(place, follow, "posix"));
        }
        if (type == FileOwnerAttributeView.class) {
            return type.cast(new VirtioAttributeView(place, follow, "owner"));
        }
        return type == UserDefinedFileAttributeView.class ? type.cast(new UserAttributeView(place, follow)) : null;
    }

    @Override
    public <A extends BasicFileAttributes> A readAttributes(Path path, Class<A> type, LinkOption... options)
            throws IOException {
        if (type != BasicFileAttributes.class && type != PosixFileAttributes.class) {
            throw new UnsupportedOperationException("a share has no " + type.getName());
        }
        VirtioPath virtio = VirtioPath.of(path);
        return type.cast(new VirtioFileAttributes(virtio.getFileSystem().attributes(virtio, follows(options))));
    }

    @Override
    public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options) throws IOException {
        return NamedAttributes.read(Place.of(VirtioPath.of(path)), attributes, follows(options));
    }

    @Override
    public void setAttribute(Path path, String attribute, Object value, LinkOption... options) throws IOException {
        NamedAttributes.set(Place.of(VirtioPath.of(path)), attribute, value, follows(options));
    }
}
